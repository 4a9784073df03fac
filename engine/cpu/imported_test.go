package cpu

import (
	"math"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// What imported networks consist of besides operations: see TestRandomPrograms.
func init() {
	for name, build := range map[string]func(b *builder){
		"convolution of any geometry": func(b *builder) { b.generalConv(1, b.between(1, 40), b.between(1, 40)) },
		"depthwise convolution":       func(b *builder) { g := b.between(1, 40); b.generalConv(g, g, g) },
		"grouped convolution": func(b *builder) {
			g, in, out := b.between(2, 8), b.between(1, 8), b.between(1, 8)
			if b.rng.IntN(2) == 0 {
				g, in, out = 1<<b.between(1, 4), 1<<b.between(0, 4), 1<<b.between(0, 4)
			}
			b.generalConv(g, g*in, g*out)
		},
		"activations": func(b *builder) {
			x := b.input(b.between(1, 3), b.between(1, 40), b.between(1, 9), b.between(1, 9))
			for i := range b.data[x] {
				b.data[x][i] *= 4
			}
			dy := b.input(x.Shape...)
			for name := range op.Functions {
				if name == "log" || name == "sqrt" || name == "pow" || name == "reciprocal" {
					continue // poles
				}
				m := op.Map{Func: name, A: 0.3, B: 1.5}
				b.keep(b.apply(m, x), b.apply(op.MapGrad(m), x, dy))
			}
			// Of a convolution with a halo, in place.
			y := b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(b.between(1, 40), x.Shape[1], 3, 3))
			y = b.apply(op.Map{Func: "sigmoid"}, y)
			b.keep(b.apply(op.Conv{Stride: 1, Pad: 1}, y, b.weights(3, y.Shape[1], 3, 3)), b.apply(op.BatchStats{}, y))
			z := b.apply(op.Map{Func: "hardswish"}, b.apply(op.ReLU{}, y))
			b.keep(b.apply(op.GlobalAvgPool{}, b.apply(op.Map{Func: "affine", A: 2, B: -1}, z)))
		},
		"combined element by element": func(b *builder) {
			x := b.input(b.between(1, 3), b.between(1, 40), b.between(1, 9), b.between(1, 9))
			same, one := b.input(x.Shape...), b.input(x.Shape[0], x.Shape[1], 1, 1)
			channel, row := b.positive(1, x.Shape[1], 1, 1), b.positive(1, 1, 1, x.Shape[3])
			for _, f := range []string{"add", "sub", "mul", "div"} {
				for _, v := range []*plan.Value{same, one, channel, row} {
					if f == "div" && v != channel && v != row {
						continue // poles
					}
					b.keep(b.apply(op.Binary{Func: f}, x, v))
					if f != "div" {
						b.keep(b.apply(op.Binary{Func: f}, v, x))
					}
				}
			}
			b.keep(b.apply(op.Conv{Stride: 1, Pad: 1}, x, b.weights(2, x.Shape[1], 3, 3))) // halo
		},
		"pooling of any geometry": func(b *builder) {
			size := [2]int{b.between(1, 4), b.between(1, 4)}
			h, w := b.between(size[0], 14), b.between(size[1], 14)
			x := b.input(b.between(1, 3), b.between(1, 40), h, w)
			for i, v := range b.data[x] {
				b.data[x][i] = float32(math.Round(float64(v) * 4)) // equal ones among them
			}
			m := op.GeneralMaxPool{Window: b.window(size[0], size[1], h, w), Size: size}
			for i := range m.Pad {
				m.Pad[i] = min(m.Pad[i], size[i%2]-1) // every window sees something
			}
			a := op.GeneralAvgPool{Window: m.Window, Size: size}
			a.Counted[b.rng.IntN(4)] = a.Pad[3]
			for i := range a.Counted {
				a.Counted[i] = min(a.Counted[i], a.Pad[i])
			}
			y := b.apply(m, x)
			dy := b.input(y.Shape...)
			b.keep(y, b.apply(a, x), b.apply(op.GeneralMaxPoolGrad(m), x, dy), b.apply(op.GeneralAvgPoolGrad{Pool: a, Shape: [4]int(x.Shape)}, dy))
			b.keep(b.apply(op.Conv{Stride: 1, Pad: 1}, y, b.weights(2, y.Shape[1], 3, 3)))
		},
		"channels put together": func(b *builder) {
			n, h, w := b.between(1, 3), b.between(1, 9), b.between(1, 9)
			var parts []*plan.Value
			for range b.between(1, 4) {
				parts = append(parts, b.apply(op.ReLU{}, b.input(n, 8*b.between(1, 5)-b.between(0, 1), h, w)))
			}
			y := b.apply(op.Concat{Axis: 1, Parts: len(parts)}, parts...)
			z := b.apply(op.Gather{Axis: 1, Index: b.rng.Perm(y.Shape[1])}, y)
			sum := b.apply(op.SumTo{Shape: []int{n, y.Shape[1], 1, 1}}, y)
			b.keep(y, z, sum, b.apply(op.Gather{Axis: 1, Index: []int{0, 0}}, y), b.apply(op.Concat{Axis: 2, Parts: 2}, y, y))
			row := b.apply(op.Reshape{Shape: []int{n, y.Shape[1]}}, sum)
			b.keep(row, b.apply(op.Reshape{Shape: []int{n, y.Shape[1], 1, 1}}, row))
			b.keep(b.apply(op.Conv{Stride: 1, Pad: 1}, z, b.weights(2, z.Shape[1], 3, 3)))
		},
		"channels shuffled": func(b *builder) {
			n, g, c, h, w := b.between(1, 3), b.between(1, 5), b.between(1, 20), b.between(1, 9), b.between(1, 9)
			x := b.apply(op.ReLU{}, b.input(n, g*c, h, w))
			y := b.apply(op.Transpose{Perm: []int{0, 2, 1, 3, 4}}, b.apply(op.Reshape{Shape: []int{n, g, c, h, w}}, x))
			b.keep(b.apply(op.ReLU{}, b.apply(op.Reshape{Shape: x.Shape}, y)))
		},
	} {
		operations[name] = build
	}
}

