package cpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// gradient is a compiled gradient of a 3×3 convolution of stride 1 with respect to its
// weights, of random x and dy.
type gradient struct {
	plan.Executable
	x, dy []float32
	dw    *plan.Value
}

// newGradient compiles it for images of height×width pixels.
func newGradient(t testing.TB, d plan.Device, images, inputs, outputs, height, width, pad int) *gradient {
	t.Helper()
	x := &plan.Value{ID: 0, Name: "x", Kind: plan.Input, Shape: []int{images, inputs, height, width}}
	dy := &plan.Value{ID: 1, Name: "dy", Kind: plan.Input, Shape: []int{images, outputs, height + 2*pad - 2, width + 2*pad - 2}}
	o := op.ConvWeightGrad{Stride: 1, Pad: pad, Shape: [4]int{outputs, inputs, 3, 3}}
	g := &gradient{dw: &plan.Value{ID: 2, Name: "dw", Kind: plan.Temp, Shape: o.Shape[:], Keep: true}}
	exe, err := d.Compile(&plan.Program{
		Values: []*plan.Value{x, dy, g.dw}, Instrs: []*plan.Instr{{Op: o, In: []*plan.Value{x, dy}, Out: g.dw}},
		Outputs: map[string]*plan.Value{"dw": g.dw},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exe.Close() })
	g.Executable = exe
	rng := rand.New(rand.NewPCG(1, 2))
	for _, in := range []struct {
		value *plan.Value
		data  *[]float32
	}{{x, &g.x}, {dy, &g.dy}} {
		data := make([]float32, in.value.Size())
		for i := range data {
			data[i] = float32(rng.NormFloat64())
		}
		if err := exe.SetInput(in.value.Name, data); err != nil {
			t.Fatal(err)
		}
		*in.data = data
	}
	return g
}

// exact is what it computes, in double precision.
func (g *gradient) exact(images, inputs, outputs, height, width, pad int) []float64 {
	sums := make([]float64, outputs*inputs*9)
	rows, cols := height+2*pad-2, width+2*pad-2
	for i := range sums {
		k, c, tap := i/(inputs*9), i/9%inputs, i%9
		for j := range images * rows * cols {
			n, row, col := j/(rows*cols), j/cols%rows, j%cols
			y, x := row+tap/3-pad, col+tap%3-pad
			if y >= 0 && y < height && x >= 0 && x < width {
				sums[i] += float64(g.dy[((n*outputs+k)*rows+row)*cols+col]) * float64(g.x[((n*inputs+c)*height+y)*width+x])
			}
		}
	}
	return sums
}

func TestWinogradGradPrecision(t *testing.T) {
	for _, s := range [][6]int{ // images, inputs, outputs, height, width, pad
		{9, 16, 16, 8, 8, 1}, {12, 20, 40, 7, 11, 1}, {40, 5, 70, 4, 4, 1}, {5, 33, 17, 13, 7, 2}, {70, 40, 50, 3, 4, 1},
		{2, 16, 48, 34, 33, 0}, {1, 16, 16, 32, 32, 1}, {130, 64, 33, 4, 3, 1},
	} {
		var want []float64
		devices(t, func(t *testing.T, d plan.Device) {
			g := newGradient(t, d, s[0], s[1], s[2], s[3], s[4], s[5])
			if want == nil {
				want = g.exact(s[0], s[1], s[2], s[3], s[4], s[5])
			}
			dw, ctx := make([]float32, g.dw.Size()), context.Background()
			for _, err := range []error{g.Run(ctx), g.Run(ctx), g.Output("dw", dw)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			compareSums(t, fmt.Sprint(s), dw, want)
		})
	}
}

// The 3×3 weight gradients of ResNet-20 and ResNet-18 in the FLOPs of the direct way.
func BenchmarkWeightGrad(b *testing.B) {
	const images = 128
	for _, l := range [][2]int{{16, 32}, {32, 16}, {64, 8}, {64, 32}, {128, 16}, {256, 8}, {512, 4}} {
		channels, size := l[0], l[1]
		for _, direct := range []bool{true, false} {
			b.Run(fmt.Sprintf("%d@%d/%s", channels, size, map[bool]string{false: "winograd", true: "direct"}[direct]), func(b *testing.B) {
				d, err := New(Options{})
				if err != nil {
					b.Fatal(err)
				}
				d.direct = direct
				g := newGradient(b, d, images, channels, channels, size, size, 1)
				for b.Loop() {
					if err := g.Run(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
				flops := float64(b.N) * float64(images*size*size*channels*channels*9*2)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
