package cpu

import "hfcui/engine/cpu/kernel"

// chunkPixels is the approximate size of a chunk of element-wise work: large enough to amortize
// scheduling, small enough to balance load.
const chunkPixels = 1024

// planes returns a function that calls f for all planes of t.
func (c *compiler) planes(t *tensor, f func(n, b int)) func() {
	return c.planesBy(t, func(_, n, b int) { f(n, b) })
}

// planesBy is planes with the worker's index.
func (c *compiler) planesBy(t *tensor, f func(worker, n, b int)) func() {
	blocks := t.blocks()
	total := t.n * blocks
	each := max(1, min(chunkPixels/t.pixels(), (total+4*c.pool.threads-1)/(4*c.pool.threads)))
	if total*t.pixels() <= chunkPixels {
		each = total
	}
	body := func(worker, i int) {
		for p := i * each; p < min(total, (i+1)*each); p++ {
			f(worker, p/blocks, p%blocks)
		}
	}
	chunks := (total + each - 1) / each
	return func() { c.pool.each(chunks, body) }
}

// everywhere returns a function that calls f for ranges that cover all elements of tensors with t's
// layout: the offset of the first pixel, pixels per row and rows.
func (c *compiler) everywhere(t *tensor, f func(offset, pixels, rows int)) func() {
	if !t.flat && t.halo > 0 {
		return c.planes(t, func(n, b int) { f(t.offset(n, b, 0, 0), t.w, t.h) })
	}
	total := roundUp(t.size(), kernel.Block) / kernel.Block
	body := func(_, i int) { f(i*chunkPixels*kernel.Block, min(chunkPixels, total-i*chunkPixels), 1) }
	chunks := (total + chunkPixels - 1) / chunkPixels
	return func() { c.pool.each(chunks, body) }
}

// stride returns the bytes between rows; flat arrays have one row.
func (c *compiler) stride(t *tensor) int {
	if t.flat {
		return 0
	}
	return t.stride()
}

func (c *compiler) add(a, b, y *tensor) func() {
	k, stride := c.of(y), c.stride(y)
	return c.everywhere(y, func(i, pixels, rows int) {
		k.Add(a.pointer(i), b.pointer(i), y.pointer(i), pixels, rows, stride)
	})
}

func (c *compiler) relu(x, y *tensor) func() {
	k, stride := c.of(y), c.stride(y)
	return c.everywhere(y, func(i, pixels, rows int) {
		k.ReLU(x.pointer(i), y.pointer(i), pixels, rows, stride)
	})
}

func (c *compiler) reluGrad(y, dy, dx *tensor) func() {
	k, stride := c.of(y), c.stride(y)
	return c.everywhere(y, func(i, pixels, rows int) {
		k.ReLUGrad(y.pointer(i), dy.pointer(i), dx.pointer(i), pixels, rows, stride)
	})
}

// dropout is y = x·scale where keep is positive, else 0.
func (c *compiler) dropout(x, keep, y *tensor, scale float32) func() {
	k, stride, factor := c.of(y), c.stride(y), every(scale)
	return c.everywhere(y, func(i, pixels, rows int) {
		k.ReLUGrad(keep.pointer(i), x.pointer(i), y.pointer(i), pixels, rows, stride)
		k.Scale(y.pointer(i), y.pointer(i), &factor[0], pixels, rows, stride)
	})
}

// scaled is y = x·factor, channel by channel.
func (c *compiler) scaled(x, y *tensor, factor []float32) func() {
	return c.planes(x, func(n, b int) {
		c.of(x).Scale(x.plane0(n, b), y.plane0(n, b), &factor[b*kernel.Block], x.w, x.h, x.stride())
	})
}

// affine is y = x·scale + shift, channel by channel.
func (c *compiler) affine(x, y *tensor, scale, shift []float32) func() {
	return c.planes(x, func(n, b int) {
		k := b * kernel.Block
		c.of(x).Affine(x.plane0(n, b), y.plane0(n, b), &scale[k], &shift[k], x.w, x.h, x.stride())
	})
}

// channelBias is y = x + bias.
func (c *compiler) channelBias(x, bias, y *tensor) func() {
	one, shift := ones(x.c), perChannel(x.c)
	all := c.affine(x, y, one, shift)
	return func() {
		copy(shift, bias.data[:x.c])
		all()
	}
}

// channelSum sums x over images and pixels.
func (c *compiler) channelSum(x, out *tensor) func() {
	blocks := x.blocks()
	partial := c.scratch.take(x.n * blocks * kernel.Block)
	all := c.planes(x, func(n, b int) {
		c.of(x).Sum(x.plane0(n, b), &(*partial)[(n*blocks+b)*kernel.Block], x.w, x.h, x.stride())
	})
	return func() {
		all()
		for i := range x.c {
			sum := 0.0
			for n := range x.n {
				sum += float64((*partial)[n*blocks*kernel.Block+i])
			}
			out.data[i] = float32(sum)
		}
	}
}

// columnSum sums the rows of a matrix.
func (c *compiler) columnSum(x, out *tensor) func() {
	sums := perChannel(x.c)
	body := func(_, b int) {
		c.kernels.Sum(x.plane0(0, b), &sums[b*kernel.Block], 1, x.n, x.bytes(x.image()))
	}
	return func() {
		c.pool.each(x.blocks(), body)
		copy(out.data[:x.c], sums)
	}
}
