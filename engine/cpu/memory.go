package cpu

import (
	"slices"
	"unsafe"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// aligned returns n zeros, aligned to a cache line.
func aligned(n int) []float32 {
	const line = kernel.PixelBytes / 4
	b := make([]float32, n+line)
	adviseHugePages(b)
	at := 0
	for uintptr(unsafe.Pointer(&b[at]))%kernel.PixelBytes != 0 {
		at++
	}
	return b[at : at+n : at+n]
}

// slack is the number of words after an array that kernels may read without using them: weight
// gradients read rows of taps in complete blocks.
const slack = 2 * kernel.Block

// place is the position of an instruction's value in the arena.
type place struct {
	at, size int // in words; nowhere: size 0
	inPlace  bool
}

func (p place) overlaps(o place) bool { return p.at < o.at+o.size && o.at < p.at+p.size }

// arena assigns instructions' values places in one buffer, so that values share memory only if they
// are not live at the same time. A pixel-wise instruction runs in place over an input that is dead
// afterwards: the arena is that of a program in which both are one value.
func (c *compiler) arena() (places []place, total int) {
	last := c.lastReads()
	merged := &plan.Program{Values: make([]*plan.Value, len(c.program.Values))}
	for i, v := range c.program.Values {
		copied := *v
		merged.Values[i] = &copied
	}
	nothing := &plan.Value{ID: len(merged.Values)}
	merged.Values = append(merged.Values, nothing)
	stand := slices.Clone(merged.Values) // the value's representative in the merged program
	places = make([]place, len(c.program.Values))
	for i, in := range c.program.Instrs {
		m := &plan.Instr{Out: stand[in.Out.ID]}
		for _, v := range in.In {
			m.In = append(m.In, stand[v.ID])
		}
		if over := c.overwritten(in, i, last); over >= 0 {
			stand[in.Out.ID], places[in.Out.ID].inPlace = stand[over], true
			stand[over].Keep = stand[over].Keep || in.Out.Keep
			m.Out = nothing
		}
		merged.Instrs = append(merged.Instrs, m)
	}
	size := func(v *plan.Value) int {
		if v == nothing {
			return 0
		}
		return c.tensors[v.ID].memory()
	}
	offsets, total := plan.Arena(merged, size)
	for i := range places {
		if at := offsets[stand[i].ID]; at >= 0 && c.tensors[i] != nil {
			places[i].at, places[i].size = at, roundUp(c.tensors[i].memory(), kernel.Block)
		}
	}
	return places, total
}

// lastReads returns the last instruction that reads each value; outputs are read after the end.
func (c *compiler) lastReads() []int {
	last := make([]int, len(c.program.Values))
	for i, in := range c.program.Instrs {
		for _, v := range in.In {
			last[v.ID] = i
		}
	}
	for _, v := range c.program.Values {
		if v.Keep {
			last[v.ID] = len(c.program.Instrs)
		}
	}
	return last
}

// overwritten returns the ID of the input that instruction i may overwrite with its output; −1 if
// none.
func (c *compiler) overwritten(in *plan.Instr, i int, last []int) int {
	for _, v := range pixelwise(in) {
		a, b := c.tensors[v.ID], c.tensors[in.Out.ID]
		if v.Kind == plan.Temp && last[v.ID] == i && a.layout == b.layout {
			return v.ID
		}
	}
	return -1
}

// pixelwise returns the inputs of which an instruction reads a pixel only before it writes that
// pixel of its output.
func pixelwise(in *plan.Instr) []*plan.Value {
	switch o := in.Op.(type) {
	case op.Add, op.ReLU, op.InputNormalize, op.InputNormalizeGrad, op.Map, op.MapGrad:
		return in.In
	case op.ReLUGrad:
		return []*plan.Value{in.In[1], in.In[0]}
	case op.ChannelBias, op.BatchNorm, op.Dropout:
		return in.In[:1]
	case plan.FusedNorm:
		return append(in.In[:1:1], in.In[4:]...)
	case op.BatchNormInputGrad:
		return []*plan.Value{in.In[4], in.In[0]}
	case plan.FusedNormInputGrad:
		return []*plan.Value{in.In[5], in.In[0]}
	case op.BatchNormScaleGrad:
		return in.In[2:]
	case plan.FusedConv:
		return residual(in, o.Residual)
	case plan.FusedConvInputGrad:
		return residual(in, o.Residual)
	}
	return nil
}

// residual returns a convolution's addend, its last input, unless that is also its image.
func residual(in *plan.Instr, has bool) []*plan.Value {
	last := len(in.In) - 1
	if !has || slices.Contains(in.In[:last], in.In[last]) {
		return nil
	}
	return in.In[last:]
}

// allocate assigns every value its memory and records whose halo must be zeroed in every run: those
// that share memory with another layout. Other halos are initially zero and never written.
func (c *compiler) allocate() {
	places, total := c.arena()
	buffer := aligned(total + slack)
	c.haloShared = make([]bool, len(places))
	for id, p := range places {
		t := c.tensors[id]
		if p.size == 0 {
			continue
		}
		t.data = buffer[p.at:]
		if t.flat || t.halo == 0 || p.inPlace {
			continue
		}
		for other, q := range places {
			if q.size > 0 && p.overlaps(q) && (p.at != q.at || !c.tensors[other].sameHalo(&t.layout)) {
				c.haloShared[id] = true
			}
		}
	}
	for _, v := range c.program.Values {
		if t := c.tensors[v.ID]; t != nil && t.data == nil {
			t.data = aligned(roundUp(t.memory(), kernel.Block) + slack)
			if v.Kind == plan.Constant {
				copy(t.data, v.Data)
			}
		}
	}
}

// sameHalo reports whether the halos of both coincide within their common range.
func (l *layout) sameHalo(o *layout) bool {
	return !l.flat && l.block == o.block && l.dtype == o.dtype && l.halo == o.halo && l.h == o.h && l.w == o.w
}
