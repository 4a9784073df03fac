package spectral

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		pix  []float32
		want float64
	}{
		{nil, 1},
		{[]float32{0, 0, 0}, 1},
		{[]float32{1e-7, -1e-7}, 1}, // rounding error is not amplified
		{[]float32{1e-3, -1e-3}, LargestContrast},
		{[]float32{0.5, -0.5}, 1},
		{[]float32{0.3, -0.1}, 5}, // of two values the smaller is the 99.5 % quantile
		{[]float32{-2, 2}, 0.25},
	} {
		if got := Contrast(c.pix, LargestContrast); got != c.want {
			t.Errorf("%v: %v, want %v", c.pix, got, c.want)
		}
	}
	if got := Contrast([]float32{1e-3, -1e-3}, math.Inf(1)); got != 500 {
		t.Errorf("without a limit: %v", got)
	}
}

func TestQuantileIsThatOfTheSortedValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, 1000, 50000} {
		x, sizes := make([]float32, n), make([]float64, n)
		for i := range x {
			x[i] = float32(random.NormFloat64())
			sizes[i] = math.Abs(float64(x[i]))
		}
		slices.Sort(sizes)
		for _, q := range []float64{0, 0.5, 0.995, 1} {
			if got, want := quantile(x, q), sizes[int(q*float64(n-1))]; got != want {
				t.Errorf("%d values, quantile %v: %v, want %v", n, q, got, want)
			}
		}
	}
}

func TestQuantize(t *testing.T) {
	got := make([]uint8, 9)
	Quantize(got[1:], 2, []float32{-1, 0, 0.1, 0.25}, 2, 0.5)
	if want := []uint8{0, 0, 0, 128, 0, 179, 0, 255, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func BenchmarkContrast(b *testing.B) {
	x := make([]float32, 3*512*512)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)))
	}
	for b.Loop() {
		Contrast(x, LargestContrast)
	}
}
