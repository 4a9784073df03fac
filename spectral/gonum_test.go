package spectral

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// TestSplitAgreesWithGonum compares the split with Gonum's transforms masked by definition: the
// coefficients at a distance below r from the zero frequency.
func TestSplitAgreesWithGonum(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, size := range [][2]int{{32, 32}, {28, 28}, {33, 47}, {64, 50}, {97, 1}} {
		h, w := size[0], size[1]
		x := make([]float32, h*w)
		for i := range x {
			x[i] = random.Float32()
		}
		s := NewSplitter(h, w)
		s.Load(x)
		low := make([]float32, h*w)
		for _, r := range []float64{0, 1, 5.5, 12, MaxRadius(h, w)} {
			s.Split(low, nil, r)
			for i, want := range gonumLow(x, h, w, r) {
				if math.Abs(float64(low[i])-want) > 1e-6 {
					t.Fatalf("%d×%d, r=%v: pixel %d is %v, with Gonum %v", h, w, r, i, low[i], want)
				}
			}
		}
	}
}

func gonumLow(x []float32, h, w int, r float64) []float64 {
	z := make([]complex128, h*w)
	for i, v := range x {
		z[i] = complex(float64(v), 0)
	}
	rows, columns := fourier.NewCmplxFFT(w), fourier.NewCmplxFFT(h)
	column := make([]complex128, h)
	each := func(row, col func(dst, src []complex128) []complex128) {
		for y := range h {
			row(z[y*w:(y+1)*w], z[y*w:(y+1)*w])
		}
		for x := range w {
			for y := range h {
				column[y] = z[y*w+x]
			}
			col(column, column)
			for y := range h {
				z[y*w+x] = column[y]
			}
		}
	}
	each(rows.Coefficients, columns.Coefficients)
	for i := range z {
		v, u := i/w, i%w
		if v >= (h+1)/2 {
			v -= h
		}
		if u >= (w+1)/2 {
			u -= w
		}
		if math.Sqrt(float64(v*v+u*u)) >= r {
			z[i] = 0
		}
	}
	each(rows.Sequence, columns.Sequence)
	out := make([]float64, h*w)
	for i := range z {
		out[i] = real(z[i]) / float64(h*w)
	}
	return out
}
