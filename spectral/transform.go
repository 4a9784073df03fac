package spectral

// transform computes and stores the Fourier planes of images of one size. It owns its
// workspace and is not safe for concurrent use.
type transform interface {
	// resize makes room for the spectra of that many planes; earlier ones are lost.
	resize(planes int)
	// forward transforms plane p, whose pixels are x, and stores its spectrum. Coefficients
	// outside the box need not be computed.
	forward(p int, x []float32, need box)
	// inverse writes the component of plane p that the mask selects to direct and x minus that
	// to other; either may be nil.
	inverse(direct, other, x []float32, p int, m *mask)
	// squares writes |F(u,v)|² of plane p for u = 0 … h-1 (in the DFT's order) and one v ≤ w/2
	// to dst. Calls for different v may run concurrently.
	squares(dst []float64, p, v int)
}

// smallSide is the longest side of an image that is transformed by matrices: the even and the
// odd part of an axis of 32 each fit an AVX-512 register.
const smallSide = 32

func newTransform(h, w int, workers *pool) transform {
	if small(h, w) {
		return newDense(h, w, fastest)
	}
	return newFast(h, w, workers, fastest)
}

func small(h, w int) bool { return h <= smallSide && w <= smallSide }

// split writes the components of plane p, whose pixels are x, to low and high; either may be
// nil. A flat plane has only its mean and is handled exactly, since a later normalization would
// amplify rounding errors.
func split(t transform, low, high, x []float32, p int, m *mask, flat bool) {
	switch {
	case m.none:
		clear(low)
		copy(high, x)
	case m.all || flat:
		copy(low, x)
		clear(high)
	case m.outside:
		t.inverse(high, low, x, p, m)
	default:
		t.inverse(low, high, x, p, m)
	}
}

// flat reports whether all pixels of a plane are equal.
func flat(x []float32) bool {
	for _, value := range x {
		if value != x[0] {
			return false
		}
	}
	return true
}
