package cpu

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// builder makes programs of random sizes, and the values they run on.
type builder struct {
	t       *testing.T
	rng     *rand.Rand
	program *plan.Program
	data    map[*plan.Value][]float32
}

func newBuilder(t *testing.T, seed uint64) *builder {
	return &builder{t, rand.New(rand.NewPCG(seed, 3)), &plan.Program{Outputs: make(map[string]*plan.Value)}, make(map[*plan.Value][]float32)}
}

// between is a random number from a to b.
func (b *builder) between(a, c int) int { return a + b.rng.IntN(c-a+1) }

func (b *builder) value(kind plan.Kind, shape ...int) *plan.Value {
	id := len(b.program.Values)
	v := &plan.Value{ID: id, Kind: kind, Shape: shape, Name: fmt.Sprint("v", id)}
	b.program.Values = append(b.program.Values, v)
	return v
}

// leaf makes an input or parameter of random values.
func (b *builder) leaf(kind plan.Kind, draw func() float64, shape ...int) *plan.Value {
	v := b.value(kind, shape...)
	data := make([]float32, v.Size())
	for i := range data {
		data[i] = float32(draw())
	}
	b.data[v] = data
	return v
}

func (b *builder) input(shape ...int) *plan.Value {
	return b.leaf(plan.Input, b.rng.NormFloat64, shape...)
}

// positive makes a parameter of what must be positive, or may as well be: variances,
// scales, probabilities.
func (b *builder) positive(shape ...int) *plan.Value {
	return b.leaf(plan.Param, func() float64 { return 0.5 + b.rng.Float64() }, shape...)
}

// weights makes a parameter whose products with random numbers are of size 1.
func (b *builder) weights(shape ...int) *plan.Value {
	size := math.Sqrt(float64(op.Size(shape) / shape[0]))
	return b.leaf(plan.Param, func() float64 { return b.rng.NormFloat64() / size }, shape...)
}

