package plantest

import (
	"math"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// What imported networks consist of besides operations: see RandomPrograms.
func init() {
	for name, build := range map[string]func(b *Builder){
		"convolution of any geometry": func(b *Builder) { b.generalConv(1, b.Between(1, 40), b.Between(1, 40)) },
		"depthwise convolution":       func(b *Builder) { g := b.Between(1, 40); b.generalConv(g, g, g) },
		"grouped convolution": func(b *Builder) {
			g, in, out := b.Between(2, 8), b.Between(1, 8), b.Between(1, 8)
			if b.Rand.IntN(2) == 0 {
				g, in, out = 1<<b.Between(1, 4), 1<<b.Between(0, 4), 1<<b.Between(0, 4)
			}
			b.generalConv(g, g*in, g*out)
		},
		"activations": func(b *Builder) {
			x := b.Input(b.Between(1, 3), b.Between(1, 40), b.Between(1, 9), b.Between(1, 9))
			for i := range b.Data[x] {
				b.Data[x][i] *= 4
			}
			dy := b.Input(x.Shape...)
			for name := range op.Functions {
				if name == "log" || name == "sqrt" || name == "pow" || name == "reciprocal" {
					continue // poles
				}
				m := op.Map{Func: name, A: 0.3, B: 1.5}
				b.Keep(b.Apply(m, x), b.Apply(op.MapGrad(m), x, dy))
			}
			// Of a convolution with a halo, in place.
			y := b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(b.Between(1, 40), x.Shape[1], 3, 3))
			y = b.Apply(op.Map{Func: "sigmoid"}, y)
			b.Keep(b.Apply(op.Conv{Stride: 1, Pad: 1}, y, b.Weights(3, y.Shape[1], 3, 3)), b.Apply(op.BatchStats{}, y))
			z := b.Apply(op.Map{Func: "hardswish"}, b.Apply(op.ReLU{}, y))
			b.Keep(b.Apply(op.GlobalAvgPool{}, b.Apply(op.Map{Func: "affine", A: 2, B: -1}, z)))
		},
		"combined element by element": func(b *Builder) {
			x := b.Input(b.Between(1, 3), b.Between(1, 40), b.Between(1, 9), b.Between(1, 9))
			same, one := b.Input(x.Shape...), b.Input(x.Shape[0], x.Shape[1], 1, 1)
			channel, row := b.Positive(1, x.Shape[1], 1, 1), b.Positive(1, 1, 1, x.Shape[3])
			for _, f := range []string{"add", "sub", "mul", "div"} {
				for _, v := range []*plan.Value{same, one, channel, row} {
					if f == "div" && v != channel && v != row {
						continue // poles
					}
					b.Keep(b.Apply(op.Binary{Func: f}, x, v))
					if f != "div" {
						b.Keep(b.Apply(op.Binary{Func: f}, v, x))
					}
				}
			}
			b.Keep(b.Apply(op.Conv{Stride: 1, Pad: 1}, x, b.Weights(2, x.Shape[1], 3, 3))) // halo
		},
		"pooling of any geometry": func(b *Builder) {
			size := [2]int{b.Between(1, 4), b.Between(1, 4)}
			h, w := b.Between(size[0], 14), b.Between(size[1], 14)
			x := b.Input(b.Between(1, 3), b.Between(1, 40), h, w)
			for i, v := range b.Data[x] {
				b.Data[x][i] = float32(math.Round(float64(v) * 4)) // equal ones among them
			}
			m := op.GeneralMaxPool{Window: b.window(size[0], size[1], h, w), Size: size}
			for i := range m.Pad {
				m.Pad[i] = min(m.Pad[i], size[i%2]-1) // every window sees something
			}
			a := op.GeneralAvgPool{Window: m.Window, Size: size}
			a.Counted[b.Rand.IntN(4)] = a.Pad[3]
			for i := range a.Counted {
				a.Counted[i] = min(a.Counted[i], a.Pad[i])
			}
			y := b.Apply(m, x)
			dy := b.Input(y.Shape...)
			b.Keep(y, b.Apply(a, x), b.Apply(op.GeneralMaxPoolGrad(m), x, dy), b.Apply(op.GeneralAvgPoolGrad{Pool: a, Shape: [4]int(x.Shape)}, dy))
			b.Keep(b.Apply(op.Conv{Stride: 1, Pad: 1}, y, b.Weights(2, y.Shape[1], 3, 3)))
		},
		"channels put together": func(b *Builder) {
			n, h, w := b.Between(1, 3), b.Between(1, 9), b.Between(1, 9)
			var parts []*plan.Value
			for range b.Between(1, 4) {
				parts = append(parts, b.Apply(op.ReLU{}, b.Input(n, 8*b.Between(1, 5)-b.Between(0, 1), h, w)))
			}
			y := b.Apply(op.Concat{Axis: 1, Parts: len(parts)}, parts...)
			z := b.Apply(op.Gather{Axis: 1, Index: b.Rand.Perm(y.Shape[1])}, y)
			sum := b.Apply(op.SumTo{Shape: []int{n, y.Shape[1], 1, 1}}, y)
			b.Keep(y, z, sum, b.Apply(op.Gather{Axis: 1, Index: []int{0, 0}}, y), b.Apply(op.Concat{Axis: 2, Parts: 2}, y, y))
			row := b.Apply(op.Reshape{Shape: []int{n, y.Shape[1]}}, sum)
			b.Keep(row, b.Apply(op.Reshape{Shape: []int{n, y.Shape[1], 1, 1}}, row))
			b.Keep(b.Apply(op.Conv{Stride: 1, Pad: 1}, z, b.Weights(2, z.Shape[1], 3, 3)))
		},
		"channels shuffled": func(b *Builder) {
			n, g, c, h, w := b.Between(1, 3), b.Between(1, 5), b.Between(1, 20), b.Between(1, 9), b.Between(1, 9)
			x := b.Apply(op.ReLU{}, b.Input(n, g*c, h, w))
			y := b.Apply(op.Transpose{Perm: []int{0, 2, 1, 3, 4}}, b.Apply(op.Reshape{Shape: []int{n, g, c, h, w}}, x))
			b.Keep(b.Apply(op.ReLU{}, b.Apply(op.Reshape{Shape: x.Shape}, y)))
		},
	} {
		programs[name] = build
	}
}

