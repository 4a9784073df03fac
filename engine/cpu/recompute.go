package cpu

import (
	"slices"

	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// roomy is how many bytes of values a program may keep without ado. Larger ones compute
// some activations a second time instead of keeping them for the backward pass.
const roomy = 544 << 20

// economize makes a large program keep less, one activation after the other, the largest
// first, until it is small enough or there is nothing more to gain.
func (c *compiler) economize() error {
	for {
		if _, total := c.arena(); 4*total <= c.roomy {
			return nil
		}
		in := c.recomputable()
		if in == nil {
			return nil
		}
		c.recompute(in)
		if err := c.layouts(); err != nil {
			return err
		}
	}
}

// recomputable gives the instruction with the largest result that only the gradients of
// weights need long after it is made, and that can be made again of what is kept anyway:
// rectified batch norm. nil if there is none.
func (c *compiler) recomputable() (best *plan.Instr) {
	last := c.lastReads()
	for i, in := range c.program.Instrs {
		o, ok := in.Op.(plan.FusedNorm)
		x, y := in.In[0], in.Out
		if !ok || o.Residual || x.Kind != plan.Temp || x.Keep || y.Keep || last[x.ID] == i {
			continue
		}
		late, early := 0, 0
		for _, r := range c.readers[y.ID] {
			if c.movable(r, y) {
				late++
			} else {
				early = max(early, slices.Index(c.program.Instrs, r))
			}
		}
		if late > 0 && early < last[x.ID] && (best == nil || c.t(y).memory() > c.t(best.Out).memory()) {
			best = in
		}
	}
	return best
}

// movable tells whether an instruction is a gradient of weights from y that nothing else
// waits for.
func (c *compiler) movable(in *plan.Instr, y *plan.Value) bool {
	_, ok := in.Op.(op.ConvWeightGrad)
	return ok && in.In[1] != y && len(c.readers[in.Out.ID]) == 0
}

// recompute does in a second time, in the memory of its input after that has been read
// last, and then the gradients of weights that read the result.
func (c *compiler) recompute(in *plan.Instr) {
	again := &plan.Value{ID: len(c.program.Values), Shape: in.Out.Shape, Kind: plan.Temp}
	c.program.Values = append(c.program.Values, again)
	after := c.program.Instrs[c.lastReads()[in.In[0].ID]]
	moved := []*plan.Instr{{Op: in.Op, In: in.In, Out: again}}
	for _, r := range c.readers[in.Out.ID] {
		if c.movable(r, in.Out) {
			r.In[0] = again
			moved = append(moved, r)
		}
	}
	rest := slices.DeleteFunc(c.program.Instrs, func(r *plan.Instr) bool { return slices.Contains(moved, r) })
	c.program.Instrs = slices.Insert(rest, slices.Index(rest, after)+1, moved...)
	c.readers = c.program.Readers()
}