// apply adds an instruction; its result is an output.
func (b *builder) apply(o op.Op, in ...*plan.Value) *plan.Value {
	b.t.Helper()
	shapes := make([][]int, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	shape, err := op.Check(o, shapes)
	if err != nil {
		b.t.Fatal(err)
	}
	v := b.value(plan.Temp, shape...)
	b.program.Instrs = append(b.program.Instrs, &plan.Instr{Op: o, In: in, Out: v})
	return v
}

// keep makes values outputs.
func (b *builder) keep(values ...*plan.Value) {
	for _, v := range values {
		v.Keep = true
		b.program.Outputs[v.Name] = v
	}
}

// run gives the outputs as a device computes them in its second run: the first leaves its
// traces in memory.
func (b *builder) run(d plan.Device) map[string][]float32 {
	b.t.Helper()
	exe, err := d.Compile(b.program, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	defer exe.Close()
	for v, data := range b.data {
		set := exe.SetInput
		if v.Kind == plan.Param {
			set = exe.SetParam
		}
		if err := set(v.Name, data); err != nil {
			b.t.Fatal(err)
		}
	}
	for range 2 {
		if err := exe.Run(context.Background()); err != nil {
			b.t.Fatal(err)
		}
	}
	out := make(map[string][]float32)
	for name, v := range b.program.Outputs {
		out[name] = make([]float32, v.Size())
		if err := exe.Output(name, out[name]); err != nil {
			b.t.Fatal(err)
		}
	}
	return out
}

// operations are programs that together use every operation a device must know, in random
// sizes.
var operations = map[string]func(b *builder){
	"convolution": func(b *builder) {
		k := []int{1, 2, 3, 5, 7}[b.rng.IntN(5)]
		stride, pad := b.between(1, 3), b.between(0, min(3, k))
		n, c, o, h, w := b.between(1, 9), b.between(1, 40), b.between(1, 70), b.between(k, 14), b.between(k, 14)
		x, wt := b.input(n, c, h, w), b.weights(o, c, k, k)
		y := b.apply(op.Conv{Stride: stride, Pad: pad}, x, wt)
		dy := b.input(y.Shape...)
		biased := b.apply(op.ChannelBias{}, y, b.positive(o))
		dx := b.apply(op.ConvInputGrad{Stride: stride, Pad: pad, Shape: [4]int(x.Shape)}, wt, dy)
		dw := b.apply(op.ConvWeightGrad{Stride: stride, Pad: pad, Shape: [4]int(wt.Shape)}, x, dy)
		b.keep(y, biased, dx, dw, b.apply(op.ChannelSum{}, dy))
	},
	"folded convolution": func(b *builder) {
		n, c, o, h, w := b.between(1, 3), b.between(1, 4), b.between(1, 40), b.between(3, 12), b.between(3, 12)
		if b.rng.IntN(2) == 0 {
			c, h, w = b.between(8, 40), b.between(7, 20), b.between(7, 20)
		}
		x := b.apply(op.InputNormalize{Mean: make([]float32, c), Std: b.data[b.positive(c)]}, b.input(n, c, h, w))
		y := b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(o, c, 3, 3))
		if b.rng.IntN(2) == 0 {
			y = b.apply(op.ChannelBias{}, y, b.positive(o))
		}
		y = b.apply(op.BatchNorm{Epsilon: 1e-5}, y, b.positive(2, o), b.positive(o), b.positive(o))
		y = b.apply(op.Add{}, y, b.input(y.Shape...))
		b.keep(b.apply(op.ReLU{}, y))
	},
	// What is added is also the image: it must not be written over while windows read it.
	"convolution around itself": func(b *builder) {
		n, c, h, w := b.between(1, 3), b.between(1, 40), b.between(3, 12), b.between(3, 12)
		x := b.apply(op.ReLU{}, b.input(n, c, h, w))
		y := b.apply(op.Add{}, b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(c, c, 3, 3)), x)
		dy := b.apply(op.ReLU{}, b.input(n, c, h, w))
		dx := b.apply(op.ConvInputGrad{Stride: 1, Pad: 1, Shape: [4]int{n, c, h, w}}, b.weights(c, c, 3, 3), dy)
		b.keep(y, b.apply(op.Add{}, dx, dy))
	},
	"gradients of folded convolutions": func(b *builder) {
		n, c, o, h, w, s := b.between(1, 3), b.between(1, 20), b.between(1, 40), b.between(3, 20), b.between(3, 20), b.between(1, 2)
		wt := b.weights(o, c, 3, 3)
		dy := b.input(n, o, (h-1)/s+1, (w-1)/s+1)
		dy = b.apply(op.BatchNormScaleGrad{Epsilon: 1e-5}, b.positive(2, o), b.positive(o), dy)
		dx := b.apply(op.ConvInputGrad{Stride: s, Pad: 1, Shape: [4]int{n, c, h, w}}, wt, dy)
		dx = b.apply(op.Add{}, dx, b.input(n, c, h, w))
		b.keep(b.apply(op.InputNormalizeGrad{Std: b.data[b.positive(c)]}, dx))
	},
	"batch norm": func(b *builder) {
		n, c, h, w := b.between(2, 5), b.between(1, 40), b.between(1, 9), b.between(1, 9)
		mean := b.rng.NormFloat64() * 20
		x := b.leaf(plan.Input, func() float64 { return b.rng.NormFloat64() + mean }, n, c, h, w)
		gamma, beta := b.positive(c), b.positive(c)
		stats := b.apply(op.BatchStats{}, x)
		y := b.apply(op.BatchNorm{Epsilon: 1e-5}, x, stats, gamma, beta)
		b.keep(stats, y)
		z := b.apply(op.ReLU{}, b.apply(op.BatchNorm{Epsilon: 1e-5}, x, stats, beta, gamma))
		residual := b.apply(op.ReLU{}, b.apply(op.Add{}, b.apply(op.BatchNorm{Epsilon: 1e-5}, x, stats, gamma, gamma), b.input(x.Shape...)))
		for _, out := range []*plan.Value{y, z, residual} {
			dy, g := b.input(x.Shape...), gamma
			if out != y {
				dy = b.apply(op.ReLUGrad{}, out, dy)
			}
			if out == z {
				g = beta
			}
			sums := b.apply(op.BatchNormReduce{Epsilon: 1e-5}, x, stats, dy)
			b.keep(sums, b.apply(op.BatchNormInputGrad{Epsilon: 1e-5}, x, stats, g, sums, dy))
			b.keep(out, b.apply(op.Row{Index: 1}, sums))
		}
		b.keep(b.apply(op.BatchNormScaleGrad{Epsilon: 1e-5}, stats, gamma, y))
	},
	"pooling": func(b *builder) {
		size := b.between(2, 3)
		stride, pad := b.between(1, 3), b.between(0, 1)
		x := b.input(b.between(1, 3), b.between(1, 40), b.between(3, 14), b.between(3, 14))
		for i, v := range b.data[x] {
			b.data[x][i] = float32(math.Round(float64(v) * 4)) // equal ones among them
		}
		m := b.apply(op.MaxPool{Size: size, Stride: stride, Pad: pad}, x)
		a := b.apply(op.AvgPool{Size: size, Stride: stride, Pad: pad}, x)
		g := b.apply(op.GlobalAvgPool{}, x)
		dy := b.input(m.Shape...)
		b.keep(m, a, g, b.apply(op.MaxPoolGrad{Size: size, Stride: stride, Pad: pad}, x, dy),
			b.apply(op.AvgPoolGrad{Size: size, Stride: stride, Pad: pad, Shape: [4]int(x.Shape)}, dy),
			b.apply(op.GlobalAvgPoolGrad{Shape: [4]int(x.Shape)}, g))
	},
	"channels moved": func(b *builder) {
		before, after := b.between(0, 40), b.between(0, 40)
		x := b.apply(op.ReLU{}, b.input(b.between(1, 3), b.between(1, 40), b.between(1, 9), b.between(1, 9)))
		y := b.apply(op.PadChannels{Before: before, After: after}, x)
		cut := b.apply(op.CutChannels{Before: min(before, x.Shape[1]-1)}, x)
		z := b.apply(op.Conv{Stride: 1, Pad: 1}, y, b.weights(5, y.Shape[1], 3, 3)) // with halo
		b.keep(y, cut, z, b.apply(op.CutChannels{Before: before, After: after}, b.apply(op.ReLU{}, y)))
	},
	"dropout": func(b *builder) {
		n, k := b.between(1, 90), b.between(1, 90)
		keep := b.leaf(plan.Input, func() float64 { return float64(b.rng.IntN(2)) }, n, k)
		x := b.input(n, k)
		y := b.apply(op.Dropout{Rate: 0.3}, b.apply(op.ReLU{}, x), keep)
		b.keep(y, b.apply(op.Linear{}, b.apply(op.Dropout{Rate: 0.5}, x, keep), b.weights(3, k), b.positive(3)))
	},
	"matrices": func(b *builder) {
		n, h, w := b.between(1, 90), b.between(1, 3), b.between(1, 3)
		c, o, k := b.between(1, 40), b.between(1, 70), b.between(1, 12)
		x := b.input(n, c, h, w)
		flat := b.apply(op.Flatten{}, x)
		wt, wo := b.weights(o, flat.Shape[1]), b.weights(k, o)
		hidden := b.apply(op.ReLU{}, b.apply(op.Linear{}, flat, wt, b.positive(o)))
		logits := b.apply(op.Linear{}, hidden, wo, b.positive(k))
		target, one := b.leaf(plan.Input, b.rng.Float64, n, k), b.leaf(plan.Param, func() float64 { return 2 })
		dz := b.apply(op.SoftmaxCrossEntropyGrad{}, logits, target, one)
		dh := b.apply(op.ReLUGrad{}, hidden, b.apply(op.LinearInputGrad{}, wo, dz))
		df := b.apply(op.LinearInputGrad{}, wt, dh)
		sum := b.apply(op.SoftmaxCrossEntropy{Sum: true}, logits, target)
		b.keep(sum, b.apply(op.SoftmaxCrossEntropyGrad{Sum: true}, logits, target, one))
		if k >= 3 {
			ratio := b.apply(op.DLR{}, logits, target)
			b.keep(ratio, b.apply(op.DLRGrad{}, logits, target, one))
		}
		b.keep(logits, b.apply(op.SoftmaxCrossEntropy{}, logits, target), dz,
			b.apply(op.LinearWeightGrad{}, hidden, dz), b.apply(op.LinearWeightGrad{}, flat, dh), b.apply(op.ColumnSum{}, dh),
			b.apply(op.Unflatten{Shape: [4]int(x.Shape)}, df), b.apply(op.Add{}, df, flat))
	},
	"inputs and parameters exchanged": func(b *builder) {
		n, c, o := b.between(1, 3), b.between(1, 20), b.between(1, 40)
		some := func(shape ...int) *plan.Value { return b.leaf(plan.Input, b.rng.Float64, shape...) }
		x := b.positive(n, c, 7, 5)
		y := b.apply(op.Conv{Stride: 1, Pad: 1}, x, some(o, c, 3, 3))
		y = b.apply(op.BatchNorm{Epsilon: 1e-5}, y, some(2, o), some(o), some(o))
		b.keep(y, b.apply(op.Linear{}, b.apply(op.GlobalAvgPool{}, y), some(3, o), some(3)), b.apply(op.Add{}, x, x))
	},
	"sums of parameters": func(b *builder) {
		p := b.positive(b.between(1, 40))
		b.keep(b.apply(op.ReLU{}, b.apply(op.Add{}, p, p)))
	},
}

func TestTooLargeForOffsets(t *testing.T) {
	b := newBuilder(t, 1)
	x := b.value(plan.Input, 1, 64, 4000, 4000)
	b.keep(b.apply(op.ReLU{}, x))
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Compile(b.program, nil); err == nil {
		t.Error("an image of 4 GB is no error")
	}
}

func TestRandomPrograms(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	devices(t, func(t *testing.T, d plan.Device) {
		for name, build := range operations {
			t.Run(name, func(t *testing.T) {
				for seed := range rounds {
					b := newBuilder(t, uint64(seed))
					build(b)
					want, got := b.run(plantest.Reference()), b.run(d)
					for name := range want {
						plantest.Close(t, fmt.Sprintf("seed %d, %s", seed, name), got[name], want[name], plantest.Tolerance)
					}
					if t.Failed() {
						for _, in := range b.program.Instrs {
							t.Log(op.Name(in.Op), in.In, in.Out)
						}
						return
					}
				}
			})
		}
	})
}
