package dataset

import (
	"fmt"

	"hfcui/engine/dataset/npy"
)

// pixels is how the pixels of an image are stored.
type pixels struct {
	element npy.Type
	top     float64 // the value of white: 1, 255 or 65535
	// the steps from channel to channel, row to row and column to column, in elements
	channel, row, column int
}

// planes are pixels that are bytes in CHW order.
func planes(h, w int) pixels {
	return pixels{element: npy.Type{Kind: 'u', Size: 1}, top: 255, channel: h * w, row: w, column: 1}
}

// within is the range of values.
func (p *pixels) within() string { return fmt.Sprintf("[0,%g]", p.top) }

// decode writes an image, scaled to [0,1], into dst, which is CHW. It returns a value out of range, if
// there is one.
func (p *pixels) decode(dst []float32, raw []byte, h, w int) (bad float64, ok bool) {
	bytes := p.element.Kind == 'u' && p.element.Size == 1 && p.top == 255
	if bytes && p.channel == h*w && p.row == w && p.column == 1 {
		for i, v := range raw {
			dst[i] = unit[v]
		}
		return 0, true
	}
	at := 0
	for c := range len(dst) / (h * w) {
		for y := range h {
			k := c*p.channel + y*p.row
			for range w {
				if bytes {
					dst[at] = unit[raw[k]]
				} else {
					v := p.element.Value(raw[k*p.element.Size:])
					if !(v >= 0 && v <= p.top) { // also NaN
						return v, false
					}
					dst[at] = float32(v / p.top)
				}
				at++
				k += p.column
			}
		}
	}
	return 0, true
}
