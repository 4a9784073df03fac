package cpu

import (
	"math"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/plan"
)

// winograd computes a convolution of 3×3 taps, a pixel apart, by F(4×4, 3×3): tiles of its
// input and its weights are transformed, multiplied point by point, and transformed back
// (see kernel.Winograd).
//
// Where the transformed weights are few, a chunk of work is a group of images, in steps of
// so many tiles that what there is between the transforms stays in the cache. Where they
// are many, it is they that must be read but once: the inputs of many images are
// transformed first, and then a chunk is a group of output channels. Where they are too many
// to be kept, its weights are transformed right before they are used.
type winograd struct {
	*convolution
	u           *winogradWeights
	tiles, last *winogradTiles // of a group of images, and of the last one if it is smaller
	step        int            // tiles that are worked on together
	input       kernel.WinogradShape
	output      kernel.WinogradShape
	borderInput kernel.WinogradShape // of copies of tiles
	border      kernel.WinogradShape
	multiply    [2]kernel.WinogradMultiplyShape // for groups of 16 and of 32 output channels
	work        *[]float32
	sizes       winogradSizes

	many     bool // weights
	kept     bool // weights, transformed
	together int  // groups of images whose inputs are transformed together
	now      int  // the first of those that are
	transform,
	produce func(worker, i int)
}

// winogradSizes are numbers of elements of work. All workers share the transformed inputs
// of all groups of images together, or each has its own of one step.
type winogradSizes struct{ v, m, shared, ownV, ownU, own int }

const (
	// manyWeights is how many bytes of transformed weights are too many to be read again for
	// every step of tiles: more than come from the third-level cache as fast as they are used.
	manyWeights = 6 << 20
	// keptWeights is how many bytes of them are too many to be kept.
	keptWeights = 12 << 20
	// fewTiles is how many tiles there must be for fewer multiplications to be worth reading
	// four times the weights; twice as many where they are more than largeWeights bytes, or
	// are transformed in every run, and again twice where both.
	fewTiles     = 4
	largeWeights = 3 << 20
	// stepCache is how much of the cache what is between a step's transforms may take.
	stepCache = 384 << 10
	// stepTiles are as many as kernels multiply at a time where they can: steps are multiples.
	stepTiles = 3 * tilesTogether
	// manyTiles is how many tiles are worked on together where weights are many.
	manyTiles = 128
	// transformedInputs is how many bytes of transformed inputs there may be: most of them
	// should stay in the third-level cache.
	transformedInputs = 20 << 20
)

// suitsWinograd tells whether F(4×4, 3×3) can compute the convolution, and faster: not if
// tiles mostly hang over the edges, or if there are so few that reading the weights is all
// there is to do.
func (c *convolution) suitsWinograd() bool {
	if len(c.weights.windows) != 1 || c.x.dtype != plan.Float32 || c.x.block < kernel.Block {
		return false
	}
	win := &c.weights.windows[0]
	if win.rows != 3 || win.cols != 3 || !win.dense() {
		return false
	}
	const pixels = kernel.WinogradTile * kernel.WinogradTile
	tiles, enough := tilesOf(win), fewTiles
	if c.compiler.trains || winogradBytes(c.weights) > largeWeights {
		enough *= 2
	}
	if !c.compiler.trains && winogradBytes(c.weights) > keptWeights {
		enough *= 2
	}
	return c.x.c >= kernel.Block/2 && c.y.c >= kernel.Block/2 &&
		tiles*c.y.n >= enough && 3*win.height*win.width >= 2*tiles*pixels
}

// winogradBytes is what transformed weights take.
func winogradBytes(w *weights) int { return 4 * kernel.WinogradPoints * w.inputs * w.outputs }

