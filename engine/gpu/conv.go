package gpu

import (
	"fmt"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lowerProduct lowers convolutions, linear layers and their gradients.
func (c *compiler) lowerProduct(in *plan.Instr) bool {
	if o, ok := plan.AsConv(in); ok {
		c.convolve(in, o)
		return true
	}
	if o, ok := plan.AsConvInputGrad(in); ok {
		c.convolveBack(in, o)
		return true
	}
	switch o := in.Op.(type) {
	case op.ConvWeightGrad:
		c.weightGrad(in, op.Conv{Stride: o.Stride, Pad: o.Pad}.General())
	case op.GeneralConvWeightGrad:
		c.weightGrad(in, o.Conv)
	default:
		return c.lowerLinear(in)
	}
	return true
}

// number is what convolutions multiply.
func (c *compiler) number() source.Number {
	switch {
	case !c.float32():
		return source.BF16
	case c.dev.dtype == plan.TF32 && c.dev.matrix():
		return source.TF32
	}
	return source.FP32
}

// matrix reports whether the device has matrix instructions that kernels use.
func (d *Device) matrix() bool { return d.hal.Info().Arch >= 80 }

// convThreads is the group of all products.
const convThreads = 128

// finishing is what follows a convolution's sum: bias, addend and function.
type finishing struct {
	bias, addend *tensor // nil: none
	function     int
	a, b         float32
}

// args returns the arguments of kernels; absent is any array, for those that are absent.
func (f finishing) args(absent *tensor) (bias, addend *tensor, flags int) {
	bias, addend = absent, absent
	if f.bias != nil {
		bias, flags = f.bias, 1
	}
	if f.addend != nil {
		addend, flags = f.addend, flags|2
	}
	return bias, addend, flags
}

// scaling is the scale of a convolution's output channels by a batch norm.
type scaling struct {
	scale *tensor // nil: none
	from  []*plan.Value
	key   string
}

// convolve lowers a convolution.
func (c *compiler) convolve(in *plan.Instr, o plan.FusedConv) {
	w, out := in.In[1], c.t(in.Out)
	bias, stats, gamma, beta, addend := o.Sources(in.In)
	f := finishing{bias: c.flatOrNil(bias)}
	var s scaling
	if o.Norm {
		s = c.normScale(stats, gamma, o.Epsilon)
		f.bias = c.normShift(bias, stats, gamma, beta, o.Epsilon)
	}
	if addend != nil {
		f.addend = c.asImage(addend)
	}
	if o.Rectify {
		f.function, _ = source.Function("relu")
	}
	// Functions of many instructions run on their own.
	after := op.Map{}
	if o.Map.Func != "" {
		if number, ok := source.Function(o.Map.Func); ok && number <= source.CheapFunctions {
			f.function, f.a, f.b = number, float32(o.Map.A), float32(o.Map.B)
		} else {
			after = o.Map
		}
	}
	win := forwardWindow(o.Conv, w.Shape, in.Out.Shape)
	x := c.asImage(in.In[0])
	switch {
	case c.byLibrary(in, hal.ConvOutput, o.Conv, x, out, w, s, f):
	case isDepthwise(o.Conv.Groups, w.Shape):
		c.depthwise(x, out, w, win, s, f)
	default:
		c.product(x, out, w, partsOf(o.Conv.Groups, w.Shape), win, false, s, f)
	}
	if after.Func != "" {
		c.function("map", &plan.Instr{Op: after, In: []*plan.Value{in.Out}, Out: in.Out}, after)
	}
}

// convolveBack lowers a convolution's input gradient.
func (c *compiler) convolveBack(in *plan.Instr, o plan.FusedConvInputGrad) {
	w, dy, out := in.In[0], c.asImage(in.In[1]), c.t(in.Out)
	var s scaling
	if o.Norm {
		s = c.normScale(in.In[2], in.In[3], o.Epsilon)
	}
	var f finishing
	if o.Residual {
		f.addend = c.asImage(in.In[len(in.In)-1])
	}
	conv := o.Grad.Conv
	if c.byLibrary(in, hal.ConvInputGrad, conv, out, dy, w, s, f) {
		return
	}
	for _, win := range backwardWindows(o.Grad, w.Shape) {
		if isDepthwise(conv.Groups, w.Shape) {
			c.depthwise(dy, out, w, win, s, f)
		} else {
			c.product(dy, out, w, partsOf(conv.Groups, w.Shape), win, true, s, f)
		}
	}
}

// flatOrNil returns a value as a row-major array; nil for nil.
func (c *compiler) flatOrNil(v *plan.Value) *tensor {
	if v == nil {
		return nil
	}
	return c.asFlat(v)
}

// product launches the windows of a convolution, or of its input gradient if back.
func (c *compiler) product(x, y *tensor, w *plan.Value, p channelParts, win window, back bool, s scaling, f finishing) {
	if back {
		p.in, p.out = p.out, p.in
	}
	packed := c.packed(w, p, win, back, s)
	bias, addend, flags := f.args(y)
	pixels := y.n * win.count[0] * win.count[1]
	products := win.taps[0] * win.taps[1] * p.in
	launch := func(c *compiler, bn int, x, packed, y, bias, addend *tensor) {
		c.launch(source.Conv(bn, c.number()), fmt.Sprint("conv_", bn), [3]int{(pixels + 127) / 128, (p.out + bn - 1) / bn, p.count}, convThreads,
			x, packed, y, bias, addend, pixels, x.h, x.w, x.fill, win.count[0], win.count[1],
			y.h, y.w, y.fill, win.taps[0], win.taps[1], p.in, p.out, y.c,
			win.advance[0], win.advance[1], win.from[0], win.from[1], win.spread[0], win.spread[1],
			win.step[0], win.step[1], win.first[0], win.first[1], flags, f.function, f.a, f.b)
	}
	shape := tileShape{kind: "conv", rows: pixels, columns: p.out, parts: p.count, products: products, more: fmt.Sprint(win, x.fill, y.fill, flags)}
	bn := c.tile(shape, source.Tiles(c.dev.matrix()), func(c *compiler, bn int) {
		y := c.like(y)
		launch(c, bn, c.like(x), c.like(packed), y, y, y)
	})
	launch(c, bn, x, packed, y, bias, addend)
}

// packed returns a window's weights [parts·out,taps,in] as products read them.
func (c *compiler) packed(w *plan.Value, p channelParts, win window, back bool, s scaling) *tensor {
	size := p.count * p.out * win.taps[0] * win.taps[1] * p.in
	if size == 0 {
		return c.temporary(1)
	}
	n := c.number()
	key := fmt.Sprint("weights ", p, win.taps, win.tap, win.tapStep, back, s.key)
	bytes := size * c.dev.dtype.Bytes()
	flat := c.asFlat(w)
	return c.derive(key, append([]*plan.Value{w}, s.from...), bytes, func(dst *tensor) {
		scale, scaled := s.arg(flat)
		c.launch(source.Weights(n), "pack_weights", over(size), maxThreads,
			flat, scale, dst, size, w.Shape[0], p.inputs, p.outputs, p.some, w.Shape[2], w.Shape[3], p.out, p.in,
			win.taps[0], win.taps[1], win.tap[0], win.tap[1], win.tapStep[0], win.tapStep[1], flag(back), scaled)
	})
}

func (s scaling) arg(absent *tensor) (scale *tensor, scaled int) {
	if s.scale == nil {
		return absent, 0
	}
	return s.scale, 1
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// normScale returns the scale of a batch norm.
func (c *compiler) normScale(stats, gamma *plan.Value, epsilon float64) scaling {
	k := gamma.Shape[0]
	from := []*plan.Value{stats, gamma}
	key := fmt.Sprint("scale ", epsilon)
	st, g := c.asFlat(stats), c.asFlat(gamma)
	scale := c.derive(key, from, 4*k, func(dst *tensor) {
		c.launch(source.Weights(c.number()), "norm_scale", over(k), maxThreads, st, g, dst, k, float32(epsilon))
	})
	return scaling{scale, from, key}
}

// normShift returns the shift of a batch norm after a bias, which may be nil.
func (c *compiler) normShift(bias, stats, gamma, beta *plan.Value, epsilon float64) *tensor {
	k := gamma.Shape[0]
	from := []*plan.Value{stats, gamma, beta}
	st, g, b := c.asFlat(stats), c.asFlat(gamma), c.asFlat(beta)
	before, biased := st, 0
	if bias != nil {
		before, biased, from = c.asFlat(bias), 1, append(from, bias)
	}
	return c.derive(fmt.Sprint("shift ", biased, epsilon), from, 4*k, func(dst *tensor) {
		c.launch(source.Weights(c.number()), "norm_shift", over(k), maxThreads, before, st, g, b, dst, k, biased, float32(epsilon))
	})
}

// depthwise launches the windows of a convolution of one channel a group, or of its input gradient.
func (c *compiler) depthwise(x, y *tensor, w *plan.Value, win window, s scaling, f finishing) {
	size := win.taps[0] * win.taps[1] * x.fill
	flat := c.asFlat(w)
	packed := flat
	if size > 0 {
		key := fmt.Sprint("depthwise ", win.taps, win.tap, win.tapStep, s.key)
		packed = c.derive(key, append([]*plan.Value{w}, s.from...), 4*size, func(dst *tensor) {
			scale, scaled := s.arg(flat)
			c.launch(source.Weights(c.number()), "pack_depthwise", over(size), maxThreads,
				flat, scale, dst, size, x.c, x.fill, w.Shape[2], w.Shape[3], win.taps[1], win.tap[0], win.tap[1], win.tapStep[0], win.tapStep[1], scaled)
		})
	}
	bias, addend, flags := f.args(y)
	octets := y.n * win.count[0] * win.count[1] * y.fill / octet
	c.launch(source.Depthwise(c.float32()), "depthwise", [3]int{(octets + convThreads - 1) / convThreads, 1, 1}, convThreads,
		x, packed, y, bias, addend, octets, x.h, x.w, x.fill, win.count[0], win.count[1], y.h, y.w, win.taps[0], win.taps[1], y.c,
		win.advance[0], win.advance[1], win.from[0], win.from[1], win.spread[0], win.spread[1],
		win.step[0], win.step[1], win.first[0], win.first[1], flags, f.function, f.a, f.b)
}
