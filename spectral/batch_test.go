package spectral

import (
	"errors"
	"fmt"
	"testing"
)

// TestBatch: a Batch and a Splitter are bitwise equal.
func TestBatch(t *testing.T) {
	for _, size := range sizes {
		h, w := size[0], size[1]
		const planes = 7
		x := pixels(planes, h, w)
		clear(x[h*w : 2*h*w]) // one constant plane
		s := NewSplitter(h, w)
		s.Load(x)
		for _, threads := range []int{0, 3} {
			b := NewBatch(h, w, threads)
			for _, radii := range [][]float64{radiiFor(h, w), {1.5}, {}, {MaxRadius(h, w), 0}, {MaxRadius(h, w) - 1}} {
				low, high := parts(len(radii), len(x)), parts(len(radii), len(x))
				b.Split(low, high, x, radii)
				for i, r := range radii {
					wantLow, wantHigh := make([]float32, len(x)), make([]float32, len(x))
					s.Split(wantLow, wantHigh, r)
					within(t, fmt.Sprintf("%d×%d low at %v", h, w, r), low[i], wantLow, 0)
					within(t, fmt.Sprintf("%d×%d high at %v", h, w, r), high[i], wantHigh, 0)
				}
			}
		}
	}
}

// TestBatchPartly skips components.
func TestBatchPartly(t *testing.T) {
	x := pixels(5, 8, 9)
	radii := []float64{2, 3, 4}
	low, high := parts(3, len(x)), parts(3, len(x))
	b := NewBatch(8, 9, 2)
	b.Split(low, high, x, radii)
	alone := [][]float32{nil, make([]float32, len(x)), nil}
	b.Split(alone, nil, x, radii)
	within(t, "only low", alone[1], low[1], 0)
	b.Split(nil, alone, x, radii)
	within(t, "only high", alone[1], high[1], 0)
	b.Split(nil, nil, nil, nil)
}

// parts returns n slices of a length, filled with values that must be overwritten.
func parts(n, length int) [][]float32 {
	all := make([][]float32, n)
	for i := range all {
		all[i] = make([]float32, length)
		for j := range all[i] {
			all[i][j] = 1e9
		}
	}
	return all
}

func TestNoAllocation(t *testing.T) {
	for _, size := range [][2]int{{32, 32}, {70, 12}, {9, 101}} {
		h, w := size[0], size[1]
		x := pixels(6, h, w)
		radii := []float64{1, 5, 9, 14}
		low, high := parts(len(radii), len(x)), parts(len(radii), len(x))
		spectrum := make([]float32, h*w)
		b, s := NewBatch(h, w, 3), NewSplitter(h, w)
		for name, call := range map[string]func(){
			"Batch": func() { b.Split(low, high, x, radii) },
			"Splitter": func() {
				s.Load(x)
				s.Split(low[0], high[0], 5.5)
				s.Energy(3)
				s.LogSpectrum(spectrum)
			},
		} {
			call()
			if n := testing.AllocsPerRun(5, call); n > 0 {
				t.Errorf("%s at %d×%d: %v allocations per call", name, h, w, n)
			}
		}
	}
}

// TestSplitEach produces images on demand and processes their components.
func TestSplitEach(t *testing.T) {
	const images, planes, h, w = 9, 3, 12, 10
	size := planes * h * w
	x := pixels(images*planes, h, w)
	radii := []float64{2, 5}
	low, high := parts(2, len(x)), parts(2, len(x))
	NewBatch(h, w, 1).Split(low, high, x, radii)
	for _, threads := range []int{1, 3} {
		gotLow, gotHigh, made := parts(2, len(x)), parts(2, len(x)), make([]float32, len(x))
		b := NewBatch(h, w, threads)
		err := b.SplitEach(gotLow, gotHigh, made, radii, planes,
			func(i int) error { copy(made[i*size:][:size], x[i*size:]); return nil },
			func(i int) error { gotHigh[1][i*size]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		for i := range images {
			gotHigh[1][i*size]--
		}
		for r := range radii {
			within(t, "low", gotLow[r], low[r], 0)
			within(t, "high", gotHigh[r], high[r], 1e-6)
		}
		// An error stops it before the remaining images.
		broken, after := errors.New("broken"), 0
		err = b.SplitEach(nil, nil, made, nil, planes,
			func(i int) error {
				if i == 2 {
					return broken
				}
				return nil
			},
			func(i int) error {
				if threads == 1 {
					after++
				}
				return nil
			})
		if err != broken || threads == 1 && after != 2 {
			t.Errorf("%v after %d images", err, after)
		}
		if err := b.SplitEach(nil, nil, made, nil, planes, nil, nil); err != nil {
			t.Errorf("the call after an error: %v", err)
		}
	}
}
