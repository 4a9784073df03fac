package spectral

import (
	"math"
	"math/cmplx"
	"testing"
)

// TestLogSpectrum compares the spectrum with the definition, shifted pixel by pixel.
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
		within(t, "spectrum of an all-zero image", got, make([]float32, h*w), 0)
	})
}

// TestLogSpectrumManyPlanes: the product over many planes does not overflow.
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

// TestRadialProfile compares the profile with the definition and Parseval's theorem.
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
				t.Fatalf("no coefficient at distance %d", k)
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
