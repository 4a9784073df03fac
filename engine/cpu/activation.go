package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// pixelFunc makes rows of pixels of y of those of x.
type pixelFunc func(x, y *float32, pixels, rows, stride int)

// function gives the kernel for an element-wise function, nil if there is none.
func function(k *kernel.Set, o op.Map) pixelFunc {
	constants := perChannel(2)
	constants[0], constants[1] = float32(o.A), float32(o.B)
	with := func(f func(x, y, k *float32, pixels, rows, stride int)) pixelFunc {
		return func(x, y *float32, pixels, rows, stride int) { f(x, y, &constants[0], pixels, rows, stride) }
	}
	switch o.Func {
	case "clip":
		return with(k.Activations.Clip)
	case "hardsigmoid":
		return with(k.Activations.HardSigmoid)
	case "hardswish":
		constants[0], constants[1] = 1.0/6, 0.5
		return with(k.Activations.HardSwish)
	case "sigmoid":
		return k.Activations.Sigmoid
	case "silu":
		return k.Activations.SiLU
	case "affine":
		scale, shift := every(constants[0]), every(constants[1])
		return func(x, y *float32, pixels, rows, stride int) {
			k.Affine(x, y, &scale[0], &shift[0], pixels, rows, stride)
		}
	}
	return nil
}

// mapped gives a function that makes a plane of y of x's: both are laid out alike. Channels
// that only fill up the last block stay 0.
func (c *compiler) mapped(o op.Map, x, y *tensor) func(n, b int) {
	f, stride := function(c.of(y), o), y.stride()
	if f == nil {
		g := op.Functions[o.Func].F
		each := eachElement[float32]
		if y.dtype == plan.BFloat16 {
			each = eachElement[kernel.BF16]
		}
		return func(n, b int) {
			each(x, x, y, n, b, func(v, _ float32) float32 { return float32(g(float64(v), o.A, o.B)) })
		}
	}
	fill, whole := op.Functions[o.Func].F(0, o.A, o.B) != 0, y.c/kernel.Block
	return func(n, b int) {
		f(x.plane0(n, b), y.plane0(n, b), y.w, y.h, stride)
		if fill && b >= whole {
			y.clearFilling(n)
		}
	}
}

// followed is what is to be done with a plane of y that a convolution has made: its function,
// in place, then after; nil for nothing.
func (c *compiler) followed(o plan.FusedConv, y *tensor, after func(n, b int)) func(n, b int) {
	if o.Map.Func == "" {
		return after
	}
	f := c.mapped(o.Map, y, y)
	if after == nil {
		return f
	}
	return func(n, b int) {
		f(n, b)
		after(n, b)
	}
}

// clearFilling makes the channels 0 that only fill up the last block of image n.
func (t *tensor) clearFilling(n int) {
	if t.dtype == plan.BFloat16 {
		clearFilling[kernel.BF16](t, n)
	} else {
		clearFilling[float32](t, n)
	}
}

func clearFilling[E kernel.Element](t *tensor, n int) {
	data := elements[E](t)
	for row := range t.h {
		for at := range t.w {
			pixel := data[t.offset(n, t.c/kernel.Block, row, at):][:kernel.Block]
			clear(pixel[t.c%kernel.Block:])
		}
	}
}

// eachElement makes the elements of y's plane, but for those that fill it up, of those of a's
// and b's: all three are laid out alike.
func eachElement[E kernel.Element](a, b, y *tensor, n, block int, f func(a, b float32) float32) {
	as, bs, ys := elements[E](a), elements[E](b), elements[E](y)
	channels := min(kernel.Block, y.c-block*kernel.Block)
	for row := range y.h {
		at := y.offset(n, block, row, 0)
		for end := at + y.w*kernel.Block; at < end; at += kernel.Block {
			for k := at; k < at+channels; k++ {
				ys[k] = kernel.To[E](f(kernel.From(as[k]), kernel.From(bs[k])))
			}
			clear(ys[at+channels : at+kernel.Block])
		}
	}
}

// lowerActivation lowers element-wise functions of images that are laid out alike, and
// products with one number for every channel of an image; nil for others.
func (c *compiler) lowerActivation(in *plan.Instr) func() {
	out := c.t(in.Out)
	if out.flat || out.block != kernel.Block {
		return nil
	}
	like := func(v *plan.Value) bool { return c.t(v).layout == out.layout }
	each := eachElement[float32]
	if out.dtype == plan.BFloat16 {
		each = eachElement[kernel.BF16]
	}
	switch o := in.Op.(type) {
	case op.Map:
		if like(in.In[0]) {
			return c.planes(out, c.mapped(o, c.t(in.In[0]), out))
		}
	case op.MapGrad:
		if like(in.In[0]) && like(in.In[1]) {
			x, dy, f := c.t(in.In[0]), c.t(in.In[1]), op.Functions[o.Func].DF
			slope := func(x, dy float32) float32 { return float32(float64(dy) * f(float64(x), o.A, o.B)) }
			return c.planes(out, func(n, b int) { each(x, dy, out, n, b, slope) })
		}
	case op.Binary:
		return c.lowerBinary(in, o, out)
	}
	return nil
}

// lowerBinary lowers sums of images, and products of images and of an image and a number
// for each of its channels; nil for others.
func (c *compiler) lowerBinary(in *plan.Instr, o op.Binary, out *tensor) func() {
	a, b := c.t(in.In[0]), c.t(in.In[1])
	if b.layout == out.layout && a.layout != out.layout && (o.Func == "add" || o.Func == "mul") {
		a, b = b, a
	}
	switch {
	case a.layout != out.layout || b.flat || b.block != kernel.Block || b.dtype != plan.Float32:
		return nil
	case b.layout == out.layout && o.Func == "add":
		return c.add(a, b, out)
	case b.layout == out.layout && o.Func == "mul":
		return c.planes(out, func(n, block int) {
			eachElement[float32](a, b, out, n, block, func(a, b float32) float32 { return a * b })
		})
	case b.pixels() == 1 && b.c == a.c && (b.n == a.n || b.n == 1) && o.Func == "mul":
		each := min(1, b.n-1) // 0: one number for all images
		return c.planes(out, func(n, block int) {
			c.of(out).Scale(a.plane0(n, block), out.plane0(n, block), b.at(n*each, block, 0, 0), out.w, out.h, out.stride())
		})
	}
	return nil
}
