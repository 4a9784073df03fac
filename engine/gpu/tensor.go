package gpu

import (
	"fmt"
	"math"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// octet is the number of channels that kernels load at once: images have a multiple of it.
const octet = 8

// tensor is an array on the device.
type tensor struct {
	value *plan.Value // nil for scratch memory, tables and derived arrays
	// image is NHWC with fill channels, numbers of the device's data type; otherwise the array is
	// row-major float32, or bytes that a family lays out itself.
	image      bool
	n, c, h, w int // of images
	fill       int // channels stored, a multiple of octet
	size       int // elements stored, fill channels included
	bytes      int
	span       hal.Span // assigned after lowering
	within     *tensor  // memory that this is part of, from byte at on; nil: its own
	at         int
	data       []byte // of constants and tables: uploaded once
}

// pixels is the number of pixels of an image's plane.
func (t *tensor) pixels() int { return t.h * t.w }

// packs is the number of groups of channels that are stored together, over all pixels.
func (t *tensor) octets() int { return (t.size + octet - 1) / octet }

// roundUp returns the multiple of m that is n or follows it.
func roundUp(n, m int) int { return (n + m - 1) / m * m }

// flat is a row-major float32 array. Its memory is whole octets, so that kernels may process those.
func flat(size int) *tensor {
	return &tensor{size: size, bytes: 4 * roundUp(size, octet)}
}

// imageOf is an image [N,C,H,W] of a data type.
func imageOf(shape []int, dtype plan.DType) *tensor {
	t := &tensor{image: true, n: shape[0], c: shape[1], h: shape[2], w: shape[3], fill: roundUp(shape[1], octet)}
	t.size = t.n * t.h * t.w * t.fill
	t.bytes = t.size * dtype.Bytes()
	return t
}

// t returns the tensor of v; nil for nil.
func (c *compiler) t(v *plan.Value) *tensor {
	if v == nil {
		return nil
	}
	return c.tensors[v.ID]
}

// ts returns the tensors of all values.
func (c *compiler) ts(values []*plan.Value) []*tensor {
	ts := make([]*tensor, len(values))
	for i, v := range values {
		ts[i] = c.t(v)
	}
	return ts
}

// layouts chooses the layout of every value. Families that need another one than a value has ask
// asImage or asFlat for a copy.
func (c *compiler) layouts() error {
	c.tensors = make([]*tensor, len(c.program.Values))
	for _, v := range c.program.Values {
		if v.Kind != plan.Temp && (len(c.readers[v.ID]) > 0 || v.Keep) {
			c.tensors[v.ID] = c.tensorOf(v, c.leafIsImage(v))
		}
	}
	for _, in := range c.program.Instrs {
		c.tensors[in.Out.ID] = c.tensorOf(in.Out, c.resultIsImage(in))
	}
	for _, t := range c.tensors {
		// Kernels count elements in 32 bits.
		if t != nil && t.size > math.MaxInt32-math.MaxUint16 {
			return fmt.Errorf("%s has %d elements, the most is 2³¹: use a smaller batch", t.value, t.size)
		}
	}
	return nil
}

func (c *compiler) tensorOf(v *plan.Value, image bool) *tensor {
	t := flat(v.Size())
	if image {
		t = imageOf(v.Shape, c.dev.dtype)
	}
	t.value = v
	return t
}

// leafIsImage reports whether an input, parameter or constant is stored as an image. Parameters
// stay float32 where their readers can do with that.
func (c *compiler) leafIsImage(v *plan.Value) bool {
	if len(v.Shape) != 4 || c.isWeights(v) || c.trained[v] {
		return false
	}
	if v.Kind == plan.Input {
		return true
	}
	for _, r := range c.readers[v.ID] {
		if !readsAnyLayout(r.Op) {
			return true
		}
	}
	return false
}

// resultIsImage reports whether an instruction's result is stored as an image: gradients of
// weights, computed weights and what is computed of parameters only are not.
func (c *compiler) resultIsImage(in *plan.Instr) bool {
	if len(in.Out.Shape) != 4 {
		return false
	}
	switch in.Op.(type) {
	case op.ConvWeightGrad, op.GeneralConvWeightGrad:
		return false
	}
	if !readsAnyLayout(in.Op) {
		return true
	}
	if c.isWeights(in.Out) {
		return false
	}
	flat := false
	for _, v := range in.In {
		if c.t(v).image {
			return true
		}
		flat = flat || len(v.Shape) == 4
	}
	return !flat
}

// isWeights reports whether a convolution, or its input gradient, reads v as its weights.
func (c *compiler) isWeights(v *plan.Value) bool {
	for _, r := range c.readers[v.ID] {
		for i, in := range r.In {
			if in == v && i == weightsOf(r.Op) {
				return true
			}
		}
	}
	return false
}

// weightsOf returns the index of an operation's input [K,C,R,S] of weights; −1 if it has none.
func weightsOf(o op.Op) int {
	switch o.(type) {
	case op.Conv, op.GeneralConv, plan.FusedConv:
		return 1
	case op.ConvInputGrad, op.GeneralConvInputGrad, plan.FusedConvInputGrad:
		return 0
	}
	return -1
}

// readsAnyLayout reports whether an operation's family reads and writes arrays of any layout.
func readsAnyLayout(o op.Op) bool {
	switch o.(type) {
	case op.Add, op.ReLU, op.ReLUGrad, op.Map, op.MapGrad, op.Binary,
		op.SumTo, op.Broadcast, op.Reshape, op.Transpose, op.Slice, op.Pad, op.Concat, op.Gather,
		op.GatherGrad, op.Blend, op.BlendGrad, op.Flatten, op.Unflatten, op.PadChannels, op.CutChannels:
		return true
	}
	return false
}
