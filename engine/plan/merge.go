package plan

import "hfcui/engine/op"

// Merge is what instructions in a row compute that devices can compute in one pass over memory,
// although each has a result of its own.
type Merge int

// The merges. Gather moves the instructions of most of them together.
const (
	// NoMerge is a single instruction.
	NoMerge Merge = iota
	// ConvStats is a convolution, and BatchStats of its result.
	ConvStats
	// GradSums is a convolution's input gradient, and batch norm's sums of it.
	GradSums
	// GradMaskSums is a convolution's input gradient, the gradient of the ReLU before the
	// convolution, and batch norm's sums of that.
	GradMaskSums
	// MaskSums is a ReLU's gradient, and batch norm's sums of it.
	MaskSums
)

// Len is the number of instructions.
func (m Merge) Len() int {
	switch m {
	case NoMerge:
		return 1
	case GradMaskSums:
		return 3
	}
	return 2
}

// FindMerge returns what the first instructions of a program, or of the rest of one, merge to.
// They are all read-after-write: a device that cannot merge them runs them one by one.
func FindMerge(instrs []*Instr) Merge {
	if len(instrs) < 2 {
		return NoMerge
	}
	in, next := instrs[0], instrs[1]
	if _, ok := AsConv(in); ok {
		if _, ok := next.Op.(op.BatchStats); ok && next.In[0] == in.Out {
			return ConvStats
		}
		return NoMerge
	}
	if _, ok := AsConvInputGrad(in); ok {
		switch {
		case reduced(next) == in.Out && next.In[0] != in.Out:
			return GradSums
		case isReLUGrad(next) && next.In[1] == in.Out && len(instrs) > 2 && masksSums(next, instrs[2]):
			return GradMaskSums
		}
		return NoMerge
	}
	if isReLUGrad(in) && masksSums(in, next) {
		return MaskSums
	}
	return NoMerge
}

// masksSums reports whether next is batch norm's sums of a ReLU's gradient.
func masksSums(mask, next *Instr) bool {
	_, ok := next.Op.(op.BatchNormReduce)
	return ok && next.In[2] == mask.Out && next.In[0] != mask.Out
}
