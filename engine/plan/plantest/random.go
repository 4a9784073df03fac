package plantest

import (
	"fmt"
	"math"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// RandomPrograms compares programs of random sizes with the reference device, as many of each kind as
// rounds, in a data type. In bf16 all values they run on are numbers that it has.
func RandomPrograms(t *testing.T, dev plan.Device, dtype plan.DType, rounds int) {
	for name, build := range programs {
		t.Run(name, func(t *testing.T) {
			for seed := range rounds {
				b := NewBuilder(t, uint64(seed))
				build(b)
				b.Check(dev, dtype, fmt.Sprint("seed ", seed))
				if t.Failed() {
					for _, in := range b.Program.Instrs {
						t.Log(op.Name(in.Op), in.In, in.Out)
					}
					return
				}
			}
		})
	}
}

// programs are programs that together use every operation a device must know, in random
// sizes.
var programs = map[string]func(b *Builder){
	"convolution": func(b *Builder) {
		k := []int{1, 2, 3, 5, 7}[b.Rand.IntN(5)]
		stride, pad := b.Between(1, 3), b.Between(0, min(3, k))
		n, c, o, h, w := b.Between(1, 9), b.Between(1, 40), b.Between(1, 70), b.Between(k, 14), b.Between(k, 14)
		x, wt := b.Input(n, c, h, w), b.Weights(o, c, k, k)
		y := b.Apply(op.Conv{Stride: stride, Pad: pad}, x, wt)
		dy := b.Input(y.Shape...)
		biased := b.Apply(op.ChannelBias{}, y, b.Positive(o))
		dx := b.Apply(op.ConvInputGrad{Stride: stride, Pad: pad, Shape: [4]int(x.Shape)}, wt, dy)
		dw := b.Apply(op.ConvWeightGrad{Stride: stride, Pad: pad, Shape: [4]int(wt.Shape)}, x, dy)
		b.Keep(y, biased, dx, dw, b.Apply(op.ChannelSum{}, dy))
	},
	"folded convolution": func(b *Builder) {
		n, c, o, h, w := b.Between(1, 3), b.Between(1, 4), b.Between(1, 40), b.Between(3, 12), b.Between(3, 12)
		if b.Rand.IntN(2) == 0 {
			c, h, w = b.Between(8, 40), b.Between(7, 20), b.Between(7, 20)
		}
		x := b.Apply(op.InputNormalize{Mean: make([]float32, c), Std: b.Data[b.Positive(c)]}, b.Input(n, c, h, w))
		y := b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(o, c, 3, 3))
		if b.Rand.IntN(2) == 0 {
			y = b.Apply(op.ChannelBias{}, y, b.Positive(o))
		}
		y = b.Apply(op.BatchNorm{Epsilon: 1e-5}, y, b.Positive(2, o), b.Positive(o), b.Positive(o))
		y = b.Apply(op.Add{}, y, b.Input(y.Shape...))
		b.Keep(b.Apply(op.ReLU{}, y))
	},
	// What is added is also the image: it must not be written over while windows read it.
	"convolution around itself": func(b *Builder) {
		n, c, h, w := b.Between(1, 3), b.Between(1, 40), b.Between(3, 12), b.Between(3, 12)
		x := b.Apply(op.ReLU{}, b.Input(n, c, h, w))
		y := b.Apply(op.Add{}, b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(c, c, 3, 3)), x)
		dy := b.Apply(op.ReLU{}, b.Input(n, c, h, w))
		dx := b.Apply(op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int{n, c, h, w}}, b.Weights(c, c, 3, 3), dy)
		b.Keep(y, b.Apply(op.Add{}, dx, dy))
	},
	"gradients of folded convolutions": func(b *Builder) {
		n, c, o, h, w, s := b.Between(1, 3), b.Between(1, 20), b.Between(1, 40), b.Between(3, 20), b.Between(3, 20), b.Between(1, 2)
		wt := b.Weights(o, c, 3, 3)
		dy := b.Input(n, o, (h-1)/s+1, (w-1)/s+1)
		dy = b.Apply(op.BatchNormScaleGrad{Epsilon: 1e-5}, b.Positive(2, o), b.Positive(o), dy)
		dx := b.Apply(op.ConvInputGrad{Stride: s, Pad: 1, Shape: [4]int{n, c, h, w}}, wt, dy)
		dx = b.Apply(op.Add{}, dx, b.Input(n, c, h, w))
		b.Keep(b.Apply(op.InputNormalizeGrad{Std: b.Data[b.Positive(c)]}, dx))
	},
	"batch norm": func(b *Builder) {
		n, c, h, w := b.Between(2, 5), b.Between(1, 40), b.Between(1, 9), b.Between(1, 9)
		mean := b.Rand.NormFloat64() * 20
		x := b.Leaf(plan.Input, func() float64 { return b.Rand.NormFloat64() + mean }, n, c, h, w)
		gamma, beta := b.Positive(c), b.Positive(c)
		stats := b.Apply(op.BatchStats{}, x)
		y := b.Apply(op.BatchNorm{Epsilon: 1e-5}, x, stats, gamma, beta)
		b.Keep(stats, y)
		z := b.Apply(op.ReLU{}, b.Apply(op.BatchNorm{Epsilon: 1e-5}, x, stats, beta, gamma))
		residual := b.Apply(op.ReLU{}, b.Apply(op.Add{}, b.Apply(op.BatchNorm{Epsilon: 1e-5}, x, stats, gamma, gamma), b.Input(x.Shape...)))
		for _, out := range []*plan.Value{y, z, residual} {
			dy, g := b.Input(x.Shape...), gamma
			if out != y {
				dy = b.Apply(op.ReLUGrad{}, out, dy)
			}
			if out == z {
				g = beta
			}
			sums := b.Apply(op.BatchNormReduce{Epsilon: 1e-5}, x, stats, dy)
			b.Keep(sums, b.Apply(op.BatchNormInputGrad{Epsilon: 1e-5}, x, stats, g, sums, dy))
			b.Keep(out, b.Apply(op.Row{Index: 1}, sums))
		}
		b.Keep(b.Apply(op.BatchNormScaleGrad{Epsilon: 1e-5}, stats, gamma, y))
	},
	"pooling": func(b *Builder) {
		size := b.Between(2, 3)
		stride, pad := b.Between(1, 3), b.Between(0, 1)
		x := b.Input(b.Between(1, 3), b.Between(1, 40), b.Between(3, 14), b.Between(3, 14))
		for i, v := range b.Data[x] {
			b.Data[x][i] = float32(math.Round(float64(v) * 4)) // equal ones among them
		}
		m := b.Apply(op.MaxPool{Size: size, Stride: stride, Pad: pad}, x)
		a := b.Apply(op.AvgPool{Size: size, Stride: stride, Pad: pad}, x)
		g := b.Apply(op.GlobalAvgPool{}, x)
		dy := b.Input(m.Shape...)
		b.Keep(m, a, g, b.Apply(op.MaxPoolGrad{Size: size, Stride: stride, Pad: pad}, x, dy),
			b.Apply(op.AvgPoolGrad{Size: size, Stride: stride, Pad: pad, Shape: [4]int(x.Shape)}, dy),
			b.Apply(op.GlobalAvgPoolGrad{Shape: [4]int(x.Shape)}, g))
	},
	"channels moved": func(b *Builder) {
		before, after := b.Between(0, 40), b.Between(0, 40)
		x := b.Apply(op.ReLU{}, b.Input(b.Between(1, 3), b.Between(1, 40), b.Between(1, 9), b.Between(1, 9)))
		y := b.Apply(op.PadChannels{Before: before, After: after}, x)
		cut := b.Apply(op.CutChannels{Before: min(before, x.Shape[1]-1)}, x)
		z := b.Apply(op.Conv{Stride: 1, Pad: 1}, y, b.Weights(5, y.Shape[1], 3, 3)) // with halo
		b.Keep(y, cut, z, b.Apply(op.CutChannels{Before: before, After: after}, b.Apply(op.ReLU{}, y)))
	},
	"dropout": func(b *Builder) {
		n, k := b.Between(1, 90), b.Between(1, 90)
		keep := b.Leaf(plan.Input, func() float64 { return float64(b.Rand.IntN(2)) }, n, k)
		x := b.Input(n, k)
		y := b.Apply(op.Dropout{Rate: 0.3}, b.Apply(op.ReLU{}, x), keep)
		b.Keep(y, b.Apply(op.Linear{}, b.Apply(op.Dropout{Rate: 0.5}, x, keep), b.Weights(3, k), b.Positive(3)))
	},
	"matrices": func(b *Builder) {
		n, h, w := b.Between(1, 90), b.Between(1, 3), b.Between(1, 3)
		c, o, k := b.Between(1, 40), b.Between(1, 70), b.Between(1, 12)
		x := b.Input(n, c, h, w)
		flat := b.Apply(op.Flatten{}, x)
		wt, wo := b.Weights(o, flat.Shape[1]), b.Weights(k, o)
		hidden := b.Apply(op.ReLU{}, b.Apply(op.Linear{}, flat, wt, b.Positive(o)))
		logits := b.Apply(op.Linear{}, hidden, wo, b.Positive(k))
		target, one := b.Leaf(plan.Input, b.Rand.Float64, n, k), b.Leaf(plan.Param, func() float64 { return 2 })
		dz := b.Apply(op.SoftmaxCrossEntropyGrad{}, logits, target, one)
		dh := b.Apply(op.ReLUGrad{}, hidden, b.Apply(op.LinearInputGrad{}, wo, dz))
		df := b.Apply(op.LinearInputGrad{}, wt, dh)
		sum := b.Apply(op.SoftmaxCrossEntropy{Sum: true}, logits, target)
		b.Keep(sum, b.Apply(op.SoftmaxCrossEntropyGrad{Sum: true}, logits, target, one))
		if k >= 3 {
			// Of logits that no product has rounded: the divisor may be small.
			z := b.Input(n, k)
			b.Keep(b.Apply(op.DLR{}, z, target), b.Apply(op.DLRGrad{}, z, target, one))
		}
		b.Keep(logits, b.Apply(op.SoftmaxCrossEntropy{}, logits, target), dz,
			b.Apply(op.LinearWeightGrad{}, hidden, dz), b.Apply(op.LinearWeightGrad{}, flat, dh), b.Apply(op.ColumnSum{}, dh),
			b.Apply(op.Unflatten{Shape: [4]int(x.Shape)}, df), b.Apply(op.Add{}, df, flat))
	},
	"inputs and parameters exchanged": func(b *Builder) {
		n, c, o := b.Between(1, 3), b.Between(1, 20), b.Between(1, 40)
		some := func(shape ...int) *plan.Value { return b.Leaf(plan.Input, b.Rand.Float64, shape...) }
		x := b.Positive(n, c, 7, 5)
		y := b.Apply(op.Conv{Stride: 1, Pad: 1}, x, some(o, c, 3, 3))
		y = b.Apply(op.BatchNorm{Epsilon: 1e-5}, y, some(2, o), some(o), some(o))
		b.Keep(y, b.Apply(op.Linear{}, b.Apply(op.GlobalAvgPool{}, y), some(3, o), some(3)), b.Apply(op.Add{}, x, x))
	},
	"sums of parameters": func(b *Builder) {
		p := b.Positive(b.Between(1, 40))
		b.Keep(b.Apply(op.ReLU{}, b.Apply(op.Add{}, p, p)))
	},
}