// window draws a geometry for kernels of r×s over h×w, as convolutions and pools have it.
func (b *Builder) window(r, s, h, w int) op.Window {
	o := op.Window{Stride: [2]int{b.Between(1, 3), b.Between(1, 3)}, Dilation: [2]int{1, 1}}
	for i := range o.Pad {
		o.Pad[i] = b.Between(0, min(2, []int{r, s}[i%2]))
	}
	if b.Rand.IntN(3) == 0 && 2*r-1 <= h && 2*s-1 <= w {
		o.Dilation = [2]int{2, b.Between(1, 2)}
	}
	return o
}

// generalConv adds a convolution with what follows it and its gradients.
func (b *Builder) generalConv(groups, in, out int) {
	r, s := b.Between(1, 5), b.Between(1, 5)
	n, h, w := b.Between(1, 3), b.Between(r, 14), b.Between(s, 14)
	o := op.GeneralConv{Window: b.window(r, s, h, w), Groups: groups}
	x, wt := b.Input(n, in, h, w), b.Weights(out, in/groups, r, s)
	y := b.Apply(o, x, wt)
	z := b.Apply(op.ChannelBias{}, b.Apply(o, x, wt), b.Positive(out))
	if b.Rand.IntN(2) == 0 {
		z = b.Apply(op.BatchNorm{Epsilon: 1e-5}, z, b.Positive(2, out), b.Positive(out), b.Positive(out))
	}
	switch b.Rand.IntN(5) {
	case 0:
		z = b.Apply(op.ReLU{}, z)
	case 1:
		z = b.Apply(op.ReLU{}, b.Apply(op.Add{}, z, b.Input(z.Shape...)))
	case 2:
		z = b.Apply(op.Map{Func: "clip", A: 0, B: 1}, z)
	case 3:
		z = b.Apply(op.Map{Func: "silu"}, b.Apply(op.Add{}, z, b.Input(z.Shape...)))
	}
	dy := b.Input(y.Shape...)
	dx := b.Apply(op.GeneralConvInputGrad{Conv: o, Shape: [4]int(x.Shape)}, wt, dy)
	sum := b.Apply(op.Add{}, b.Apply(op.GeneralConvInputGrad{Conv: o, Shape: [4]int(x.Shape)}, wt, b.Input(y.Shape...)), b.Input(x.Shape...))
	b.Keep(y, b.Apply(op.BatchStats{}, z), dx, sum, b.Apply(op.GeneralConvWeightGrad{Conv: o, Shape: [4]int(wt.Shape)}, x, dy))
}
