package cpu

import (
	"math"
	"slices"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
)

// poolWindow is the window of a pooling operation from a plane x to a smaller one y.
type poolWindow struct {
	op.Window
	size [2]int
	x, y *tensor
}

// squarePool is the window of a pooling operation that is alike along both axes.
func squarePool(size, stride, pad int, x, y *tensor) poolWindow {
	return poolWindow{op.Conv{Stride: stride, Pad: pad}.General().Window, [2]int{size, size}, x, y}
}

// rows calls f for every tap of row oy of y that sees at least one pixel of x: with the
// first output for which it lies inside, how many those are, and what the first one sees.
func (p *poolWindow) rows(n, b, oy int, f func(first, count, x int)) {
	stride := p.Stride[1]
	for r := range p.size[0] {
		iy := oy*p.Stride[0] + r*p.Dilation[0] - p.Pad[0]
		if iy < 0 || iy >= p.x.h {
			continue
		}
		for s := range p.size[1] {
			at := s*p.Dilation[1] - p.Pad[1] // what output 0 sees
			first := max(0, (stride-1-at)/stride)
			last := min(p.y.w-1, (p.x.w-1-at)/stride)
			if p.x.w-1-at >= 0 && first <= last {
				f(first, last-first+1, p.x.offset(n, b, iy, first*stride+at))
			}
		}
	}
}

// step is bytes between what neighboring outputs see.
func (p *poolWindow) step() int { return p.x.bytes(p.Stride[1] * p.x.block) }

// rowScratch is a row of pixels stored as t's are, one for each worker.
func (c *compiler) rowScratch(t *tensor) []*tensor {
	rows := make([]*tensor, c.pool.threads)
	for i := range rows {
		rows[i] = &tensor{layout: layout{n: 1, c: kernel.Block, h: 1, w: t.w, block: kernel.Block, dtype: t.dtype}}
		rows[i].data = aligned(rows[i].memory())
	}
	return rows
}

// every is a block with v in every channel.
func every(v float32) []float32 {
	b := aligned(kernel.Block)
	for i := range b {
		b[i] = v
	}
	return b
}

func (c *compiler) maxPool(p poolWindow) func() {
	least := every(float32(math.Inf(-1)))
	return c.planes(p.y, func(n, b int) {
		for oy := range p.y.h {
			p.maxRow(c.of(p.y), n, b, oy, p.y, p.y.offset(n, b, oy, 0), least)
		}
	})
}

// maxRow computes row oy of y into dst, at an offset.
func (p *poolWindow) maxRow(k *kernel.Set, n, b, oy int, dst *tensor, at int, least []float32) {
	k.Fill(&least[0], dst.pointer(at), p.y.w, 1, 0)
	p.rows(n, b, oy, func(first, count, x int) {
		k.StepMax(p.x.pointer(x), dst.pointer(at+first*kernel.Block), count, p.step())
	})
}

// maxPoolGrad gives each of dy to the first largest element of its window in dx, from x.
func (c *compiler) maxPoolGrad(p poolWindow, dy, dx *tensor) func() {
	zero, least := every(0), every(float32(math.Inf(-1)))
	k, largest, left := c.of(dx), c.rowScratch(p.y), c.rowScratch(p.y)
	return c.planesBy(p.y, func(worker, n, b int) {
		k.Fill(&zero[0], dx.plane0(n, b), dx.w, dx.h, dx.stride())
		y, rest := largest[worker], left[worker]
		for oy := range p.y.h {
			p.maxRow(k, n, b, oy, y, 0, least)
			copy(rest.data, dy.data[dy.words(dy.offset(n, b, oy, 0)):])
			p.rows(n, b, oy, func(first, count, x int) {
				at := first * kernel.Block
				k.StepMaxGrad(p.x.pointer(x), y.pointer(at), rest.pointer(at), dx.pointer(x), count, p.step())
			})
		}
	})
}

// avgPool sums every window in float32 before the mean is stored. shares is, for every output
// of a plane, what an element counts.
func (c *compiler) avgPool(p poolWindow, shares []float64) func() {
	k, share, means := c.of(p.x), blocksOf(shares), make([][]float32, c.pool.threads)
	for i := range means {
		means[i] = every(0)
	}
	return c.planesBy(p.y, func(worker, n, b int) {
		mean := &means[worker][0]
		for oy := range p.y.h {
			y0, y1 := p.inside(0, oy, p.x.h)
			for ox := range p.y.w {
				x0, x1 := p.inside(1, ox, p.x.w)
				if y0 >= y1 || x0 >= x1 {
					clear(means[worker])
				} else {
					k.Sum(p.x.at(n, b, y0, x0), mean, x1-x0, y1-y0, p.x.stride())
				}
				c.kernels.Scale(mean, mean, &share[(oy*p.y.w+ox)*kernel.Block], 1, 1, 0)
				k.Fill(mean, p.y.at(n, b, oy, ox), 1, 1, 0)
			}
		}
	})
}

// inside is the part, first to before last, of output o's window that lies within size along
// an axis.
func (p *poolWindow) inside(axis, o, size int) (first, last int) {
	first = o*p.Stride[axis] - p.Pad[axis]
	return max(0, first), min(size, first+p.size[axis])
}

// blocksOf is every number sixteen times.
func blocksOf(numbers []float64) []float32 {
	b := aligned(len(numbers) * kernel.Block)
	for i := range b {
		b[i] = float32(numbers[i/kernel.Block])
	}
	return b
}

// evenly is what elements count where every output of y's planes is the mean of as many.
func evenly(size int, y *tensor) []float64 {
	return slices.Repeat([]float64{1 / float64(size*size)}, y.pixels())
}

// avgPoolGrad spreads dy, p's y, evenly over windows of dx, p's x: shares is as avgPool's.
func (c *compiler) avgPoolGrad(p poolWindow, shares []float64) func() {
	dy, dx := p.y, p.x
	k, zero, share, rows := c.of(dx), every(0), blocksOf(shares), c.rowScratch(dy)
	return c.planesBy(dy, func(worker, n, b int) {
		k.Fill(&zero[0], dx.plane0(n, b), dx.w, dx.h, dx.stride())
		row := rows[worker]
		for oy := range dy.h {
			for ox := range dy.w {
				k.Scale(dy.at(n, b, oy, ox), row.pointer(ox*kernel.Block), &share[(oy*dy.w+ox)*kernel.Block], 1, 1, 0)
			}
			p.rows(n, b, oy, func(first, count, x int) {
				k.StepSpread(row.pointer(first*kernel.Block), dx.pointer(x), count, p.step())
			})
		}
	})
}

// globalAvgPool is the mean of every plane of x, as a matrix.
func (c *compiler) globalAvgPool(x, y *tensor) func() {
	share := every(1 / float32(x.pixels()))
	return c.planes(x, func(n, b int) {
		out := y.plane0(n, b)
		c.of(x).Sum(x.plane0(n, b), out, x.w, x.h, x.stride())
		c.kernels.Scale(out, out, &share[0], 1, 1, 0)
	})
}

// globalAvgPoolGrad spreads the matrix dy evenly over the planes of dx.
func (c *compiler) globalAvgPoolGrad(dy, dx *tensor) func() {
	share, pixels := every(1/float32(dx.pixels())), c.rowScratch(dy)
	return c.planesBy(dx, func(worker, n, b int) {
		pixel := pixels[worker].pointer(0)
		c.kernels.Scale(dy.plane0(n, b), pixel, &share[0], 1, 1, 0)
		c.of(dx).Fill(pixel, dx.plane0(n, b), dx.w, dx.h, dx.stride())
	})
}
