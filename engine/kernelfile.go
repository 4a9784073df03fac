package engine

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"hfcui/checkpoints"
)

const (
	weightPixels = 16   // side of the square a weight is drawn as, where there is room
	gapPixels    = 4    // between kernels
	mostPixels   = 4096 // side of a picture, where weights can be drawn smaller
)

// WriteKernels draws the kernels before and, below, after smoothing into a PNG file. Every
// output's kernel is shown about mid-grey and stretched by its own largest weight: its form
// is what counts. Of three input channels it is one tile in red, green and blue, of one
// channel one in grey; of more it is a row of tiles in grey, one an input channel.
func WriteKernels(path string, v *KernelView) error {
	return checkpoints.WriteAtomic(path, func(w io.Writer) error { return png.Encode(w, drawKernels(v)) })
}

func drawKernels(v *KernelView) image.Image {
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
	size := channels * kh * kw
	for half, weights := range [][]float32{v.Before, v.After} {
		for k := range tiles {
			at := image.Pt(gap+k%columns*width, gap+half*block+k/columns*height)
			row := k * size / (in * kh * kw) * in * kh * kw // where the weights of its output begin
			scale := largest(weights[row : row+in*kh*kw])
			drawKernel(canvas, at, weights[k*size:(k+1)*size], scale, channels, kh, kw, pixels)
		}
	}
	return canvas
}

// largest is the largest absolute weight, or a little where all are 0.
func largest(w []float32) float64 {
	most := 1e-12
	for _, v := range w {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}

// drawKernel draws one kernel (IHW) of three channels or one.
func drawKernel(canvas *image.RGBA, at image.Point, w []float32, scale float64, channels, kh, kw, pixels int) {
	level := func(channel, i int) uint8 {
		if channels != 3 {
			channel = 0
		}
		return uint8(math.Round(127.5 + 127.5*float64(w[channel*kh*kw+i])/scale))
	}
	for i := range kh * kw {
		square := image.Rect(0, 0, pixels, pixels).Add(at).Add(image.Pt(i%kw*pixels, i/kw*pixels))
		fill := image.NewUniform(color.RGBA{level(0, i), level(1, i), level(2, i), 255})
		draw.Draw(canvas, square, fill, image.Point{}, draw.Src)
	}
}
