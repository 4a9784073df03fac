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
			b := newBuilder(t, uint64(seed))
			tilesOf2(b)
			for _, data := range b.data {
				for i, v := range data {
					data[i] = kernel.Widen(kernel.Narrow(v))
				}
			}
			want, got := b.run(plantest.Reference()), b.run(d)
			for name := range want {
				plantest.Close(t, fmt.Sprintf("seed %d, %s", seed, name), got[name], want[name], tolerance)
			}
		}
	})
}

// tilesOf2 is a program of convolutions that Winograd2 computes, with all they may take up.
func tilesOf2(b *builder) {
	h, w, c, o := 2*b.between(1, 7), 2*b.between(1, 7), 32*b.between(1, 2), 32*b.between(1, 2)
	n := 1 + 8*fewTiles2/(h*w) + b.between(0, 3)
	x := b.apply(op.ReLU{}, b.input(n, c, h, w))
	y := b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(o, c, 3, 3))
	y = b.apply(op.ChannelBias{}, y, b.positive(o))
	if b.rng.IntN(2) == 0 {
		y = b.apply(op.BatchNorm{Epsilon: 1e-5}, y, b.positive(2, o), b.positive(o), b.positive(o))
	}
	y = b.apply(op.Add{}, y, b.input(y.Shape...))
	if b.rng.IntN(2) == 0 {
		y = b.apply(op.ReLU{}, y)
	}
	dy := b.input(n, o, h, w)
	if b.rng.IntN(2) == 0 {
		dy = b.apply(op.BatchNormScaleGrad{Epsilon: 1e-5}, b.positive(2, o), b.positive(o), dy)
	}
	dx := b.apply(op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int{n, c, h, w}}, b.weights(o, c, 3, 3), dy)
	if b.rng.IntN(2) == 0 {
		dx = b.apply(op.Add{}, dx, b.input(n, c, h, w))
	}
	dw := b.apply(op.ConvWeightGrad{Stride: 1, Pad: 1, Shape: [4]int{o, c, 3, 3}}, x, b.input(n, o, h, w))
	b.keep(dw, y, dx, b.apply(op.BatchStats{}, b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(o, c, 3, 3))))
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
	b := newBuilder(t, 1)
	x := b.input(4, 64, 16, 16)
	for i, v := range b.data[x] {
		b.data[x][i] = kernel.Widen(kernel.Narrow(v))
	}
	y := b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(64, 64, 3, 3))
	b.keep(y)
	want := b.run(plantest.Reference())[y.Name]
	var errors [2]float64
	for i, direct := range []bool{true, false} {
		d, err := New(Options{DType: plan.BFloat16})
		if err != nil {
			t.Fatal(err)
		}
		d.direct = direct
		errors[i] = rms(b.run(d)[y.Name], want)
	}
	t.Logf("direct %.2g, by tiles %.2g", errors[0], errors[1])
	if errors[0] == errors[1] || errors[1] > 2.2*errors[0] {
		t.Errorf("the error by tiles is %.2g, direct %.2g", errors[1], errors[0])
	}
}
