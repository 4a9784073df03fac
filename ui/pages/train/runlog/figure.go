package runlog

import (
	"fmt"
	"math"
	"sort"

	"hfcui/ui/kit"
)

// PanelKind is one of the charts of the Train page, in the order in which they are shown.
type PanelKind int

const (
	PanelAccuracy PanelKind = iota
	PanelBands
	PanelLoss
	PanelImage   // predictions of checkpoints on an image
	PanelKernels // of the newest checkpoint, a picture
	PanelRoughness
	PanelRate
	PanelSpeed
	Panels
)

func (k PanelKind) String() string {
	return [...]string{"accuracy", "bands", "loss", "image", "kernels", "roughness", "learning rate", "images/s"}[k]
}

// Shares reports whether values are fractions, drawn from 0 to 100 %.
func (k PanelKind) Shares() bool { return k == PanelAccuracy || k == PanelBands || k == PanelImage }

// Smooths reports whether the curves support smoothing.
func (k PanelKind) Smooths() bool { return k == PanelAccuracy || k == PanelBands || k == PanelLoss }

// logs reports whether the values support a logarithmic axis.
func (k PanelKind) logs() bool { return k == PanelLoss || k == PanelRate }

// Axis is the x axis of the charts.
type Axis int

const (
	axisEpoch Axis = iota
	axisStep
	axisMinutes
	Axes
)

func (a Axis) String() string { return [...]string{"epoch", "step", "minutes"}[a] }

// Smoothings are the decay rates of exponential moving averages.
var Smoothings = [...]float64{0, 0.6, 0.9, 0.97}

// FigureRequest is everything that determines a figure.
type FigureRequest struct {
	Version    int
	Columns    [Panels]int // of each panel's plot; 0: hidden
	Axis       Axis
	LogX, LogY bool
	Smooth     int     // index into Smoothings
	From, To   float64 // range of the axis; all if both are 0
	Cursor     float64 // position of values; negative: the newest
	Run        int     // selected run
	Radius     int     // index; −1: all radii of the selected run
	Hidden     uint64  // bit set of runs
}

func (q FigureRequest) Shows(run int) bool { return run >= 64 || q.Hidden>>run&1 == 0 }

// Figure is the charts of the Train page, decimated to the resolution of the screen.
type Figure struct {
	Asked    FigureRequest
	From, To float64 // visible range of the axis
	Most     float64 // of the axis
	Panels   [Panels]PanelFigure
	Runs     []RunFacts
	Radii    []float64 // of the selected run
	BandsOf  string    // evaluation images of the bands
	imageOf  string    // image of the checkpoints' predictions
	ready    bool
}

// PanelFigure is a chart; points are fractions of its range, whose bounds are logarithms if it is
// logarithmic.
type PanelFigure struct {
	Lo, Hi float64
	log    bool
	Curves []CurveFigure
}

// Share returns the position of a value between lo and hi.
func (p PanelFigure) Share(v float64) float64 {
	lo, hi := p.Lo, p.Hi
	if p.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(max(v, p.Lo/2))
	}
	return min(max((v-lo)/(hi-lo), -0.1), 1.1)
}

// Value is the inverse of Share.
func (p PanelFigure) Value(share float64) float64 {
	if p.log {
		return p.Lo * math.Pow(p.Hi/p.Lo, share)
	}
	return p.Lo + share*(p.Hi-p.Lo)
}

// Span returns the range as the span of a chart's axis.
func (p PanelFigure) Span() kit.Span {
	if p.log {
		return kit.Span{From: math.Log10(p.Lo), To: math.Log10(p.Hi), Log: true}
	}
	return kit.Span{From: p.Lo, To: p.Hi}
}

// OnSpan returns a value's position on Span.
func (p PanelFigure) OnSpan(v float64) float64 {
	if p.log {
		return math.Log10(max(v, p.Lo/2))
	}
	return v
}

// CurveFigure is a curve of a panel.
type CurveFigure struct {
	Run    int
	Part   string // whole, low or high, of bands; of an image partLabel or partOther
	R      float64
	Train  bool // training accuracy
	Points []kit.Point
	Raw    []kit.Point // unsmoothed
	Value  float64     // at the cursor; NaN: none
}

// MakeFigure computes a figure of runs with cached curves. It is called outside Update and View,
// never concurrently for the same CurveBook.
func (kept *CurveBook) MakeFigure(runs []runLog, q FigureRequest) Figure {
	f := Figure{Asked: q, ready: true}
	for i := range runs {
		if last := runs[i].last(); last != nil && q.Shows(i) {
			f.Most = max(f.Most, runs[i].x(last, q.Axis))
		}
	}
	f.From, f.To = q.From, min(q.To, f.Most)
	if q.To <= q.From || f.To <= f.From {
		f.From, f.To = 0, f.Most
	}
	if f.To <= f.From {
		f.To = f.From + 1
	}
	if q.LogX && f.From <= 0 {
		f.From = min(firstX(runs, q), f.To/2)
	}
	for i := range runs {
		f.Runs = append(f.Runs, factsOf(&runs[i], q))
	}
	for k := range Panels {
		if q.Columns[k] > 0 {
			f.fill(k, runs, kept)
		}
	}
	return f
}

