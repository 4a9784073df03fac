package spectral

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// TestLogSpectrum holds the picture against the definition, shifted pixel by pixel.
func TestLogSpectrum(t *testing.T) {
	const planes = 2
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(planes, h, w)
		s.Load(x)
		want := make([]float64, h*w)
		for p := range planes {
			f := naive(x[p*h*w:][:h*w], h, w)
			for i := range h {
				for j := range w {
					u, v := (i-h/2+h)%h, (j-w/2+w)%w
					want[i*w+j] += math.Log1p(cmplx.Abs(f[u*w+v])) / planes
				}
			}
		}
		var largest float64
		for _, value := range want {
			largest = max(largest, value)
		}
		wanted := make([]float32, h*w)
		for i, value := range want {
			wanted[i] = float32(value / largest)
		}
		got := make([]float32, h*w)
		s.LogSpectrum(got)
		within(t, "spectrum", got, wanted, 1e-5)
		if top := got[h/2*w+w/2]; top != 1 {
			t.Errorf("the zero frequency is %v", top)
		}
		s.Load(make([]float32, h*w))
		s.LogSpectrum(got)
		within(t, "spectrum of nothing", got, make([]float32, h*w), 0)
	})
}

// TestLogSpectrumManyPlanes shows that a product over many planes does not overflow.
func TestLogSpectrumManyPlanes(t *testing.T) {
	const h, w = 32, 32
	one := pixels(1, h, w)
	var many []float32
	for range 500 {
		many = append(many, one...)
	}
	got, want := make([]float32, h*w), make([]float32, h*w)
	s := NewSplitter(h, w)
	s.Load(one)
	s.LogSpectrum(want)
	s.Load(many)
	s.LogSpectrum(got)
	within(t, "spectrum of 500 equal planes", got, want, 1e-6)
}

// TestRadialProfile holds the profile against the definition and Parseval's theorem.
func TestRadialProfile(t *testing.T) {
	const planes = 2
	forSizes(t, func(t *testing.T, h, w int, s *Splitter) {
		x := pixels(planes, h, w)
		s.Load(x)
		got := s.RadialProfile()
		if len(got) != int(MaxRadius(h, w)) {
			t.Fatalf("%d bins, want %v", len(got), MaxRadius(h, w))
		}
		sum, count := make([]float64, len(got)), make([]float64, len(got))
		for p := range planes {
			for k, value := range naive(x[p*h*w:][:h*w], h, w) {
				i, j := (k/w+h/2)%h-h/2, (k%w+w/2)%w-w/2
				bin := int(distance(i, j))
				sum[bin] += real(value*cmplx.Conj(value)) / float64(h*w)
				count[bin]++
			}
		}
		var power, energy float64
		for k := range got {
			if count[k] == 0 {
				t.Fatalf("nothing at distance %d", k)
			}
			if want := sum[k] / count[k]; math.Abs(got[k]-want) > 1e-5*want+1e-9 {
				t.Errorf("power %v at distance %d, want %v", got[k], k, want)
			}
			power += got[k] * count[k]
		}
		for _, value := range x {
			energy += float64(value) * float64(value)
		}
		if math.Abs(power-energy) > 1e-5*energy {
			t.Errorf("power %v, the image's energy is %v", power, energy)
		}
	})
}

// TestComplexTransforms holds every kind of transform against the definition.
func TestComplexTransforms(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 7, 32, 97, 101, 103, 128, 202, 211, 515} {
		x, want := make([]complex128, n), make([]complex128, n)
		for i := range x {
			x[i] = complex(random.NormFloat64(), random.NormFloat64())
		}
		for k := range want {
			for j, value := range x {
				want[k] += value * cmplx.Rect(1, -2*math.Pi*float64(j*k%n)/float64(n))
			}
		}
		for name, c := range map[string]complexTransform{"chosen": newComplexTransform(n), "bluestein": newBluestein(n)} {
			z := append([]complex128(nil), x...)
			c.Coefficients(z, z)
			far(t, fmt.Sprintf("%s of %d", name, n), z, want, 1)
			c.Sequence(z, z)
			far(t, fmt.Sprintf("%s of %d and back", name, n), z, x, float64(n))
		}
	}
}

// TestRowPairs holds two rows at once against one after the other.
func TestRowPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 8, 15, 101, 206} {
		a, b := make([]float64, n), make([]float64, n)
		for i := range a {
			a[i], b[i] = random.NormFloat64(), random.NormFloat64()
		}
		half := n/2 + 1
		for name, pair := range map[string]rowPair{"chosen": newRowPair(n), "packed": &packedPair{newBluestein(n), make([]complex128, n)}} {
			fa, fb, alone := make([]complex128, half), make([]complex128, half), make([]complex128, half)
			pair.forward(fa, fb, a, b)
			pair.forward(alone, nil, b, nil)
			far(t, fmt.Sprintf("%s rows of %d, second and alone", name, n), alone, fb, 1)
			for v := range fa {
				var want complex128
				for j, value := range a {
					want += complex(value, 0) * cmplx.Rect(1, -2*math.Pi*float64(j*v%n)/float64(n))
				}
				far(t, fmt.Sprintf("%s rows of %d, first at %d", name, n, v), fa[v:v+1], []complex128{want}, 1)
			}
			backA, backB := make([]float64, n), make([]float64, n)
			pair.inverse(backA, backB, fa, fb)
			for i := range backA {
				if math.Abs(backA[i]/float64(n)-a[i]) > 1e-12 || math.Abs(backB[i]/float64(n)-b[i]) > 1e-12 {
					t.Fatalf("%s rows of %d do not come back", name, n)
				}
			}
			pair.inverse(backB, nil, fa, nil)
			for i := range backB {
				if math.Abs(backB[i]-backA[i]) > 1e-11 {
					t.Fatalf("%s row of %d does not come back alone", name, n)
				}
			}
		}
	}
}

// far fails when got divided by scale is far from want.
func far(t *testing.T, what string, got, want []complex128, scale float64) {
	t.Helper()
	for i := range want {
		if d := cmplx.Abs(got[i]/complex(scale, 0) - want[i]); !(d < 1e-10) {
			t.Fatalf("%s: element %d differs by %g", what, i, d)
		}
	}
}