// prepare lists tiles and decides how the work is cut.
func (w *winograd) prepare() {
	w.u = newWinogradWeights(w.weights, w.compiler.kernels)
	w.kept = winogradBytes(w.weights) <= keptWeights
	w.many = winogradBytes(w.weights) > manyWeights && w.u.groups() >= w.compiler.pool.threads || !w.kept
	win := &w.weights.windows[0]
	w.cutImages(tilesOf(win))
	w.tiles = listWinogradTiles(win, w.x, w.y, w.group)
	if rest := w.y.n % w.group; rest > 0 {
		w.last = listWinogradTiles(win, w.x, w.y, rest)
	}
	w.cutTiles(w.tiles.count())
	w.shapes()
	if w.kept {
		w.u.keep(w.compiler)
	}
	w.pack = func(_, group int) { w.u.pack(group) }
	w.body, w.transform, w.produce = w.chunk, w.transformSome, w.produceSome
	w.each = func(_, i int) { w.after(i/w.y.blocks(), i%w.y.blocks()) }
}

// groups is the number of groups of images.
func (w *winograd) groups() int { return (w.y.n + w.group - 1) / w.group }

// list is the tiles of group g.
func (w *winograd) list(g int) *winogradTiles {
	if (g+1)*w.group > w.y.n {
		return w.last
	}
	return w.tiles
}

// cutImages decides how many images of so many tiles are worked on together.
func (w *winograd) cutImages(tiles int) {
	w.group = max(1, min(32/tiles, w.y.n/(4*w.compiler.pool.threads)))
	if w.many {
		w.group = min(w.y.n, (manyTiles+tiles-1)/tiles)
	}
	// Offsets have 32 bits.
	w.group = min(w.group, math.MaxInt32/max(w.x.bytes(w.x.image()), w.y.bytes(w.y.image())))
}

// cutTiles decides how many of a group's tiles are worked on together, and which memory that
// takes. A block more for every point keeps points from competing for places in the cache.
// Where there is one block of channels on both sides, results take the place of the
// transformed inputs they are from, and few tiles stay in the first-level cache.
func (w *winograd) cutTiles(tiles int) {
	w.step = roundUp(tiles, tilesTogether)
	wide := min(2, w.y.blocks())
	inPlace := !w.many && w.x.blocks() == 1 && wide == 1
	if most := stepCache / ((w.x.blocks() + wide) * kernel.WinogradPoints * kernel.PixelBytes); inPlace {
		w.step = min(w.step, 2*tilesTogether)
	} else if !w.many {
		w.step = min(w.step, max(stepTiles, most/stepTiles*stepTiles))
	}
	s := &w.sizes
	s.v = kernel.WinogradPoints * (w.step*w.x.blocks() + 1) * kernel.Block
	s.m = kernel.WinogradPoints * (w.step*wide + 1) * kernel.Block
	w.parts, w.together = 1, 1
	if w.many {
		w.together = min(w.groups(), max(1, transformedInputs/(4*s.v)))
		s.shared = w.together * s.v
		if !w.kept {
			s.ownU = w.u.groupSize()
		}
	} else {
		if chunks, enough := w.groups(), 4*w.compiler.pool.threads; w.compiler.pool.threads > 1 && chunks < enough {
			w.parts = min(enough/chunks, (tiles+tilesTogether-1)/tilesTogether)
		}
		if !inPlace {
			s.ownV = s.v
		}
	}
	s.own = s.ownV + s.m + s.ownU + borderSize
	w.work = w.compiler.tiles.take(s.shared + w.compiler.pool.threads*s.own)
}

// shapes tells kernels where things are.
func (w *winograd) shapes() {
	const points, block = kernel.WinogradPoints, tilesTogether * kernel.PixelBytes
	w.input = kernel.WinogradShape{Row: w.x.stride(), Point: 4 * w.sizes.v / points}
	w.output = kernel.WinogradShape{Row: w.y.stride(), Point: 4 * w.sizes.m / points}
	if w.rectify {
		w.output.Rectify = 1
	}
	w.borderInput, w.border = w.input, w.output
	w.borderInput.Row = kernel.WinogradInputs * kernel.PixelBytes
	w.border.Row = kernel.WinogradTile * kernel.PixelBytes
	for i := range w.multiply {
		w.multiply[i] = kernel.WinogradMultiplyShape{
			Points: points / asks, Blocks: w.x.blocks(), VTiles: w.x.blocks() * block, VBlock: block, VPoint: w.input.Point,
			UPoint: w.u.point((i + 1) * kernel.Block), MBlock: w.step * kernel.PixelBytes, MPoint: w.output.Point,
		}
	}
}

