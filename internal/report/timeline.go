package report

import (
	"cmp"
	"slices"
	"time"
)

// Sizes of the drawn timeline, in its own units.
const (
	timelineWidth = 1200
	laneHeight    = 18
	barHeight     = 14
	axisHeight    = 22
	leastBar      = 2
	letterWidth   = 6
)

// timeline is the compiled units over time, those that ran at once below each
// other.
type timeline struct {
	Width, Height int
	Bars          []bar
	Ticks         []tick
	// Unknown counts the compiled units without a time.
	Unknown int
}

type bar struct {
	Unit        int
	X, Y, Width float64
	TextX       float64
	Label       string
}

type tick struct {
	X     float64
	Label string
}

// newTimeline draws the units that were compiled, from the start of the build.
func newTimeline(r *Report) *timeline {
	t := &timeline{Width: timelineWidth}
	var units []int
	first, last := r.Started, r.Started
	for i, u := range r.Units {
		switch {
		case u.Status != StatusCompiled:
		case u.Start == 0:
			t.Unknown++
		default:
			units = append(units, i)
			if first <= 0 || u.Start < first {
				first = u.Start
			}
			last = max(last, u.Start+u.Duration)
		}
	}
	if len(units) == 0 {
		return t
	}
	slices.SortStableFunc(units, func(a, b int) int {
		return cmp.Or(cmp.Compare(r.Units[a].Start, r.Units[b].Start), cmp.Compare(r.Units[b].Duration, r.Units[a].Duration))
	})
	total := max(last-first, 1)
	scale := float64(timelineWidth) / float64(total)
	var lanes []int64 // when each is free again
	for _, i := range units {
		u := &r.Units[i]
		lane := slices.IndexFunc(lanes, func(free int64) bool { return free <= u.Start })
		if lane < 0 {
			lane = len(lanes)
			lanes = append(lanes, 0)
		}
		lanes[lane] = u.Start + max(u.Duration, 1)
		b := bar{Unit: i, X: float64(u.Start-first) * scale, Y: float64(axisHeight + lane*laneHeight)}
		b.Width = max(float64(u.Duration)*scale, leastBar)
		b.X = min(b.X, timelineWidth-b.Width)
		b.TextX = b.X + 4
		if letters := int(b.Width-8) / letterWidth; letters >= 4 {
			b.Label = cut(u.Name, letters)
		}
		t.Bars = append(t.Bars, b)
	}
	t.Height = axisHeight + len(lanes)*laneHeight + 4
	for at := int64(0); at < total; at += tickStep(total) {
		t.Ticks = append(t.Ticks, tick{X: float64(at) * scale, Label: tickLabel(at)})
	}
	return t
}

// tickStep is a round number of milliseconds that divides the whole into about
// ten.
func tickStep(total int64) int64 {
	step := int64(1)
	for {
		for _, factor := range []int64{1, 2, 5} {
			if total/(step*factor) < 12 {
				return step * factor
			}
		}
		step *= 10
	}
}

func tickLabel(ms int64) string {
	if ms == 0 {
		return "0s"
	}
	return (time.Duration(min(ms, maxMillis/1000)) * time.Millisecond).String()
}

// cut shortens a name to a number of letters.
func cut(s string, letters int) string {
	runes := []rune(s)
	if len(runes) <= letters {
		return s
	}
	return string(runes[:max(letters-1, 0)]) + "…"
}
