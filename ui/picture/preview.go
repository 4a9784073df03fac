package picture

// previewBytes is what a preview should have at most: three of them take 200 ms at 1 Mbit/s.
const previewBytes = 8 << 10

// previewColors is the number of colors of a sixel preview.
const previewColors = 64

// preview returns a coarse version of img as sixels, in blocks of a multiple of six pixels, which
// are whole bands. A block takes about eight bytes in every band it is in.
func (e *Encoder) sixelPreview(img *Image) []byte {
	side := 6
	for (img.W+side-1)/side*((img.H+5)/6)*8 > previewBytes {
		side += 6
	}
	e.coarse.blocks(img, side)
	colors := previewColors
	if e.Registers > 0 {
		colors = min(colors, e.Registers)
	}
	return e.sixels.encode(&e.coarse, colors).Data
}

// smaller returns the picture that a preview is of where the terminal scales it: few enough pixels
// that they need not be compressed.
func (e *Encoder) smaller(img *Image) *Image {
	scale := 1
	for img.W/scale*(img.H/scale)*4 > previewBytes {
		scale++
	}
	e.coarse.Resize(img.W/scale, img.H/scale)
	average(&e.coarse, img, rect{0, 0, e.coarse.W, e.coarse.H})
	return &e.coarse
}

// blocks fills im with the means of src in blocks of side×side pixels, of the size of src.
func (im *Image) blocks(src *Image, side int) {
	im.Resize(src.W, src.H)
	sums := make([]int, 4*((src.W+side-1)/side))
	for top := 0; top < src.H; top += side {
		clear(sums)
		bottom := min(top+side, src.H)
		for y := top; y < bottom; y++ {
			row := src.Pix[3*y*src.W : 3*(y+1)*src.W]
			for x := range src.W {
				s := sums[x/side*4 : x/side*4+4]
				s[0] += int(row[3*x])
				s[1] += int(row[3*x+1])
				s[2] += int(row[3*x+2])
				s[3]++
			}
		}
		first := im.Pix[3*top*im.W : 3*(top+1)*im.W]
		for x := range im.W {
			s := sums[x/side*4 : x/side*4+4]
			first[3*x], first[3*x+1], first[3*x+2] = byte(s[0]/s[3]), byte(s[1]/s[3]), byte(s[2]/s[3])
		}
		for y := top + 1; y < bottom; y++ {
			copy(im.Pix[3*y*im.W:3*(y+1)*im.W], first)
		}
	}
}
