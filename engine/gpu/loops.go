package gpu

import (
	"slices"

	"hfcui/engine/plan"
)

// view is an array, or a part of it, as an array of a shape with strides, in elements.
type view struct {
	tensor  *tensor
	at      int // of the first element
	shape   []int
	strides []int
}

// viewOf returns a value's array.
func (c *compiler) viewOf(v *plan.Value) view {
	t := c.t(v)
	x := view{tensor: t, shape: v.Shape, strides: make([]int, len(v.Shape))}
	if t.image {
		copy(x.strides, []int{t.pixels() * t.fill, 1, t.w * t.fill, t.fill})
		return x
	}
	n := 1
	for i := len(v.Shape) - 1; i >= 0; i-- {
		x.strides[i] = n
		n *= v.Shape[i]
	}
	return x
}

// broadcast repeats axes of size 1 to a shape.
func (x view) broadcast(shape []int) view {
	x.strides = slices.Clone(x.strides)
	for i, n := range x.shape {
		if n == 1 {
			x.strides[i] = 0
		}
	}
	x.shape = shape
	return x
}

// transpose permutes axes: axis i is axis perm[i] of x.
func (x view) transpose(perm []int) view {
	y := view{tensor: x.tensor, at: x.at}
	for _, i := range perm {
		y.shape, y.strides = append(y.shape, x.shape[i]), append(y.strides, x.strides[i])
	}
	return y
}

// from begins at an index of an axis.
func (x view) from(axis, index int) view {
	x.at += index * x.strides[axis]
	return x
}

// drop removes an axis, of which it keeps the first index.
func (x view) drop(axis int) view {
	x.shape = slices.Delete(slices.Clone(x.shape), axis, axis+1)
	x.strides = slices.Delete(slices.Clone(x.strides), axis, axis+1)
	return x
}

// channel returns the index of an image's channel that the view begins with.
func (x view) channel() int { return x.at % x.tensor.fill }

// fills reports whether an image's zeros continue its channels, so that a copy may read them for
// the fill channels of another.
func (x view) fills(a *loop) bool {
	return x.tensor.image && a.of == 1 && a.x == 1 && x.channel()+a.limit == x.tensor.c && x.channel()+a.size <= x.tensor.fill
}

// loop is one of the nested loops of a kernel.
type loop struct {
	of        int  // axis of the result
	size      int  // turns
	y, x, w   int  // strides of the result, the input, and a second input
	low, high int  // turns for which the input has elements
	limit     int  // turns that are more are fill channels, which become zero
	apart     bool // not to be merged
}

// loops returns the loops over all elements of a part of an array that has a shape, outermost
// first, in the order of memory. An image's channels include the fill channels if the part has
// the last channel.
func (x view) loops(shape []int) []loop {
	loops := make([]loop, len(shape))
	for i, n := range shape {
		loops[i] = loop{of: i, size: n, limit: n, high: n, y: x.strides[i]}
		if t := x.tensor; t.image && i == 1 && x.channel()+n == t.c {
			loops[i].size += t.fill - t.c
		}
	}
	slices.SortStableFunc(loops, func(a, b loop) int { return b.y - a.y })
	return loops
}

// turns is the product of all loops' turns.
func turns(loops []loop) int {
	n := 1
	for _, a := range loops {
		n *= a.size
	}
	return n
}

// whole reports whether a loop treats all its turns alike.
func (a loop) whole() bool { return a.low == 0 && a.high >= a.size && a.limit >= a.size && !a.apart }

// merge removes loops of one turn and makes one of two of which the inner one continues where the
// outer one goes on, in all arrays.
func merge(loops []loop) []loop {
	var merged []loop
	for _, a := range loops {
		if a.size == 1 && a.whole() {
			continue
		}
		if k := len(merged) - 1; k >= 0 && merged[k].whole() && a.whole() {
			if o := &merged[k]; o.y == a.y*a.size && o.x == a.x*a.size && o.w == a.w*a.size {
				n := o.size * a.size
				*o = loop{of: -1, size: n, y: a.y, x: a.x, w: a.w, high: n, limit: n}
				continue
			}
		}
		merged = append(merged, a)
	}
	return merged
}

// widen makes unit elements one, if a copy's arrays allow it. Offsets are those of both arrays.
func widen(loops []loop, unit int, offsets ...int) bool {
	k := len(loops) - 1
	if k < 0 || loops[k].x != 1 || loops[k].y != 1 {
		return false
	}
	last := loops[k]
	counts := append(offsets, last.size, last.low, last.high, last.limit)
	for _, a := range loops[:k] {
		counts = append(counts, a.x, a.y)
	}
	if slices.ContainsFunc(counts, func(n int) bool { return n%unit != 0 }) {
		return false
	}
	a := &loops[k]
	a.size, a.low, a.high, a.limit = a.size/unit, a.low/unit, a.high/unit, a.limit/unit
	for i := range loops[:k] {
		loops[i].x, loops[i].y = loops[i].x/unit, loops[i].y/unit
	}
	return true
}

// refine returns loops that visit the elements of x and y in the order of both shapes; false if a
// loop would have to step from one axis to the next of one of them.
func refine(x, y view) (loops []loop, ok bool) {
	i, j := len(x.shape)-1, len(y.shape)-1
	doneX, doneY := 1, 1 // turns of the axes i and j that loops have
	for i >= 0 || j >= 0 {
		switch {
		case i >= 0 && x.shape[i] == doneX:
			i, doneX = i-1, 1
			continue
		case j >= 0 && y.shape[j] == doneY:
			j, doneY = j-1, 1
			continue
		}
		m, n := x.shape[i]/doneX, y.shape[j]/doneY
		size := min(m, n)
		if m%size != 0 || n%size != 0 {
			return nil, false
		}
		loops = append(loops, loop{of: -1, size: size, x: x.strides[i] * doneX, y: y.strides[j] * doneY, high: size, limit: size})
		doneX, doneY = doneX*size, doneY*size
	}
	slices.Reverse(loops)
	return loops, true
}

// loopTable returns a table of integers per loop.
func (c *compiler) loopTable(loops []loop, row func(loop) []int) *tensor {
	var values []int
	for _, a := range loops {
		values = append(values, row(a)...)
	}
	return c.indices(values)
}
