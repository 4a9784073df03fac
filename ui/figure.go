package ui

import (
	"fmt"
	"math"
	"sort"
)

// panelKind is one of the charts of the Train page, in the order in which they are shown.
type panelKind int

const (
	panelAccuracy panelKind = iota
	panelBands
	panelLoss
	panelImage   // what checkpoints make of one image
	panelKernels // the newest checkpoint's, as a picture
	panelRoughness
	panelRate
	panelSpeed
	panels
)

func (k panelKind) String() string {
	return [...]string{"accuracy", "bands", "loss", "image", "kernels", "roughness", "learning rate", "images/s"}[k]
}

// shares tells that values are shares, drawn from 0 to 100 %.
func (k panelKind) shares() bool { return k == panelAccuracy || k == panelBands || k == panelImage }

// smooths tells that curves are smoothed where that is wanted.
func (k panelKind) smooths() bool { return k == panelAccuracy || k == panelBands || k == panelLoss }

// logs tells that values are drawn on a logarithmic axis where that is wanted.
func (k panelKind) logs() bool { return k == panelLoss || k == panelRate }

// axis is what the charts are drawn against.
type axis int

const (
	axisEpoch axis = iota
	axisStep
	axisMinutes
	axes
)

func (a axis) String() string { return [...]string{"epoch", "step", "minutes"}[a] }

// smoothings are the weights of what came before in exponential means.
var smoothings = [...]float64{0, 0.6, 0.9, 0.97}

// figureRequest is everything that determines a figure.
type figureRequest struct {
	version    int
	columns    [panels]int // of each panel's plot; 0: not shown
	axis       axis
	logX, logY bool
	smooth     int     // index of smoothings
	from, to   float64 // part of the axis; all where both are 0
	cursor     float64 // where values are wanted; negative: the newest
	run        int     // chosen one
	radius     int     // its index; −1: all radii of the chosen run
	hidden     uint64  // bits of runs
}

func (q figureRequest) shows(run int) bool { return run >= 64 || q.hidden>>run&1 == 0 }

// figure is what the Train page draws: no more points than there are dots.
type figure struct {
	asked    figureRequest
	from, to float64 // of the axis, as shown
	most     float64 // of the axis
	panels   [panels]panelFigure
	runs     []runFacts
	radii    []float64 // of the chosen run
	bandsOf  string    // what the bands are measured on
	imageOf  string    // which image checkpoints are asked about
	ready    bool
}

// panelFigure is one chart; points are in shares of its range, which are logarithms
// where it is logarithmic.
type panelFigure struct {
	lo, hi float64
	log    bool
	curves []curveFigure
}

// share is where a value lies between lo and hi.
func (p panelFigure) share(v float64) float64 {
	lo, hi := p.lo, p.hi
	if p.log {
		lo, hi, v = math.Log(lo), math.Log(hi), math.Log(max(v, p.lo/2))
	}
	return min(max((v-lo)/(hi-lo), -0.1), 1.1)
}

// value is the inverse of share.
func (p panelFigure) value(share float64) float64 {
	if p.log {
		return p.lo * math.Pow(p.hi/p.lo, share)
	}
	return p.lo + share*(p.hi-p.lo)
}

// curveFigure is one curve of a panel.
type curveFigure struct {
	run    int
	part   string // whole, low or high, of bands; of an image partLabel or partOther
	r      float64
	train  bool // of accuracies: on what is trained on
	points []point
	raw    []point // without smoothing
	value  float64 // at the cursor; NaN: none
}

// makeFigure draws a figure from runs, with the curves that are kept from the one before. It
// is called outside Update and View, once at a time for the same curves.
func (kept *curveBook) makeFigure(runs []runLog, q figureRequest) figure {
	f := figure{asked: q, ready: true}
	for i := range runs {
		if last := runs[i].last(); last != nil && q.shows(i) {
			f.most = max(f.most, runs[i].x(last, q.axis))
		}
	}
	f.from, f.to = q.from, min(q.to, f.most)
	if q.to <= q.from || f.to <= f.from {
		f.from, f.to = 0, f.most
	}
	if f.to <= f.from {
		f.to = f.from + 1
	}
	if q.logX && f.from <= 0 {
		f.from = min(firstX(runs, q), f.to/2)
	}
	for i := range runs {
		f.runs = append(f.runs, factsOf(&runs[i], q))
	}
	for k := range panels {
		if q.columns[k] > 0 {
			f.fill(k, runs, kept)
		}
	}
	return f
}

// firstX is the least position above 0 of a logarithmic axis.
func firstX(runs []runLog, q figureRequest) float64 {
	first := math.Inf(1)
	for i := range runs {
		for _, e := range runs[i].events {
			if x := runs[i].x(e.At(), q.axis); x > 0 && q.shows(i) {
				first = min(first, x)
				break
			}
		}
	}
	return first
}

// position is where a value lies on the axis, in shares of what is shown.
func (f *figure) position(x float64) float64 {
	if f.asked.logX {
		return math.Log(max(x, f.from/10)/f.from) / math.Log(f.to/f.from)
	}
	return (x - f.from) / (f.to - f.from)
}

