package cpu

import (
	"math"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// winogradGrad is a weightGrad of a 3×3 convolution of stride 1 by tiles of 4×4 pixels, as
// kernel.WinogradGrad says.
//
// The work is cut into units of a few blocks of input channels and a group of output
// channels, whose sums at all points, and the tiles of some images, a worker keeps in its
// second-level cache. Tiles are transformed again for every unit: that takes less time than
// to read what others have transformed.
type winogradGrad struct {
	weightGrad
	blocks          int            // of input channels in a unit
	group           int            // images whose tiles are listed together
	step            int            // tiles multiplied together
	tiles, last     *winogradTiles // of a group of images, and of the last one if it is smaller
	points          winogradMemory
	memory          *[]float32
	xAhead, dyAhead []int32        // what calls ask for of the next images
	work            []winogradWork // a worker's each
}

// winogradMemory says where in a worker's memory the points of x, of dy and of their
// products are. Distances are in elements.
type winogradMemory struct {
	vPoint, dPoint, uPoint int // from a point to the next
	block                  int // from a block of tiles to the next
}

// size is what a worker needs.
func (m *winogradMemory) size() int {
	return kernel.WinogradPoints*(m.vPoint+m.dPoint+m.uPoint) + borderInputs
}

// cut gives the parts of a worker's memory; border is room for a tile of x.
func (m *winogradMemory) cut(data []float32) (v, d, u, border []float32) {
	d0 := kernel.WinogradPoints * m.vPoint
	u0 := d0 + kernel.WinogradPoints*m.dPoint
	border0 := u0 + kernel.WinogradPoints*m.uPoint
	return data[:d0], data[d0:u0], data[u0:border0], data[border0:m.size()]
}

// winogradWork is what a worker has for its calls.
type winogradWork struct {
	x, dy, border kernel.WinogradShape
	products      kernel.ProductsShape
	ahead         kernel.Ahead
}

// window is where tiles of dy see x.
func (g *weightGrad) window() window {
	return convWindow(g.rows, g.cols, op.Conv{Stride: g.stride, Pad: g.pad}.General().Window, g.dy.h, g.dy.w)
}

// suitsWinograd tells whether F(4×4, 3×3) can compute the gradient, and faster: not if tiles
// mostly hang over the edges, where channels are few and copying counts even less, or if
// there are so few that the sums' transform counts.
func (g *weightGrad) suitsWinograd() bool {
	const pixels = kernel.WinogradTile * kernel.WinogradTile
	if g.rows != 3 || g.cols != 3 || g.stride != 1 || g.x.block < kernel.Block || g.x.dtype != plan.Float32 {
		return false
	}
	win := g.window()
	tiles := tilesOf(&win)
	hanging := 3 * g.dy.pixels() / 2
	if g.x.blocks()*g.dy.blocks() >= 16 {
		hanging = 2 * g.dy.pixels()
	}
	return tiles*g.dy.n >= 4 && tiles*pixels <= hanging &&
		g.x.bytes(winogradTogether*max(g.x.image(), g.dy.image())) < math.MaxInt32
}

const (
	// winogradTogether is how many tiles are multiplied together, if there are as many.
	winogradTogether = 32
	// winogradBlocks is how many blocks of input channels a unit has.
	winogradBlocks = 4
)

func (g *winogradGrad) prepare() {
	g.weightGrad.prepare()
	win := g.window()
	tiles := tilesOf(&win)
	g.blocks = min(winogradBlocks, g.x.blocks())
	g.group = min(max(1, winogradTogether/tiles), g.x.n)
	g.tiles = listWinogradTiles(&win, g.x, g.dy, g.group)
	if rest := g.x.n % g.group; rest > 0 {
		g.last = listWinogradTiles(&win, g.x, g.dy, rest)
	}
	g.step = ceilDiv(g.group*tiles, ceilDiv(g.group*tiles, winogradTogether))
	g.parts = max(1, min(ceilDiv(16, g.units()), g.lists(), g.x.n*tiles/winogradTogether))

	g.xAhead, g.dyAhead = g.ahead(g.x, g.blocks), g.ahead(g.dy, width(0, g.dy.c)/kernel.Block)
	const odd = 3 * kernel.Block // keeps points from falling on the same lines of the cache
	wide := width(0, g.dy.c)
	g.points = winogradMemory{
		vPoint: g.blocks*g.step*kernel.Block + odd, dPoint: wide*g.step + odd,
		uPoint: g.blocks*kernel.Block*wide + odd, block: g.step * kernel.Block,
	}
	g.work = make([]winogradWork, g.compiler.pool.threads)
	for i := range g.work {
		w := &g.work[i]
		w.x = kernel.WinogradShape{Row: g.x.stride(), Point: 4 * g.points.vPoint}
		w.dy = kernel.WinogradShape{Row: g.dy.stride(), Point: 4 * g.points.dPoint}
	}
	g.sums = g.compiler.scratch.take(g.parts * g.size())
	g.memory = g.compiler.tiles.take(len(g.work) * g.points.size())
	g.body = g.unit
}

func (g *winogradGrad) run() {
	g.compiler.pool.each(g.units()*g.parts, g.body)
	g.assemble()
}

// ahead lists, for all calls for the products of a list's tiles, what to ask for of so many
// blocks of the next images: all of it, line by line.
func (g *winogradGrad) ahead(t *tensor, blocks int) []int32 {
	lines := make([]int32, ceilDiv(g.tiles.count(), g.step)*g.linesAhead())
	planes := t.bytes(blocks*t.plane()) / kernel.PixelBytes
	for i := range lines {
		line := i * g.group * planes / len(lines)
		lines[i] = int32(t.bytes(line/planes*t.image()-t.margin()) + line%planes*kernel.PixelBytes)
	}
	return lines
}

// linesAhead is how many lines a call for products asks for, at most.
func (g *winogradGrad) linesAhead() int { return kernel.WinogradPoints * g.blocks * g.step }

// units is how many there are for all channels.
func (g *winogradGrad) units() int { return g.groups() * ceilDiv(g.x.blocks(), g.blocks) }

// lists is the number of groups of images.
func (g *winogradGrad) lists() int { return ceilDiv(g.x.n, g.group) }

// unit sums one part for one group of output channels and some blocks of input channels.
func (g *winogradGrad) unit(worker, i int) {
	part, i := i%g.parts, i/g.parts
	k, b := i%g.groups()*2*kernel.Block, i/g.groups()*g.blocks
	wide, blocks := width(k, g.dy.c), min(g.blocks, g.x.blocks()-b)
	w, m := &g.work[worker], &g.points
	v, d, u, border := m.cut((*g.memory)[worker*m.size():])
	w.products.Accumulate = 0
	last := (part+1)*g.lists()/g.parts - 1
	for list := part * g.lists() / g.parts; list <= last; list++ {
		n, next, t := list*g.group, min(list+1, last)*g.group, g.tiles
		if n+g.group > g.x.n {
			t = g.last
		}
		for from := 0; from < t.count(); from += g.step {
			to := min(from+g.step, t.count())
			for j := range blocks {
				g.transformX(v[j*m.block:], border, w, n, b+j, t, from, to)
			}
			for j := range wide / kernel.Block {
				g.transformGradient(d[j*m.block:], border, w, n, k/kernel.Block+j, t, from, to)
			}
			at := from / g.step * g.linesAhead()
			w.ahead = kernel.Ahead{
				X: g.x.plane0(next, b), DY: g.dy.plane0(next, k/kernel.Block),
				XLines: &g.xAhead[at], DYLines: &g.dyAhead[at],
			}
			g.multiply(w, v, d, u, wide, blocks, to-from)
		}
	}
	for j := range blocks {
		to := g.base(part, k) + (b+j)*g.taps*g.floats*wide
		g.compiler.kernels.WinogradGrad.Weights(&u[j*kernel.Block*wide], &(*g.sums)[to], wide, 4*m.uPoint, 4*g.floats*wide)
	}
}

// multiply puts the products of some tiles into u, or adds them if there are any yet.
func (g *winogradGrad) multiply(w *winogradWork, v, d, u []float32, wide, blocks, tiles int) {
	f, m, accumulate := g.compiler.kernels.WinogradGrad.Products32, &g.points, w.products.Accumulate
	if wide == kernel.Block {
		f = g.compiler.kernels.WinogradGrad.Products16
	}
	w.products = kernel.NewProductsShape(blocks, tiles, wide, 4*m.block, 4*m.vPoint, 4*m.block, 4*m.dPoint, 4*m.uPoint)
	w.products.Accumulate = accumulate
	f(&v[0], &d[0], &u[0], &w.ahead, &w.products)
	w.products.Accumulate = 1
}

// transformX makes points of tiles of a block of x; the list's first image is n.
func (g *winogradGrad) transformX(v, border []float32, w *winogradWork, n, block int, t *winogradTiles, from, to int) {
	f := g.compiler.kernels.WinogradInput
	if whole := min(to, t.whole) - from; whole > 0 {
		f(g.x.plane0(n, block), &v[0], &t.inputs[from], whole, &w.x)
	}
	for i := max(from, t.whole); i < to; i++ {
		p := t.places[i]
		w.border = kernel.WinogradShape{Row: kernel.WinogradInputs * kernel.PixelBytes, Point: w.x.Point}
		copyTile(border, g.x, n+p.n, block, t.win.from[0]+p.y, t.win.from[1]+p.x, kernel.WinogradInputs)
		f(&border[0], &v[(i-from)*kernel.Block], &only, 1, &w.border)
	}
}

// transformGradient does so for a block of dy.
func (g *winogradGrad) transformGradient(d, border []float32, w *winogradWork, n, block int, t *winogradTiles, from, to int) {
	f := g.compiler.kernels.WinogradGrad.Gradient
	if whole := min(to, t.whole) - from; whole > 0 {
		f(g.dy.plane0(n, block), &d[0], &t.outputs[from], whole, &w.dy)
	}
	for i := max(from, t.whole); i < to; i++ {
		p := t.places[i]
		w.border = kernel.WinogradShape{Row: kernel.WinogradTile * kernel.PixelBytes, Point: w.dy.Point}
		copyTile(border, g.dy, n+p.n, block, p.y, p.x, kernel.WinogradTile)
		f(&border[0], &d[(i-from)*kernel.Block], &only, 1, &w.border)
	}
}

// copyTile copies a square of pixels of t's image n, zeros where there are none.
func copyTile(tile []float32, t *tensor, n, b, y, x, size int) {
	clear(tile[:size*size*t.block])
	eachRow(y, x, size, t.h, t.w, func(y, x, at, pixels int) {
		from := t.offset(n, b, y, x)
		copy(tile[at*t.block:], t.data[from:from+pixels*t.block])
	})
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
