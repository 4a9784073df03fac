package gpu

import "hfcui/engine/plan"

// lowerRows lowers operations on rows of matrices.
func (c *compiler) lowerRows(*plan.Instr) bool { return false }
