package cpu

import (
	"fmt"
	"math"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// layouts chooses the layout of every value. Activations are blocked, per-channel arrays and
// weights are flat. All planes of a size have the same halo, so that element-wise operations have
// equal layouts; only inputs of few channels that go straight into convolutions are packed tighter.
func (c *compiler) layouts() error {
	c.tensors = make([]*tensor, len(c.program.Values))
	halos := c.halos()
	for _, v := range c.program.Values {
		if v.Kind != plan.Temp && (len(c.readers[v.ID]) > 0 || v.Keep) {
			c.tensors[v.ID] = c.leaf(v, halos)
		}
	}
	for _, in := range c.program.Instrs {
		shape := in.Out.Shape
		if c.makesFlat(in) || len(shape) != 4 && len(shape) != 2 {
			c.tensors[in.Out.ID] = flat(in.Out.Size())
			continue
		}
		t := c.blocked(shape, halos)
		c.tensors[in.Out.ID] = t
	}
	for _, in := range c.program.Instrs {
		if err := c.checkInputs(in); err != nil {
			return err
		}
	}
	for _, v := range c.program.Values {
		if t := c.tensors[v.ID]; t != nil && !t.flat && t.bytes(t.image())*groupOf(t.pixels(), t.n) > math.MaxInt32 {
			return fmt.Errorf("an image of %s exceeds 2 GB", v)
		}
	}
	return nil
}

func flat(n int) *tensor { return &tensor{layout: layout{flat: true, n: n}} }

// blocked is the layout of [N,C,H,W], which has the device's data type and its size's halo, or
// of a matrix [N,C]: that has none, also where planes of one pixel have.
func (c *compiler) blocked(shape []int, halos map[[2]int]int) *tensor {
	l := layout{n: shape[0], c: shape[1], h: 1, w: 1, block: kernel.Block}
	if len(shape) == 4 {
		l.h, l.w, l.dtype, l.halo = shape[2], shape[3], c.dtype, halos[[2]int(shape[2:])]
	}
	return &tensor{layout: l}
}

// leaf returns the tensor of an input, parameter or constant: flat if it is read as flat.
func (c *compiler) leaf(v *plan.Value, halos map[[2]int]int) *tensor {
	if v.Kind == plan.Constant || len(v.Shape) != 2 && len(v.Shape) != 4 {
		return flat(v.Size())
	}
	for _, in := range c.readers[v.ID] {
		for i, r := range in.In {
			if r == v && flatInputs(in.Op)(i) {
				return flat(v.Size())
			}
		}
	}
	t := c.blocked(v.Shape, halos)
	if few := kernel.Block / 4; t.c <= few && !v.Keep && c.onlyConvolved(v) {
		t.block = few
	}
	return t
}

// onlyConvolved reports whether v is read only by convolutions and their weight gradients, as images.
func (c *compiler) onlyConvolved(v *plan.Value) bool {
	for _, in := range c.readers[v.ID] {
		_, weights := in.Op.(op.ConvWeightGrad)
		if o, ok := plan.AsConv(in); !weights && !(ok && o.Conv.Groups == 1) {
			return false
		}
		for i, r := range in.In {
			if r == v && i > 0 {
				return false
			}
		}
	}
	return true
}

// makesFlat reports whether an instruction's result is flat.
func (c *compiler) makesFlat(in *plan.Instr) bool {
	switch in.Op.(type) {
	case op.BatchStats, op.BatchNormReduce, plan.FusedNormReduce, op.ConvWeightGrad, op.LinearWeightGrad:
		return true
	case op.Add, op.ReLU, op.ReLUGrad:
		return c.tensors[in.In[0].ID].flat
	}
	return false
}

// flatInputs reports which inputs of an operation are flat: per-channel arrays and weights.
func flatInputs(o op.Op) func(i int) bool {
	from := func(first, last int) func(int) bool {
		return func(i int) bool { return i >= first && i <= last }
	}
	switch o := o.(type) {
	case op.Conv, op.GeneralConv, op.ChannelBias:
		return from(1, 1)
	case plan.FusedConv:
		last := len(o.Dims()) - 2
		if o.Residual {
			last--
		}
		return from(1, last)
	case op.ConvInputGrad, op.GeneralConvInputGrad, op.LinearInputGrad:
		return from(0, 0)
	case plan.FusedConvInputGrad:
		return func(i int) bool { return i == 0 || o.Norm && (i == 2 || i == 3) }
	case op.BatchNorm, plan.FusedNorm, plan.FusedNormReduce:
		return from(1, 3)
	case op.BatchNormReduce:
		return from(1, 1)
	case op.BatchNormInputGrad:
		return from(1, 3)
	case plan.FusedNormInputGrad:
		return from(1, 4)
	case op.BatchNormScaleGrad:
		return from(0, 1)
	case op.Row:
		return from(0, 0)
	case op.Linear, plan.FusedLinear:
		return from(1, 2)
	case op.SoftmaxCrossEntropyGrad, op.DLRGrad:
		return from(2, 2)
	}
	return func(int) bool { return false }
}

// checkInputs checks that an instruction's inputs have the layouts that its step expects.
func (c *compiler) checkInputs(in *plan.Instr) error {
	if anyLayout(in.Op) || c.isGeneral(in) {
		return nil
	}
	isFlat := flatInputs(in.Op)
	for i, v := range in.In {
		want := isFlat(i)
		switch in.Op.(type) {
		case op.Add, op.ReLU, op.ReLUGrad:
			want = c.tensors[in.Out.ID].flat
		}
		if c.tensors[v.ID].flat != want {
			return fmt.Errorf("%s cannot read %s: parameters and activations have different layouts", op.Name(in.Op), v)
		}
	}
	return nil
}

// halos returns, for every size of planes, the largest halo of its convolutions.
func (c *compiler) halos() map[[2]int]int {
	halos := make(map[[2]int]int)
	look := func(shape []int, windows ...window) {
		size := [2]int{shape[2], shape[3]}
		for i := range windows {
			halos[size] = max(halos[size], windows[i].halo(size[0], size[1]))
		}
	}
	for _, in := range c.program.Instrs {
		if c.isGeneral(in) {
			continue
		}
		if o, ok := plan.AsConv(in); ok {
			look(in.In[0].Shape, forwardWindow(o.Conv, in.In[1].Shape, in.Out.Shape))
		}
		if o, ok := plan.AsConvInputGrad(in); ok {
			look(in.In[1].Shape, backwardWindows(o.Grad, in.In[0].Shape)...)
		}
		if o, ok := in.Op.(op.ConvWeightGrad); ok {
			look(in.In[0].Shape, forwardWindow(op.Conv{Stride: o.Stride, Pad: o.Pad}.General(), o.Shape[:], in.In[1].Shape))
		}
	}
	return halos
}

func forwardWindow(o op.GeneralConv, w, y []int) window {
	return convWindow(w[2], w[3], o.Window, y[2], y[3])
}

func backwardWindows(o op.GeneralConvInputGrad, w []int) []window {
	return gradWindows(w[2], w[3], o.Conv.Window, o.Shape[2], o.Shape[3])
}
