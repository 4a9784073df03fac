package kit

import (
	"slices"

	"hfcui/ui/picture"
)

// Mosaic draws kernels (OIHW) as tiles into im, each scaled to its largest weight, with gray as 0.
// Three input channels are RGB; otherwise a tile is the mean over input channels.
func Mosaic(im *picture.Image, w []float32, shape [4]int) {
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
		FillTile(im, tile, tx, ty, kw, kh, px)
	}
}

// tiling returns the number of tiles of kw×kh weights per row that gives each weight the most pixels.
func tiling(w, h, gap, o, kw, kh int) (across, px int) {
	across, px = 1, 0
	for n := 1; n <= o; n++ {
		down := (o + n - 1) / n
		size := min((w-(n-1)*gap)/(n*kw), (h-(down-1)*gap)/(down*kh))
		if size > px {
			across, px = n, size
		}
	}
	if px == 0 { // more kernels than pixels: nearly square, clipped at the edges
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

// FillTile enlarges a tile px times at (x0, y0).
func FillTile(im *picture.Image, tile []byte, x0, y0, kw, kh, px int) {
	for y := max(0, -y0); y < kh*px && y0+y < im.H; y++ {
		for x := max(0, -x0); x < kw*px && x0+x < im.W; x++ {
			from := 3 * (y/px*kw + x/px)
			copy(im.Pix[3*((y0+y)*im.W+x0+x):][:3], tile[from:from+3])
		}
	}
}
