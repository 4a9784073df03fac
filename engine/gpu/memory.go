package gpu

import (
	"errors"
	"fmt"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// allocate assigns all tensors their memory in one buffer: first what instructions compute, which
// shares memory where it is not live at the same time, then what keeps its own.
func (c *compiler) allocate() (hal.Buffer, error) {
	offsets, total := c.arena()
	shared := total
	for _, v := range c.program.Values {
		if t := c.t(v); t != nil && t.within == nil && v.Kind != plan.Temp {
			c.fixed = append(c.fixed, t)
		}
	}
	for _, t := range c.fixed {
		offsets[t] = total
		total += roundUp(t.bytes, hal.Align)
	}
	buffer, err := c.dev.hal.Alloc(max(total, hal.Align))
	if err != nil {
		return nil, c.fitting(err, shared, total-shared)
	}
	for t, at := range offsets {
		t.span = hal.Span{Buffer: buffer, Offset: at, Bytes: t.bytes}
	}
	for _, t := range c.placed {
		t.span = hal.Span{Buffer: buffer, Offset: t.within.span.Offset + t.at, Bytes: t.bytes}
	}
	return buffer, nil
}

// fitting adds to the error of an allocation the batch size that fits, if it can be known: memory
// that instructions share, and that of inputs, is in proportion to the batch.
func (c *compiler) fitting(err error, shared, own int) error {
	var full *hal.OutOfMemory
	batch := 0
	for _, l := range c.inputs {
		if t := l.tensor; t != nil && t.image {
			batch = t.n
			shared, own = shared+t.bytes, own-t.bytes
		}
	}
	if batch == 0 || !errors.As(err, &full) || full.Free == 0 {
		return err
	}
	if fits := (full.Free - int64(own)) * int64(batch) / int64(max(shared, 1)); fits > 0 {
		return fmt.Errorf("%w; a batch of %d fits", err, min(fits, int64(batch)-1))
	}
	return fmt.Errorf("%w; no batch fits", err)
}

// arena returns offsets in bytes of the tensors that instructions compute or use as scratch memory,
// and the end. It is plan.Arena's for a program in which scratch memory is computed right before
// the instruction that uses it, as are results of later instructions that it computes.
func (c *compiler) arena() (offsets map[*tensor]int, total int) {
	p := &plan.Program{Values: append([]*plan.Value(nil), c.program.Values...)}
	tensors := append([]*tensor(nil), c.tensors...)
	for i, in := range c.program.Instrs {
		for _, v := range c.early[i] {
			p.Instrs = append(p.Instrs, &plan.Instr{Out: v})
		}
		if c.done[in] {
			continue
		}
		reading := &plan.Instr{In: append([]*plan.Value(nil), in.In...), Out: in.Out}
		for _, t := range c.scratch[i] {
			v := &plan.Value{ID: len(p.Values), Kind: plan.Temp}
			p.Values, tensors = append(p.Values, v), append(tensors, t)
			p.Instrs = append(p.Instrs, &plan.Instr{Out: v})
			reading.In = append(reading.In, v)
		}
		p.Instrs = append(p.Instrs, reading)
	}
	// The arena's elements are a sixteenth of the alignment, of which it makes all offsets multiples.
	const unit = hal.Align / 16
	at, total := plan.Arena(p, func(v *plan.Value) int {
		if tensors[v.ID].within != nil {
			return 0
		}
		return (tensors[v.ID].bytes + unit - 1) / unit
	})
	offsets = make(map[*tensor]int)
	for i, t := range tensors {
		if at[i] >= 0 {
			offsets[t] = at[i] * unit
		}
	}
	return offsets, total * unit
}
