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
	weightPixels = 16 // side of the square a weight is drawn as
	gapPixels    = 4  // between kernels
)

// WriteKernels draws the kernels before and, below, after smoothing into a PNG file. Every
// kernel is shown about mid-grey and stretched by itself: its form is what counts. The
// input channels are red, green and blue where there are three.
func WriteKernels(path string, v KernelView) error {
	return checkpoints.WriteAtomic(path, func(w io.Writer) error { return png.Encode(w, drawKernels(v)) })
}

func drawKernels(v KernelView) image.Image {
	out, kh, kw := v.Shape[0], v.Shape[2], v.Shape[3]
	columns := int(math.Ceil(math.Sqrt(2 * float64(out))))
	rows := (out + columns - 1) / columns
	width, height := kw*weightPixels+gapPixels, kh*weightPixels+gapPixels
	block := rows*height + 2*gapPixels
	canvas := image.NewRGBA(image.Rect(0, 0, columns*width+gapPixels, 2*block-gapPixels))
	draw.Draw(canvas, canvas.Bounds(), image.White, image.Point{}, draw.Src)
	size := v.Shape[1] * kh * kw
	for half, weights := range [][]float32{v.Before, v.After} {
		for k := range out {
			at := image.Pt(gapPixels+k%columns*width, gapPixels+half*block+k/columns*height)
			drawKernel(canvas, at, weights[k*size:(k+1)*size], v.Shape[1], kh, kw)
		}
	}
	return canvas
}

// drawKernel draws one kernel (IHW).
func drawKernel(canvas *image.RGBA, at image.Point, w []float32, channels, kh, kw int) {
	largest := 1e-12
	for _, v := range w {
		largest = max(largest, math.Abs(float64(v)))
	}
	level := func(channel, i int) uint8 {
		if channels != 3 {
			channel = 0
		}
		return uint8(math.Round(127.5 + 127.5*float64(w[channel*kh*kw+i])/largest))
	}
	for i := range kh * kw {
		square := image.Rect(0, 0, weightPixels, weightPixels).Add(at).Add(image.Pt(i%kw*weightPixels, i/kw*weightPixels))
		fill := image.NewUniform(color.RGBA{level(0, i), level(1, i), level(2, i), 255})
		draw.Draw(canvas, square, fill, image.Point{}, draw.Src)
	}
}
