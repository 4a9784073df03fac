package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// flatten turns images into rows of a matrix, channel by channel.
func (c *compiler) flatten(x, y *tensor) func() {
	return c.rowsOf(y, func(n int) {
		x.store(n, y.values(n))
		y.fill(n)
	})
}

// unflatten turns rows of a matrix into images.
func (c *compiler) unflatten(x, y *tensor) func() {
	one, zero := ones(y.c), perChannel(y.c)
	return c.rowsOf(x, func(n int) { y.load(n, x.values(n), one, zero) })
}

// row copies one row of a flat matrix.
func (c *compiler) row(x *tensor, index int, y *tensor) func() {
	return func() { copy(y.data[:y.n], x.data[index*y.n:]) }
}

// moveChannels copies channels of x, beginning with from, to those of y that begin with to,
// as many as both have; y's others are 0.
func (c *compiler) moveChannels(x *tensor, from int, y *tensor, to int) func() {
	count := min(x.c-from, y.c-to)
	move := moveBlock[float32]
	if y.dtype == plan.BFloat16 {
		move = moveBlock[kernel.BF16]
	}
	return c.planes(y, func(n, b int) {
		// The block's channels that come from x may lie in two blocks there.
		first, end := max(b*kernel.Block, to), min((b+1)*kernel.Block, to+count)
		if first > b*kernel.Block || end < (b+1)*kernel.Block {
			for row := range y.h {
				at := y.offset(n, b, row, 0)
				y.clear(at, at+y.w*kernel.Block)
			}
		}
		for first < end {
			source := first - to + from
			some := min(end-first, kernel.Block-source%kernel.Block)
			move(x, n, source, y, first, some)
			first += some
		}
	})
}

// concat puts the channels of images behind each other.
func (c *compiler) concat(parts []*tensor, y *tensor) func() {
	move := moveBlock[float32]
	if y.dtype == plan.BFloat16 {
		move = moveBlock[kernel.BF16]
	}
	return c.planes(y, func(n, b int) {
		from, to := b*kernel.Block, min(y.c, (b+1)*kernel.Block)
		at := 0 // channel of y where a part begins
		for _, x := range parts {
			for k := max(from, at); k < min(to, at+x.c); {
				source := k - at
				some := min(min(to, at+x.c)-k, kernel.Block-source%kernel.Block)
				move(x, n, source, y, k, some)
				k += some
			}
			at += x.c
		}
		if to%kernel.Block > 0 {
			y.clearFilling(n)
		}
	})
}

// gather takes channels of x by their numbers.
func (c *compiler) gather(x *tensor, index []int, y *tensor) func() {
	move := moveBlock[float32]
	if y.dtype == plan.BFloat16 {
		move = moveBlock[kernel.BF16]
	}
	return c.planes(y, func(n, b int) {
		from, to := b*kernel.Block, min(y.c, (b+1)*kernel.Block)
		for k := from; k < to; {
			some := 1 // that are together in x, too
			for k+some < to && index[k+some] == index[k]+some && index[k+some]%kernel.Block > 0 {
				some++
			}
			move(x, n, index[k], y, k, some)
			k += some
		}
		if to%kernel.Block > 0 {
			y.clearFilling(n)
		}
	})
}

// moveBlock copies some channels that lie in one block to one block.
func moveBlock[E kernel.Element](x *tensor, n, from int, y *tensor, to, count int) {
	src, dst := elements[E](x), elements[E](y)
	for row := range y.h {
		s := src[x.offset(n, from/kernel.Block, row, 0)+from%kernel.Block:]
		d := dst[y.offset(n, to/kernel.Block, row, 0)+to%kernel.Block:]
		switch count {
		case kernel.Block:
			copy(d[:y.w*kernel.Block], s)
			continue
		case 1:
			for at := 0; at < y.w*kernel.Block; at += kernel.Block {
				d[at] = s[at]
			}
			continue
		}
		for at := 0; at < y.w*kernel.Block; at += kernel.Block {
			copy(d[at:at+count], s[at:at+count])
		}
	}
}
