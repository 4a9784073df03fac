package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// pairGrad is weightGrad in bf16, whose instructions sum products of pairs: of two images, whose
// pixels are interleaved right before multiplication. A pair takes a word, so that two images have
// the layout of one in float32.
type pairGrad struct {
	*weightGrad
	pairs   int       // of images; the last of an odd number is paired with zeros
	workers []pairing // per worker
	zeros   []float32 // a plane
}

// pairing is a worker's interleaved images: a block of x, a group of dy.
type pairing struct {
	x, dy     tensor
	atX, atDY int // offsets in scratch
}

// pairGrad returns the step of a weight gradient in bf16.
func (c *compiler) pairGrad(w *weightGrad) func() {
	w.prepare()
	g := &pairGrad{weightGrad: w, pairs: (w.x.n + 1) / 2}
	if g.x.n%2 == 1 {
		g.zeros = aligned(max(g.x.words(g.x.plane()+g.x.margin()), g.dy.words(g.dy.plane()+g.dy.margin())) + slack)
	}
	if !c.direct && w.suitsWinograd2() {
		t := &winograd2Grad{pairGrad: g}
		t.prepare()
		return t.run
	}
	g.prepare()
	return g.run
}

// prepare partitions the work.
func (g *pairGrad) prepare() {
	g.parts = min(g.pairs, max(ceilDiv(16, g.groups()), g.parts))
	g.images = min(g.images, g.pairs)
	at := g.parts * g.size()
	g.workers = make([]pairing, g.compiler.pool.threads)
	for i := range g.workers {
		p := &g.workers[i]
		p.x.layout, p.dy.layout = g.paired(g.x, 1), g.paired(g.dy, min(2, g.dy.blocks()))
		p.atX, at = at, at+roundUp(p.x.memory(), kernel.Block)+slack
		p.atDY, at = at, at+roundUp(p.dy.memory(), kernel.Block)+slack
	}
	g.sums = g.compiler.scratch.take(at)
	g.body = g.sumPairs
}

func (g *pairGrad) run() {
	g.compiler.pool.each(g.groups()*g.parts, g.body)
	g.assemble()
}

// paired returns the layout of blocks of t's interleaved images.
func (g *pairGrad) paired(t *tensor, blocks int) layout {
	l := t.layout
	l.dtype, l.n, l.c = plan.Float32, g.images, blocks*l.block
	return l
}

// sumPairs sums a part for a group of output channels.
func (g *pairGrad) sumPairs(worker, i int) {
	part, k := i%g.parts, i/g.parts*2*kernel.Block
	wide, first, end := width(k, g.dy.c), part*g.pairs/g.parts, (part+1)*g.pairs/g.parts
	p, shape := &g.workers[worker], &g.shapes[worker]
	p.x.data, p.dy.data = (*g.sums)[p.atX:], (*g.sums)[p.atDY:]
	for n := first; n < end; n += g.images {
		images := min(g.images, end-n)
		*shape = g.shape(&p.x, &p.dy, images)
		if n > first {
			shape.Accumulate = 1
		}
		g.put(&p.dy, g.dy, n, images, k/kernel.Block, wide/kernel.Block)
		for block := range g.x.blocks() {
			g.put(&p.x, g.x, n, images, block, 1)
			at := g.base(part, k) + block*g.taps*g.floats*wide
			g.add((*g.sums)[at:], gradSource{&p.x, 0, 0, p.dy.plane0(0, 0), wide}, shape)
		}
	}
}

// put interleaves planes of pairs of images of t, with halo, into to.
func (g *pairGrad) put(to, t *tensor, pair, pairs, block, blocks int) {
	size := t.plane() + t.margin()
	pixels := (t.bytes(size) + kernel.PixelBytes/2 - 1) / (kernel.PixelBytes / 2)
	f := g.compiler.of(t).Pair
	for i := range pairs {
		for b := range blocks {
			first, second := g.twoPlanes(t, 2*(pair+i), block+b, t.margin())
			f(first, second, to.pointer(to.offset(i, b, 0, 0)-to.margin()), pixels)
		}
	}
}

// twoPlanes returns the start of the planes of image n and of the next, or of zeros, including
// elements before the first pixels.
func (g *pairGrad) twoPlanes(t *tensor, n, block, before int) (first, second *float32) {
	first = t.pointer(t.offset(n, block, 0, 0) - before)
	if n+1 < t.n {
		return first, t.pointer(t.offset(n+1, block, 0, 0) - before)
	}
	return first, &g.zeros[t.words(t.margin()-before)]
}