// window draws a geometry for kernels of r×s over h×w, as convolutions and pools have it.
func (b *builder) window(r, s, h, w int) op.Window {
	o := op.Window{Stride: [2]int{b.between(1, 3), b.between(1, 3)}, Dilation: [2]int{1, 1}}
	for i := range o.Pad {
		o.Pad[i] = b.between(0, min(2, []int{r, s}[i%2]))
	}
	if b.rng.IntN(3) == 0 && 2*r-1 <= h && 2*s-1 <= w {
		o.Dilation = [2]int{2, b.between(1, 2)}
	}
	return o
}

// generalConv adds a convolution with what follows it and its gradients.
func (b *builder) generalConv(groups, in, out int) {
	r, s := b.between(1, 5), b.between(1, 5)
	n, h, w := b.between(1, 3), b.between(r, 14), b.between(s, 14)
	o := op.GeneralConv{Window: b.window(r, s, h, w), Groups: groups}
	x, wt := b.input(n, in, h, w), b.weights(out, in/groups, r, s)
	y := b.apply(o, x, wt)
	z := b.apply(op.ChannelBias{}, b.apply(o, x, wt), b.positive(out))
	if b.rng.IntN(2) == 0 {
		z = b.apply(op.BatchNorm{Epsilon: 1e-5}, z, b.positive(2, out), b.positive(out), b.positive(out))
	}
	switch b.rng.IntN(5) {
	case 0:
		z = b.apply(op.ReLU{}, z)
	case 1:
		z = b.apply(op.ReLU{}, b.apply(op.Add{}, z, b.input(z.Shape...)))
	case 2:
		z = b.apply(op.Map{Func: "clip", A: 0, B: 1}, z)
	case 3:
		z = b.apply(op.Map{Func: "silu"}, b.apply(op.Add{}, z, b.input(z.Shape...)))
	}
	dy := b.input(y.Shape...)
	dx := b.apply(op.GeneralConvInputGrad{Conv: o, Shape: [4]int(x.Shape)}, wt, dy)
	sum := b.apply(op.Add{}, b.apply(op.GeneralConvInputGrad{Conv: o, Shape: [4]int(x.Shape)}, wt, b.input(y.Shape...)), b.input(x.Shape...))
	b.keep(y, b.apply(op.BatchStats{}, z), dx, sum, b.apply(op.GeneralConvWeightGrad{Conv: o, Shape: [4]int(wt.Shape)}, x, dy))
}
