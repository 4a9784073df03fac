package session

import (
	"math"

	"hfcui/engine/dataset"
	"hfcui/spectral"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
)

// The high-pass image of a photograph looks like noise, which takes several times the bytes of
// other pictures. Fewer colors are not noticeable in noise, so it gets fewer.
const (
	ManyPixels  = 128 * 128
	NoiseColors = 64
)

// PlaneImage fills im with scale·p+offset, clipped to the range of the screen, and averages by×by
// pixels: large pictures are downscaled while they are read.
func PlaneImage(im *picture.Image, p dataset.Image, scale, offset float64, by int) {
	w, h := p.W/by, p.H/by
	im.Resize(w, h)
	sums := make([]float32, w)
	for c := range 3 {
		plane := p.Pix[min(c, p.C-1)*p.W*p.H:][:p.W*p.H]
		for y := range h {
			clear(sums)
			for dy := range by {
				addReduced(sums, plane[(y*by+dy)*p.W:][:p.W], by)
			}
			spectral.Quantize(im.Pix[3*y*w+c:], 3, sums, scale/float64(by*by), offset)
		}
	}
}

// addReduced adds the sums of every by values of a row.
func addReduced(sums, row []float32, by int) {
	if by == 1 {
		for x, v := range row {
			sums[x] += v
		}
		return
	}
	for x := range sums {
		sum := float32(0)
		for _, v := range row[x*by : (x+1)*by] {
			sum += v
		}
		sums[x] += sum
	}
}

// SpectrumImage fills im with a log spectrum, tinted low and high at radius r, by×by coefficients
// per pixel.
func SpectrumImage(im *picture.Image, spectrum dataset.Image, r float64, by int) {
	PlaneImage(im, spectrum, 1, 0, by)
	for y := range im.H {
		dy := float64(y*by + by/2 - spectrum.H/2)
		for x := range im.W {
			dx := float64(x*by + by/2 - spectrum.W/2)
			part := 0
			if dx*dx+dy*dy < r*r {
				part = 1
			}
			px := im.Pix[3*(y*im.W+x):][:3]
			copy(px, spectrumTints[part][px[0]][:])
		}
	}
}

// spectrumTints are the colors of a spectrum by band (0 high, 1 low) and level: the band's color,
// lightened, with weak frequencies raised to be visible.
var spectrumTints = func() (tints [2][256][3]uint8) {
	for part, color := range [2][3]uint8{kit.DarkTheme.CircleHigh, kit.DarkTheme.CircleLow} {
		for level := range 256 {
			bright := math.Pow(float64(level)/255, 0.6)
			for c := range 3 {
				tints[part][level][c] = uint8(bright * (255 + 2*float64(color[c])) / 3)
			}
		}
	}
	return tints
}()

// DrawCircle draws the circle at r into a boxed spectrum.
func DrawCircle(box *picture.Image, spectrum dataset.Image, r float64) {
	kit.DrawRing(box, spectrum.W, spectrum.H, r, [3]uint8{255, 255, 255})
}
