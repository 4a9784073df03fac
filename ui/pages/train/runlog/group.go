package runlog

import (
	"math"
	"sort"

	"hfcui/ui/kit"
)

// meanCurve returns the mean of a group's curves at every column of dots, with their range. At each x
// it is over the runs that have values around it.
func (f *Figure) meanCurve(list []*trace, p PanelFigure, columns int) []kit.Point {
	dots := 2 * columns
	var out []kit.Point
	next := make([]int, len(list))
	for d := 0; d <= dots; d++ {
		x := f.At(float64(d) / float64(max(dots, 1)))
		sum, n, lo, hi := 0.0, 0, math.Inf(1), math.Inf(-1)
		for k, t := range list {
			v, ok := t.around(x, &next[k])
			if !ok {
				continue
			}
			sum += v
			n++
			lo, hi = min(lo, v), max(hi, v)
		}
		if n > 0 {
			out = append(out, kit.Point{X: f.Position(x), Y: p.Share(sum / float64(n)), Lo: p.Share(lo), Hi: p.Share(hi)})
		}
	}
	return out
}

// around interpolates the value at x between the values around it; false outside them. next is the
// place to look from, for increasing x.
func (t *trace) around(x float64, next *int) (float64, bool) {
	n := len(t.values)
	if n == 0 || x < t.values[0].x || x > t.values[n-1].x {
		return 0, false
	}
	from := *next
	step := 1
	for from+step < n && t.values[from+step].x < x { // near the place of the last x
		from, step = from+step, 2*step
	}
	i := from + sort.Search(min(step+1, n-from), func(k int) bool { return t.values[from+k].x >= x })
	*next = max(i-1, 0)
	if t.values[i].x == x {
		return t.values[i].y, true
	}
	return between(t.values[i-1], t.values[i], x).y, true
}
