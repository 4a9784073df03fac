package gpu

import "hfcui/engine/plan"

// lowerProduct lowers convolutions, linear layers and their gradients.
func (c *compiler) lowerProduct(*plan.Instr) bool { return false }
