package gpu

import (
	"slices"

	"hfcui/engine/gpu/hal"
)

// packing is the launch that packs all weights at once: after a step of training all of them have
// changed, and a launch for each would take longer than the packing.
type packing struct {
	memory *tensor  // all of it
	table  *tensor  // a row for each of the launches: see kernel pack_all
	rows   []launch // of kernel pack_weights
}

// piece is the unit of pack_all's places in memory, in bytes: hal.Align is a multiple of it.
const piece = 256

var _ [0]int = [hal.Align % piece]int{}

// mergePacking makes one of the launches that pack weights. It is the last of those of derived
// arrays: weights may be scaled by others.
func (c *compiler) mergePacking() {
	isPacking := func(d *derived) bool {
		return len(d.launches) == 1 && d.launches[0].kernel == "pack_weights"
	}
	var rows []launch
	groups := 0
	for _, d := range c.derived {
		if isPacking(d) {
			rows = append(rows, d.launches[0])
			groups += d.launches[0].groups[0]
		}
	}
	if len(rows) < 2 {
		return
	}
	p := packing{memory: &tensor{}, rows: rows}
	p.table = c.constant(make([]byte, 4*len(rows)*(1+len(rows[0].args))))
	c.packing = p
	all := &derived{key: "weights", stale: true}
	all.launches = []launch{{module: rows[0].module, kernel: "pack_all", groups: [3]int{groups, 1, 1}, threads: maxThreads, args: []any{p.memory, p.memory, p.table, len(rows)}}}
	c.derived = append(slices.DeleteFunc(c.derived, isPacking), all)
	for _, l := range c.params {
		if n := len(l.derived); n > 0 {
			if l.derived = slices.DeleteFunc(l.derived, isPacking); len(l.derived) < n {
				l.derived = append(l.derived, all)
			}
		}
	}
}

// placePacking writes the table when arrays have their places in memory.
func (c *compiler) placePacking(memory hal.Buffer) {
	if c.packing.memory == nil {
		return
	}
	c.packing.memory.span = hal.All(memory)
	var values []int
	group := 0
	for _, l := range c.packing.rows {
		values = append(values, group)
		for _, a := range l.args {
			if t, ok := a.(*tensor); ok {
				values = append(values, t.span.Offset/piece)
			} else {
				values = append(values, a.(int))
			}
		}
		group += l.groups[0]
	}
	copy(c.packing.table.data, int32s(values))
}
