package ui

import (
	"fmt"
	"math"
	"sort"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
)

// panelKind is one of the charts of the Train page.
type panelKind int

const (
	panelAccuracy panelKind = iota
	panelBands
	panelLoss
	panelRate
	panelSpeed
	panels
)

func (k panelKind) String() string {
	return [...]string{"accuracy", "bands", "loss", "learning rate", "images/s"}[k]
}

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
	part   string // whole, low or high, of bands
	r      float64
	train  bool // of accuracies: on what is trained on
	points []point
	raw    []point // without smoothing
	value  float64 // at the cursor; NaN: none
}

// runFacts is a run's line of the table.
type runFacts struct {
	name, status string
	late         bool
	paused       bool
	begun        bool
	epoch        int
	epochs       int // 0: not known
	step         int
	loss         float64
	train, test  *bands.Score
	rate, speed  float64
	left         time.Duration
	what         string // what is trained on what
	dir          string
	config       *train.Config
	state        follow.State
	reason       string // of its end
	kept         int    // step of the last checkpoint; 0: none
}

// sample is a value of a run before it is put into a chart.
type sample struct{ x, y, lo, hi float64 }

// makeFigure draws figures from runs. It is called outside Update and View.
func makeFigure(runs []runLog, q figureRequest) figure {
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
			f.fill(k, runs)
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

// x is where an event lies on an axis.
func (l *runLog) x(s *train.Stamp, a axis) float64 {
	switch a {
	case axisStep:
		return float64(s.Step)
	case axisMinutes:
		return s.Seconds / 60
	}
	if per := l.perEpoch(); per > 0 {
		return float64(s.Step) / per
	}
	return float64(s.Epoch)
}

// samplesOf lists the values of a run for a panel that is not of bands.
func (l *runLog) samplesOf(k panelKind, onTrain bool, a axis) []sample {
	var list []sample
	number := func(s *train.Stamp, v float64) {
		if v-v == 0 {
			list = append(list, sample{l.x(s, a), v, v, v})
		}
	}
	if k == panelAccuracy {
		score := func(s *train.Stamp, v *bands.Score) {
			if v != nil && v.N > 0 {
				lo, hi := v.Wilson()
				if onTrain { // of a net that changed in between: no sample of anything
					lo, hi = v.Accuracy(), v.Accuracy()
				}
				list = append(list, sample{l.x(s, a), v.Accuracy(), lo, hi})
			}
		}
		for _, e := range l.epochs {
			if onTrain {
				score(&e.Stamp, e.Train)
			} else {
				score(&e.Stamp, e.Test)
			}
		}
		if onTrain && len(l.epochs) < 2 { // the first epoch is seen growing
			list = nil
			for _, e := range l.steps {
				score(&e.Stamp, e.Train)
			}
		}
		return list
	}
	pick := func(loss, rate, speed float64) float64 { return [...]float64{loss, rate, speed}[k-panelLoss] }
	if len(l.steps) > 0 {
		for _, e := range l.steps {
			number(&e.Stamp, pick(e.Loss, e.LearningRate, e.ImagesPerSecond))
		}
		return list
	}
	for _, e := range l.epochs {
		number(&e.Stamp, pick(e.Loss, e.LearningRate, e.ImagesPerSecond))
	}
	return list
}

// bandSamples lists a band's accuracies: part whole, low or high.
func (l *runLog) bandSamples(part string, r float64, a axis) []sample {
	list := make([]sample, 0, len(l.bands))
	add := func(s *train.Stamp, v bands.Score) {
		if v.N > 0 {
			lo, hi := v.Wilson()
			list = append(list, sample{l.x(s, a), v.Accuracy(), lo, hi})
		}
	}
	for _, e := range l.bands {
		if part == "whole" {
			add(&e.Stamp, e.Whole)
			continue
		}
		for _, b := range e.Bands {
			if b.Part == part && b.R == r {
				add(&e.Stamp, bands.Score{Correct: b.Correct, N: b.N})
			}
		}
	}
	return list
}

// radiiOf lists the radii of a run's bands.
func (l *runLog) radiiOf() []float64 {
	var list []float64
	if len(l.bands) > 0 {
		for _, b := range l.bands[len(l.bands)-1].Bands {
			if b.Part == "low" {
				list = append(list, b.R)
			}
		}
	}
	return list
}

// fill makes one panel.
func (f *figure) fill(k panelKind, runs []runLog) {
	q := f.asked
	p := &f.panels[k]
	var all [][]sample
	add := func(c curveFigure, s []sample) {
		if len(s) > 0 {
			p.curves, all = append(p.curves, c), append(all, s)
		}
	}
	for i := range runs {
		l := &runs[i]
		if !q.shows(i) && !(k == panelBands && i == q.run) {
			continue
		}
		switch k {
		case panelAccuracy:
			add(curveFigure{run: i, train: true}, l.samplesOf(k, true, q.axis))
			add(curveFigure{run: i}, l.samplesOf(k, false, q.axis))
		case panelBands:
			f.addBands(l, i, runs, add)
		default:
			add(curveFigure{run: i}, l.samplesOf(k, false, q.axis))
		}
	}
	smooth := smoothings[q.smooth]
	if k == panelRate || k == panelSpeed {
		smooth = 0
	}
	shown := make([][]sample, len(all))
	for i, s := range all {
		shown[i] = smoothed(s, smooth)
		p.curves[i].value = valueAt(shown[i], q.cursor)
	}
	p.log = q.logY && (k == panelLoss || k == panelRate)
	p.lo, p.hi = 0, 1
	if k >= panelLoss {
		p.lo, p.hi = f.rangeOf(shown, p.log)
	}
	for i := range all {
		p.curves[i].points = f.thin(shown[i], *p, q.columns[k])
		if smooth > 0 {
			p.curves[i].raw = f.thin(all[i], *p, q.columns[k])
		}
	}
}

// addBands adds a run's bands: of the chosen run at all radii, or of every run at one.
func (f *figure) addBands(l *runLog, i int, runs []runLog, add func(curveFigure, []sample)) {
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
	add(curveFigure{run: i, part: "whole"}, l.bandSamples("whole", 0, q.axis))
	for _, r := range radii {
		add(curveFigure{run: i, part: "high", r: r}, l.bandSamples("high", r, q.axis))
		add(curveFigure{run: i, part: "low", r: r}, l.bandSamples("low", r, q.axis))
	}
}

// rangeOf is the range of y of what is shown: from 0 unless it is logarithmic.
func (f *figure) rangeOf(all [][]sample, log bool) (lo, hi float64) {
	lo, hi = math.Inf(1), 0
	for _, s := range all {
		for _, v := range s {
			if v.x >= f.from && v.x <= f.to && v.y > 0 {
				lo, hi = min(lo, v.y), max(hi, v.y)
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

// smoothed is the exponential mean of values, without the bias of its beginning.
func smoothed(s []sample, weight float64) []sample {
	if weight == 0 {
		return s
	}
	out := make([]sample, len(s))
	var y, lo, hi, sum float64
	for i, v := range s {
		y, lo, hi = weight*y+(1-weight)*v.y, weight*lo+(1-weight)*v.lo, weight*hi+(1-weight)*v.hi
		sum = weight*sum + 1 - weight
		out[i] = sample{v.x, y / sum, lo / sum, hi / sum}
	}
	return out
}

// valueAt is the value last known at x, the newest where x is negative.
func valueAt(s []sample, x float64) float64 {
	i := len(s) - 1
	if x >= 0 {
		i = sort.Search(len(s), func(i int) bool { return s[i].x > x+1e-9 }) - 1
	}
	if i < 0 {
		return math.NaN()
	}
	return s[i].y
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

// thin keeps of values what is seen: the least and the largest in every column of dots.
// Lines that leave the part of the axis that is shown are cut at its ends.
func (f *figure) thin(s []sample, p panelFigure, columns int) []point {
	place := func(v sample) point {
		return point{f.position(v.x), p.share(v.y), p.share(v.lo), p.share(v.hi)}
	}
	first := sort.Search(len(s), func(i int) bool { return s[i].x >= f.from })
	end := sort.Search(len(s), func(i int) bool { return s[i].x > f.to })
	var out []point
	if first > 0 && first < len(s) {
		out = append(out, place(between(s[first-1], s[first], f.from)))
	}
	dots := float64(2 * columns)
	for i := first; i < end; {
		dot := math.Floor(f.position(s[i].x) * dots)
		least, most, j := i, i, i
		for ; j < end && math.Floor(f.position(s[j].x)*dots) == dot; j++ {
			if s[j].y < s[least].y {
				least = j
			}
			if s[j].y > s[most].y {
				most = j
			}
		}
		out = append(out, place(s[min(least, most)]))
		if least != most {
			out = append(out, place(s[max(least, most)]))
		}
		i = j
	}
	if end > 0 && end < len(s) {
		out = append(out, place(between(s[end-1], s[end], f.to)))
	}
	return out
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

// factsOf is a run's line of the table: at the cursor, or now.
func factsOf(l *runLog, q figureRequest) runFacts {
	c := runFacts{name: l.name, loss: math.NaN(), rate: math.NaN(), speed: math.NaN(), left: l.left()}
	c.status, c.late = l.status()
	c.dir, c.config, c.state, c.paused = l.dir, l.config, l.state, l.state == follow.Paused
	if l.kept != nil {
		c.kept = l.kept.Step
	}
	if l.end != nil {
		c.reason = l.end.Reason
	}
	if l.config != nil {
		c.epochs, c.what = l.config.Epochs, clean(l.config.Net+" on "+l.config.Data)
	}
	step := upTo(l.steps, func(e *train.StepEvent) bool { return q.cursor < 0 || l.x(&e.Stamp, q.axis) <= q.cursor+1e-9 })
	if step != nil {
		c.begun, c.epoch, c.step = true, step.Epoch, step.Step
		c.loss, c.rate, c.speed, c.train = step.Loss, step.LearningRate, step.ImagesPerSecond, step.Train
	}
	epoch := upTo(l.epochs, func(e *train.EpochEvent) bool { return q.cursor < 0 || l.x(&e.Stamp, q.axis) <= q.cursor+1e-9 })
	if epoch != nil {
		c.test = epoch.Test
		if step == nil || epoch.Step >= step.Step {
			c.begun, c.epoch, c.step = true, epoch.Epoch, epoch.Step
			c.loss, c.rate, c.speed, c.train = epoch.Loss, epoch.LearningRate, epoch.ImagesPerSecond, epoch.Train
		}
	}
	band := upTo(l.bands, func(e *train.BandsEvent) bool { return q.cursor < 0 || l.x(&e.Stamp, q.axis) <= q.cursor+1e-9 })
	if band != nil && !c.begun {
		c.begun, c.epoch, c.step, c.test = true, band.Epoch, band.Step, &band.Whole
	}
	return c
}

// upTo is the last of events in order for which before holds; nil where there is none.
func upTo[E any](list []*E, before func(*E) bool) *E {
	i := sort.Search(len(list), func(i int) bool { return !before(list[i]) })
	if i == 0 {
		return nil
	}
	return list[i-1]
}
