package gpu

import (
	"fmt"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lower lowers all instructions to launches.
func (c *compiler) lower() error {
	for i, in := range c.program.Instrs {
		c.at = i
		if c.done[in] || c.lowerMerged(c.program.Instrs[i:]) {
			continue
		}
		if !c.lowerOne(in) {
			return fmt.Errorf("unsupported operation %s", op.Name(in.Op))
		}
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// lowerMerged adds the launches of an instruction together with those that follow it, if that saves
// a pass over memory.
func (c *compiler) lowerMerged(instrs []*plan.Instr) bool {
	switch plan.FindMerge(instrs) {
	case plan.MaskSums:
		return c.maskSums(instrs[0], instrs[1])
	}
	return false
}

// lowerOne adds an instruction's launches; false if no family knows its operation. A family reads
// c.t(in.In[i]), writes c.t(in.Out), takes memory with temporary, derive, table and indices, and
// calls launch.
func (c *compiler) lowerOne(in *plan.Instr) bool {
	for _, lower := range []func(*plan.Instr) bool{
		c.lowerProduct, c.lowerNorm, c.lowerPooling, c.lowerRows, c.lowerElementwise, c.lowerStrided,
	} {
		if lower(in) {
			return true
		}
	}
	return false
}
