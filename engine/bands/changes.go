package bands

import (
	"math"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Change is how a model's answers change at one radius when of images x only the low part
// x_l is left.
type Change struct {
	// Differ counts, as Correct, the images with f(x) ≠ f(x_l), whichever of both is right.
	Differ measure.Score
	// Both counts the images that are right whole and by their low part. No more than these
	// can be robust at Epsilon.
	Both measure.Score
	// Epsilon is the largest distance from x to x_l among the images that are right whole
	// and wrong by their low part; zero where there are none.
	Epsilon Distance
}

// Distance is the norm of the difference of two images in pixels of [0,1], over all
// channels.
type Distance struct {
	L2   float64 `json:"l2"`
	LInf float64 `json:"linf"`
}

// Bounds tells whether changes measured so bound robust accuracy, as the corollary of the
// paper's section 3 has it for one model. Its robustness is
//
//	E[ min over ‖x'-x‖ ≤ ε of 1(f(x') = y) ]
//
// An image that is right and whose low part is not has a wrong x' at the distance ‖x-x_l‖.
// From the largest of these distances on, none of them is robust, so that of the images
// measured at most those right both whole and by their low part are:
//
//	robustness at any ε ≥ Epsilon  ≤  Both
//
// in either norm. The ball is all there is to that: x_l may leave [0,1], which attacks do
// not. Where the model is shown something else than x_l, a normalised one, or answers by the
// company an image is in, as with batch statistics, there is no such statement.
func Bounds(n Normalization, s model.Statistics) bool {
	return n == NormalizeNone && s == model.RunningStatistics
}

// add takes in what another round found.
func (c Change) add(d Change) Change {
	return Change{c.Differ.Add(d.Differ), c.Both.Add(d.Both),
		Distance{max(c.Epsilon.L2, d.Epsilon.L2), max(c.Epsilon.LInf, d.Epsilon.LInf)}}
}

// see takes in one image: its classes whole and by its low part, as the model was shown it.
func (c *Change) see(label, whole, low int, x, part []float32) {
	c.Differ.N++
	c.Both.N++
	switch {
	case whole != low:
		c.Differ.Correct++
		if whole == label {
			d := distance(x, part)
			c.Epsilon = Distance{max(c.Epsilon.L2, d.L2), max(c.Epsilon.LInf, d.LInf)}
		}
	case whole == label:
		c.Both.Correct++
	}
}

func distance(x, y []float32) (d Distance) {
	for i, v := range x {
		difference := math.Abs(float64(v) - float64(y[i]))
		d.L2 += difference * difference
		d.LInf = max(d.LInf, difference)
	}
	d.L2 = math.Sqrt(d.L2)
	return d
}
