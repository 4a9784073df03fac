package gpu

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// slopes returns an executable whose output dx is w·x, elementwise.
func slopes(t *testing.T, d *Device, shape []int, w []float32) plan.Ascending {
	t.Helper()
	g := gorgonia.NewGraph()
	x, err := op.Input(g, "x", shape...)
	must(t, err)
	weights, err := op.Input(g, "w", shape...)
	must(t, err)
	dx, err := op.Apply(op.Binary{Func: "mul"}, x, weights)
	must(t, err)
	p, err := plan.Lower(g, map[string]*gorgonia.Node{"dx": dx})
	must(t, err)
	exe, err := d.Compile(p, nil)
	must(t, err)
	t.Cleanup(func() { exe.Close() })
	must(t, exe.SetInput("w", w))
	return exe.(plan.Ascending)
}

// climb takes an ascent's steps as plan.Ascent says, where the gradient is w·x.
func climb(a *plan.Ascent, w []float32, round func(float32) float32) {
	n := len(a.Images) / len(a.Stuck)
	for range a.Steps {
		for i := range a.Stuck {
			v, x := a.Images[i*n:(i+1)*n], a.Original[i*n:(i+1)*n]
			d, square, finite := make([]float64, n), 0.0, true
			for k := range v {
				d[k] = float64(round(round(v[k]) * w[i*n+k]))
				square += d[k] * d[k]
				finite = finite && !math.IsInf(d[k], 0) && !math.IsNaN(d[k])
			}
			if square == 0 || !finite {
				a.Stuck[i] = true
				continue
			}
			length := 0.0
			for k := range d {
				if !a.L2 {
					if d[k] != 0 {
						moved := float64(v[k]) + math.Copysign(a.StepSize, d[k])
						moved = min(max(moved, float64(x[k])-a.Epsilon), float64(x[k])+a.Epsilon)
						v[k] = float32(min(max(moved, 0), 1))
					}
					continue
				}
				d[k] = float64(v[k]) + d[k]/math.Sqrt(square)*a.StepSize - float64(x[k])
				length += d[k] * d[k]
			}
			if a.L2 {
				for k := range d {
					v[k] = float32(min(max(float64(x[k])+d[k]*min(1, a.Epsilon/math.Sqrt(length)), 0), 1))
				}
			}
		}
	}
}

func TestAscent(t *testing.T) {
	everyDevice(t, func(t *testing.T, d *Device) {
		shape := []int{4, 3, 10, 11}
		const size = 3 * 10 * 11
		rng := rand.New(rand.NewPCG(1, 2))
		w, x := make([]float32, 4*size), make([]float32, 4*size)
		for i := range w {
			w[i], x[i] = d.rounded(float32(rng.NormFloat64())), rng.Float32()
		}
		clear(w[size : 2*size])
		w[2*size+5] = float32(math.Inf(1))
		exe := slopes(t, d, shape, w)
		for _, l2 := range []bool{false, true} {
			want := plan.Ascent{
				Input: "x", Grad: "dx", Original: x, Images: slices.Clone(x), Stuck: make([]bool, 4), L2: l2,
				Epsilon: 0.04, StepSize: 0.03, Steps: 3,
			}
			if l2 {
				want.Epsilon, want.StepSize = 0.6, 0.5
			}
			got := want
			got.Images, got.Stuck = slices.Clone(x), make([]bool, 4)
			climb(&want, w, d.rounded)
			must(t, exe.Ascend(t.Context(), &got))
			plantest.Close(t, "images", got.Images, want.Images, 1e-5)
			if !slices.Equal(got.Stuck, want.Stuck) {
				t.Errorf("stuck: %v, not %v", got.Stuck, want.Stuck)
			}
			for i := range 4 {
				square, largest := 0.0, 0.0
				for k := i * size; k < (i+1)*size; k++ {
					change := math.Abs(float64(got.Images[k]) - float64(x[k]))
					square, largest = square+change*change, max(largest, change)
				}
				if l2 && math.Sqrt(square) > want.Epsilon*(1+1e-6) || !l2 && largest > want.Epsilon+1e-7 {
					t.Errorf("L2 %v: image %d has moved by %g in L2 and %g at most", l2, i, math.Sqrt(square), largest)
				}
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			before := slices.Clone(got.Images)
			if err := exe.Ascend(ended, &got); !errors.Is(err, context.Canceled) || !slices.Equal(before, got.Images) {
				t.Errorf("an ended ascent: %v, or images have changed", err)
			}
			got.Stuck = got.Stuck[1:]
			if exe.Ascend(t.Context(), &got) == nil {
				t.Error("no error for too few images")
			}
		}
	})
}

// rounded rounds to the device's data type.
func (d *Device) rounded(v float32) float32 {
	if d.dtype != plan.BFloat16 {
		return v
	}
	u := math.Float32bits(v)
	return math.Float32frombits((u + 0x7fff + u>>16&1) &^ 0xffff)
}
