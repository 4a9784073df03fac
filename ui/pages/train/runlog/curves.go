package runlog

import (
	"math"
	"sort"

	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// sample is a value of a run before it is put into a chart.
type sample struct{ x, y, lo, hi float64 }

// CurveBook caches the curves of runs between figures, so that only new events are read. The zero
// value is empty.
type CurveBook struct{ runs map[int]*runCurves }

// runCurves are the curves of one run.
type runCurves struct {
	of     curveBasis
	curves map[curveKey]*keptCurve
}

// curveBasis is what all of a run's curves depend on: if it changes they are recomputed.
type curveBasis struct {
	generation int // of the run
	axis       Axis
	perEpoch   float64
}

// curveKey identifies a curve of a run.
type curveKey struct {
	panel   PanelKind
	onTrain bool
	part    string
	r       float64
	steps   bool // from StepEvents, not EpochEvents
}

// keptCurve is a cached curve.
type keptCurve struct {
	read        int // events
	raw, smooth trace
	weight      float64 // of smooth; 0: none
	mean        sample  // sum of smooth, each value with its weight
	weighs      float64 // sum of the weights
}

// shown returns the trace to draw.
func (c *keptCurve) shown() *trace {
	if c.weight > 0 {
		return &c.smooth
	}
	return &c.raw
}

// curve returns a run's curve up to its newest event.
func (b *CurveBook) curve(run int, l *runLog, a Axis, key curveKey, weight float64) *keptCurve {
	basis := curveBasis{l.generation, a, l.perEpoch()}
	r := b.runs[run]
	if r == nil || r.of != basis {
		r = &runCurves{basis, map[curveKey]*keptCurve{}}
		if b.runs == nil {
			b.runs = map[int]*runCurves{}
		}
		b.runs[run] = r
	}
	c := r.curves[key]
	if c == nil {
		c = &keptCurve{}
		r.curves[key] = c
	}
	from := len(c.raw.values)
	l.read(c, key, a)
	if c.weight != weight {
		c.smooth, c.mean, c.weighs, c.weight, from = trace{}, sample{}, 0, weight, 0
	}
	if weight > 0 {
		for _, v := range c.raw.values[from:] {
			c.smoothen(v)
		}
	}
	return c
}

// smoothen updates the bias-corrected exponential moving average.
func (c *keptCurve) smoothen(v sample) {
	w, m := c.weight, &c.mean
	m.y, m.lo, m.hi = w*m.y+(1-w)*v.y, w*m.lo+(1-w)*v.lo, w*m.hi+(1-w)*v.hi
	c.weighs = w*c.weighs + 1 - w
	sum := c.weighs
	c.smooth.add(sample{v.x, m.y / sum, m.lo / sum, m.hi / sum})
}

// x returns the position of an event on an axis.
func (l *runLog) x(s *train.Stamp, a Axis) float64 {
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

// source returns the key with the events to read.
func (l *runLog) source(key curveKey) curveKey {
	switch key.panel {
	case PanelAccuracy:
		key.steps = key.onTrain && len(l.epochs) < 2 // show progress within the first epoch
	case PanelCPU, PanelMemory:
		key.steps = true
	case PanelLoss, PanelRate, PanelSpeed:
		key.steps = len(l.steps) > 0
	}
	return key
}

// read appends new events to a curve.
func (l *runLog) read(c *keptCurve, key curveKey, a Axis) {
	add := func(s *train.Stamp, v, lo, hi float64) {
		if v-v == 0 {
			c.raw.add(sample{l.x(s, a), v, lo, hi})
		}
	}
	score := func(s *train.Stamp, v *measure.Score) {
		if v == nil || v.N == 0 {
			return
		}
		lo, hi := v.Accuracy(), v.Accuracy()
		if !key.onTrain { // no CI: the weights changed during the epoch
			lo, hi = v.Wilson()
		}
		add(s, v.Accuracy(), lo, hi)
	}
	machine := func(e *train.StepEvent) {
		v := e.Cores
		if key.panel == PanelMemory {
			v = float64(e.Memory) / 1e9
		}
		if v > 0 {
			add(&e.Stamp, v, v, v)
		}
	}
	value := func(s *train.Stamp, on *measure.Score, loss, rate, speed, roughness float64) {
		if key.panel == PanelAccuracy {
			score(s, on)
			return
		}
		v := roughness
		switch key.panel {
		case PanelLoss:
			v = loss
		case PanelRate:
			v = rate
		case PanelSpeed:
			v = speed
		}
		if v == v {
			add(s, v, v, v)
		}
	}
	switch {
	case key.panel == PanelBands:
		for _, e := range l.bands[c.read:] {
			score(&e.Stamp, bandOf(e, key.part, key.r))
		}
		c.read = len(l.bands)
	case key.steps:
		for _, e := range l.steps[c.read:] {
			if key.panel.machine() {
				machine(e)
				continue
			}
			value(&e.Stamp, e.Train, e.Loss, e.LearningRate, e.ImagesPerSecond, math.NaN())
		}
		c.read = len(l.steps)
	default:
		for _, e := range l.epochs[c.read:] {
			on := e.Test
			if key.onTrain {
				on = e.Train
			}
			value(&e.Stamp, on, e.Loss, e.LearningRate, e.ImagesPerSecond, e.Roughness)
		}
		c.read = len(l.epochs)
	}
}

// bandOf returns the accuracy on whole, low- or high-pass images; nil if not measured.
func bandOf(e *train.BandsEvent, part string, r float64) *measure.Score {
	if part == "whole" {
		return &e.Whole
	}
	for _, b := range e.Bands {
		if b.Part == part && b.R == r {
			return &measure.Score{Correct: b.Correct, N: b.N}
		}
	}
	return nil
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

// trace is a curve's values in order, with the extremes of every block of them.
type trace struct {
	values []sample
	blocks []extremes
}

// extremes has the indices of the smallest and the largest y of a range, the first of ties, and the
// smallest y above 0; 0 if there is none.
type extremes struct {
	least, most int
	positive    float64
}

const traceBlock = 32

func (t *trace) add(v sample) {
	if t.values = append(t.values, v); len(t.values)%traceBlock == 0 {
		t.blocks = append(t.blocks, t.scan(len(t.values)-traceBlock, len(t.values)))
	}
}

// scan looks at all values from i up to j.
func (t *trace) scan(i, j int) extremes {
	e := extremes{least: i, most: i}
	for k := i; k < j; k++ {
		e = e.or(t.values, extremes{k, k, max(t.values[k].y, 0)})
	}
	return e
}

// or merges the extremes of adjacent ranges.
func (e extremes) or(values []sample, o extremes) extremes {
	if values[o.least].y < values[e.least].y {
		e.least = o.least
	}
	if values[o.most].y > values[e.most].y {
		e.most = o.most
	}
	if o.positive > 0 && (e.positive == 0 || o.positive < e.positive) {
		e.positive = o.positive
	}
	return e
}

// extremes are those of values from i up to j; none where there are none.
func (t *trace) extremes(i, j int) extremes {
	if i >= j {
		return extremes{}
	}
	first, end := (i+traceBlock-1)/traceBlock, j/traceBlock
	if first >= end {
		return t.scan(i, j)
	}
	e := t.scan(i, max(first*traceBlock, i+1))
	for _, b := range t.blocks[first:end] {
		e = e.or(t.values, b)
	}
	if rest := end * traceBlock; rest < j {
		e = e.or(t.values, t.scan(rest, j))
	}
	return e
}

// from returns the index of the first value not left of x.
func (t *trace) from(x float64) int {
	return sort.Search(len(t.values), func(i int) bool { return t.values[i].x >= x })
}

func (t *trace) past(x float64) int {
	return sort.Search(len(t.values), func(i int) bool { return t.values[i].x > x })
}

// at returns the last value at or before x; the newest if x is negative.
func (t *trace) at(x float64) float64 {
	i := len(t.values) - 1
	if x >= 0 {
		i = t.past(x+1e-9) - 1
	}
	if i < 0 {
		return math.NaN()
	}
	return t.values[i].y
}
