package plan

import (
	"fmt"
	"math"
)

// Normalization is the transform of a low- or high-pass image before inference. Whole images
// are never transformed.
type Normalization int

// The normalizations. Each applies per image, over all its channels.
const (
	NormalizeNone Normalization = iota // none
	NormalizeMax                       // divided by its maximum, negatives kept (as in the paper's code)
	NormalizeStd                       // mean subtracted, divided by its standard deviation
)

var normalizations = [...]string{"none", "max", "std"}

// String returns "none", "max" or "std".
func (n Normalization) String() string { return normalizations[n] }

// ParseNormalization reads "none", "max" or "std".
func ParseNormalization(s string) (Normalization, error) {
	for i, name := range normalizations {
		if s == name {
			return Normalization(i), nil
		}
	}
	return 0, fmt.Errorf("unknown normalization %q: use none, max or std", s)
}

// Apply normalizes one image in place. An image without a positive maximum (max) or without
// variance (std) is unchanged.
func (n Normalization) Apply(image []float32) {
	switch n {
	case NormalizeMax:
		if largest := largest(image); largest > 0 {
			scale := 1 / float64(largest) // multiplying is faster than dividing
			for i, v := range image {
				image[i] = float32(float64(v) * scale)
			}
		}
	case NormalizeStd:
		mean, deviation := moments(image)
		// An empty band is zero up to rounding; scaling it would amplify rounding noise.
		if deviation < 1e-6 {
			return
		}
		scale := 1 / deviation
		for i, v := range image {
			image[i] = float32((float64(v) - mean) * scale)
		}
	}
}

// The loops below keep several maxima or sums, so that additions do not wait for each other.

// largest returns the largest number, 0 if none is positive.
func largest(image []float32) float32 {
	var a, b, c, d float32
	for ; len(image) >= 4; image = image[4:] {
		four := (*[4]float32)(image)
		a, b, c, d = greater(a, four[0]), greater(b, four[1]), greater(c, four[2]), greater(d, four[3])
	}
	for _, v := range image {
		a = greater(a, v)
	}
	return max(a, b, c, d)
}

// greater is max of numbers that are not NaN, and faster.
func greater(a, b float32) float32 {
	if b > a {
		return b
	}
	return a
}

// moments returns the mean and the standard deviation, computed relative to one of the numbers:
// that loses little precision where all are similar.
func moments(image []float32) (mean, deviation float64) {
	var s0, s1, q0, q1 float64
	n, pivot := float64(len(image)), float64(image[0])
	for ; len(image) >= 4; image = image[4:] {
		four := (*[4]float32)(image)
		a, b := float64(four[0])-pivot, float64(four[1])-pivot
		c, d := float64(four[2])-pivot, float64(four[3])-pivot
		s0, q0 = s0+(a+c), q0+(a*a+c*c)
		s1, q1 = s1+(b+d), q1+(b*b+d*d)
	}
	for _, v := range image {
		d := float64(v) - pivot
		s0, q0 = s0+d, q0+d*d
	}
	mean = (s0 + s1) / n
	return pivot + mean, math.Sqrt(max((q0+q1)/n-mean*mean, 0))
}
