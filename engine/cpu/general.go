package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// general runs an operation's reference implementation in package op: blocked inputs are unpacked
// and the result is packed. It is the fallback of operations without kernels.
func (c *compiler) general(in *plan.Instr) func() {
	size := 0
	scratch := func(v *plan.Value) int {
		if c.t(v).flat {
			return 0
		}
		return roundUp(v.Size(), 16)
	}
	for _, v := range in.In {
		size += scratch(v)
	}
	size += scratch(in.Out)
	buffer := c.scratch.take(size)
	inputs := make([]op.Tensor, len(in.In))
	out := op.Tensor{Shape: in.Out.Shape}
	return func() {
		at := 0
		next := func(v *plan.Value) []float32 {
			t := c.t(v)
			if t.flat {
				return t.data[:v.Size()]
			}
			part := (*buffer)[at : at+v.Size()]
			at += scratch(v)
			return part
		}
		for i, v := range in.In {
			inputs[i] = op.Tensor{Shape: v.Shape, Data: next(v)}
			if t := c.t(v); !t.flat {
				c.unpack(t, inputs[i].Data)
			}
		}
		out.Data = next(in.Out)
		in.Op.Do(out, inputs)
		if t := c.t(in.Out); !t.flat {
			c.repack(t, out.Data)
		}
	}
}

// unpack copies a blocked tensor to a flat array.
func (c *compiler) unpack(t *tensor, dst []float32) {
	size := t.c * t.pixels()
	c.pool.each(t.n, func(_, n int) { t.store(n, dst[n*size:(n+1)*size]) })
}

// repack copies a flat array to a blocked tensor.
func (c *compiler) repack(t *tensor, src []float32) {
	size, one, zero := t.c*t.pixels(), ones(t.c), perChannel(t.c)
	c.pool.each(t.n, func(_, n int) { t.load(n, src[n*size:(n+1)*size], one, zero) })
}

// isGeneral tells convolutions that have no faster way: of many uneven groups, in bf16 of
// several, and gradients of dilated ones; where weights are computed, too.
func (c *compiler) isGeneral(in *plan.Instr) bool {
	switch in.Op.(type) {
	case op.GeneralConv, plan.FusedConv:
		o, _ := plan.AsConv(in)
		w := in.In[1]
		return w.Kind == plan.Temp || !c.suitsGroups(o.Conv.Groups, w.Shape)
	case op.GeneralConvInputGrad:
		o, _ := plan.AsConvInputGrad(in)
		w := in.In[0]
		return w.Kind == plan.Temp || o.Grad.Conv.Dilation != [2]int{1, 1} || !c.suitsGroups(o.Grad.Conv.Groups, w.Shape)
	}
	return false
}

// anyLayout tells operations whose inputs may lie in any way: where there is no faster way
// for how they do, they are run by general.
func anyLayout(o op.Op) bool {
	switch o.(type) {
	case op.GeneralConvWeightGrad, op.GeneralMaxPool, op.GeneralMaxPoolGrad,
		op.GeneralAvgPool, op.GeneralAvgPoolGrad, op.Map, op.MapGrad, op.Binary, op.SumTo, op.Broadcast, op.Reshape, op.Transpose,
		op.Slice, op.Pad, op.Concat, op.Gather, op.GatherGrad, op.Blend, op.BlendGrad, op.Standardize, op.StandardizeGrad, op.Softmax, op.SoftmaxGrad:
		return true
	}
	return false
}

// lowerAnyLayout lowers operations whose inputs may lie in any way.
func (c *compiler) lowerAnyLayout(in *plan.Instr) func() {
	if !anyLayout(in.Op) {
		return nil
	}
	for _, lower := range []func(*plan.Instr) func(){c.lowerActivation, c.lowerMoves} {
		if run := lower(in); run != nil {
			return run
		}
	}
	return c.general(in)
}

// isBlocked tells tensors of whole blocks of channels.
func (t *tensor) isBlocked() bool { return !t.flat && t.block == kernel.Block }

// lowerGeneralPooling lowers pooling with windows of any geometry; nil where arrays are not in
// blocks, or means have gaps.
func (c *compiler) lowerGeneralPooling(in *plan.Instr) func() {
	x, out := c.t(in.In[0]), c.t(in.Out)
	if !x.isBlocked() || !out.isBlocked() {
		return nil
	}
	whole := [2]int{1, 1}
	switch o := in.Op.(type) {
	case op.GeneralMaxPool:
		return c.maxPool(poolWindow{o.Window, o.Size, x, out})
	case op.GeneralMaxPoolGrad:
		if dy := c.t(in.In[1]); dy.isBlocked() {
			return c.maxPoolGrad(poolWindow{o.Window, o.Size, x, dy}, dy, out)
		}
	case op.GeneralAvgPool:
		if o.Dilation == whole {
			return c.avgPool(poolWindow{o.Window, o.Size, x, out}, o.Shares(in.In[0].Shape, in.Out.Shape))
		}
	case op.GeneralAvgPoolGrad:
		if o.Pool.Dilation == whole {
			return c.avgPoolGrad(poolWindow{o.Pool.Window, o.Pool.Size, out, x}, o.Pool.Shares(o.Shape[:], in.In[0].Shape))
		}
	}
	return nil
}

// lowerMoves lowers what moves channels of images as they are, sums of planes, and matrices
// that become images of one pixel or were such; nil for others.
func (c *compiler) lowerMoves(in *plan.Instr) func() {
	out := c.t(in.Out)
	parts := make([]*tensor, len(in.In))
	for i, v := range in.In {
		if parts[i] = c.t(v); !parts[i].isBlocked() || !out.isBlocked() || parts[i].dtype != out.dtype {
			return nil
		}
	}
	x := parts[0]
	image := len(in.In[0].Shape) == 4
	switch o := in.Op.(type) {
	case op.Concat:
		if o.Axis == 1 {
			return c.concat(parts, out)
		}
	case op.Gather:
		if o.Axis == 1 {
			return c.gather(x, o.Index, out)
		}
	case op.SumTo:
		if image && x.dtype == plan.Float32 && out.n == x.n && out.c == x.c && out.pixels() == 1 {
			return c.planes(x, func(n, b int) { c.kernels.Sum(x.plane0(n, b), out.plane0(n, b), x.w, x.h, x.stride()) })
		}
	case op.Reshape:
		if out.n == x.n && out.c == x.c && out.pixels() == 1 && x.pixels() == 1 {
			return c.concat(parts, out)
		}
	}
	return nil
}
