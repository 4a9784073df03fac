package runlog

import (
	"fmt"
	"math"
	"sort"

	"hfcui/ui/kit"
)

// rowCurve is a curve of a row: of its run, or of each run of the group.
type rowCurve []*keptCurve

// at returns the value, or the mean of the values, at x; NaN without any.
func (c rowCurve) at(x float64) float64 {
	sum, n := 0.0, 0
	for _, k := range c {
		if v := k.shown().at(x); v == v {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// fill computes a panel.
func (f *Figure) fill(k PanelKind, runs []runLog, kept *CurveBook) {
	q := f.Asked
	p := &f.Panels[k]
	smooth := Smoothings[q.Smooth]
	if !k.Smooths() {
		smooth = 0
	}
	var all []rowCurve
	add := func(c CurveFigure) {
		var list rowCurve
		for _, id := range f.Runs[c.Row].Members {
			l := &runs[id]
			key := curveKey{panel: k, onTrain: c.Train, part: c.Part, r: c.R}
			curve := (*keptCurve)(nil)
			if k == PanelImage || k == PanelRoughness && !l.tellsRoughness() {
				curve = l.evolved(key, q.Axis)
			} else {
				curve = kept.curve(id, l, q.Axis, l.source(key), smooth)
			}
			if len(curve.raw.values) > 0 {
				list = append(list, curve)
			}
		}
		if c.N = len(list); c.N > 0 {
			p.Curves, all = append(p.Curves, c), append(all, list)
		}
	}
	for i := range f.Runs {
		if ofOne := k == PanelBands || k == PanelImage; !f.Runs[i].Hidden || ofOne && i == f.Selected {
			f.addRow(k, i, runs, add)
		}
	}
	f.finish(p, k, all, smooth > 0)
}

// finish computes the range of a panel and the points of its curves.
func (f *Figure) finish(p *PanelFigure, k PanelKind, all []rowCurve, smoothed bool) {
	q := f.Asked
	for i, c := range all {
		p.Curves[i].Value = c.at(q.Cursor)
	}
	p.log = q.LogY && k.logs()
	p.Lo, p.Hi = 0, 1
	if !k.Shares() {
		p.Lo, p.Hi = f.rangeOf(all, p.log)
	}
	for i, c := range all {
		if len(c) > 1 {
			traces := make([]*trace, len(c))
			for n, one := range c {
				traces[n] = one.shown()
			}
			p.Curves[i].Points = f.meanCurve(traces, *p, q.Columns[k])
			continue
		}
		p.Curves[i].Points = f.thin(c[0].shown(), *p, q.Columns[k])
		if smoothed {
			p.Curves[i].Raw = f.thin(&c[0].raw, *p, q.Columns[k])
		}
	}
}

// addRow adds the curves of a row to a panel.
func (f *Figure) addRow(k PanelKind, i int, runs []runLog, add func(CurveFigure)) {
	switch k {
	case PanelKernels: // a picture
	case PanelImage:
		if i == f.Selected {
			l := &runs[f.Runs[i].ID]
			if l.evolution != nil && l.evolution.Image != nil {
				f.imageOf = kit.Clean(l.Name + ", " + l.evolution.Image.Title)
			}
			add(CurveFigure{Row: i, Part: PartOther})
			add(CurveFigure{Row: i, Part: partLabel})
		}
	case PanelAccuracy:
		if !f.Runs[i].Grouped { // too many curves and bands
			add(CurveFigure{Row: i, Train: true})
		}
		add(CurveFigure{Row: i})
	case PanelBands:
		f.addBands(i, runs, add)
	default:
		add(CurveFigure{Row: i})
	}
}

// addBands adds a row's bands: of the selected one at all radii, or of every one at one.
func (f *Figure) addBands(i int, runs []runLog, add func(CurveFigure)) {
	q := f.Asked
	if q.Radius < 0 && i != f.Selected {
		return
	}
	lead := &runs[f.Runs[f.Selected].ID]
	radii := lead.radiiOf()
	if i == f.Selected {
		f.Radii = radii
		if n := len(lead.bands); n > 0 {
			e := lead.bands[n-1]
			f.BandsOf = fmt.Sprintf("%s, n %s", kit.Clean(e.Split), kit.Grouped(e.N))
			if e.Normalize != "none" {
				f.BandsOf += ", band normalization: " + kit.Clean(e.Normalize)
			}
		}
	}
	if q.Radius >= 0 && q.Radius < len(radii) {
		radii = radii[q.Radius : q.Radius+1]
	}
	add(CurveFigure{Row: i, Part: "whole"})
	for _, r := range radii {
		add(CurveFigure{Row: i, Part: "high", R: r})
		add(CurveFigure{Row: i, Part: "low", R: r})
	}
}

// rangeOf returns the visible range of y: from 0 unless logarithmic.
func (f *Figure) rangeOf(all []rowCurve, log bool) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, list := range all {
		for _, c := range list {
			t := c.shown()
			if e := t.extremes(t.from(f.From), t.past(f.To)); e.positive > 0 {
				lo, hi = min(lo, e.positive), max(hi, t.values[e.most].y)
			}
		}
	}
	switch {
	case hi == 0:
		return map[bool]float64{true: 0.1, false: 0}[log], 1
	case !log:
		return 0, hi
	case lo == hi:
		return lo / 2, hi * 2
	}
	return lo, hi
}

// thin decimates values to the smallest and the largest in every column of dots. Lines are clipped
// to the visible range of the axis.
func (f *Figure) thin(t *trace, p PanelFigure, columns int) []kit.Point {
	s := t.values
	place := func(v sample) kit.Point {
		return kit.Point{X: f.Position(v.x), Y: p.Share(v.y), Lo: p.Share(v.lo), Hi: p.Share(v.hi)}
	}
	first, end := t.from(f.From), t.past(f.To)
	var out []kit.Point
	if first > 0 && first < len(s) {
		out = append(out, place(between(s[first-1], s[first], f.From)))
	}
	dots := float64(2 * columns)
	for i := first; i < end; {
		edge := f.At((math.Floor(f.Position(s[i].x)*dots) + 1) / dots)
		j := i + further(end-i, func(n int) bool { return s[i+n].x < edge })
		e := t.extremes(i, j)
		out = append(out, place(s[min(e.least, e.most)]))
		if e.least != e.most {
			out = append(out, place(s[max(e.least, e.most)]))
		}
		i = j
	}
	if end > 0 && end < len(s) {
		out = append(out, place(between(s[end-1], s[end], f.To)))
	}
	return out
}

// further is the first of n places, the one at 0 apart, for which same does not hold, where
// it holds for all before it. It looks near the beginning first.
func further(n int, same func(int) bool) int {
	step := 1
	for step < n && same(step) {
		step *= 2
	}
	from, to := step/2, min(step, n)
	return from + sort.Search(to-from, func(i int) bool { return from+i > 0 && !same(from+i) })
}

// between interpolates a line at x.
func between(a, b sample, x float64) sample {
	t := 0.0
	if b.x > a.x {
		t = min(max((x-a.x)/(b.x-a.x), 0), 1)
	}
	mix := func(a, b float64) float64 { return a + t*(b-a) }
	return sample{x, mix(a.y, b.y), mix(a.lo, b.lo), mix(a.hi, b.hi)}
}
