package kernels

import (
	"image"
	"image/draw"
	"image/png"
	"io"
	"math"

	"hfcui/checkpoints"
	"hfcui/engine/model"
)

const (
	weightPixels = 16   // side of the square of a weight, where there is room
	gapPixels    = 4    // between kernels
	mostPixels   = 4096 // largest side of a picture, as long as weights can be drawn smaller
)

// WritePNG draws the kernels before and, below, after smoothing into a PNG file. The kernel of
// each output channel is drawn around mid-gray and scaled by its own largest weight: its shape
// is what matters. With three input channels it is one RGB tile, with one a gray tile, with
// more a row of gray tiles, one per input channel.
func WritePNG(path string, v *View) error {
	return checkpoints.WriteAtomic(path, func(w io.Writer) error { return png.Encode(w, drawKernels(v)) })
}

func drawKernels(v *View) image.Image {
	out, in, kh, kw := v.Shape[0], v.Shape[1], v.Shape[2], v.Shape[3]
	tiles, channels := out, in
	columns := int(math.Ceil(math.Sqrt(2 * float64(out))))
	if in != 1 && in != 3 {
		tiles, channels, columns = out*in, 1, in
	}
	rows := (tiles + columns - 1) / columns
	pixels, gap := weightPixels, gapPixels
	if fits := mostPixels / max(columns*kw, 2*rows*kh); fits < pixels {
		pixels = max(fits*3/4, 1)
		gap = max(pixels/2, 1)
	}
	width, height := kw*pixels+gap, kh*pixels+gap
	block := rows*height + 2*gap
	canvas := image.NewRGBA(image.Rect(0, 0, columns*width+gap, 2*block-gap))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	size, output := channels*kh*kw, in*kh*kw
	for half, weights := range [][]float32{v.Before, v.After} {
		scale := 0.0
		for k := range tiles {
			at := image.Pt(gap+k%columns*width, gap+half*block+k/columns*height)
			if k*size%output == 0 {
				scale = model.LargestWeight(weights[k*size:][:output])
			}
			model.DrawKernel(canvas, at, pixels, weights[k*size:(k+1)*size], [3]int{channels, kh, kw}, scale)
		}
	}
	return canvas
}
