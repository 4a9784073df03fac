package kit

import (
	"math"

	"hfcui/ui/picture"
)

// DrawRing draws a circle of radius r about the zero frequency of a w×h Fourier plane.
func DrawRing(box *picture.Image, w, h int, r float64, color [3]uint8) {
	fw, fh := box.W, box.W*h/w
	if fh > box.H {
		fw, fh = box.H*w/h, box.H
	}
	scale := float64(fw) / float64(w)
	cx := float64((box.W-fw)/2) + (float64(w/2)+0.5)*scale
	cy := float64((box.H-fh)/2) + (float64(h/2)+0.5)*scale
	radius, half := r*scale, max(0.6, float64(fw)/220)
	if r <= 0 {
		return
	}
	for y := max(0, int(cy-radius-3)); y < min(box.H, int(cy+radius+4)); y++ {
		dy := float64(y) + 0.5 - cy
		for _, side := range [2]float64{-1, 1} {
			inner := math.Sqrt(max(0, (radius-half-1)*(radius-half-1)-dy*dy))
			outer := math.Sqrt(max(0, (radius+half+1)*(radius+half+1)-dy*dy))
			if radius < half+1 || math.Abs(dy) > radius-half-1 {
				inner = 0
			}
			from, to := cx+side*inner, cx+side*outer
			if side < 0 {
				from, to = to, from
			}
			for x := max(0, int(from-1)); x <= min(box.W-1, int(to+1)); x++ {
				dx := float64(x) + 0.5 - cx
				if dx*side < 0 {
					continue
				}
				cover := half + 0.5 - math.Abs(math.Hypot(dx, dy)-radius)
				blend(box.Pix[3*(y*box.W+x):], min(max(cover, 0), 1), color)
			}
		}
	}
}

// blend mixes a color into a pixel.
func blend(px []byte, share float64, color [3]uint8) {
	if share <= 0 {
		return
	}
	for c, v := range color {
		px[c] = uint8(float64(px[c]) + share*(float64(v)-float64(px[c])))
	}
}
