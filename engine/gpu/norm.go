package gpu

import (
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lowerNorm lowers batch norm, its gradients, and sums per channel.
func (c *compiler) lowerNorm(in *plan.Instr) bool {
	v, out := in.In, c.t(in.Out)
	switch o := in.Op.(type) {
	case op.BatchStats:
		c.batchStats(c.asImage(v[0]), out)
	case op.BatchNorm:
		c.normed("batch_norm", o.Epsilon, out, c.asImage(v[0]), c.t(v[1]), c.t(v[2]), c.t(v[3]))
	case plan.FusedNorm:
		if o.Residual {
			c.normed("norm_add_relu", o.Epsilon, out, c.asImage(v[0]), c.t(v[1]), c.t(v[2]), c.t(v[3]), c.asImage(v[4]))
		} else {
			c.normed("norm_relu", o.Epsilon, out, c.asImage(v[0]), c.t(v[1]), c.t(v[2]), c.t(v[3]))
		}
	case op.BatchNormReduce:
		x := c.asImage(v[0])
		part := c.channelSums("norm_sums", x, []any{x, c.t(v[1]), c.asImage(v[2])}, x.c)
		c.normReduced(in, out, x, c.t(v[1]), part, o.Epsilon)
	case plan.FusedNormReduce:
		x := c.asImage(v[0])
		part := c.channelSums("norm_relu_sums", x, []any{x, c.t(v[1]), c.t(v[2]), c.t(v[3]), c.asImage(v[4])}, x.c, float32(o.Epsilon))
		c.normReduced(in, out, x, c.t(v[1]), part, o.Epsilon)
	case op.BatchNormInputGrad:
		c.normed("norm_grad", o.Epsilon, out, c.asImage(v[0]), c.t(v[1]), c.t(v[2]), c.t(v[3]), c.asImage(v[4]))
	case plan.FusedNormInputGrad:
		c.normed("norm_relu_grad", o.Epsilon, out, c.asImage(v[0]), c.t(v[1]), c.t(v[2]), c.t(v[3]), c.t(v[4]), c.asImage(v[5]))
	case op.BatchNormScaleGrad:
		c.normed("norm_scale_grad", o.Epsilon, out, c.t(v[0]), c.t(v[1]), c.asImage(v[2]))
	case op.ChannelSum:
		dy := c.asImage(v[0])
		part := c.channelSums("channel_sums", dy, []any{dy})
		c.totals("channel_sum", dy.c, part.tensor, out, part.parts, dy.fill, dy.c)
	default:
		return false
	}
	return true
}

// Each thread of a kernel over all pixels has this many, so that what it computes per channel is
// shared; sums have at most maxParts groups of them, whose sums are added afterwards.
const (
	pixelsPerThread = 8
	maxParts        = 256
)

// columns returns how many octets of channels a group of maxThreads threads has beside each other,
// and how many groups have all octets of an image.
func (t *tensor) columns() (across, groups int) {
	octets := t.fill / octet
	groups = (octets + maxColumns - 1) / maxColumns
	return (octets + groups - 1) / groups, groups
}

// maxColumns is the largest number of octets beside each other.
const maxColumns = 32

// parts is the number of groups below each other that have all pixels.
func (t *tensor) parts(across int) int {
	piece := maxThreads / across * pixelsPerThread
	return max(1, (t.n*t.pixels()+piece-1)/piece)
}

// normed launches a kernel that computes the image out from args, pixel by pixel.
func (c *compiler) normed(kernel string, epsilon float64, out *tensor, args ...*tensor) {
	across, groups := out.columns()
	all := make([]any, 0, len(args)+6)
	for _, t := range args {
		all = append(all, t)
	}
	all = append(all, out, out.n*out.pixels(), out.fill/octet, across, out.c, float32(epsilon))
	c.launch(source.Norm(c.float32()), kernel, [3]int{out.parts(across), groups, 1}, maxThreads, all...)
}

// partialSums are sums of pieces, [parts, 2, fill].
type partialSums struct {
	tensor *tensor
	parts  int
}

// channelSums launches a kernel that sums over the pixels of x, with more arguments at the end.
func (c *compiler) channelSums(kernel string, x *tensor, args []any, more ...any) partialSums {
	across, groups := x.columns()
	p := partialSums{parts: min(x.parts(across), maxParts)}
	p.tensor = c.temporary(p.parts * 2 * x.fill * 4)
	args = append(args, p.tensor, x.n*x.pixels(), x.fill/octet, across)
	c.launch(source.Norm(c.float32()), kernel, [3]int{p.parts, groups, 1}, maxThreads, append(args, more...)...)
	return p
}

// totals launches a kernel that adds partial sums of the given number of channels.
func (c *compiler) totals(kernel string, channels int, args ...any) {
	const channelsPerGroup = 32
	groups := [3]int{(channels + channelsPerGroup - 1) / channelsPerGroup, 1, 1}
	c.launch(source.Norm(c.float32()), kernel, groups, maxThreads, args...)
}

// batchStats computes means and variances [2,C] of x. Sums are relative to a pixel in the middle, so
// that a mean far from zero costs no precision.
func (c *compiler) batchStats(x, out *tensor) {
	center := (x.n/2*x.h+x.h/2)*x.w + x.w/2
	p := c.channelSums("moments", x, []any{x}, center)
	c.totals("statistics", x.c, x, p.tensor, out, p.parts, x.n*x.pixels(), x.fill, x.c, center)
}

// normReduced computes batch norm's gradients with respect to gamma and beta [2,C] from their sums,
// and its rows if the program reads those.
func (c *compiler) normReduced(in *plan.Instr, out, x, stats *tensor, p partialSums, epsilon float64) {
	rows, has := [2]*tensor{out, out}, [2]int{}
	for _, r := range c.readers[in.Out.ID] {
		if o, ok := r.Op.(op.Row); ok && has[o.Index] == 0 {
			rows[o.Index], has[o.Index] = c.along(r), 1
		}
	}
	c.totals("norm_reduced", x.c, stats, p.tensor, out, rows[0], rows[1], p.parts, x.fill, x.c, has[0], has[1], float32(epsilon))
}

// maskSums computes a ReLU's gradient, and batch norm's sums of it in the same pass.
func (c *compiler) maskSums(mask, sums *plan.Instr) bool {
	y, dy, dx := c.t(mask.In[0]), c.t(mask.In[1]), c.t(mask.Out)
	if !y.image || !dy.image {
		return false
	}
	x, stats := c.asImage(sums.In[0]), c.t(sums.In[1])
	part := c.channelSums("mask_sums", x, []any{x, stats, y, dy, dx}, x.c)
	c.normReduced(sums, c.along(sums), x, stats, part, sums.Op.(op.BatchNormReduce).Epsilon)
	return true
}
