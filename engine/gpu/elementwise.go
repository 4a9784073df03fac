package gpu

import (
	"slices"

	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lowerElementwise lowers operations on single elements of arrays of one shape. Their kernels
// process octets of channels; arrays that are no images are octets of elements.
func (c *compiler) lowerElementwise(in *plan.Instr) bool {
	switch o := in.Op.(type) {
	case op.Add:
		c.elementwise("add", in)
	case op.Binary:
		return c.lowerBinary(in, o)
	case op.ReLU:
		c.elementwise("relu", in)
	case op.ReLUGrad:
		c.elementwise("relu_grad", in)
	case op.Dropout:
		c.elementwise("dropout", in, o.Scale())
	case op.Map:
		c.function("map", in, o)
	case op.MapGrad:
		c.function("map_grad", in, op.Map(o))
	case op.ChannelBias:
		c.perChannel(in, c.table(slices.Repeat([]float32{1}, in.Out.Shape[1])), c.asFlat(in.In[1]))
	case op.InputNormalize:
		scale, shift := o.Affine()
		c.perChannel(in, c.table(scale), c.table(shift))
	case op.InputNormalizeGrad:
		scale := make([]float32, len(o.Std))
		for i, v := range o.Std {
			scale[i] = 1 / v
		}
		c.perChannel(in, c.table(scale), c.table(make([]float32, len(o.Std))))
	default:
		return false
	}
	return true
}

// binaries are the kernels of op.Binary's functions for operands of one shape.
var binaries = map[string]string{"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}

// lowerBinary lowers a binary operation without broadcasting.
func (c *compiler) lowerBinary(in *plan.Instr, o op.Binary) bool {
	kernel := binaries[o.Func]
	if kernel == "" || !slices.Equal(in.In[0].Shape, in.In[1].Shape) {
		return false
	}
	if o.Func == "div" { // 0/0 in fill channels
		fill, channels := c.channels(in.Out)
		c.elementwise(kernel, in, fill, channels)
		return true
	}
	c.elementwise(kernel, in)
	return true
}

// channels returns the number of channels that a value's array has, and of those that are not fill
// channels. An array that is no image is one of eight channels.
func (c *compiler) channels(v *plan.Value) (fill, channels int) {
	if t := c.t(v); t.image {
		return t.fill, t.c
	}
	return octet, octet
}

// elementwise launches a kernel of module elementwise over the inputs.
func (c *compiler) elementwise(kernel string, in *plan.Instr, more ...any) {
	c.launchOctets(source.Elementwise, kernel, in, more...)
}

// function launches a kernel of a function of op.Map's.
func (c *compiler) function(kernel string, in *plan.Instr, o op.Map) {
	number, ok := source.Function(o.Func)
	if !ok {
		panic("gpu: no function " + o.Func) // op.Functions has one that the kernels lack
	}
	fill, channels := c.channels(in.Out)
	module := func(float bool) source.Module { return source.Map(number, float) }
	c.launchOctets(module, kernel, in, fill, channels, float32(o.A), float32(o.B))
}

// launchOctets launches a kernel over octets of the inputs, in the layout of the result.
func (c *compiler) launchOctets(module func(float bool) source.Module, kernel string, in *plan.Instr, more ...any) {
	out := c.t(in.Out)
	var args []any
	for _, v := range in.In {
		args = append(args, c.inLayoutOf(out, v))
	}
	args = append(append(args, out, out.octets()), more...)
	c.launch(module(c.float32() || !out.image), kernel, over(out.octets()), maxThreads, args...)
}

// perChannel launches x·scale + shift of an image.
func (c *compiler) perChannel(in *plan.Instr, scale, shift *tensor) {
	x, out := c.asImage(in.In[0]), c.t(in.Out)
	c.launch(source.Elementwise(c.float32()), "per_channel", over(out.octets()), maxThreads,
		x, scale, shift, out, out.octets(), out.fill, out.c)
}

// inLayoutOf returns a value of out's shape as it lies in out, converted if need be.
func (c *compiler) inLayoutOf(out *tensor, v *plan.Value) *tensor {
	if out.image {
		return c.asImage(v)
	}
	return c.asFlat(v)
}
