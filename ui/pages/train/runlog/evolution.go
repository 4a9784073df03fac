package runlog

import (
	"math"

	"hfcui/engine/evolution"
)

// The curves of an image.
const (
	partLabel = "label" // probability of its class, or, if unknown, of the newest prediction
	PartOther = "other" // probability of the most probable other class
)

// tellsRoughness reports whether the run's events have the kernels' roughness.
func (l *runLog) tellsRoughness() bool {
	n := len(l.epochs)
	return n > 0 && l.epochs[n-1].Roughness > 0
}

// probabilityOf returns a curve's value at a checkpoint; NaN if unknown.
func probabilityOf(v *evolution.View, at *evolution.Point, part string) float64 {
	class := labelOf(v)
	if class < 0 || class >= len(at.Probabilities) {
		return math.NaN()
	}
	if part == partLabel {
		return at.Probabilities[class]
	}
	return at.Probabilities[MostProbable(at.Probabilities, class)]
}

// labelOf returns an image's class, or, if unknown, the newest prediction; −1 without any.
func labelOf(v *evolution.View) int {
	switch n := len(v.Points); {
	case v.Image == nil || n == 0:
		return -1
	case v.Image.Label >= 0:
		return v.Image.Label
	default:
		return MostProbable(v.Points[n-1].Probabilities, -1)
	}
}

// MostProbable returns the most probable class except but; −1 if there is none.
func MostProbable(p []float64, but int) int {
	best := -1
	for i, v := range p {
		if i != but && (best < 0 || v > p[best]) {
			best = i
		}
	}
	return best
}

// evolved returns a curve of checkpoints, up to the run's newest event.
func (l *runLog) evolved(key curveKey, a Axis) *keptCurve {
	c := &keptCurve{}
	if l.evolution == nil || l.last() == nil {
		return c
	}
	for i := range l.evolution.Points {
		p := &l.evolution.Points[i]
		v := p.Roughness
		if key.panel == PanelImage {
			v = probabilityOf(l.evolution, p, key.part)
		}
		if v-v == 0 && p.At.Step <= l.last().Step {
			c.raw.add(sample{l.x(&p.At, a), v, v, v})
		}
	}
	return c
}
