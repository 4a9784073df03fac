package cpu

import (
	"math"

	"hfcui/engine/cpu/kernel"
)

// perChannel returns an array of a value per channel, padded to complete blocks with zeros.
func perChannel(channels int) []float32 { return aligned(roundUp(channels, kernel.Block)) }

// ones returns 1 for every channel.
func ones(channels int) []float32 {
	v := perChannel(channels)
	for i := range channels {
		v[i] = 1
	}
	return v
}

// moments sums planes of x for mean and variance, relative to the center pixel, so that a mean far
// from zero costs no precision.
type moments struct {
	c       *compiler
	x       *tensor
	stats   *tensor // flat, [2,C]
	partial *[]float32
	body    func(worker, i int)
}

// Values per plane: sums, sums of squares, and their reference.
const momentsSize = 3 * kernel.Block

func (c *compiler) moments(x, stats *tensor) *moments {
	m := &moments{c: c, x: x, stats: stats, partial: c.scratch.take(x.n * x.blocks() * momentsSize)}
	m.body = m.combine
	return m
}

func (m *moments) plane(n, b int) {
	out := (*m.partial)[(n*m.x.blocks()+b)*momentsSize:][:momentsSize]
	k, shift := m.c.of(m.x), &out[2*kernel.Block]
	k.Sum(m.x.at(n, b, m.x.h/2, m.x.w/2), shift, 1, 1, 0)
	k.Moments(m.x.plane0(n, b), shift, &out[0], m.x.w, m.x.h, m.x.stride())
}

// finish computes the statistics from the sums of all planes.
func (m *moments) finish() { m.c.pool.each(m.x.blocks(), m.body) }

// combine does so for the channels of one block: Chan, Golub and LeVeque 1979.
func (m *moments) combine(_, b int) {
	var mean, squares [kernel.Block]float64
	count, planes := float64(m.x.pixels()), float64(m.x.n)
	each := func(f func(k int, mean, squares float64)) {
		for n := range m.x.n {
			p := (*m.partial)[(n*m.x.blocks()+b)*momentsSize:][:momentsSize]
			for k := range kernel.Block {
				sum := float64(p[k])
				f(k, float64(p[2*kernel.Block+k])+sum/count, float64(p[kernel.Block+k])-sum*sum/count)
			}
		}
	}
	each(func(k int, m, _ float64) { mean[k] += m / planes })
	each(func(k int, m, s float64) { squares[k] += s + count*(m-mean[k])*(m-mean[k]) })
	for k := range min(kernel.Block, m.x.c-b*kernel.Block) {
		c := b*kernel.Block + k
		m.stats.data[c] = float32(mean[k])
		m.stats.data[m.x.c+c] = float32(max(squares[k]/(count*planes), 0))
	}
}

// norm is the inputs of a batch norm.
type norm struct {
	stats, gamma, beta *tensor // flat; beta may be nil
	epsilon            float64
}

// channels is the number of channels.
func (o *norm) channels() int { return o.stats.n / 2 }

// inverse is 1/√(variance + epsilon).
func (o *norm) inverse(c int) float64 {
	return 1 / math.Sqrt(float64(o.stats.data[o.channels()+c])+o.epsilon)
}

// affine returns a channel's scale and shift. Recomputing the sign of the result requires exactly
// these.
func (o *norm) affine(c int) (scale, shift float32) {
	s := float64(o.gamma.data[c]) * o.inverse(c)
	return float32(s), float32(float64(o.beta.data[c]) - float64(o.stats.data[c])*s)
}

// affines does this for all channels.
func (o *norm) affines(scale, shift []float32) {
	for c := range o.channels() {
		scale[c], shift[c] = o.affine(c)
	}
}

// batchNorm is y = norm(x), with an addend, rectified.
func (c *compiler) batchNorm(x, y, addend *tensor, o norm, rectify bool) func() {
	scale, shift := perChannel(x.c), perChannel(x.c)
	k := c.of(x)
	all := c.planes(x, func(n, b int) {
		in, out, stride, a, s := x.plane0(n, b), y.plane0(n, b), x.stride(), &scale[b*kernel.Block], &shift[b*kernel.Block]
		switch {
		case addend != nil:
			k.AffineAddReLU(in, addend.plane0(n, b), out, a, s, x.w, x.h, stride)
		case rectify:
			k.AffineReLU(in, out, a, s, x.w, x.h, stride)
		default:
			k.Affine(in, out, a, s, x.w, x.h, stride)
		}
	})
	return func() {
		o.affines(scale, shift)
		all()
	}
}

