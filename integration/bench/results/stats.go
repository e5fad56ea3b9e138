package results

import (
	"slices"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

// Median is the middle of the values, or the mean of the two in the middle; there is at least one.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// mean is the mean of the values; there is at least one.
func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// of returns one figure of each sample.
func (c *Cell) of(figure func(Sample) float64) []float64 {
	var list []float64
	for _, s := range c.Samples {
		list = append(list, figure(s))
	}
	return list
}

// value sums up one figure of the samples: the mean for random bumps, which are all different, the median otherwise.
// It is false when nothing was measured.
func (c *Cell) value(figure func(Sample) float64) (float64, bool) {
	if c == nil || len(c.Samples) == 0 {
		return 0, false
	}
	if c.Row == schedule.Random {
		return mean(c.of(figure)), true
	}
	return Median(c.of(figure)), true
}

func seconds(s Sample) float64    { return s.Seconds }
func daemonCPU(s Sample) float64  { return s.DaemonCPU }
func executed(s Sample) float64   { return float64(s.Executed) }
func compiled(s Sample) float64   { return float64(s.Compiled) }
func thirdParty(s Sample) float64 { return float64(s.ThirdParty) }

// time is the time of a cell, false when it was not measured.
func (p *Project) time(row schedule.Row, c schedule.Contender) (float64, bool) {
	return p.Cell(row, c).value(seconds)
}

// ratio is the time of a contender's row over that of another row or contender, false when one of them is missing.
// Times of different runs are not compared.
func (p *Project) ratio(row schedule.Row, c schedule.Contender, otherRow schedule.Row, other schedule.Contender) (float64, bool) {
	a, okA := p.time(row, c)
	b, okB := p.time(otherRow, other)
	if !okA || !okB || b == 0 || p.Cell(row, c).Run != p.Cell(otherRow, other).Run {
		return 0, false
	}
	return a / b, true
}
