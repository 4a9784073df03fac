package gpu

import (
	"slices"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// Convolutions of a library that the device has, e.g. cuDNN. It sees our images as they are, fill
// channels included: those of inputs and of packed weights are zeros, and so are those of its results,
// unless an input is infinite; finishConv makes sure of them. libchoice.go says which convolutions are the
// library's.

// libraryConv returns a convolution as the library is asked for it; false if our layout or padding
// is not what libraries know.
func (c *compiler) libraryConv(result hal.ConvResult, o op.GeneralConv, x, y *tensor, w []int) (hal.Convolution, bool) {
	p := partsOf(o.Groups, w)
	conv := hal.Convolution{
		Result: result, Number: c.number(), X: [4]int{x.n, x.h, x.w, x.fill}, Y: [4]int{y.n, y.h, y.w, y.fill},
		Taps: [2]int{w[2], w[3]}, Groups: p.count, Pad: [2]int{o.Pad[0], o.Pad[1]}, Stride: o.Stride, Dilation: o.Dilation,
	}
	if isDepthwise(o.Groups, w) || x.fill != p.count*p.in || y.fill != p.count*p.out || min(x.size, y.size, w[2]*w[3]) == 0 {
		return conv, false
	}
	// Libraries pad both ends alike: what they have more of at the bottom and on the right must not
	// make more pixels.
	for i, pixels := range [][2]int{{x.h, y.h}, {x.w, y.w}} {
		padded := pixels[0] + 2*conv.Pad[i] - (w[2+i]-1)*o.Dilation[i] - 1
		if padded < 0 || padded/o.Stride[i]+1 != pixels[1] {
			return conv, false
		}
	}
	return conv, true
}

// byLibrary launches the convolution that in is by the kernel of the library that has been chosen for
// it; false if none has been. x and y are the convolution's arrays, and w are its weights or their
// gradient.
func (c *compiler) byLibrary(in *plan.Instr, result hal.ConvResult, o op.GeneralConv, x, y *tensor, w *plan.Value, s scaling, f finishing) bool {
	conv, ok := c.libraryConv(result, o, x, y, w.Shape)
	if !ok {
		return false
	}
	k := c.choose(in, conv)
	if k == nil {
		return false
	}
	p := partsOf(o.Groups, w.Shape)
	var weights *tensor
	if result == hal.ConvWeightGrad {
		weights = c.temporary(4 * p.count * p.out * w.Shape[2] * w.Shape[3] * p.in)
	} else {
		weights = c.packed(w, p, forwardWindow(o, w.Shape, []int{y.n, y.c, y.h, y.w}), false, s)
	}
	args := []any{x, weights, y}
	if k.Workspace > 0 {
		args = append(args, c.temporary(k.Workspace))
	}
	*c.target = append(*c.target, launch{kernel: k.Kernel.Name(), groups: [3]int{1, 1, 1}, threads: 1, args: args, library: k.Kernel})
	switch result {
	case hal.ConvOutput:
		c.finishConv(y, f)
	case hal.ConvInputGrad:
		c.finishConv(x, f)
	case hal.ConvWeightGrad:
		c.unpack(weights, c.t(w), p, w.Shape)
	}
	return true
}

// finishConv launches what follows a library's convolution: nothing if there is nothing to be done.
func (c *compiler) finishConv(y *tensor, f finishing) {
	bias, addend, flags := f.args(y)
	if flags == 0 && f.function == 0 && y.c == y.fill {
		return
	}
	c.launch(source.Finish(c.float32()), "finish", over(y.octets()), maxThreads,
		y, bias, addend, y.octets(), y.fill, y.c, flags, f.function, f.a, f.b)
}

// unpack launches the copy of a gradient of weights, packed as products read them, to dw.
func (c *compiler) unpack(packed, dw *tensor, p channelParts, w []int) {
	taps := w[2] * w[3]
	row := taps * p.in // of an output channel
	loops := []loop{
		{size: p.count, x: p.out * row, y: p.some * p.outputs * p.inputs * taps},
		{size: p.some, x: p.outputs*row + p.inputs, y: p.outputs * p.inputs * taps},
		{size: p.outputs, x: row, y: p.inputs * taps},
		{size: p.inputs, x: 1, y: taps},
		{size: taps, x: p.in, y: 1},
	}
	for i := range loops {
		loops[i].of, loops[i].high, loops[i].limit = -1, loops[i].size, loops[i].size
	}
	c.launchCopy(view{tensor: packed}, view{tensor: dw}, slices.Clone(loops), 0)
}
