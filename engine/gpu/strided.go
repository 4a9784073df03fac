package gpu

import (
	"slices"

	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// lowerStrided lowers operations that move elements, broadcast or sum, over any layout and of any
// rank: nests of loops (loops.go) in which every array has its strides.
func (c *compiler) lowerStrided(in *plan.Instr) bool {
	x := c.viewOf(in.In[0])
	switch o := in.Op.(type) {
	case op.Reshape, op.Flatten, op.Unflatten:
		c.reshape(in)
	case op.Broadcast:
		c.copy(in, in.Out.Shape, x.broadcast(in.Out.Shape), 0, nothing)
	case op.Transpose:
		c.copy(in, in.Out.Shape, x.transpose(o.Perm), 0, nothing)
	case op.Slice:
		c.copy(in, in.Out.Shape, x.from(o.Axis, o.Start), 0, nothing)
	case op.CutChannels:
		c.copy(in, in.Out.Shape, x.from(1, o.Before), 0, nothing)
	case op.Row:
		c.copy(in, in.Out.Shape, x.from(0, o.Index).drop(0), 0, nothing)
	case op.Pad:
		c.copy(in, in.Out.Shape, x, 0, padding{o.Axis, o.Before, o.Before + x.shape[o.Axis], o.Value})
	case op.PadChannels:
		c.copy(in, in.Out.Shape, x, 0, padding{1, o.Before, o.Before + x.shape[1], 0})
	case op.Concat:
		c.concat(in, o)
	case op.Gather, op.GatherGrad, op.Blend, op.BlendGrad:
		axis, rows := combination(o)
		c.combine(in, axis, rows)
	case op.Binary:
		c.broadcastBinary(in, o)
	case op.SumTo:
		c.sumTo(in)
	default:
		return false
	}
	return true
}

// padding is the range of an axis that a copy reads, and what it writes outside of it.
type padding struct {
	axis, low, high int
	value           float32
}

var nothing = padding{axis: -1}

// copy copies x, of a shape, to the instruction's result, from start on along the padding's axis.
func (c *compiler) copy(in *plan.Instr, shape []int, x view, start int, p padding) {
	out := c.viewOf(in.Out)
	if start > 0 {
		out = out.from(p.axis, start)
	}
	loops := out.loops(shape)
	for i := range loops {
		a := &loops[i]
		a.x, a.low, a.high = x.strides[a.of], 0, a.size
		if a.of == p.axis && start == 0 && p.high > 0 {
			a.low, a.high = p.low, p.high
		} else if p.value == 0 && x.fills(a) {
			a.limit = a.size
		}
	}
	c.launchCopy(x, out, loops, p.value)
}

// launchCopy launches a copy over the given loops.
func (c *compiler) launchCopy(x, out view, loops []loop, value float32) {
	loops = merge(loops)
	bfX, bfOut := c.isBF16(x.tensor), c.isBF16(out.tensor)
	unit := 4
	if bfX {
		unit = 8
	}
	if bfX == bfOut && value == 0 && widen(loops, unit, x.at, out.at) {
		c.launch(source.Strided(), "copy_wide", over(turns(loops)), maxThreads,
			x.tensor, out.tensor, c.copyTable(loops), len(loops), turns(loops), x.at/unit, out.at/unit)
		return
	}
	c.launch(source.Strided(), "copy", over(turns(loops)), maxThreads,
		x.tensor, out.tensor, c.copyTable(loops), len(loops), turns(loops), x.at, out.at, flag(bfX), flag(bfOut), value)
}

func (c *compiler) copyTable(loops []loop) *tensor {
	return c.loopTable(loops, func(a loop) []int { return []int{a.size, a.y, a.x, a.low, a.high, a.limit} })
}

// concat copies the parts one behind the other.
func (c *compiler) concat(in *plan.Instr, o op.Concat) {
	start := 0
	for _, v := range in.In {
		c.copy(in, v.Shape, c.viewOf(v), start, padding{axis: o.Axis})
		start += v.Shape[o.Axis]
	}
}

// reshape copies the elements in their order. Where the axes of both shapes have no common
// factors, it does so by way of a row-major copy.
func (c *compiler) reshape(in *plan.Instr) {
	x, out := c.viewOf(in.In[0]), c.viewOf(in.Out)
	loops, ok := refine(x, out)
	if !ok {
		size := in.Out.Size()
		x = view{tensor: c.asFlat(in.In[0]), shape: []int{size}, strides: []int{1}}
		loops, _ = refine(x, out)
	}
	// Fill channels are part of the channels' axis if that is one of the loops, else cleared apart.
	if t := out.tensor; t.image && t.fill > t.c {
		i := slices.IndexFunc(loops, func(a loop) bool { return a.y == 1 && a.size == t.c })
		switch {
		case i >= 0:
			loops[i].size, loops[i].limit = t.fill, t.c
		case t.c == 1:
			loops = append(loops, loop{of: -1, size: t.fill, y: 1, high: t.fill, limit: 1})
		default:
			c.clearFill(t)
		}
	}
	slices.SortStableFunc(loops, func(a, b loop) int { return b.y - a.y })
	c.launchCopy(x, out, loops, 0)
}

// clearFill writes an image's fill channels.
func (c *compiler) clearFill(t *tensor) {
	loops := []loop{{size: t.n * t.pixels(), y: t.fill}, {size: t.fill - t.c, y: 1}}
	for i := range loops {
		loops[i].high, loops[i].limit = loops[i].size, loops[i].size
	}
	loops[1].limit = 0
	out := view{tensor: t, at: t.c}
	c.launchCopy(view{tensor: t}, out, loops, 0)
}

// broadcastBinary launches a binary operation with broadcasting.
func (c *compiler) broadcastBinary(in *plan.Instr, o op.Binary) {
	shape := in.Out.Shape
	a, b, out := c.viewOf(in.In[0]).broadcast(shape), c.viewOf(in.In[1]).broadcast(shape), c.viewOf(in.Out)
	loops := out.loops(shape)
	for i := range loops {
		loops[i].x, loops[i].w, loops[i].high = a.strides[loops[i].of], b.strides[loops[i].of], loops[i].size
	}
	loops = merge(loops)
	table := c.loopTable(loops, func(a loop) []int { return []int{a.size, a.y, a.x, a.w, a.limit} })
	f := slices.Index([]string{"add", "sub", "mul", "div"}, o.Func)
	c.launch(source.Strided(), "binary", over(turns(loops)), maxThreads, a.tensor, b.tensor, out.tensor, table, len(loops), turns(loops),
		flag(c.isBF16(a.tensor)), flag(c.isBF16(b.tensor)), flag(c.isBF16(out.tensor)), f)
}

// term is an addend of a combination: weight·x[index].
type term struct {
	index  int
	weight float32
}

// combination returns the axis along which an operation combines elements, and the terms of each
// element of the result.
func combination(o op.Op) (axis int, rows [][]term) {
	switch o := o.(type) {
	case op.Gather:
		for _, i := range o.Index {
			rows = append(rows, []term{{i, 1}})
		}
		return o.Axis, rows
	case op.GatherGrad:
		rows = make([][]term, o.Length)
		for from, to := range o.Index {
			rows[to] = append(rows[to], term{from, 1})
		}
		return o.Axis, rows
	case op.Blend:
		for i, w := range o.Weight {
			rows = append(rows, []term{{o.Low[i], 1 - w}, {o.High[i], w}})
		}
		return o.Axis, rows
	case op.BlendGrad:
		rows = make([][]term, o.Length)
		for from, w := range o.Blend.Weight {
			low, high := o.Blend.Low[from], o.Blend.High[from]
			rows[low] = append(rows[low], term{from, 1 - w})
			rows[high] = append(rows[high], term{from, w})
		}
		return o.Blend.Axis, rows
	}
	panic("gpu: not a combination") // a mistake of lowerStrided
}

// combine launches sums of weighted elements along an axis.
func (c *compiler) combine(in *plan.Instr, along int, rows [][]term) {
	begin, index, weights := []int{0}, []int(nil), []float32(nil)
	for _, row := range rows {
		for _, t := range row {
			index, weights = append(index, t.index), append(weights, t.weight)
		}
		begin = append(begin, len(index))
	}
	x, out := c.viewOf(in.In[0]), c.viewOf(in.Out)
	loops := out.loops(in.Out.Shape)
	for i := range loops {
		a := &loops[i]
		a.x, a.high, a.apart = x.strides[a.of], a.size, a.of == along
	}
	loops = merge(loops)
	special := slices.IndexFunc(loops, func(a loop) bool { return a.apart })
	table := c.loopTable(loops, func(a loop) []int { return []int{a.size, a.y, a.x, a.limit} })
	c.launch(source.Strided(), "combine", over(turns(loops)), maxThreads, x.tensor, out.tensor, table, c.indices(begin), c.indices(index),
		c.table(weights), len(loops), turns(loops), special, flag(c.isBF16(x.tensor)), flag(c.isBF16(out.tensor)))
}

// sumTo launches the sum over the axes that the result has not.
func (c *compiler) sumTo(in *plan.Instr) {
	x, out := c.viewOf(in.In[0]), c.viewOf(in.Out)
	var summed []loop
	for i, n := range x.shape {
		if out.shape[i] == 1 && n > 1 {
			summed = append(summed, loop{size: n, x: x.strides[i], high: n, limit: n})
		}
	}
	slices.SortStableFunc(summed, func(a, b loop) int { return b.x - a.x })
	kept := out.loops(out.shape)
	for i := range kept {
		kept[i].x, kept[i].high = x.strides[kept[i].of], kept[i].size
	}
	c.launchSum(x.tensor, out.tensor, merge(kept), merge(summed))
}

// launchSum launches sums over axes of x, in two steps where one group per sum has too much to add.
func (c *compiler) launchSum(x, out *tensor, kept, summed []loop) {
	sums := turns(kept)
	across := 1 // sums of a group
	if sums >= 32 {
		across = 32
	}
	groups := (sums + across - 1) / across
	// A thread adds at least 16 terms, and there are about a thousand groups. The numbers depend on
	// shapes only, as the order of summation does.
	parts := max(1, min(turns(summed)/(16*maxThreads/across), 1024/groups))
	launch := func(x, dst *tensor, kept, summed []loop, parts int) {
		keptTable := c.loopTable(kept, func(a loop) []int { return []int{a.size, a.y, a.x, a.limit} })
		summedTable := c.loopTable(summed, func(a loop) []int { return []int{a.size, a.x} })
		c.launch(source.Strided(), "sum", [3]int{groups, parts, 1}, maxThreads, x, dst, keptTable, summedTable, len(kept), len(summed),
			sums, turns(summed), across, flag(c.isBF16(x)), flag(c.isBF16(dst)))
	}
	if parts == 1 {
		launch(x, out, kept, summed, 1)
		return
	}
	partial := c.temporary(4 * parts * sums)
	launch(x, partial, kept, summed, parts)
	linear := slices.Clone(kept)
	for i, n := len(linear)-1, 1; i >= 0; i-- {
		linear[i].x = n
		n *= linear[i].size
	}
	launch(partial, out, linear, []loop{{size: parts, x: sums}}, 1)
}

// isBF16 reports whether an array's elements are bf16.
func (c *compiler) isBF16(t *tensor) bool { return t.image && !c.float32() }
