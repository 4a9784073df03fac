package dataset

import (
	"math"
	"slices"

	"hfcui/engine/imagefile"
)

// Image is an image of C = 1 (gray) or 3 (RGB) channels: CHW, row-major, pixels in [0,1].
type Image struct {
	C, H, W int
	Pix     []float32 // C*H*W
}

// NewImage returns a black image.
func NewImage(c, h, w int) *Image {
	return &Image{C: c, H: h, W: w, Pix: make([]float32, c*h*w)}
}

// Resize returns the image with c channels (1 or 3), h rows and w columns. Axes that shrink are
// averaged over the area of a pixel; axes that grow are interpolated linearly between pixel
// centers, with edges repeated. Gray becomes RGB by repetition, RGB becomes gray as 0.299 R + 0.587
// G + 0.114 B (ITU-R BT.601). An image of this size is returned unchanged.
func (im *Image) Resize(c, h, w int) *Image {
	if im.C == c && im.H == h && im.W == w {
		return im
	}
	return resample(im.rows(), c, h, w)
}

// resample is Resize of an image read row by row.
func resample(src imagefile.Rows, c, h, w int) *Image {
	if src.C == c && src.H == h && src.W == w {
		return whole(src)
	}
	return resampleBy(src, c, newTaps(src.W, w), newTaps(src.H, h))
}

// resampleBy resamples an image read row by row: each row is resampled horizontally and added to the
// output rows it contributes to.
func resampleBy(src imagefile.Rows, c int, across, down taps) *Image {
	h, w := len(down.first), len(across.first)
	out := NewImage(c, h, w)
	row := make([][]float32, src.C)
	for p := range row {
		row[p] = make([]float32, src.W)
	}
	line, first := make([]float32, w), 0
	for y := range src.H {
		src.Read(y, row)
		for first < h && down.first[first]+len(down.weights[first]) <= y {
			first++ // that output row is complete
		}
		for p, from := range withChannels(row, c) {
			across.apply(line, from)
			for to := first; to < h && down.first[to] <= y; to++ {
				k := y - down.first[to]
				if k >= len(down.weights[to]) {
					continue
				}
				weight, dst := down.weights[to][k], out.Pix[(p*h+to)*w:][:w]
				for x := range dst {
					dst[x] += weight * line[x]
				}
			}
		}
	}
	return out
}

// withChannels converts a row to c channels. It may overwrite or share row's slices.
func withChannels(row [][]float32, c int) [][]float32 {
	switch {
	case len(row) == c:
		return row
	case len(row) == 1:
		return slices.Repeat(row, c)
	}
	r, g, b := row[0], row[1], row[2]
	for x := range r {
		r[x] = 0.299*r[x] + 0.587*g[x] + 0.114*b[x]
	}
	return row[:1]
}

// taps has, for each pixel of a resampled line, its source pixels and their weights, which sum to 1.
type taps struct {
	first   []int
	weights [][]float32
}

// apply resamples one line.
func (t *taps) apply(dst, src []float32) {
	for x := range dst {
		var sum float32
		for k, weight := range t.weights[x] {
			sum += weight * src[t.first[x]+k]
		}
		dst[x] = sum
	}
}

// matrix has a row of from weights for every pixel.
func (t *taps) matrix(from int) []float32 {
	m := make([]float32, len(t.first)*from)
	for i, first := range t.first {
		copy(m[i*from+first:], t.weights[i])
	}
	return m
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

// linear weighs the two source pixels nearest to the center of pixel i.
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
