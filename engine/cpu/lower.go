package cpu

import (
	"fmt"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lower lowers all instructions to steps.
func (c *compiler) lower() error {
	for i := 0; i < len(c.program.Instrs); i++ {
		in := c.program.Instrs[i]
		c.emitHalo(in.Out)
		if merged := c.lowerMerged(c.program.Instrs[i:]); merged > 0 {
			i += merged
			continue
		}
		if err := c.lowerOne(in); err != nil {
			return err
		}
	}
	return nil
}

// lowerMerged lowers the first of some instructions together with following ones, if that saves a
// pass over memory, and returns the number of those.
func (c *compiler) lowerMerged(instrs []*plan.Instr) int {
	in := instrs[0]
	merge := plan.FindMerge(instrs)
	if merge == plan.NoMerge || c.isGeneral(in) {
		return 0
	}
	switch merge {
	case plan.ConvStats:
		o, _ := plan.AsConv(in)
		m := c.moments(c.t(in.Out), c.t(instrs[1].Out))
		run := c.convolve(in, o, m.plane)
		c.emit(in.Op, func() {
			run()
			m.finish()
		})
	case plan.GradSums:
		c.lowerReducedGrad(in, c.plainReduce(instrs[1]))
	case plan.GradMaskSums:
		// Only where the mask overwrites the input gradient: elsewhere it might overwrite something
		// the convolution still reads.
		if c.t(instrs[1].Out).at(0, 0, 0, 0) != c.t(in.Out).at(0, 0, 0, 0) {
			return 0
		}
		c.lowerReducedGrad(in, c.maskedReduce(instrs[1], instrs[2]))
	case plan.MaskSums:
		c.emit(instrs[1].Op, c.maskedReduce(in, instrs[1]).run)
	}
	return merge.Len() - 1
}

// lowerReducedGrad lowers an input gradient and batch norm's sums of it to one step.
func (c *compiler) lowerReducedGrad(in *plan.Instr, r *normReduce) {
	o, _ := plan.AsConvInputGrad(in)
	run := c.convolveBack(in, o, r.plane)
	c.emit(in.Op, func() {
		r.begin()
		run()
		r.end()
	})
}

// maskedReduce is a ReLU's gradient and batch norm's sums of it.
func (c *compiler) maskedReduce(mask, sums *plan.Instr) *normReduce {
	o := sums.Op.(op.BatchNormReduce)
	r := c.reduce(sums, c.norm(sums.In[1], nil, nil, o.Epsilon), c.t(mask.In[1]))
	r.y, r.dr = c.t(mask.In[0]), c.t(mask.Out)
	r.prepare()
	return r
}

// plainReduce is batch norm's sums on their own.
func (c *compiler) plainReduce(in *plan.Instr) *normReduce {
	var r *normReduce
	switch o := in.Op.(type) {
	case op.BatchNormReduce:
		r = c.reduce(in, c.norm(in.In[1], nil, nil, o.Epsilon), c.t(in.In[2]))
	case plan.FusedNormReduce:
		r = c.reduce(in, c.norm(in.In[1], in.In[2], in.In[3], o.Epsilon), c.t(in.In[4]))
		r.rectified = true
	}
	r.prepare()
	return r
}

// t returns the tensor of v; nil for nil.
func (c *compiler) t(v *plan.Value) *tensor {
	if v == nil {
		return nil
	}
	return c.tensors[v.ID]
}

// norm returns the inputs of a batch norm.
func (c *compiler) norm(stats, gamma, beta *plan.Value, epsilon float64) norm {
	return norm{c.t(stats), c.t(gamma), c.t(beta), epsilon}
}

// reduce returns a step of batch norm's sums.
func (c *compiler) reduce(in *plan.Instr, o norm, dy *tensor) *normReduce {
	return &normReduce{c: c, x: c.t(in.In[0]), dy: dy, out: c.t(in.Out), norm: o}
}

// lowerOne lowers an instruction to a step.
func (c *compiler) lowerOne(in *plan.Instr) error {
	if c.isGeneral(in) {
		c.emit(in.Op, c.general(in))
		return nil
	}
	for _, lower := range []func(*plan.Instr) func(){c.lowerProduct, c.lowerNorm, c.lowerElementwise, c.lowerPooling, c.lowerMatrix, c.lowerAnyLayout} {
		if run := lower(in); run != nil {
			c.emit(in.Op, run)
			return nil
		}
	}
	return fmt.Errorf("unsupported operation %s", op.Name(in.Op))
}

// lowerProduct lowers convolutions, linear layers and their gradients.
func (c *compiler) lowerProduct(in *plan.Instr) func() {
	if o, ok := plan.AsConv(in); ok {
		return c.convolve(in, o, nil)
	}
	if o, ok := plan.AsConvInputGrad(in); ok {
		return c.convolveBack(in, o, nil)
	}
	switch o := in.Op.(type) {
	case op.ConvWeightGrad:
		return c.weightGrad(in, o)
	case op.Linear:
		return c.linear(in, false)
	case plan.FusedLinear:
		return c.linear(in, true)
	case op.LinearInputGrad:
		return c.linearBack(in)
	case op.LinearWeightGrad:
		return c.weightGrad(in, op.ConvWeightGrad{Stride: 1, Shape: [4]int{in.Out.Shape[0], in.Out.Shape[1], 1, 1}})
	}
	return nil
}

// lowerNorm lowers batch norm and its gradients.
func (c *compiler) lowerNorm(in *plan.Instr) func() {
	v, out := in.In, c.t(in.Out)
	switch o := in.Op.(type) {
	case op.BatchStats:
		m := c.moments(c.t(v[0]), out)
		planes := c.planes(m.x, m.plane)
		return func() {
			planes()
			m.finish()
		}
	case op.BatchNorm:
		return c.batchNorm(c.t(v[0]), out, nil, c.norm(v[1], v[2], v[3], o.Epsilon), false)
	case plan.FusedNorm:
		var addend *tensor
		if o.Residual {
			addend = c.t(v[4])
		}
		return c.batchNorm(c.t(v[0]), out, addend, c.norm(v[1], v[2], v[3], o.Epsilon), true)
	case op.BatchNormReduce, plan.FusedNormReduce:
		return c.plainReduce(in).run
	case op.BatchNormInputGrad:
		return c.normInputGrad(c.t(v[0]), c.t(v[3]), c.t(v[4]), out, c.norm(v[1], v[2], nil, o.Epsilon), false)
	case plan.FusedNormInputGrad:
		return c.normInputGrad(c.t(v[0]), c.t(v[4]), c.t(v[5]), out, c.norm(v[1], v[2], v[3], o.Epsilon), true)
	case op.BatchNormScaleGrad:
		return c.normScaleGrad(c.t(v[2]), out, c.norm(v[0], v[1], nil, o.Epsilon))
	}
	return nil
}

// lowerElementwise lowers element-wise operations and reductions.
func (c *compiler) lowerElementwise(in *plan.Instr) func() {
	v, out := in.In, c.t(in.Out)
	x := c.t(v[0])
	switch o := in.Op.(type) {
	case op.Add:
		return c.add(x, c.t(v[1]), out)
	case op.ReLU:
		return c.relu(x, out)
	case op.ReLUGrad:
		return c.reluGrad(x, c.t(v[1]), out)
	case op.Dropout:
		return c.dropout(x, c.t(v[1]), out, o.Scale())
	case op.ChannelBias:
		return c.channelBias(x, c.t(v[1]), out)
	case op.ChannelSum:
		return c.channelSum(x, out)
	case op.InputNormalize:
		scale, shift := normalizing(o)
		return c.affine(x, out, scale, shift)
	case op.InputNormalizeGrad:
		factor := perChannel(x.c)
		for i := range o.Std {
			factor[i] = 1 / o.Std[i]
		}
		return c.scaled(x, out, factor)
	}
	return nil
}

// lowerPooling lowers pooling and its gradients.
func (c *compiler) lowerPooling(in *plan.Instr) func() {
	x, out := c.t(in.In[0]), c.t(in.Out)
	switch o := in.Op.(type) {
	case op.MaxPool:
		return c.maxPool(squarePool(o.Size, o.Stride, o.Pad, x, out))
	case op.MaxPoolGrad:
		dy := c.t(in.In[1])
		return c.maxPoolGrad(squarePool(o.Size, o.Stride, o.Pad, x, dy), dy, out)
	case op.AvgPool:
		return c.avgPool(squarePool(o.Size, o.Stride, o.Pad, x, out), evenly(o.Size, out))
	case op.AvgPoolGrad:
		return c.avgPoolGrad(squarePool(o.Size, o.Stride, o.Pad, out, x), evenly(o.Size, x))
	case op.GeneralMaxPool, op.GeneralMaxPoolGrad, op.GeneralAvgPool, op.GeneralAvgPoolGrad:
		return c.lowerGeneralPooling(in)
	case op.GlobalAvgPool:
		return c.globalAvgPool(x, out)
	case op.GlobalAvgPoolGrad:
		return c.globalAvgPoolGrad(x, out)
	}
	return nil
}

// lowerMatrix lowers operations on rows of matrices, and copies.
func (c *compiler) lowerMatrix(in *plan.Instr) func() {
	x, out := c.t(in.In[0]), c.t(in.Out)
	switch o := in.Op.(type) {
	case op.PadChannels:
		return c.moveChannels(x, 0, out, o.Before)
	case op.CutChannels:
		return c.moveChannels(x, o.Before, out, 0)
	case op.Row:
		return c.row(x, o.Index, out)
	case op.Flatten:
		return c.flatten(x, out)
	case op.Unflatten:
		return c.unflatten(x, out)
	case op.ColumnSum:
		return c.columnSum(x, out)
	case op.SoftmaxCrossEntropy:
		return c.crossEntropy(o, x, c.t(in.In[1]), out)
	case op.SoftmaxCrossEntropyGrad:
		return c.crossEntropyGrad(o, x, c.t(in.In[1]), c.t(in.In[2]), out)
	case op.DLR:
		return c.dlr(o, x, c.t(in.In[1]), out)
	case op.DLRGrad:
		return c.dlrGrad(o, x, c.t(in.In[1]), c.t(in.In[2]), out)
	}
	return nil
}
