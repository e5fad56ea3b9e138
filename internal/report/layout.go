package report

import (
	"cmp"
	"math"
	"slices"
)

// Sizes of the drawn graph, in its own units.
const (
	nodeWidth    = 150
	nodeHeight   = 18
	columnPitch  = 210
	rowPitch     = 24
	graphMargin  = 20
	orderSweeps  = 6
	graphAspect  = 1.7
	leastRows    = 8
	mostRows     = 120
	labelLetters = 24
)

// graph is the unit graph with a place for every unit. A unit is left of all
// that need it and as close to them as it can be: from left to right is the
// order of building.
type graph struct {
	Width, Height int
	// x and y are the upper left corners of the nodes.
	x, y []int
	// edges are pairs of a unit and a dependency of it.
	edges [][2]int
}

// layOut places the units, given each one's dependencies. It draws cycles, too,
// which cargo has none of but a file can.
func layOut(deps [][]int) *graph {
	g := &graph{x: make([]int, len(deps)), y: make([]int, len(deps))}
	for u, list := range deps {
		for _, d := range list {
			g.edges = append(g.edges, [2]int{u, d})
		}
	}
	layers := layers(deps)
	untangle(layers, deps)
	rows := bestRows(layers)
	column, tallest := 0, 0
	for _, layer := range layers {
		tallest = max(tallest, min(len(layer), rows))
	}
	for _, layer := range layers {
		// A layer with more units than rows takes several columns.
		columns := columnsOf(len(layer), rows)
		height := (len(layer) + columns - 1) / columns
		for i, u := range layer {
			g.x[u] = graphMargin + (column+i/height)*columnPitch
			g.y[u] = graphMargin + (tallest-height)*rowPitch/2 + i%height*rowPitch
		}
		column += columns
	}
	g.Width = 2*graphMargin + max(column-1, 0)*columnPitch + nodeWidth
	g.Height = 2*graphMargin + max(tallest-1, 0)*rowPitch + nodeHeight
	return g
}

// layers groups the units by their distance from what nothing needs, the
// farthest first.
func layers(deps [][]int) [][]int {
	order := buildOrder(deps)
	place := make([]int, len(deps))
	for i, u := range order {
		place[u] = i
	}
	level := make([]int, len(deps))
	deepest := 0
	for _, u := range slices.Backward(order) {
		deepest = max(deepest, level[u])
		for _, d := range deps[u] {
			if place[d] < place[u] { // else it closes a cycle
				level[d] = max(level[d], level[u]+1)
			}
		}
	}
	if len(deps) == 0 {
		return nil
	}
	layers := make([][]int, deepest+1)
	for u, l := range level {
		layers[deepest-l] = append(layers[deepest-l], u)
	}
	return layers
}

// buildOrder lists every unit behind its dependencies. It keeps its own stack:
// a file can have a chain of any length.
func buildOrder(deps [][]int) []int {
	type visit struct{ unit, next int }
	order := make([]int, 0, len(deps))
	seen := make([]bool, len(deps))
	for start := range deps {
		if seen[start] {
			continue
		}
		seen[start] = true
		for stack := []visit{{unit: start}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			if top.next == len(deps[top.unit]) {
				order = append(order, top.unit)
				stack = stack[:len(stack)-1]
				continue
			}
			d := deps[top.unit][top.next]
			top.next++
			if !seen[d] {
				seen[d] = true
				stack = append(stack, visit{unit: d})
			}
		}
	}
	return order
}

// untangle orders each layer by the mean place of its neighbours, sweeping to
// and fro, which removes most crossings.
func untangle(layers [][]int, deps [][]int) {
	neighbours := make([][]int, len(deps))
	for u, list := range deps {
		for _, d := range list {
			neighbours[u] = append(neighbours[u], d)
			neighbours[d] = append(neighbours[d], u)
		}
	}
	place := make([]float64, len(deps))
	settle := func(layer []int) {
		for i, u := range layer {
			place[u] = (float64(i) + 0.5) / float64(len(layer))
		}
	}
	for _, layer := range layers {
		settle(layer)
	}
	for range orderSweeps {
		slices.Reverse(layers)
		for _, layer := range layers {
			mean := map[int]float64{}
			for _, u := range layer {
				mean[u] = place[u]
				for _, n := range neighbours[u] {
					mean[u] += place[n]
				}
				mean[u] /= float64(len(neighbours[u]) + 1)
			}
			slices.SortStableFunc(layer, func(a, b int) int {
				return cmp.Or(cmp.Compare(mean[a], mean[b]), cmp.Compare(a, b))
			})
			settle(layer)
		}
	}
	// orderSweeps is even, so the layers are in their order again.
}

func columnsOf(units, rows int) int { return max(1, (units+rows-1)/rows) }

// bestRows is the height, in units, that brings the drawing closest to the
// shape of a screen.
func bestRows(layers [][]int) int {
	best, distance := leastRows, math.Inf(1)
	for rows := leastRows; rows <= mostRows; rows++ {
		columns, tallest := 0, 1
		for _, layer := range layers {
			columns += columnsOf(len(layer), rows)
			tallest = max(tallest, min(len(layer), rows))
		}
		aspect := float64(columns*columnPitch) / float64(tallest*rowPitch)
		if d := math.Abs(math.Log(aspect / graphAspect)); d < distance {
			best, distance = rows, d
		}
	}
	return best
}
