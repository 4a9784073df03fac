package spectral

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"
)

// sizes are odd, even, mixed, one pixel wide, prime, on both sides of smallSide.
var sizes = [][2]int{
	{1, 1}, {1, 2}, {2, 1}, {2, 2}, {1, 5}, {6, 1}, {3, 3}, {3, 4}, {5, 8}, {7, 7}, {8, 6}, {9, 12}, {17, 16},
	{31, 30}, {32, 32}, {28, 28}, {33, 47}, {64, 64}, {65, 3}, {1, 103}, {107, 2}, {70, 66}, {101, 13}, {20, 103},
}

// pixels returns random values in [0,1) that depend on the arguments only.
func pixels(planes, h, w int) []float32 {
	random := rand.New(rand.NewPCG(uint64(h), uint64(w)))
	x := make([]float32, planes*h*w)
	for i := range x {
		x[i] = random.Float32()
	}
	return x
}

// radiiFor returns critical radii for a size in ascending order: none, only the mean, integers,
// fractions, exact distances, all but the corner, the corner, past it.
func radiiFor(h, w int) []float64 {
	top := MaxRadius(h, w)
	corner := distance(h/2, w/2)
	radii := []float64{0, 0.5, 1, 1.2, math.Sqrt2, 2, 2.5, 5, top / 3, top / 2, 0.7 * top, 0.9 * top,
		max(corner-0.25, 0), corner, math.Nextafter(corner, math.Inf(1)), top, top + 10}
	slices.Sort(radii)
	return radii
}

func forSizes(t *testing.T, test func(t *testing.T, h, w int, s *Splitter)) {
	for _, size := range sizes {
		h, w := size[0], size[1]
		for name, s := range splitters(h, w) {
			t.Run(fmt.Sprintf("%s/%dx%d", name, h, w), func(t *testing.T) { test(t, h, w, s) })
		}
	}
}

// naive is the plane's DFT by definition, F[u·w+v] for 0 ≤ u < h, 0 ≤ v < w.
func naive(x []float32, h, w int) []complex128 {
	along := make([]complex128, h*w)
	turns := roots(w)
	for y := range h {
		for v := range w {
			for j := range w {
				along[y*w+v] += complex(float64(x[y*w+j]), 0) * turns[v*j%w]
			}
		}
	}
	turns = roots(h)
	f := make([]complex128, h*w)
	for u := range h {
		for v := range w {
			for y := range h {
				f[u*w+v] += along[y*w+v] * turns[u*y%h]
			}
		}
	}
	return f
}

// roots returns exp(-2πi·k/n) for k = 0 … n-1.
func roots(n int) []complex128 {
	turns := make([]complex128, n)
	for k := range turns {
		turns[k] = cmplx.Rect(1, -2*math.Pi*float64(k)/float64(n))
	}
	return turns
}

// naiveLow is the low-pass component by definition: the shifted mask on complex coefficients.
func naiveLow(f []complex128, h, w int, r float64) []float32 {
	// The inverse of F is the conjugate of the transform of conj(F), over h·w.
	cosines, sines := make([]float32, h*w), make([]float32, h*w)
	for u := range h {
		for v := range w {
			i, j := (u+h/2)%h, (v+w/2)%w // position after fftshift
			if math.Sqrt(float64((i-h/2)*(i-h/2)+(j-w/2)*(j-w/2))) < r {
				cosines[u*w+v] = float32(real(f[u*w+v]))
				sines[u*w+v] = float32(-imag(f[u*w+v]))
			}
		}
	}
	re, im := naive(cosines, h, w), naive(sines, h, w)
	low := make([]float32, h*w)
	for k := range low {
		low[k] = float32((real(re[k]) - imag(im[k])) / float64(h*w))
	}
	return low
}

// TestSplitDefinition compares the components with the definition with a complex mask, so that the
// masks in the real basis and on the half spectrum are equivalent to it.
func TestSplitDefinition(t *testing.T) {
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(1, h, w)
		s.Load(x)
		f := naive(x, h, w)
		low, high, rest := make([]float32, h*w), make([]float32, h*w), make([]float32, h*w)
		for _, r := range radiiFor(h, w) {
			s.Split(low, high, r)
			want := naiveLow(f, h, w, r)
			subtract(rest, x, want)
			within(t, fmt.Sprint("low at ", r), low, want, 2e-6)
			within(t, fmt.Sprint("high at ", r), high, rest, 2e-6)
		}
	})
}