// firstX returns the smallest position above 0 of a logarithmic axis.
func firstX(runs []runLog, q FigureRequest) float64 {
	first := math.Inf(1)
	for i := range runs {
		for _, e := range runs[i].Events {
			if x := runs[i].x(e.At(), q.Axis); x > 0 && q.Shows(i) {
				first = min(first, x)
				break
			}
		}
	}
	return first
}

// Position returns the position of a value on the axis, as a fraction of the visible range.
func (f *Figure) Position(x float64) float64 {
	if f.Asked.LogX {
		return math.Log(max(x, f.From/10)/f.From) / math.Log(f.To/f.From)
	}
	return (x - f.From) / (f.To - f.From)
}

// At is the inverse of Position.
func (f *Figure) At(share float64) float64 {
	if f.Asked.LogX {
		return f.From * math.Pow(f.To/f.From, share)
	}
	return f.From + share*(f.To-f.From)
}

// fill computes a panel.
func (f *Figure) fill(k PanelKind, runs []runLog, kept *CurveBook) {
	q := f.Asked
	p := &f.Panels[k]
	smooth := Smoothings[q.Smooth]
	if !k.Smooths() {
		smooth = 0
	}
	var all []*keptCurve
	add := func(c CurveFigure) {
		l := &runs[c.Run]
		key := curveKey{panel: k, onTrain: c.Train, part: c.Part, r: c.R}
		if k == PanelImage || k == PanelRoughness && !l.tellsRoughness() {
			if curve := l.evolved(key, q.Axis); len(curve.raw.values) > 0 {
				p.Curves, all = append(p.Curves, c), append(all, curve)
			}
			return
		}
		if curve := kept.curve(c.Run, l, q.Axis, l.source(key), smooth); len(curve.raw.values) > 0 {
			p.Curves, all = append(p.Curves, c), append(all, curve)
		}
	}
	for i := range runs {
		l := &runs[i]
		ofOne := k == PanelBands || k == PanelImage
		if !q.Shows(i) && !(ofOne && i == q.Run) {
			continue
		}
		switch k {
		case PanelKernels: // a picture
		case PanelImage:
			if i == q.Run {
				if l.evolution != nil && l.evolution.Image != nil {
					f.imageOf = kit.Clean(l.Name + ", " + l.evolution.Image.Title)
				}
				add(CurveFigure{Run: i, Part: PartOther})
				add(CurveFigure{Run: i, Part: partLabel})
			}
		case PanelAccuracy:
			add(CurveFigure{Run: i, Train: true})
			add(CurveFigure{Run: i})
		case PanelBands:
			f.addBands(l, i, runs, add)
		default:
			add(CurveFigure{Run: i})
		}
	}
	for i, c := range all {
		p.Curves[i].Value = c.shown().at(q.Cursor)
	}
	p.log = q.LogY && k.logs()
	p.Lo, p.Hi = 0, 1
	if !k.Shares() {
		p.Lo, p.Hi = f.rangeOf(all, p.log)
	}
	for i, c := range all {
		p.Curves[i].Points = f.thin(c.shown(), *p, q.Columns[k])
		if smooth > 0 {
			p.Curves[i].Raw = f.thin(&c.raw, *p, q.Columns[k])
		}
	}
}

// addBands adds a run's bands: of the selected run at all radii, or of every run at one.
func (f *Figure) addBands(l *runLog, i int, runs []runLog, add func(CurveFigure)) {
	q := f.Asked
	if q.Run >= len(runs) || q.Radius < 0 && i != q.Run {
		return
	}
	radii := runs[q.Run].radiiOf()
	if i == q.Run {
		f.Radii = radii
		if n := len(l.bands); n > 0 {
			e := l.bands[n-1]
			f.BandsOf = fmt.Sprintf("%s, n %s", kit.Clean(e.Split), kit.Grouped(e.N))
			if e.Normalize != "none" {
				f.BandsOf += ", normalize " + kit.Clean(e.Normalize)
			}
		}
	}
	if q.Radius >= 0 && q.Radius < len(radii) {
		radii = radii[q.Radius : q.Radius+1]
	}
	add(CurveFigure{Run: i, Part: "whole"})
	for _, r := range radii {
		add(CurveFigure{Run: i, Part: "high", R: r})
		add(CurveFigure{Run: i, Part: "low", R: r})
	}
}

// rangeOf returns the visible range of y: from 0 unless logarithmic.
func (f *Figure) rangeOf(all []*keptCurve, log bool) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, c := range all {
		t := c.shown()
		if e := t.extremes(t.from(f.From), t.past(f.To)); e.positive > 0 {
			lo, hi = min(lo, e.positive), max(hi, t.values[e.most].y)
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
