package spectral

import (
	"fmt"
	"runtime"
)

// Splitter splits one image of a fixed size at any number of radii. It owns its workspace and
// keeps the loaded image and its spectrum, so that a new radius costs only an inverse
// transform. It is not safe for concurrent use.
type Splitter struct {
	h, w, planes int
	x            []float32 // a copy of the loaded image
	flat         []bool    // by plane: all pixels equal
	transform    transform
	workers      *pool
	mask         mask
	power        powerTable
	amplitudes   amplitudes
	logs         func(worker, v int)
}

// parallelPixels is the minimum size of an image that is transformed by several goroutines, in about
// half a millisecond.
const parallelPixels = 128 * 128

// NewSplitter returns a Splitter for images of h×w pixels, each at least 1. Images of at most
// 32×32 are transformed by real DFT matrices, larger ones by fast Fourier transforms, those
// with at least 128·128 pixels on all cores.
func NewSplitter(h, w int) *Splitter {
	checkSize(h, w)
	threads := 1
	if h*w >= parallelPixels {
		threads = runtime.GOMAXPROCS(0)
	}
	workers := newPool(threads)
	return newSplitter(h, w, workers, newTransform(h, w, workers))
}

func newSplitter(h, w int, workers *pool, t transform) *Splitter {
	s := &Splitter{h: h, w: w, workers: workers, transform: t}
	s.logs = s.logColumn
	return s
}

// Load copies and transforms an image of one or more planes, len(x) = planes·h·w; any other
// length panics.
func (s *Splitter) Load(x []float32) {
	size := s.h * s.w
	if len(x) == 0 || len(x)%size != 0 {
		panic(fmt.Sprintf("spectral: image of length %d, want planes of %d×%d", len(x), s.w, s.h))
	}
	s.planes = len(x) / size
	s.x = grow(s.x, len(x))
	copy(s.x, x)
	s.flat = grow(s.flat, s.planes)
	s.power.known = false
	s.transform.resize(s.planes)
	for p := range s.planes {
		s.flat[p] = flat(s.plane(s.x, p))
		s.transform.forward(p, s.plane(s.x, p), fullBox(s.h, s.w))
	}
}

// Split writes the components of the loaded image at radius r to low and high, each planes·h·w
// long or nil to skip it. They must not overlap; a wrong length panics.
func (s *Splitter) Split(low, high []float32, r float64) {
	if low != nil {
		checkLen("low", len(low), len(s.x))
	}
	if high != nil {
		checkLen("high", len(high), len(s.x))
	}
	if low == nil && high == nil {
		return
	}
	s.mask.set(s.h, s.w, r)
	for p := range s.planes {
		split(s.transform, s.plane(low, p), s.plane(high, p), s.plane(s.x, p), p, &s.mask, s.flat[p])
	}
}

// plane returns plane p of an image; nil for nil.
func (s *Splitter) plane(x []float32, p int) []float32 {
	if x == nil {
		return nil
	}
	return x[p*s.h*s.w:][:s.h*s.w]
}
