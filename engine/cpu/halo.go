package cpu

import "hfcui/engine/plan"

// emitHalo adds a step that zeroes the halo of v, if it may be dirty.
func (c *compiler) emitHalo(v *plan.Value) {
	if !c.haloShared[v.ID] {
		return
	}
	t := c.tensors[v.ID]
	clearPlane := c.clearHalo(t)
	planes := c.planes(t, clearPlane)
	end := func() { t.clear(t.size()-t.margin(), t.size()) }
	c.steps = append(c.steps, step{"halo", func() {
		planes()
		end()
	}})
}

// clearHalo returns a function that zeroes the halo of a plane, except below it, which is the next
// plane's.
func (c *compiler) clearHalo(t *tensor) func(n, b int) {
	zero, fill := every(0), c.of(t).Fill
	return func(n, b int) {
		at := n*t.image() + b*t.plane()
		fill(&zero[0], t.pointer(at), t.margin()/t.block, 1, 0)
		if t.h > 1 {
			right := at + t.margin() + t.row() - t.halo*t.block
			fill(&zero[0], t.pointer(right), t.halo, t.h-1, t.stride())
		}
	}
}
