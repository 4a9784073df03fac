package ui

import (
	"slices"
	"sync"

	"hfcui/ui/picture"
)

// kernelPainter draws kernels. It keeps its memory.
type kernelPainter struct {
	mu      sync.Mutex
	look    look
	encoder [mostBeside + 1][2]*picture.Encoder
	boxed   [mostBeside + 1][2]picture.Image
}

// paint draws the kernels of every model before and after smoothing.
func (p *kernelPainter) paint(list []shownKernels, q kernelsRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := q.look
	if k.cols < 1 || k.rows < 1 {
		return
	}
	if k != p.look {
		p.encoder = [mostBeside + 1][2]*picture.Encoder{}
		p.look = k
	}
	var work []func()
	for m := range list {
		if list[m].view == nil {
			continue
		}
		for i, w := range [][]float32{list[m].view.Before, list[m].view.After} {
			if p.encoder[m][i] == nil {
				p.encoder[m][i] = picture.NewEncoder(k.protocol)
				p.encoder[m][i].Profile, p.encoder[m][i].Registers = k.depth, k.registers
			}
			work = append(work, func() {
				im := &p.boxed[m][i]
				k.box(im)
				im.Fill(k.background())
				window := drawWindow(im, w, list[m].view.Shape, q.outs, q.ins, k.leastWeight())
				list[m].drawn[i] = p.encoder[m][i].Encode(im, k.cols, k.rows)
				if i == 0 {
					list[m].window = window
				}
			})
		}
	}
	together(work...)
}

// leastWeight is the side of the square a weight is drawn as where not all of them fit.
func (k look) leastWeight() int {
	if k.protocol == picture.HalfBlocks {
		return 1
	}
	return 2
}

// kernelWindow is which of the kernels a picture holds: so many outputs and inputs from the
// given ones on. It is zero for pictures that hold one tile an output.
type kernelWindow struct {
	out, outs, allOuts int
	in, ins, allIns    int
	px, gap            int // a weight's side, and what lies between kernels
}

func (w kernelWindow) cropped() bool { return w.outs < w.allOuts || w.ins < w.allIns }

// drawWindow draws kernels (OIHW). Those of three input channels, or of one, are one tile an
// output; of others every output is a row of grey tiles, one an input channel, scaled to the
// row's own largest weight. Where not all of them fit, those from outs and ins on are drawn.
func drawWindow(im *picture.Image, w []float32, shape [4]int, outs, ins, least int) kernelWindow {
	o, in, kh, kw := shape[0], shape[1], shape[2], shape[3]
	if o < 1 || in < 1 || kh < 1 || kw < 1 || len(w) < o*in*kh*kw {
		return kernelWindow{}
	}
	if in == 1 || in == 3 {
		mosaic(im, w, shape)
		return kernelWindow{}
	}
	win := windowOf(im.W, im.H, shape, outs, ins, least)
	width, height := kw*win.px+win.gap, kh*win.px+win.gap
	x0, y0 := (im.W-win.ins*width+win.gap)/2, (im.H-win.outs*height+win.gap)/2
	size := kh * kw
	for y := range win.outs {
		row := w[(win.out+y)*in*size:][:in*size]
		most := float32(1e-12)
		for _, v := range row {
			most = max(most, v, -v)
		}
		for x := range win.ins {
			tile := greyTile(row[(win.in+x)*size:][:size], most)
			fillTile(im, tile, x0+x*width, y0+y*height, kw, kh, win.px)
		}
	}
	return win
}

// windowOf chooses how large weights are drawn in a picture of w×h pixels: so that all fit,
// but no smaller than least.
func windowOf(w, h int, shape [4]int, outs, ins, least int) kernelWindow {
	o, in, kh, kw := shape[0], shape[1], shape[2], shape[3]
	win := kernelWindow{outs: o, allOuts: o, ins: in, allIns: in, gap: 1}
	win.px = min((w-(in-1))/(in*kw), (h-(o-1))/(o*kh))
	if win.px < least {
		win.px = least
		win.outs = min(max((h+1)/(kh*least+1), 1), o)
		win.ins = min(max((w+1)/(kw*least+1), 1), in)
	}
	win.out, win.in = min(max(outs, 0), o-win.outs), min(max(ins, 0), in-win.ins)
	return win
}

// greyTile turns one kernel of one channel into pixels, grey being 0.
func greyTile(w []float32, most float32) []byte {
	tile := make([]byte, 0, 3*len(w))
	for _, v := range w {
		level := uint8(127.5 + 127.5*v/most)
		tile = append(tile, level, level, level)
	}
	return tile
}

// mosaic draws kernels (OIHW) as tiles into im, each scaled to its own largest weight,
// grey being 0. Three input channels are red, green and blue; otherwise the tile shows
// the mean over the input channels.
func mosaic(im *picture.Image, w []float32, shape [4]int) {
	o, in, kh, kw := shape[0], shape[1], shape[2], shape[3]
	if o < 1 || in < 1 || kh < 1 || kw < 1 || len(w) < o*in*kh*kw {
		return
	}
	gap := 1 + im.W/150
	across, px := tiling(im.W, im.H, gap, o, kw, kh)
	down := (o + across - 1) / across
	x0 := (im.W - across*(kw*px+gap) + gap) / 2
	y0 := (im.H - down*(kh*px+gap) + gap) / 2
	for k := range o {
		tile := tileOf(w[k*in*kh*kw:(k+1)*in*kh*kw], in, kh*kw)
		tx, ty := x0+k%across*(kw*px+gap), y0+k/across*(kh*px+gap)
		fillTile(im, tile, tx, ty, kw, kh, px)
	}
}

// tiling chooses how many tiles of kw×kh weights stand side by side so that each weight
// gets as many pixels as possible.
func tiling(w, h, gap, o, kw, kh int) (across, px int) {
	across, px = 1, 0
	for n := 1; n <= o; n++ {
		down := (o + n - 1) / n
		size := min((w-(n-1)*gap)/(n*kw), (h-(down-1)*gap)/(down*kh))
		if size > px {
			across, px = n, size
		}
	}
	if px == 0 { // more kernels than pixels: as square as can be, cut at the edges
		for across*across < o {
			across++
		}
		px = 1
	}
	return across, px
}

// tileOf turns one kernel (in×n weights) into n RGB pixels.
func tileOf(w []float32, in, n int) []byte {
	values := make([]float32, 3*n)
	for i := range n {
		for c := range 3 {
			if in == 3 {
				values[3*i+c] = w[c*n+i]
				continue
			}
			for k := range in {
				values[3*i+c] += w[k*n+i]
			}
		}
	}
	most := max(slices.Max(values), -slices.Min(values), 1e-12)
	tile := make([]byte, 3*n)
	for i, v := range values {
		tile[i] = uint8(127.5 + 127.5*v/most)
	}
	return tile
}

// fillTile enlarges a tile px times at (x0, y0).
func fillTile(im *picture.Image, tile []byte, x0, y0, kw, kh, px int) {
	for y := max(0, -y0); y < kh*px && y0+y < im.H; y++ {
		for x := max(0, -x0); x < kw*px && x0+x < im.W; x++ {
			from := 3 * (y/px*kw + x/px)
			copy(im.Pix[3*((y0+y)*im.W+x0+x):][:3], tile[from:from+3])
		}
	}
}
