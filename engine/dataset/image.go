package dataset

import "math"

// Image is one picture as numbers: CHW, row-major, pixels in [0,1], C 1 (gray) or 3 (RGB).
type Image struct {
	C, H, W int
	Pix     []float32 // C*H*W
}

// NewImage returns a black image.
func NewImage(c, h, w int) *Image {
	return &Image{C: c, H: h, W: w, Pix: make([]float32, c*h*w)}
}

// Resize returns the image with c channels (1 or 3), h rows and w columns. Along each axis
// that shrinks a pixel is the mean of the area it covers; along each that grows it is
// interpolated linearly between pixel centres, edges repeated. Gray becomes RGB by
// repetition, RGB becomes gray as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). An image that
// already fits is returned itself.
func (im *Image) Resize(c, h, w int) *Image {
	im = im.withChannels(c)
	if im.H == h && im.W == w {
		return im
	}
	out := NewImage(c, h, w)
	rows := NewImage(c, im.H, w)
	across, down := newTaps(im.W, w), newTaps(im.H, h)
	for y := range c * im.H {
		src, dst := im.Pix[y*im.W:(y+1)*im.W], rows.Pix[y*w:(y+1)*w]
		for x := range dst {
			var sum float32
			for k, weight := range across.weights[x] {
				sum += weight * src[across.first[x]+k]
			}
			dst[x] = sum
		}
	}
	for p := range c {
		for y := range h {
			dst := out.Pix[(p*h+y)*w : (p*h+y+1)*w]
			for k, weight := range down.weights[y] {
				src := rows.Pix[(p*im.H+down.first[y]+k)*w:]
				for x := range dst {
					dst[x] += weight * src[x]
				}
			}
		}
	}
	return out
}

// withChannels returns the image with c channels, itself when it has them.
func (im *Image) withChannels(c int) *Image {
	if im.C == c {
		return im
	}
	n := im.H * im.W
	out := NewImage(c, im.H, im.W)
	if im.C == 1 {
		for p := range c {
			copy(out.Pix[p*n:], im.Pix)
		}
		return out
	}
	r, g, b := im.Pix[:n], im.Pix[n:2*n], im.Pix[2*n:3*n]
	for i := range n {
		out.Pix[i] = 0.299*r[i] + 0.587*g[i] + 0.114*b[i]
	}
	return out
}

// taps says which source pixels, with which weights summing to 1, make each pixel of a
// line that is resampled.
type taps struct {
	first   []int
	weights [][]float32
}

func newTaps(from, to int) taps {
	t := taps{first: make([]int, to), weights: make([][]float32, to)}
	scale := float64(from) / float64(to)
	for i := range to {
		if to < from {
			t.area(i, scale, from)
		} else {
			t.linear(i, scale, from)
		}
	}
	return t
}

// area weighs source pixels by how much of them [i*scale, (i+1)*scale) covers.
func (t *taps) area(i int, scale float64, from int) {
	lo, hi := float64(i)*scale, math.Min(float64(i+1)*scale, float64(from))
	first := min(int(lo), from-1)
	t.first[i] = first
	for k := first; k < from && float64(k) < hi; k++ {
		covered := math.Min(hi, float64(k+1)) - math.Max(lo, float64(k))
		t.weights[i] = append(t.weights[i], float32(covered/(hi-lo)))
	}
}

// linear weighs the two source pixels nearest to the centre of pixel i.
func (t *taps) linear(i int, scale float64, from int) {
	at := math.Max((float64(i)+0.5)*scale-0.5, 0)
	first := min(int(at), from-1)
	t.first[i] = first
	if first == from-1 {
		t.weights[i] = []float32{1}
		return
	}
	part := float32(at - float64(first))
	t.weights[i] = []float32{1 - part, part}
}