// at is the inverse of position.
func (f *figure) at(share float64) float64 {
	if f.asked.logX {
		return f.from * math.Pow(f.to/f.from, share)
	}
	return f.from + share*(f.to-f.from)
}

// fill makes one panel.
func (f *figure) fill(k panelKind, runs []runLog, kept *curveBook) {
	q := f.asked
	p := &f.panels[k]
	smooth := smoothings[q.smooth]
	if !k.smooths() {
		smooth = 0
	}
	var all []*keptCurve
	add := func(c curveFigure) {
		l := &runs[c.run]
		key := curveKey{panel: k, onTrain: c.train, part: c.part, r: c.r}
		if k == panelImage || k == panelRoughness && !l.tellsRoughness() {
			if curve := l.evolved(key, q.axis); len(curve.raw.values) > 0 {
				p.curves, all = append(p.curves, c), append(all, curve)
			}
			return
		}
		if curve := kept.curve(c.run, l, q.axis, l.source(key), smooth); len(curve.raw.values) > 0 {
			p.curves, all = append(p.curves, c), append(all, curve)
		}
	}
	for i := range runs {
		l := &runs[i]
		ofOne := k == panelBands || k == panelImage
		if !q.shows(i) && !(ofOne && i == q.run) {
			continue
		}
		switch k {
		case panelKernels: // a picture
		case panelImage:
			if i == q.run {
				if l.evolution != nil && l.evolution.Image != nil {
					f.imageOf = clean(l.name + ", " + l.evolution.Image.Title)
				}
				add(curveFigure{run: i, part: partOther})
				add(curveFigure{run: i, part: partLabel})
			}
		case panelAccuracy:
			add(curveFigure{run: i, train: true})
			add(curveFigure{run: i})
		case panelBands:
			f.addBands(l, i, runs, add)
		default:
			add(curveFigure{run: i})
		}
	}
	for i, c := range all {
		p.curves[i].value = c.shown().at(q.cursor)
	}
	p.log = q.logY && k.logs()
	p.lo, p.hi = 0, 1
	if !k.shares() {
		p.lo, p.hi = f.rangeOf(all, p.log)
	}
	for i, c := range all {
		p.curves[i].points = f.thin(c.shown(), *p, q.columns[k])
		if smooth > 0 {
			p.curves[i].raw = f.thin(&c.raw, *p, q.columns[k])
		}
	}
}

// addBands adds a run's bands: of the chosen run at all radii, or of every run at one.
func (f *figure) addBands(l *runLog, i int, runs []runLog, add func(curveFigure)) {
	q := f.asked
	if q.run >= len(runs) || q.radius < 0 && i != q.run {
		return
	}
	radii := runs[q.run].radiiOf()
	if i == q.run {
		f.radii = radii
		if n := len(l.bands); n > 0 {
			e := l.bands[n-1]
			f.bandsOf = fmt.Sprintf("%s, n %s", clean(e.Split), grouped(e.N))
			if e.Normalize != "none" {
				f.bandsOf += ", normalise " + clean(e.Normalize)
			}
		}
	}
	if q.radius >= 0 && q.radius < len(radii) {
		radii = radii[q.radius : q.radius+1]
	}
	add(curveFigure{run: i, part: "whole"})
	for _, r := range radii {
		add(curveFigure{run: i, part: "high", r: r})
		add(curveFigure{run: i, part: "low", r: r})
	}
}

// rangeOf is the range of y of what is shown: from 0 unless it is logarithmic.
func (f *figure) rangeOf(all []*keptCurve, log bool) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, c := range all {
		t := c.shown()
		if e := t.extremes(t.from(f.from), t.past(f.to)); e.positive > 0 {
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

// thin keeps of values what is seen: the least and the largest in every column of dots.
// Lines that leave the part of the axis that is shown are cut at its ends.
func (f *figure) thin(t *trace, p panelFigure, columns int) []point {
	s := t.values
	place := func(v sample) point {
		return point{x: f.position(v.x), y: p.share(v.y), lo: p.share(v.lo), hi: p.share(v.hi)}
	}
	first, end := t.from(f.from), t.past(f.to)
	var out []point
	if first > 0 && first < len(s) {
		out = append(out, place(between(s[first-1], s[first], f.from)))
	}
	dots := float64(2 * columns)
	for i := first; i < end; {
		edge := f.at((math.Floor(f.position(s[i].x)*dots) + 1) / dots)
		j := i + further(end-i, func(n int) bool { return s[i+n].x < edge })
		e := t.extremes(i, j)
		out = append(out, place(s[min(e.least, e.most)]))
		if e.least != e.most {
			out = append(out, place(s[max(e.least, e.most)]))
		}
		i = j
	}
	if end > 0 && end < len(s) {
		out = append(out, place(between(s[end-1], s[end], f.to)))
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

// between is the point of a line at x.
func between(a, b sample, x float64) sample {
	t := 0.0
	if b.x > a.x {
		t = min(max((x-a.x)/(b.x-a.x), 0), 1)
	}
	mix := func(a, b float64) float64 { return a + t*(b-a) }
	return sample{x, mix(a.y, b.y), mix(a.lo, b.lo), mix(a.hi, b.hi)}
}