// load transforms the weights where they are few.
func (w *winograd) load() {
	w.u.begin()
	if w.kept {
		w.compiler.pool.each(w.u.groups(), w.pack)
	}
}

// run computes y.
func (w *winograd) run() {
	pool := w.compiler.pool
	if !w.many {
		pool.each(w.groups()*w.parts, w.body)
		if w.after != nil && w.parts > 1 {
			pool.each(w.y.n*w.y.blocks(), w.each)
		}
		return
	}
	for w.now = 0; w.now < w.groups(); w.now += w.together {
		pool.each(min(w.together, w.groups()-w.now)*w.step/tilesTogether, w.transform)
		pool.each(w.u.groups(), w.produce)
	}
}

// memory is a worker's own.
func (w *winograd) memory(worker int) (v, m, u, border []float32) {
	s := &w.sizes
	own := (*w.work)[s.shared+worker*s.own:][:s.own]
	return own, own[s.ownV:], own[s.ownV+s.m:], own[s.own-borderSize:]
}

// chunk computes one part of the tiles of a group of images.
func (w *winograd) chunk(worker, i int) {
	part, g := i%w.parts, i/w.parts
	v, m, _, border := w.memory(worker)
	t, n := w.list(g), g*w.group
	cut := func(part int) int { return part * t.count() / w.parts / tilesTogether * tilesTogether }
	last := t.count()
	if part < w.parts-1 {
		last = cut(part + 1)
	}
	for from := cut(part); from < last; from += w.step {
		to := min(from+w.step, last)
		w.transformTiles(v, border, n, t, from, to)
		ahead := w.ahead(g, to)
		for group := range w.u.groups() {
			w.multiplyTiles(v, w.u.at(group), m, group, to-from, &ahead)
			ahead = winogradAhead{}
			w.finishTiles(m, border, n, group, t, from, to)
		}
	}
	if w.after == nil || w.parts > 1 {
		return
	}
	for image := n; image < min(w.y.n, n+w.group); image++ {
		for b := range w.y.blocks() {
			w.after(image, b)
		}
	}
}

// transformSome transforms the inputs of a few tiles.
func (w *winograd) transformSome(worker, i int) {
	_, _, _, border := w.memory(worker)
	slices := w.step / tilesTogether
	g, from := i/slices, i%slices*tilesTogether
	t := w.list(w.now + g)
	if to := min(from+tilesTogether, t.count()); from < to {
		v := (*w.work)[g*w.sizes.v+from*w.x.blocks()*kernel.Block:]
		w.transformTiles(v, border, (w.now+g)*w.group, t, from, to)
	}
}

// produceSome computes a group of output channels of all images that are in work.
func (w *winograd) produceSome(worker, group int) {
	_, m, u, border := w.memory(worker)
	var nothing winogradAhead
	if w.kept {
		u = w.u.at(group)
	} else {
		w.u.transform(u, group)
	}
	for g := range min(w.together, w.groups()-w.now) {
		t, n := w.list(w.now+g), (w.now+g)*w.group
		w.multiplyTiles((*w.work)[g*w.sizes.v:], u, m, group, t.count(), &nothing)
		w.finishTiles(m, border, n, group, t, 0, t.count())
		if w.after == nil {
			continue
		}
		k := group * 2 * kernel.Block
		for image := n; image < min(w.y.n, n+w.group); image++ {
			for b := range width(k, w.y.c) / kernel.Block {
				w.after(image, k/kernel.Block+b)
			}
		}
	}
}

// multiplyTiles computes the points of a group of output channels for so many tiles, and
// meanwhile asks for what lies ahead.
func (w *winograd) multiplyTiles(v, u, m []float32, group, tiles int, ahead *winogradAhead) {
	k, shape := &w.compiler.kernels.Winograd, &w.multiply[1]
	f := k.Multiply32
	if width(group*2*kernel.Block, w.y.c) == kernel.Block {
		f, shape = k.Multiply16, &w.multiply[0]
	}
	for i := range asks {
		ahead.ask(k, i)
		p := i * shape.Points
		f(&v[p*shape.VPoint/4], &u[p*shape.UPoint/4], &m[p*shape.MPoint/4], roundUp(tiles, tilesTogether), shape)
	}
}
