package model

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// DrawKernel draws one kernel w [I,H,W] at a point, each weight as a square of side pixels: mid
// gray for 0, black and white for ∓scale. Three input channels are drawn as RGB; otherwise the
// first is drawn in gray.
func DrawKernel(canvas draw.Image, at image.Point, side int, w []float32, shape [3]int, scale float64) {
	channels, kh, kw := shape[0], shape[1], shape[2]
	level := func(channel, i int) uint8 {
		if channels != 3 {
			channel = 0
		}
		return uint8(math.Round(127.5 + 127.5*float64(w[channel*kh*kw+i])/scale))
	}
	for i := range kh * kw {
		square := image.Rect(0, 0, side, side).Add(at).Add(image.Pt(i%kw*side, i/kw*side))
		draw.Draw(canvas, square, image.NewUniform(color.RGBA{level(0, i), level(1, i), level(2, i), 255}), image.Point{}, draw.Src)
	}
}

// LargestWeight returns the largest absolute weight, or a small positive number if all are 0.
func LargestWeight(w []float32) float64 {
	most := 1e-12
	for _, v := range w {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}
