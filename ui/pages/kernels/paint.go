package kernels

import (
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// kernelPainters draw the kernels of every model before and after smoothing.
type kernelPainters [session.MostComparisons + 1][2]kit.Painter

func (p *kernelPainters) paint(list []shownKernels, q kernelsRequest) {
	if q.Cols < 1 || q.Rows < 1 {
		return
	}
	var work []func()
	for m := range list {
		k := &list[m]
		if k.view == nil {
			continue
		}
		for i, w := range [][]float32{k.view.Before, k.view.After} {
			work = append(work, func() {
				k.drawn[i] = p[m][i].Paint(q.RenderSpec, func(box *picture.Image) {
					window := drawWindow(box, w, k.view.Shape, q.outs, q.ins, leastWeight(q.RenderSpec))
					if i == 0 {
						k.window = window
					}
				})
			})
		}
	}
	kit.Together(work...)
}

// leastWeight returns the side of the square of a weight if not all fit.
func leastWeight(k kit.RenderSpec) int {
	if k.Protocol == picture.HalfBlocks {
		return 1
	}
	return 2
}

// kernelWindow is which of the kernels a picture holds: so many outputs and inputs from the
// given ones on. It is zero for pictures that hold one tile an output.
type kernelWindow struct {
	out, outs, allOuts int
	in, ins, allIns    int
	px, gap            int // side of a weight, gap between kernels
}

func (w kernelWindow) cropped() bool { return w.outs < w.allOuts || w.ins < w.allIns }

// drawWindow draws kernels (OIHW). Those of three input channels, or of one, are one tile an
// output; of others every output is a row of gray tiles, one an input channel, scaled to the
// row's own largest weight. Where not all of them fit, those from outs and ins on are drawn.
func drawWindow(im *picture.Image, w []float32, shape [4]int, outs, ins, least int) kernelWindow {
	o, in, kh, kw := shape[0], shape[1], shape[2], shape[3]
	if o < 1 || in < 1 || kh < 1 || kw < 1 || len(w) < o*in*kh*kw {
		return kernelWindow{}
	}
	if in == 1 || in == 3 {
		kit.Mosaic(im, w, shape)
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
			tile := grayTile(row[(win.in+x)*size:][:size], most)
			kit.FillTile(im, tile, x0+x*width, y0+y*height, kw, kh, win.px)
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

// grayTile converts a kernel of one channel to pixels, with gray as 0.
func grayTile(w []float32, most float32) []byte {
	tile := make([]byte, 0, 3*len(w))
	for _, v := range w {
		level := uint8(127.5 + 127.5*v/most)
		tile = append(tile, level, level, level)
	}
	return tile
}