// normReduce sums dy and dy·(x − mean) over planes, for batch norm's gradients with respect to
// gamma and beta.
type normReduce struct {
	c            *compiler
	x, dy, out   *tensor // out is flat, [2,C]
	y, dr        *tensor // with y, dy counts only where it is positive, and is kept in dr
	norm         norm
	rectified    bool      // dy counts only where the norm's result was positive
	coefficients []float32 // a block: mean, scale, shift
	partial      *[]float32
	planes       func()
	finish       func(worker, i int)
}

const (
	reduceSize         = 2 * kernel.Block // sums for one plane
	reduceCoefficients = 3 * kernel.Block
)

func (r *normReduce) prepare() {
	r.partial = r.c.scratch.take(r.x.n * r.x.blocks() * reduceSize)
	r.coefficients = aligned(r.x.blocks() * reduceCoefficients)
	r.planes = r.c.planes(r.x, r.plane)
	r.finish = r.combine
}

func (r *normReduce) run() {
	r.begin()
	r.planes()
	r.end()
}

// begin prepares the coefficients that plane reads.
func (r *normReduce) begin() {
	for c := range r.x.c {
		k := r.coefficients[c/kernel.Block*reduceCoefficients+c%kernel.Block:]
		k[0] = r.norm.stats.data[c]
		if r.rectified {
			k[kernel.Block], k[2*kernel.Block] = r.norm.affine(c)
		}
	}
}

// end adds the sums of all planes.
func (r *normReduce) end() { r.c.pool.each(r.x.blocks(), r.finish) }

func (r *normReduce) plane(n, b int) {
	x, dy := r.x.plane0(n, b), r.dy.plane0(n, b)
	mean, out := &r.coefficients[b*reduceCoefficients], &(*r.partial)[(n*r.x.blocks()+b)*reduceSize]
	k, w, h, stride := r.c.of(r.x), r.x.w, r.x.h, r.x.stride()
	switch {
	case r.rectified:
		k.NormSumsReLU(x, dy, mean, out, w, h, stride)
	case r.y != nil:
		k.NormSumsMasked(x, r.y.plane0(n, b), dy, r.dr.plane0(n, b), mean, out, w, h, stride)
	default:
		k.NormSums(x, dy, mean, out, w, h, stride)
	}
}

// combine adds the planes of a block of channels.
func (r *normReduce) combine(_, b int) {
	var sum, product [kernel.Block]float64
	for n := range r.x.n {
		p := (*r.partial)[(n*r.x.blocks()+b)*reduceSize:][:reduceSize]
		for k := range kernel.Block {
			sum[k] += float64(p[k])
			product[k] += float64(p[kernel.Block+k])
		}
	}
	for k := range min(kernel.Block, r.x.c-b*kernel.Block) {
		c := b*kernel.Block + k
		r.out.data[c] = float32(product[k] * r.norm.inverse(c))
		r.out.data[r.x.c+c] = float32(sum[k])
	}
}

// normInputGrad is batch norm's gradient with respect to x where the statistics are those
// of x, from normReduce's result and dy, which counts only where the norm's result was
// positive if rectified.
func (c *compiler) normInputGrad(x, reduced, dy, dx *tensor, o norm, rectified bool) func() {
	const size = 5 * kernel.Block
	coefficients := aligned(x.blocks() * size)
	f := c.of(x).NormGrad
	if rectified {
		f = c.of(x).NormGradReLU
	}
	all := c.planes(x, func(n, b int) {
		f(x.plane0(n, b), dy.plane0(n, b), dx.plane0(n, b), &coefficients[b*size], x.w, x.h, x.stride())
	})
	count := float64(x.n * x.pixels())
	return func() {
		for c := range x.c {
			k := coefficients[c/kernel.Block*size+c%kernel.Block:]
			inverse := o.inverse(c)
			scale := float64(o.gamma.data[c]) * inverse
			slope := -scale * inverse * float64(reduced.data[c]) / count
			k[0], k[kernel.Block] = float32(scale), float32(slope)
			k[2*kernel.Block] = float32(-scale*float64(reduced.data[x.c+c])/count - slope*float64(o.stats.data[c]))
			if rectified {
				k[3*kernel.Block], k[4*kernel.Block] = o.affine(c)
			}
		}
		all()
	}
}

// normScaleGrad is batch norm's gradient with respect to x where the statistics are fixed.
func (c *compiler) normScaleGrad(dy, dx *tensor, o norm) func() {
	factor := perChannel(dy.c)
	all := c.scaled(dy, dx, factor)
	return func() {
		for c := range factor[:dy.c] {
			factor[c] = float32(float64(o.gamma.data[c]) * o.inverse(c))
		}
		all()
	}
}
