package cpu

import (
	"fmt"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lower makes steps of all instructions.
func (c *compiler) lower() error {
	for i := 0; i < len(c.program.Instrs); i++ {
		in := c.program.Instrs[i]
		var next *plan.Instr
		if i+1 < len(c.program.Instrs) {
			next = c.program.Instrs[i+1]
		}
		c.emitHalo(in.Out)
		switch merged, err := c.lowerTwo(in, next); {
		case err != nil:
			return err
		case merged:
			i++
		default:
			if err := c.lowerOne(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// lowerTwo makes one step of two instructions, where that saves a pass over memory.
func (c *compiler) lowerTwo(in, next *plan.Instr) (merged bool, err error) {
	if next == nil {
		return false, nil
	}
	switch next.Op.(type) {
	case op.BatchStats:
		if o, ok := asConv(in); ok && next.In[0] == in.Out {
			m := c.moments(c.t(in.Out), c.t(next.Out))
			run := c.convolve(in, o, m.plane)
			c.emit(in.Op, func() {
				run()
				m.finish()
			})
			return true, nil
		}
	case op.BatchNormReduce:
		if isReLUGrad(in) && next.In[2] == in.Out && next.In[0] != in.Out {
			r := c.reduce(next, c.norm(next.In[1], nil, nil, epsilonOf(next.Op)), c.t(in.In[1]))
			r.y, r.dr = c.t(in.In[0]), c.t(in.Out)
			r.prepare()
			c.emit(next.Op, r.run)
			return true, nil
		}
	}
	return false, nil
}

// asConv gives the convolution an instruction is, if it is one.
func asConv(in *plan.Instr) (plan.FusedConv, bool) {
	switch o := in.Op.(type) {
	case op.Conv:
		return plan.FusedConv{Conv: o}, true
	case plan.FusedConv:
		return o, true
	}
	return plan.FusedConv{}, false
}

func epsilonOf(o op.Op) float64 {
	switch o := o.(type) {
	case op.BatchNorm:
		return o.Epsilon
	case op.BatchNormReduce:
		return o.Epsilon
	}
	return 0
}

// t is the tensor of v; nil for none.
func (c *compiler) t(v *plan.Value) *tensor {
	if v == nil {
		return nil
	}
	return c.tensors[v.ID]
}

// norm gathers what a batch norm reads.
func (c *compiler) norm(stats, gamma, beta *plan.Value, epsilon float64) norm {
	return norm{c.t(stats), c.t(gamma), c.t(beta), epsilon}
}

// reduce begins a step for batch norm's sums.
func (c *compiler) reduce(in *plan.Instr, o norm, dy *tensor) *normReduce {
	return &normReduce{c: c, x: c.t(in.In[0]), dy: dy, out: c.t(in.Out), norm: o}
}

// lowerOne makes a step of an instruction.
func (c *compiler) lowerOne(in *plan.Instr) error {
	for _, lower := range []func(*plan.Instr) func(){c.lowerProduct, c.lowerNorm, c.lowerElementwise, c.lowerPooling, c.lowerMatrix} {
		if run := lower(in); run != nil {
			c.emit(in.Op, run)
			return nil
		}
	}
	return fmt.Errorf("there is no way to run %s", op.Name(in.Op))
}

// lowerProduct lowers convolutions, linear layers and their gradients.
func (c *compiler) lowerProduct(in *plan.Instr) func() {
	if o, ok := asConv(in); ok {
		return c.convolve(in, o, nil)
	}
	switch o := in.Op.(type) {
	case op.ConvInputGrad:
		return c.convolveBack(in, plan.FusedConvInputGrad{Grad: o})
	case plan.FusedConvInputGrad:
		return c.convolveBack(in, o)
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
	case op.BatchNormReduce:
		r := c.reduce(in, c.norm(v[1], nil, nil, o.Epsilon), c.t(v[2]))
		r.prepare()
		return r.run
	case plan.FusedNormReduce:
		r := c.reduce(in, c.norm(v[1], v[2], v[3], o.Epsilon), c.t(v[4]))
		r.rectified = true
		r.prepare()
		return r.run
	case op.BatchNormInputGrad:
		return c.normInputGrad(c.t(v[0]), c.t(v[3]), c.t(v[4]), out, c.norm(v[1], v[2], nil, o.Epsilon), false)
	case plan.FusedNormInputGrad:
		return c.normInputGrad(c.t(v[0]), c.t(v[4]), c.t(v[5]), out, c.norm(v[1], v[2], v[3], o.Epsilon), true)
	case op.BatchNormScaleGrad:
		return c.normScaleGrad(c.t(v[2]), out, c.norm(v[0], v[1], nil, o.Epsilon))
	}
	return nil
}

// lowerElementwise lowers what goes over arrays element by element, and sums of them.
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
		return c.maxPool(poolWindow{o.Size, o.Stride, o.Pad, x, out})
	case op.MaxPoolGrad:
		dy := c.t(in.In[1])
		return c.maxPoolGrad(poolWindow{o.Size, o.Stride, o.Pad, x, dy}, dy, out)
	case op.AvgPool:
		return c.avgPool(poolWindow{o.Size, o.Stride, o.Pad, x, out})
	case op.AvgPoolGrad:
		return c.avgPoolGrad(poolWindow{o.Size, o.Stride, o.Pad, out, x})
	case op.GlobalAvgPool:
		return c.globalAvgPool(x, out)
	case op.GlobalAvgPoolGrad:
		return c.globalAvgPoolGrad(x, out)
	}
	return nil
}

// lowerMatrix lowers what works on rows of matrices.
func (c *compiler) lowerMatrix(in *plan.Instr) func() {
	x, out := c.t(in.In[0]), c.t(in.Out)
	switch o := in.Op.(type) {
	case op.Row:
		return c.row(x, o.Index, out)
	case op.Flatten:
		return c.flatten(x, out)
	case op.Unflatten:
		return c.unflatten(x, out)
	case op.ColumnSum:
		return c.columnSum(x, out)
	case op.Softmax:
		return c.softmax(x, out)
	case op.SoftmaxCrossEntropy:
		return c.crossEntropy(x, c.t(in.In[1]), out)
	case op.SoftmaxCrossEntropyGrad:
		return c.crossEntropyGrad(x, c.t(in.In[1]), c.t(in.In[2]), out)
	}
	return nil
}