func TestSplitProperties(t *testing.T) {
	const planes = 2
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(planes, h, w)
		s.Load(x)
		low, high := make([]float32, len(x)), make([]float32, len(x))
		before := -1.0
		for _, r := range radiiFor(h, w) {
			s.Split(low, high, r)
			sum := make([]float32, len(x))
			for i := range sum {
				sum[i] = low[i] + high[i]
			}
			within(t, fmt.Sprint("low + high at ", r), sum, x, 1e-6)

			// Parseval: the components are orthogonal, and Energy returns their energies.
			var all, lows, highs, means float64
			for p := range planes {
				var mean float64
				for i := p * h * w; i < (p+1)*h*w; i++ {
					mean += float64(x[i]) / float64(h*w)
					all += float64(x[i]) * float64(x[i])
					lows += float64(low[i]) * float64(low[i])
					highs += float64(high[i]) * float64(high[i])
				}
				means += mean * mean * float64(h*w)
			}
			if math.Abs(lows+highs-all) > 1e-5*all {
				t.Errorf("energy at %v: %v + %v, the image has %v", r, lows, highs, all)
			}
			energyLow, energyHigh := s.Energy(r)
			if h*w == 1 {
				if energyLow != 0 || energyHigh != 0 {
					t.Errorf("one pixel has energy %v, %v", energyLow, energyHigh)
				}
				return
			}
			if energyLow+energyHigh != 1 {
				t.Errorf("energy fractions at %v: %v + %v", r, energyLow, energyHigh)
			}
			if want := highs / (all - means); r >= 1 && math.Abs(energyHigh-want) > 1e-5 {
				t.Errorf("high energy fraction at %v is %v, want %v", r, energyHigh, want)
			}
			if energyLow < before {
				t.Errorf("energy falls from %v to %v at %v", before, energyLow, r)
			}
			before = energyLow
		}
		if before != 1 {
			t.Errorf("low energy fraction past the corner is %v", before)
		}
	})
}

func TestSplitEnds(t *testing.T) {
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(3, h, w)
		zero := make([]float32, len(x))
		s.Load(x)
		low, high := make([]float32, len(x)), make([]float32, len(x))
		for _, r := range []float64{0, -1, math.NaN(), math.Inf(-1)} {
			s.Split(low, high, r)
			within(t, fmt.Sprint("low at ", r), low, zero, 0)
			within(t, fmt.Sprint("high at ", r), high, x, 0)
		}
		for _, r := range []float64{MaxRadius(h, w), 1e9, math.MaxFloat64, math.Inf(1)} {
			s.Split(low, high, r)
			within(t, fmt.Sprint("low at ", r), low, x, 0)
			within(t, fmt.Sprint("high at ", r), high, zero, 0)
		}
		if h*w > 1 {
			s.Split(low, high, MaxRadius(h, w)-1)
			if difference(high, zero) == 0 {
				t.Error("the high-pass component is zero below MaxRadius")
			}
		}
		// A single component is bitwise equal to that of a split into both.
		for _, r := range radiiFor(h, w) {
			s.Split(low, high, r)
			alone := make([]float32, len(x))
			s.Split(alone, nil, r)
			within(t, fmt.Sprint("low alone at ", r), alone, low, 0)
			s.Split(nil, alone, r)
			within(t, fmt.Sprint("high alone at ", r), alone, high, 0)
			s.Split(nil, nil, r)
		}
	})
}

// TestFlat: a constant plane has no high-pass component, not even a rounding error.
func TestFlat(t *testing.T) {
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(2, h, w)
		for i := range h * w {
			x[i] = 0.3
		}
		low, high := make([]float32, len(x)), make([]float32, len(x))
		s.Load(x)
		s.Split(low, high, 0.9)
		within(t, "low of a constant plane", low[:h*w], x[:h*w], 0)
		within(t, "high of a constant plane", high[:h*w], make([]float32, h*w), 0)
		s.Load(x[:h*w])
		if l, h := s.Energy(1.5); l != 0 || h != 0 {
			t.Errorf("energy of a constant image: %v, %v", l, h)
		}
		profile := s.RadialProfile()
		if want := 0.09 * float64(h*w); math.Abs(profile[0]-want) > 1e-5*want {
			t.Errorf("mean power %v, want %v", profile[0], want)
		}
		for k, power := range profile[1:] {
			if power != 0 {
				t.Errorf("power %v at distance %d of a constant image", power, k+1)
			}
		}
	})
}

