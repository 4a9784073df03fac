package dataset

import "hfcui/engine/imagefile"

// rows reads an image row by row.
func (im *Image) rows() imagefile.Rows {
	return imagefile.Rows{C: im.C, H: im.H, W: im.W, Read: func(y int, to [][]float32) {
		for p := range to {
			copy(to[p], im.Pix[(p*im.H+y)*im.W:])
		}
	}}
}

// whole reads all rows.
func whole(src imagefile.Rows) *Image {
	im := NewImage(src.C, src.H, src.W)
	to := make([][]float32, src.C)
	for y := range src.H {
		for p := range to {
			to[p] = im.Pix[(p*src.H+y)*src.W:][:src.W]
		}
		src.Read(y, to)
	}
	return im
}
