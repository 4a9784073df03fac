package cpu

import (
	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// winograd2Grad is a pairGrad of a 3×3 convolution of stride 1 by tiles of 2×2 pixels: see
// kernel.Winograd2Grad.
//
// The work is cut into units of some blocks of input channels and some groups of output
// channels, whose sums at all points, and the tiles of some pairs of images, a worker keeps
// in its second-level cache.
type winograd2Grad struct {
	*pairGrad
	inputs, outputs int     // blocks of input channels, groups of output channels in a unit
	group           int     // pairs of images whose tiles are listed together
	step            int     // tiles multiplied together, at most
	x2, dy2         []int32 // where a group's tiles begin, in bytes from the first image's first pixel
	shapeX, shapeDY kernel.Winograd2Shape
	v, d, u         int // elements from a point to the next
	memory          *[]float32
}

const (
	winograd2Inputs  = 4
	winograd2Outputs = 2
	// winograd2Pairs is how many pairs of tiles are multiplied together, if there are as many.
	winograd2Pairs = 64
)

// suitsWinograd2 tells whether F(2×2, 3×3) can compute the gradient, and faster.
func (g *weightGrad) suitsWinograd2() bool {
	return g.rows == 3 && g.cols == 3 && g.stride == 1 && g.pad == 1 && g.x.block == kernel.Block &&
		g.x.dtype == plan.BFloat16 && g.dy.c%(2*kernel.Block) == 0 && g.dy.h%2 == 0 && g.dy.w%2 == 0 &&
		g.dy.pixels()*g.dy.n >= 8*fewTiles2
}

func (g *winograd2Grad) prepare() {
	tiles := g.dy.pixels() / 4
	g.inputs, g.outputs = min(winograd2Inputs, g.x.blocks()), min(winograd2Outputs, g.groups())
	g.group = min(g.pairs, max(1, winograd2Pairs/tiles))
	if g.x.n%2 == 1 {
		g.group = 1 // what the last image is paired with lies elsewhere
	}
	g.step = min(winograd2Pairs, g.group*tiles)
	g.parts = max(1, min(ceilDiv(16, g.units()), g.lists()))
	for n := range g.group {
		for y := 0; y < g.dy.h; y += 2 {
			for x := 0; x < g.dy.w; x += 2 {
				g.x2 = append(g.x2, int32(g.x.bytes(2*n*g.x.image()+(y-1)*g.x.row()+(x-1)*g.x.block)))
				g.dy2 = append(g.dy2, int32(g.dy.bytes(2*n*g.dy.image()+y*g.dy.row()+x*g.dy.block)))
			}
		}
	}
	const apart = kernel.Block // keeps points from competing for places in the cache
	g.v = g.inputs*g.step*kernel.Block + apart
	g.d = g.outputs*2*g.step*kernel.Block + apart
	g.u = g.inputs*g.outputs*kernel.Block*2*kernel.Block + apart
	g.shapeX = kernel.Winograd2Shape{Row: g.x.stride(), Point: 4 * g.v}
	g.shapeDY = kernel.Winograd2Shape{Row: g.dy.stride(), Point: 4 * g.d}
	g.sums = g.compiler.scratch.take(g.parts * g.size())
	g.memory = g.compiler.tiles.take(g.compiler.pool.threads * g.perWorker())
	g.body = g.unit
}

// perWorker is how many elements a worker needs.
func (g *winograd2Grad) perWorker() int { return kernel.Winograd2Points * (g.v + g.d + g.u) }

// units is how many there are for all channels.
func (g *winograd2Grad) units() int {
	return ceilDiv(g.x.blocks(), g.inputs) * ceilDiv(g.groups(), g.outputs)
}

// lists is the number of groups of pairs of images.
func (g *winograd2Grad) lists() int { return ceilDiv(g.pairs, g.group) }

func (g *winograd2Grad) run() {
	g.compiler.pool.each(g.units()*g.parts, g.body)
	g.assemble()
}

// unit sums one part for some blocks of input channels and some groups of output channels.
func (g *winograd2Grad) unit(worker, i int) {
	part, i := i%g.parts, i/g.parts
	across := ceilDiv(g.x.blocks(), g.inputs)
	block, first := i%across*g.inputs, i/across*g.outputs
	blocks, groups := min(g.inputs, g.x.blocks()-block), min(g.outputs, g.groups()-first)
	v := (*g.memory)[worker*g.perWorker():]
	d := v[kernel.Winograd2Points*g.v:]
	u := d[kernel.Winograd2Points*g.d:]
	shape := &g.shapes[worker]
	shape.Accumulate = 0
	for list := part * g.lists() / g.parts; list < (part+1)*g.lists()/g.parts; list++ {
		n := 2 * list * g.group
		end := len(g.x2) / g.group * min(g.group, g.pairs-list*g.group)
		for from := 0; from < end; from += g.step {
			tiles := min(g.step, end-from)
			g.transform(v, d, n, block, blocks, 2*first, 2*groups, from, tiles)
			accumulate := shape.Accumulate
			walk := kernel.Walk{Pixel: kernel.PixelBytes}
			*shape = kernel.NewGradShape(1, 1, tiles, walk, walk, g.step*kernel.PixelBytes)
			shape.Accumulate = accumulate
			g.multiply(v, d, u, blocks, groups, shape)
			shape.Accumulate = 1
		}
	}
	g.finish(u, part, block, blocks, first, groups)
}

// transform transforms tiles of a list that begins with image n.
func (g *winograd2Grad) transform(v, d []float32, n, block, blocks, k, ks, from, tiles int) {
	kernels := &g.compiler.of(g.x).Winograd2Grad
	for i := range blocks {
		a, b := g.twoPlanes(g.x, n, block+i, 0)
		kernels.Pairs(a, b, &v[i*g.step*kernel.Block], &g.x2[from], tiles, &g.shapeX)
	}
	for i := range ks {
		a, b := g.twoPlanes(g.dy, n, k+i, 0)
		kernels.Gradient(a, b, &d[i*g.step*kernel.Block], &g.dy2[from], tiles, &g.shapeDY)
	}
}

// multiply adds products of all points to u, or stores them.
func (g *winograd2Grad) multiply(v, d, u []float32, blocks, groups int, shape *kernel.GradShape) {
	f := g.compiler.of(g.x).Grad32
	const half, wide = kernel.Block / 2, 2 * kernel.Block
	for p := range kernel.Winograd2Points {
		for k := range groups {
			dy := &d[p*g.d+k*2*g.step*kernel.Block]
			for b := range blocks {
				to := u[p*g.u+(k*g.inputs+b)*kernel.Block*wide:]
				x := v[p*g.v+b*g.step*kernel.Block:]
				f(&x[0], dy, &to[0], shape)
				f(&x[half], dy, &to[half*wide], shape)
			}
		}
	}
}

// finish transforms the sums at all points to a part's sums of taps.
func (g *winograd2Grad) finish(u []float32, part, block, blocks, first, groups int) {
	const wide = 2 * kernel.Block
	for k := range groups {
		for b := range blocks {
			from := &u[(k*g.inputs+b)*kernel.Block*wide]
			to := &(*g.sums)[g.base(part, (first+k)*wide)+(block+b)*g.taps*kernel.Block*wide]
			g.compiler.of(g.x).Winograd2Grad.Taps(from, to, wide, 4*g.u, 4*kernel.Block*wide)
		}
	}
}
