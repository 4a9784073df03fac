package cpu

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// convolutionProgram is a 3×3 convolution of stride 1, or its input gradient.
func convolutionProgram(images, inputs, outputs, height, width int, backward bool) *plan.Program {
	from, to := inputs, outputs
	if backward {
		from, to = to, from
	}
	x := &plan.Value{ID: 0, Kind: plan.Input, Name: "x", Shape: []int{images, from, height, width}}
	w := &plan.Value{ID: 1, Kind: plan.Param, Name: "w", Shape: []int{outputs, inputs, 3, 3}}
	y := &plan.Value{ID: 2, Kind: plan.Temp, Name: "y", Shape: []int{images, to, height, width}, Keep: true}
	in := &plan.Instr{Op: op.Conv{Stride: 1, Pad: 1}, In: []*plan.Value{x, w}, Out: y}
	if backward {
		in = &plan.Instr{Op: op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int(y.Shape)}, In: []*plan.Value{w, x}, Out: y}
	}
	return &plan.Program{Values: []*plan.Value{x, w, y}, Instrs: []*plan.Instr{in}, Outputs: map[string]*plan.Value{"y": y}}
}

// convolved is what convolutionProgram computes, summed in double precision.
func convolved(p *plan.Program, x, w []float32, backward bool) []float64 {
	out := op.Tensor{Shape: p.Values[2].Shape, Data: make([]float32, p.Values[2].Size())}
	in := []op.Tensor{{Shape: p.Values[0].Shape, Data: x}, {Shape: p.Values[1].Shape, Data: w}}
	if backward {
		in[0], in[1] = in[1], in[0]
	}
	p.Instrs[0].Op.Do(out, in)
	y := make([]float64, len(out.Data))
	for i, v := range out.Data {
		y[i] = float64(v)
	}
	return y
}

// Winograd's sums of terms that cancel must not cost more than two digits.
func TestWinogradPrecision(t *testing.T) {
	shapes := [][5]int{ // images, inputs, outputs, height, width
		{2, 16, 16, 32, 32}, {3, 32, 48, 16, 12}, {1, 20, 40, 33, 47}, {5, 33, 17, 14, 14}, {9, 40, 24, 7, 7},
		{20, 24, 32, 4, 4}, {5, 70, 80, 7, 11}, {9, 304, 290, 4, 4}, {3, 290, 304, 7, 7}, {3, 208, 216, 7, 9},
	}
	for _, s := range shapes {
		for _, backward := range []bool{false, true} {
			rng := rand.New(rand.NewPCG(1, 2))
			p := convolutionProgram(s[0], s[1], s[2], s[3], s[4], backward)
			x, w, y := make([]float32, p.Values[0].Size()), make([]float32, p.Values[1].Size()), make([]float32, p.Values[2].Size())
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			for i := range w {
				w[i] = float32(rng.NormFloat64())
			}
			want := convolved(p, x, w, backward)
			devices(t, func(t *testing.T, d plan.Device) {
				exe, err := d.Compile(p, nil)
				if err != nil {
					t.Fatal(err)
				}
				defer exe.Close()
				ctx := context.Background()
				for _, err := range []error{exe.SetInput("x", x), exe.SetParam("w", w), exe.Run(ctx), exe.Run(ctx), exe.Output("y", y)} {
					if err != nil {
						t.Fatal(err)
					}
				}
				compareSums(t, fmt.Sprint(s, backward), y, want)
			})
		}
	}
}

// compareSums checks a relative error of 2e-5, of the largest.
func compareSums(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	worst, largest := 0.0, 0.0
	for i := range want {
		if d := math.Abs(want[i] - float64(got[i])); !(d <= worst) {
			worst = d
		}
		largest = max(largest, math.Abs(want[i]))
	}
	t.Logf("%s: relative error %.2g", what, worst/largest)
	if !(worst <= 2e-5*largest) {
		t.Errorf("%s: error %v in sums up to %v", what, worst, largest)
	}
}
