package gpu

import (
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lowerPooling lowers pooling and its gradients.
func (c *compiler) lowerPooling(in *plan.Instr) bool {
	switch o := in.Op.(type) {
	case op.MaxPool:
		c.maxPool(in, square(o.Size, o.Stride, o.Pad))
	case op.GeneralMaxPool:
		c.maxPool(in, pool{Window: o.Window, size: o.Size})
	case op.MaxPoolGrad:
		c.maxPoolGrad(in, square(o.Size, o.Stride, o.Pad))
	case op.GeneralMaxPoolGrad:
		c.maxPoolGrad(in, pool{Window: o.Window, size: o.Size})
	case op.AvgPool:
		c.averagePool(in, square(o.Size, o.Stride, o.Pad))
	case op.GeneralAvgPool:
		c.averagePool(in, pool{o.Window, o.Size, o.Counted})
	case op.AvgPoolGrad:
		c.averagePoolGrad(in, square(o.Size, o.Stride, o.Pad))
	case op.GeneralAvgPoolGrad:
		c.averagePoolGrad(in, pool{o.Pool.Window, o.Pool.Size, o.Pool.Counted})
	case op.GlobalAvgPool:
		c.planeMeans(c.asImage(in.In[0]), c.t(in.Out))
	case op.GlobalAvgPoolGrad:
		dx := c.t(in.Out)
		c.launch(source.Pool(c.float32()), "plane_means_grad", over(dx.octets()), maxThreads,
			c.t(in.In[0]), dx, dx.octets(), dx.pixels(), dx.fill/octet, dx.c)
	default:
		return false
	}
	return true
}

// pool is the geometry of pooling.
type pool struct {
	op.Window
	size    [2]int
	counted [4]int // padding that counts in means, as in op.GeneralAvgPool
}

// square is pooling in square windows, whose padding counts in means.
func square(size, stride, pad int) pool {
	pads := [4]int{pad, pad, pad, pad}
	return pool{op.Window{Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}, Pad: pads}, [2]int{size, size}, pads}
}

// windows are the arguments that describe pooling from x to y, for kernels that compute out.
func (p pool) windows(x, y, out *tensor) []any {
	return []any{
		out.octets(), x.h, x.w, y.h, y.w, x.fill / octet, p.size[0], p.size[1],
		p.Stride[0], p.Stride[1], p.Dilation[0], p.Dilation[1], p.Pad[0], p.Pad[1],
	}
}

func (p pool) counts() []any {
	return []any{p.counted[0], p.counted[1], p.counted[2], p.counted[3]}
}

// pool launches a kernel that computes all octets of an image of out's size.
func (c *compiler) pool(kernel string, out *tensor, args ...[]any) {
	var all []any
	for _, a := range args {
		all = append(all, a...)
	}
	c.launch(source.Pool(c.float32()), kernel, over(out.octets()), maxThreads, all...)
}

func (c *compiler) maxPool(in *plan.Instr, p pool) {
	x, y := c.asImage(in.In[0]), c.t(in.Out)
	c.pool("max_pool", y, []any{x, y}, p.windows(x, y, y), []any{y.c})
}

// maxPoolGrad first finds the taps that the maxima come from, which the gradient then looks up.
func (c *compiler) maxPoolGrad(in *plan.Instr, p pool) {
	x, dy, dx := c.asImage(in.In[0]), c.asImage(in.In[1]), c.t(in.Out)
	taps := c.temporary(4 * dy.size)
	c.pool("max_taps", dy, []any{x, taps}, p.windows(x, dy, dy))
	c.pool("max_pool_grad", dx, []any{taps, dy, dx}, p.windows(x, dy, dx))
}

func (c *compiler) averagePool(in *plan.Instr, p pool) {
	x, y := c.asImage(in.In[0]), c.t(in.Out)
	c.pool("average_pool", y, []any{x, y}, p.windows(x, y, y), p.counts())
}

func (c *compiler) averagePoolGrad(in *plan.Instr, p pool) {
	dy, dx := c.asImage(in.In[0]), c.t(in.Out)
	c.pool("average_pool_grad", dx, []any{dy, dx}, p.windows(dx, dy, dx), p.counts())
}

// planeMeans computes the means [N,C] of x's planes.
func (c *compiler) planeMeans(x, y *tensor) {
	across, groups := x.columns()
	c.launch(source.Pool(c.float32()), "plane_means", [3]int{x.n, groups, 1}, maxThreads,
		x, y, x.pixels(), x.fill/octet, across, x.c)
}
