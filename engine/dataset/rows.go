package dataset

import (
	"image"
	"image/color"
)

// rows is an image that is read row by row, so that a decoded photograph need not also be in memory
// as float32.
type rows struct {
	c, h, w int
	read    func(y int, to [][]float32) // row y into c slices of w values in [0,1]
}

// rows reads an image row by row.
func (im *Image) rows() rows {
	return rows{im.C, im.H, im.W, func(y int, to [][]float32) {
		for p := range to {
			copy(to[p], im.Pix[(p*im.H+y)*im.W:])
		}
	}}
}

// whole reads all rows.
func whole(src rows) *Image {
	im := NewImage(src.c, src.h, src.w)
	to := make([][]float32, src.c)
	for y := range src.h {
		for p := range to {
			to[p] = im.Pix[(p*src.h+y)*src.w:][:src.w]
		}
		src.read(y, to)
	}
	return im
}

// rowsOf converts decoded images. Go's RGBA values are alpha-premultiplied, i.e. composited over
// black.
func rowsOf(src image.Image) rows {
	left, top := src.Bounds().Min.X, src.Bounds().Min.Y
	gray := func(read func(y int, to [][]float32)) rows {
		return rows{1, src.Bounds().Dy(), src.Bounds().Dx(), read}
	}
	rgb := func(read func(y int, red, green, blue []float32)) rows {
		return rows{3, src.Bounds().Dy(), src.Bounds().Dx(), func(y int, to [][]float32) { read(top+y, to[0], to[1], to[2]) }}
	}
	switch src := src.(type) {
	case *image.Gray:
		return gray(func(y int, to [][]float32) {
			row := src.Pix[y*src.Stride:]
			for x := range to[0] {
				to[0][x] = unit[row[x]]
			}
		})
	case *image.Gray16:
		return gray(func(y int, to [][]float32) {
			row := src.Pix[y*src.Stride:]
			for x := range to[0] {
				to[0][x] = float32(uint(row[2*x])<<8|uint(row[2*x+1])) / 65535
			}
		})
	case *image.YCbCr:
		return rgb(func(y int, red, green, blue []float32) {
			for x := range red {
				yi, ci := src.YOffset(left+x, y), src.COffset(left+x, y)
				r, g, b := color.YCbCrToRGB(src.Y[yi], src.Cb[ci], src.Cr[ci])
				red[x], green[x], blue[x] = unit[r], unit[g], unit[b]
			}
		})
	case *image.RGBA:
		return rgb(func(y int, red, green, blue []float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range red {
				p := row[4*x : 4*x+3]
				red[x], green[x], blue[x] = unit[p[0]], unit[p[1]], unit[p[2]]
			}
		})
	case *image.NRGBA:
		return rgb(func(y int, red, green, blue []float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range red {
				p := row[4*x : 4*x+4]
				alpha := unit[p[3]]
				red[x], green[x], blue[x] = unit[p[0]]*alpha, unit[p[1]]*alpha, unit[p[2]]*alpha
			}
		})
	}
	return rgb(func(y int, red, green, blue []float32) { deepRow(src, y, red, green, blue) })
}

// deepRow reads a row of any other type with 16 bits per channel.
func deepRow(src image.Image, y int, red, green, blue []float32) {
	left := src.Bounds().Min.X
	fast, ok := src.(image.RGBA64Image) // every type of the standard library
	for x := range red {
		var r, g, b uint32
		if ok {
			c := fast.RGBA64At(left+x, y)
			r, g, b = uint32(c.R), uint32(c.G), uint32(c.B)
		} else {
			r, g, b, _ = src.At(left+x, y).RGBA()
		}
		red[x], green[x], blue[x] = float32(r)/65535, float32(g)/65535, float32(b)/65535
	}
}
