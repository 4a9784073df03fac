package spectral

import (
	"math"
	"math/cmplx"
	"testing"
)

func TestSmoothSmallKernels(t *testing.T) {
	got := make([]float32, 2)
	Smooth(got, []float32{2, -3}, 2, 1, 1, 1, 0.25)
	within(t, "1×1", got, []float32{6, -9}, 1e-6)

	// 2×2: a corner's eight neighbors are itself three times, each side twice, the opposite corner once.
	got = make([]float32, 4)
	Smooth(got, []float32{1, 2, 3, 4}, 1, 1, 2, 2, 1)
	within(t, "2×2", got, []float32{
		1 + 3*1 + 2*2 + 2*3 + 4,
		2 + 3*2 + 2*1 + 2*4 + 3,
		3 + 3*3 + 2*1 + 2*4 + 2,
		4 + 3*4 + 2*3 + 2*2 + 1,
	}, 1e-6)

	// 1×3: the rows above and below repeat it.
	got = make([]float32, 3)
	Smooth(got, []float32{1, 2, 4}, 1, 1, 1, 3, 1)
	within(t, "1×3", got, []float32{3*(1+1+2) - 1 + 1, 3 * (1 + 2 + 4), 3 * (2 + 4 + 4)}, 1e-6)
}

// TestSmoothProperties: ρ = 0 is the identity, constant kernels scale by 1+8ρ, and kernels are
// independent.
func TestSmoothProperties(t *testing.T) {
	w := pixels(6, 5, 5)
	got := make([]float32, len(w))
	Smooth(got, w, 2, 3, 5, 5, 0)
	within(t, "ρ = 0", got, w, 0)

	for i := range 25 {
		w[25+i] = 0.5
	}
	Smooth(got, w, 2, 3, 5, 5, 0.25)
	for i, value := range got[25:50] {
		if value != 1.5 {
			t.Errorf("element %d of a constant kernel is %v, want 1.5", i, value)
		}
	}
	if before, after := Roughness(w, 2, 3, 5, 5), Roughness(got, 2, 3, 5, 5); after >= before {
		t.Errorf("roughness rises from %v to %v", before, after)
	}
}

func TestRoughness(t *testing.T) {
	for _, c := range []struct {
		w      []float32
		kh, kw int
		want   float64
	}{
		{[]float32{1, 2, 3, 5}, 2, 2, (1. + 4 + 4 + 9) / 39},
		{[]float32{2, 2, 2, 2, 2, 2}, 2, 3, 0},
		{[]float32{7}, 1, 1, 0},
		{[]float32{0, 0, 0, 0}, 2, 2, 0},
		{[]float32{1, -1, 1, -1}, 1, 4, 3},
	} {
		if got := Roughness(c.w, 1, 1, c.kh, c.kw); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.w, got, c.want)
		}
	}
	if got := Roughness([]float32{1, 2, 3, 1}, 2, 1, 1, 2); math.Abs(got-5./15) > 1e-12 {
		t.Errorf("two kernels: %v, want %v", got, 5./15)
	}
}

// TestResponse compares the response with the definition, also for kernels larger than the number
// of frequencies.
func TestResponse(t *testing.T) {
	for _, c := range []struct{ kh, kw, size, bins int }{{3, 3, 16, 8}, {5, 3, 15, 4}, {1, 1, 8, 3}, {7, 7, 4, 2}, {2, 2, 1, 3}} {
		w := pixels(6, c.kh, c.kw)
		got := Response(w, 3, 2, c.kh, c.kw, c.size, c.bins)
		sum, count := make([]float64, c.bins), make([]float64, c.bins)
		for k := 0; k < len(w); k += c.kh * c.kw {
			for u := -(c.size / 2); u < (c.size+1)/2; u++ {
				for v := -(c.size / 2); v < (c.size+1)/2; v++ {
					var f complex128
					for at, value := range w[k:][:c.kh*c.kw] {
						turn := float64(u*(at/c.kw)+v*(at%c.kw)) / float64(c.size)
						f += complex(float64(value), 0) * cmplx.Rect(1, -2*math.Pi*turn)
					}
					bin := 0
					if corner := distance(c.size/2, c.size/2); corner > 0 {
						bin = min(int(distance(u, v)/corner*float64(c.bins)), c.bins-1)
					}
					sum[bin] += cmplx.Abs(f)
					count[bin]++
				}
			}
		}
		for bin, n := range count {
			want := sum[bin] / n
			if n == 0 {
				want = got[bin-1]
			}
			if math.Abs(got[bin]-want) > 1e-9 {
				t.Errorf("%+v bin %d: %v, want %v", c, bin, got[bin], want)
			}
		}
	}
}

// TestResponseOfSmoothing: an impulse has a flat response, a smoothed one decreases with frequency.
func TestResponseOfSmoothing(t *testing.T) {
	impulse, smooth := make([]float32, 49), make([]float32, 49)
	impulse[24] = 1
	for bin, value := range Response(impulse, 1, 1, 7, 7, 32, 8) {
		if math.Abs(value-1) > 1e-12 {
			t.Errorf("bin %d of an impulse is %v", bin, value)
		}
	}
	Smooth(smooth, impulse, 1, 1, 7, 7, 0.1)
	response := Response(smooth, 1, 1, 7, 7, 32, 8)
	for bin := range response[1:6] {
		if response[bin+1] >= response[bin] {
			t.Errorf("response rises in bin %d: %v", bin+1, response)
		}
	}
}
