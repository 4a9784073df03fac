package spectral

import (
	"fmt"
	"math"
)

// CheckRadius returns a one-line error if r is NaN, infinite or negative.
func CheckRadius(r float64) error {
	if math.IsNaN(r) || math.IsInf(r, 0) || r < 0 {
		return fmt.Errorf("radius %v: must be finite and at least 0", r)
	}
	return nil
}

// MaxRadius returns the smallest integer r at which the low-frequency component of an h×w
// image is the whole image and the high-frequency component zero: one more than the distance
// of the corner of the shifted plane from its center, rounded down. It is 23 for 32×32 and 20
// for 28×28.
func MaxRadius(h, w int) float64 {
	checkSize(h, w)
	return math.Floor(distance(h/2, w/2)) + 1
}

// Kept returns how many of the h·w coefficients of a plane belong to its low-frequency
// component, i.e. lie at a distance strictly below r from the zero frequency.
func Kept(h, w int, r float64) int {
	checkSize(h, w)
	kept := 0
	for v := 0; v <= w/2; v++ {
		kept += multiplicity(v, w) * firstBin(edge(v, h, r), h)
	}
	return kept
}

// distance is √(u²+v²), correctly rounded. math.Hypot is not: it would put some coefficients
// at an integer distance on the wrong side of the circle.
func distance(u, v int) float64 { return math.Sqrt(float64(u*u + v*v)) }

// edge returns how many frequencies g of an axis of n bins, counted 0, 1, … n/2, lie
// strictly within r together with frequency f of the other axis.
func edge(f, n int, r float64) int {
	top := n/2 + 1
	if !(distance(f, 0) < r) {
		return 0
	}
	if distance(f, n/2) < r {
		return top
	}
	e := min(int(math.Sqrt(r*r-float64(f)*float64(f))), top)
	// The root may be off by a rounding error; the comparison itself decides.
	for e < top && distance(f, e) < r {
		e++
	}
	for e > 0 && !(distance(f, e-1) < r) {
		e--
	}
	return e
}

// multiplicity returns how many bins of an axis of n have the absolute frequency f: two, one
// per sign, except for the zero frequency and, for even n, the Nyquist frequency.
func multiplicity(f, n int) int {
	if f == 0 || 2*f == n {
		return 1
	}
	return 2
}

// firstBin returns how many bins of an axis of n have an absolute frequency below f, i.e.
// where frequency f begins when bins are ordered by absolute frequency.
func firstBin(f, n int) int {
	if f == 0 {
		return 0
	}
	return min(2*f-1, n)
}

func checkSize(h, w int) {
	if h < 1 || w < 1 {
		panic(fmt.Sprintf("spectral: image of %d×%d pixels", w, h))
	}
}

func checkLen(what string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("spectral: %s has length %d, want %d", what, got, want))
	}
}