// TestReload: Load replaces the previous image, also with another number of planes.
func TestReload(t *testing.T) {
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(3, h, w)
		s.Load(x)
		s.Energy(2)
		y := x[h*w:][:h*w]
		s.Load(y)
		got, want := make([]float32, h*w), make([]float32, h*w)
		s.Split(got, nil, 2.5)
		energy, _ := s.Energy(2.5)
		fresh := newSplitter(h, w, s.workers, s.transform)
		fresh.Load(y)
		fresh.Split(want, nil, 2.5)
		within(t, "after another image", got, want, 0)
		if wanted, _ := fresh.Energy(2.5); energy != wanted {
			t.Errorf("energy %v, want %v", energy, wanted)
		}
		// Load has copied the image.
		clear(x)
		s.Split(got, nil, 2.5)
		within(t, "after the caller's change", got, want, 0)
	})
}

// TestWaves splits single waves of known distance from the zero frequency: a distance of exactly r
// belongs to the high-pass component.
func TestWaves(t *testing.T) {
	const h, w = 40, 96
	for name, s := range splitters(h, w) {
		for _, wave := range [][2]int{{3, 4}, {5, 12}, {-8, 15}, {20, 21}, {20, 48}, {0, 7}, {9, 0}} {
			u, v := wave[0], wave[1]
			x := make([]float32, h*w)
			for i := range x {
				x[i] = float32(math.Cos(2 * math.Pi * (float64(u*(i/w))/h + float64(v*(i%w))/w)))
			}
			s.Load(x)
			low, high := make([]float32, h*w), make([]float32, h*w)
			r := distance(u, v)
			s.Split(low, high, r)
			within(t, fmt.Sprint(name, " at its distance, high of ", wave), high, x, 1e-6)
			s.Split(low, high, math.Nextafter(r, math.Inf(1)))
			within(t, fmt.Sprint(name, " past its distance, low of ", wave), low, x, 1e-6)
		}
	}
}

func TestLengthsPanic(t *testing.T) {
	s := NewSplitter(4, 4)
	s.Load(make([]float32, 32))
	b := NewBatch(4, 4, 2)
	d := NewSVD(4, 4)
	_ = d.Load(make([]float32, 32))
	for name, call := range map[string]func(){
		"no image":       func() { s.Load(nil) },
		"part of one":    func() { s.Load(make([]float32, 17)) },
		"short low":      func() { s.Split(make([]float32, 16), nil, 1) },
		"long high":      func() { s.Split(nil, make([]float32, 48), 1) },
		"spectrum":       func() { s.LogSpectrum(make([]float32, 32)) },
		"size":           func() { NewSplitter(0, 4) },
		"batch size":     func() { NewBatch(4, -1, 1) },
		"batch images":   func() { b.Split(nil, nil, make([]float32, 15), nil) },
		"batch radii":    func() { b.Split(make([][]float32, 1), nil, make([]float32, 16), []float64{1, 2}) },
		"batch part":     func() { b.Split([][]float32{make([]float32, 3)}, nil, make([]float32, 16), []float64{1}) },
		"no SVD image":   func() { _ = d.Load(nil) },
		"SVD low":        func() { d.Split(make([]float32, 16), nil, 1) },
		"SVD high":       func() { d.Split(nil, make([]float32, 48), 1) },
		"SVD remainder":  func() { _, _ = d.Matched(make([]float32, 16)) },
		"SVD size":       func() { NewSVD(4, 0) },
		"kernels":        func() { Roughness(make([]float32, 8), 1, 1, 3, 3) },
		"kernel shape":   func() { Roughness(nil, 1, 1, 0, 3) },
		"smooth":         func() { Smooth(make([]float32, 8), make([]float32, 9), 1, 1, 3, 3, 1) },
		"response bins":  func() { Response(make([]float32, 9), 1, 1, 3, 3, 8, 0) },
		"panic in tasks": func() { newPool(2).each(8, func(_, i int) { panic(i) }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}
