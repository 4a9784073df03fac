package imagefile

import (
	"image"
)

// unit maps bytes to [0,1].
var unit = func() (table [256]float32) {
	for i := range table {
		table[i] = float32(i) / 255
	}
	return table
}()

// rowsOf reads images of the standard library's types. Their RGBA values are alpha-premultiplied,
// i.e. composited over black.
func rowsOf(src image.Image) Rows {
	left, top := src.Bounds().Min.X, src.Bounds().Min.Y
	rows := func(c int, read func(y int, to [][]float32)) Rows {
		return Rows{c, src.Bounds().Dy(), src.Bounds().Dx(), func(y int, to [][]float32) { read(top+y, to) }}
	}
	switch src := src.(type) {
	case *image.Gray:
		return rows(1, func(y int, to [][]float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range to[0] {
				to[0][x] = unit[row[x]]
			}
		})
	case *image.Gray16:
		return rows(1, func(y int, to [][]float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range to[0] {
				to[0][x] = float32(uint(row[2*x])<<8|uint(row[2*x+1])) / 65535
			}
		})
	case *image.Paletted:
		table := paletteOf(src)
		return rows(3, func(y int, to [][]float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range to[0] {
				color := &table[row[x]]
				to[0][x], to[1][x], to[2][x] = color[0], color[1], color[2]
			}
		})
	case *image.RGBA:
		return rows(3, func(y int, to [][]float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range to[0] {
				p := row[4*x : 4*x+3]
				to[0][x], to[1][x], to[2][x] = unit[p[0]], unit[p[1]], unit[p[2]]
			}
		})
	case *image.NRGBA:
		return rows(3, func(y int, to [][]float32) {
			row := src.Pix[src.PixOffset(left, y):]
			for x := range to[0] {
				p := row[4*x : 4*x+4]
				alpha := unit[p[3]]
				to[0][x], to[1][x], to[2][x] = unit[p[0]]*alpha, unit[p[1]]*alpha, unit[p[2]]*alpha
			}
		})
	}
	return rows(3, func(y int, to [][]float32) { deepRow(src, y, to) })
}

// paletteOf returns colors over black; indices beyond the palette are black.
func paletteOf(src *image.Paletted) *[256][3]float32 {
	table := new([256][3]float32)
	for i, c := range src.Palette[:min(len(src.Palette), 256)] {
		r, g, b, _ := c.RGBA()
		table[i] = [3]float32{float32(r) / 65535, float32(g) / 65535, float32(b) / 65535}
	}
	return table
}

// deepRow reads a row of any other type with 16 bits per channel.
func deepRow(src image.Image, y int, to [][]float32) {
	left := src.Bounds().Min.X
	fast, ok := src.(image.RGBA64Image) // every type of the standard library
	for x := range to[0] {
		var r, g, b uint32
		if ok {
			c := fast.RGBA64At(left+x, y)
			r, g, b = uint32(c.R), uint32(c.G), uint32(c.B)
		} else {
			r, g, b, _ = src.At(left+x, y).RGBA()
		}
		to[0][x], to[1][x], to[2][x] = float32(r)/65535, float32(g)/65535, float32(b)/65535
	}
}

// gray keeps the first channel of an image whose channels are equal.
func gray(src Rows) Rows {
	if src.C == 1 {
		return src
	}
	green, blue := make([]float32, src.W), make([]float32, src.W)
	return Rows{1, src.H, src.W, func(y int, to [][]float32) { src.Read(y, [][]float32{to[0], green, blue}) }}
}

// placed puts an RGB image at (left, top) of a black canvas of h×w pixels, which contains it.
func placed(src Rows, left, top, h, w int) Rows {
	if src.H == h && src.W == w {
		return src
	}
	return Rows{src.C, h, w, func(y int, to [][]float32) {
		inside := make([][]float32, len(to))
		for p := range to {
			clear(to[p])
			inside[p] = to[p][left:][:src.W]
		}
		if y >= top && y < top+src.H {
			src.Read(y-top, inside)
		}
	}}
}
