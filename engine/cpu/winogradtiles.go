package cpu

import "hfcui/engine/cpu/kernel"

// tilesTogether is how many tiles of a block of channels lie together when they are
// multiplied.
const tilesTogether = 8

// borderSize is the elements of a tile's inputs, outputs and addends.
const (
	borderInputs  = kernel.WinogradInputs * kernel.WinogradInputs * kernel.Block
	borderOutputs = kernel.WinogradTile * kernel.WinogradTile * kernel.Block
	borderSize    = borderInputs + 2*borderOutputs
)

// winogradTiles are the tiles of some images. Those that hang over the edges of the
// input, with its halo, or of the output come last: they are copied.
type winogradTiles struct {
	inputs, outputs []int32 // where tiles begin, in bytes from the first image's first pixel
	whole           int     // how many do not hang over an edge
	places          []winogradPlace
	win             *window
}

// winogradPlace is a tile's place: an image and its outputs' first pixel.
type winogradPlace struct{ n, y, x int }

func (t *winogradTiles) count() int { return len(t.places) }

// tilesOf is the number of tiles of an image.
func tilesOf(win *window) int {
	const size = kernel.WinogradTile
	return (win.height + size - 1) / size * ((win.width + size - 1) / size)
}

// listWinogradTiles cuts the window's pixels of so many images into tiles.
func listWinogradTiles(win *window, x, y *tensor, images int) *winogradTiles {
	t := &winogradTiles{win: win}
	var hanging []winogradPlace
	for n := range images {
		for row := 0; row < win.height; row += kernel.WinogradTile {
			for col := 0; col < win.width; col += kernel.WinogradTile {
				p := winogradPlace{n, row, col}
				if p.whole(win, x, y) {
					t.places = append(t.places, p)
				} else {
					hanging = append(hanging, p)
				}
			}
		}
	}
	t.whole = len(t.places)
	t.places = append(t.places, hanging...)
	for _, p := range t.places {
		in := p.n*x.image() + (win.from[0]+p.y)*x.row() + (win.from[1]+p.x)*x.block
		t.inputs = append(t.inputs, int32(x.bytes(in)))
		t.outputs = append(t.outputs, int32(y.bytes(p.n*y.image()+p.y*y.row()+p.x*y.block)))
	}
	return t
}

// whole tells whether all of a tile is there.
func (p winogradPlace) whole(win *window, x, y *tensor) bool {
	return win.from[0]+p.y+kernel.WinogradInputs <= x.h+x.halo && win.from[1]+p.x+kernel.WinogradInputs <= x.w+x.halo &&
		p.y+kernel.WinogradTile <= y.h && p.x+kernel.WinogradTile <= y.w
}

// eachRow calls f for every row of a size×size square at (y, x) of a plane of h×w with where,
// in pixels, what is inside the plane begins there and in the square, and how much it is.
func eachRow(y, x, size, h, w int, f func(y, x, at, pixels int)) {
	from, to := max(x, 0), min(x+size, w)
	for row := max(y, 0); row < min(y+size, h) && from < to; row++ {
		f(row, from, (row-y)*size+from-x, to-from)
	}
}

// only is the offset of a tile that is on its own.
var only int32

// transformTiles transforms the inputs of tiles of the images from n on.
func (w *winograd) transformTiles(v, border []float32, n int, t *winogradTiles, from, to int) {
	f, blocks := w.compiler.kernels.WinogradInput, w.x.blocks()
	step := tilesTogether
	if blocks == 1 {
		step = to - from
	}
	for at := from; at < to; at += step {
		end := min(at+step, to)
		for b := range blocks {
			out := v[((at-from)*blocks+b*tilesTogether)*kernel.Block:]
			if whole := min(end, t.whole) - at; whole > 0 {
				f(w.x.plane0(n, b), &out[0], &t.inputs[at], whole, &w.input)
			}
			for i := max(at, t.whole); i < end; i++ {
				p := t.places[i]
				w.cutInput(border[:borderInputs], n+p.n, b, p, t.win)
				f(&border[0], &out[(i-at)*kernel.Block], &only, 1, &w.borderInput)
			}
		}
	}
}

// cutInput copies a tile's inputs, zeros where there are none.
func (w *winograd) cutInput(tile []float32, n, b int, p winogradPlace, win *window) {
	clear(tile)
	eachRow(win.from[0]+p.y, win.from[1]+p.x, kernel.WinogradInputs, w.x.h, w.x.w, func(y, x, at, pixels int) {
		from := w.x.offset(n, b, y, x)
		copy(tile[at*kernel.Block:], w.x.data[from:from+pixels*kernel.Block])
	})
}

// finishTiles transforms tiles of a group of output channels back, into y.
func (w *winograd) finishTiles(m, border []float32, n, group int, t *winogradTiles, from, to int) {
	f := w.compiler.kernels.Winograd.Output
	k := group * 2 * kernel.Block
	for b := range width(k, w.y.c) / kernel.Block {
		points := m[b*w.step*kernel.Block:]
		block := k/kernel.Block + b
		bias, addend := &noBias[0], (*float32)(nil)
		if w.bias != nil {
			bias = &w.bias[block*kernel.Block]
		}
		if w.addend != nil {
			addend = w.addend.plane0(n, block)
		}
		if whole := min(to, t.whole) - from; whole > 0 {
			f(&points[0], w.y.plane0(n, block), addend, bias, &t.outputs[from], whole, &w.output)
		}
		for i := max(from, t.whole); i < to; i++ {
			w.finishBorder(&points[(i-from)*kernel.Block], border[borderInputs:], bias, n, block, t.places[i])
		}
	}
}

// noBias is the bias of sixteen channels that have none.
var noBias [kernel.Block]float32

// finishBorder does so for a tile that hangs over y's edges.
func (w *winograd) finishBorder(points *float32, border []float32, bias *float32, n, block int, p winogradPlace) {
	out, more, addend := border[:borderOutputs], border[borderOutputs:], (*float32)(nil)
	each := func(f func(tile, plane []float32), t *tensor, tile []float32) {
		eachRow(p.y, p.x, kernel.WinogradTile, w.y.h, w.y.w, func(y, x, at, pixels int) {
			to := t.offset(n+p.n, block, y, x)
			f(tile[at*kernel.Block:][:pixels*kernel.Block], t.data[to:to+pixels*kernel.Block])
		})
	}
	if w.addend != nil {
		each(func(tile, plane []float32) { copy(tile, plane) }, w.addend, more)
		addend = &more[0]
	}
	w.compiler.kernels.Winograd.Output(points, &out[0], addend, bias, &only, 1, &w.border)
	each(func(tile, plane []float32) { copy(plane, tile) }, w.y, out)
}
