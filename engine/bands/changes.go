package bands

import (
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Change is how predictions change at one radius when images x are replaced by their low-pass
// images x_l.
type Change struct {
	// Differ counts, as Correct, the images with f(x) ≠ f(x_l), whichever of the two is correct.
	Differ measure.Score
	// Both counts the images with correct predictions for x and x_l. No others can be robust at
	// Epsilon.
	Both measure.Score
	// Epsilon is the largest distance from x to x_l among the images with a correct prediction
	// for x and a wrong one for x_l; zero where there are none.
	Epsilon Distance
}

// Distance is the norm of the difference of two images in pixels of [0,1], over all
// channels.
type Distance struct {
	L2   float64 `json:"l2"`
	LInf float64 `json:"linf"`
}

// Bounds reports whether changes measured so give an upper bound on robust accuracy, which is
// the corollary of the paper's section 3 for one model. Its robustness is
//
//	E[ min over ‖x'-x‖ ≤ ε of 1(f(x') = y) ]
//
// For an image classified correctly whose low-pass image is not, x_l is a misclassified x' at
// distance ‖x-x_l‖. From the largest of these distances on none of them is robust, so that at
// most the images with correct predictions for both are:
//
//	robustness at any ε ≥ Epsilon  ≤  Both
//
// in either norm. The ball is not intersected with [0,1], which attacks stay in and x_l may
// leave. There is no bound where the model's input is not x_l, because it is normalized, or
// where predictions depend on the rest of the batch, with batch statistics.
func Bounds(n Normalization, s model.Statistics) bool {
	return n == NormalizeNone && s == model.RunningStatistics
}

// add pools the changes of two disjoint samples.
func (c Change) add(d Change) Change {
	return Change{c.Differ.Add(d.Differ), c.Both.Add(d.Both),
		Distance{max(c.Epsilon.L2, d.Epsilon.L2), max(c.Epsilon.LInf, d.Epsilon.LInf)}}
}

// count adds one image, with the predicted classes for it and for its low-pass image, and the distance
// of the two.
func (c *Change) count(label, whole, low int, distance func() Distance) {
	c.Differ.N++
	c.Both.N++
	switch {
	case whole != low:
		c.Differ.Correct++
		if whole == label {
			d := distance()
			c.Epsilon = Distance{max(c.Epsilon.L2, d.L2), max(c.Epsilon.LInf, d.LInf)}
		}
	case whole == label:
		c.Both.Correct++
	}
}
