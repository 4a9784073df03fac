package gpu

import "hfcui/engine/plan"

// lowerStrided lowers operations that move elements, over any layout.
func (c *compiler) lowerStrided(*plan.Instr) bool { return false }
