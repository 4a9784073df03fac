package gpu

import (
	"fmt"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// weightGrad lowers a convolution's weight gradient.
func (c *compiler) weightGrad(in *plan.Instr, o op.GeneralConv) {
	x, dy, dw := c.asImage(in.In[0]), c.asImage(in.In[1]), c.t(in.Out)
	if c.byLibrary(in, hal.ConvWeightGrad, o, x, dy, in.Out, scaling{}, finishing{}) {
		return
	}
	w := in.Out.Shape
	p := partsOf(o.Groups, w)
	if isDepthwise(o.Groups, w) {
		p = channelParts{count: 1, some: 1, inputs: 1, outputs: w[0], in: 1, out: x.fill}
	}
	taps, pixels := w[2]*w[3], dy.n*dy.h*dy.w
	rows := taps * p.in
	sum := func(sums *tensor, splits int) {
		c.launch(source.Weights(c.number()), "weight_grad_sum", over(in.Out.Size()), maxThreads,
			sums, dw, in.Out.Size(), splits, w[0], p.inputs, p.outputs, p.some, taps, p.in, p.out)
	}
	if isDepthwise(o.Groups, w) {
		groups := (x.fill + 31) / 32
		splits := splitsOf(pixels, 8, groups*taps)
		sums := c.temporary(4 * splits * rows * p.out)
		c.launch(source.Depthwise(c.float32()), "depthwise_weight_grad", [3]int{groups, taps, splits}, 256,
			x, dy, sums, pixels, x.h, x.w, x.fill, dy.h, dy.w, w[3], o.Stride[0], o.Stride[1], o.Pad[0], o.Pad[1], o.Dilation[0], o.Dilation[1])
		sum(sums, splits)
		return
	}
	groups := func(bn int) [3]int { return [3]int{(rows + 127) / 128, (p.out + bn - 1) / bn, p.count} }
	slice := 64 / c.dev.dtype.Bytes()
	some := groups(64) // whatever the tile: it does not change the order of sums
	splits := splitsOf(pixels, slice, some[0]*some[1]*some[2])
	launch := func(c *compiler, bn int, x, dy *tensor) *tensor {
		g := groups(bn)
		sums := c.temporary(4 * p.count * splits * rows * p.out)
		g[2] *= splits
		c.launch(source.ConvGrad(bn, c.number()), fmt.Sprint("weight_grad_", bn), g, convThreads,
			x, dy, sums, pixels, x.h, x.w, x.fill, dy.h, dy.w, dy.fill, w[2], w[3], p.in, p.out, splits,
			o.Stride[0], o.Stride[1], o.Pad[0], o.Pad[1], o.Dilation[0], o.Dilation[1])
		return sums
	}
	shape := tileShape{kind: "grad", rows: rows, columns: p.out, parts: p.count, products: pixels, more: fmt.Sprint(o.Window, x.h, x.w, x.fill, dy.fill)}
	bn := c.tile(shape, source.Tiles(c.dev.matrix()), func(c *compiler, bn int) { launch(c, bn, c.like(x), c.like(dy)) })
	sum(launch(c, bn, x, dy), splits)
}

// enough is the number of groups that keep a large GPU busy. It is the same for all devices, so that
// sums are in the same order.
const enough = 512

// splitsOf returns into how many ranges a sum of n products, `slice` at a time, is split where
// `groups` groups make the results of one range.
func splitsOf(n, slice, groups int) int {
	slices := (n + slice - 1) / slice
	splits := max(1, min(enough/groups, slices/8, 256))
	each := (slices + splits - 1) / splits
	return max(1, (slices+each-1)/each)
}
