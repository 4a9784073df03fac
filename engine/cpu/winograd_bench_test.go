package cpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"hfcui/engine/plan"
)

// The 3×3 convolutions of ResNet-20 and ResNet-18 as whole steps, weights packed anew as in
// training, in the FLOPs of the direct way.
func BenchmarkConvolution(b *testing.B) {
	const images = 128
	rng := rand.New(rand.NewPCG(1, 2))
	for _, l := range [][2]int{{16, 32}, {32, 16}, {64, 8}, {64, 32}, {128, 16}, {256, 8}, {512, 4}} {
		channels, size := l[0], l[1]
		x, w := make([]float32, images*channels*size*size), make([]float32, channels*channels*9)
		for i := range x {
			x[i] = rng.Float32()
		}
		for i := range w {
			w[i] = float32(rng.NormFloat64())
		}
		for i := range 8 {
			dtype, backward, direct := plan.DType(i/4), i/2%2 == 1, i%2 == 0
			name := fmt.Sprintf("%d@%d/%v/", channels, size, dtype) + map[bool]string{false: "forward/", true: "backward/"}[backward] +
				map[bool]string{false: "winograd", true: "direct"}[direct]
			b.Run(name, func(b *testing.B) {
				d, err := New(Options{DType: dtype})
				if err != nil {
					b.Fatal(err)
				}
				d.direct = direct
				benchConvolution(b, d, convolutionProgram(images, channels, channels, size, size, backward), x, w)
				flops := float64(b.N) * float64(images*size*size*channels*channels*9*2)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func benchConvolution(b *testing.B, d *Device, p *plan.Program, x, w []float32) {
	exe, err := d.Compile(p, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer exe.Close()
	if err := exe.SetInput("x", x); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := exe.SetParam("w", w); err != nil {
			b.Fatal(err)
		}
		if err := exe.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
