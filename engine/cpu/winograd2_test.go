package cpu

import (
	"fmt"
	"math"
	"testing"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// Tiles are rounded once more than what is computed directly, and results are sums of some
// of their sums.
func TestWinograd2Programs(t *testing.T) {
	const tolerance = 16.0 / 512
	rounds := 15
	if testing.Short() {
		rounds = 5
	}
	halfDevices(t, func(t *testing.T, d *Device) {
		for seed := range rounds {
			b := plantest.NewBuilder(t, uint64(seed))
			tilesOf2(b)
			b.Round()
			want, got := b.Run(plantest.Reference()), b.Run(d)
			for name := range want {
				plantest.Close(t, fmt.Sprintf("seed %d, %s", seed, name), got[name], want[name], tolerance)
			}
		}
	})
}

// tilesOf2 is a program of convolutions that Winograd2 computes, with all they may take up.
func tilesOf2(b *plantest.Builder) {
	h, w, c, o := 2*b.Between(1, 7), 2*b.Between(1, 7), 32*b.Between(1, 2), 32*b.Between(1, 2)
	n := 1 + 8*fewTiles2/(h*w) + b.Between(0, 3)
	x := b.Apply(op.ReLU{}, b.Input(n, c, h, w))
	y := b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(o, c, 3, 3))
	y = b.Apply(op.ChannelBias{}, y, b.Positive(o))
	if b.Rand.IntN(2) == 0 {
		y = b.Apply(op.BatchNorm{Epsilon: 1e-5}, y, b.Positive(2, o), b.Positive(o), b.Positive(o))
	}
	y = b.Apply(op.Add{}, y, b.Input(y.Shape...))
	if b.Rand.IntN(2) == 0 {
		y = b.Apply(op.ReLU{}, y)
	}
	dy := b.Input(n, o, h, w)
	if b.Rand.IntN(2) == 0 {
		dy = b.Apply(op.BatchNormScaleGrad{Epsilon: 1e-5}, b.Positive(2, o), b.Positive(o), dy)
	}
	dx := b.Apply(op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int{n, c, h, w}}, b.Weights(o, c, 3, 3), dy)
	if b.Rand.IntN(2) == 0 {
		dx = b.Apply(op.Add{}, dx, b.Input(n, c, h, w))
	}
	dw := b.Apply(op.ConvWeightGrad{Stride: 1, Pad: 1, Shape: [4]int{o, c, 3, 3}}, x, b.Input(n, o, h, w))
	b.Keep(dw, y, dx, b.Apply(op.BatchStats{}, b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(o, c, 3, 3))))
}

// rms is the root of the mean square of a − b.
func rms(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a)))
}

// Winograd2 rounds what it multiplies once more than the direct way does: its results may
// be twice as far from those of float32.
func TestWinograd2Error(t *testing.T) {
	b := plantest.NewBuilder(t, 1)
	x := b.Input(4, 64, 16, 16)
	for i, v := range b.Data[x] {
		b.Data[x][i] = kernel.Widen(kernel.Narrow(v))
	}
	y := b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(64, 64, 3, 3))
	b.Keep(y)
	want := b.Run(plantest.Reference())[y.Name]
	var errors [2]float64
	for i, direct := range []bool{true, false} {
		d, err := New(Options{DType: plan.BFloat16})
		if err != nil {
			t.Fatal(err)
		}
		d.direct = direct
		errors[i] = rms(b.Run(d)[y.Name], want)
	}
	t.Logf("direct %.2g, by tiles %.2g", errors[0], errors[1])
	if errors[0] == errors[1] || errors[1] > 2.2*errors[0] {
		t.Errorf("the error by tiles is %.2g, direct %.2g", errors[1], errors[0])
	}
}
