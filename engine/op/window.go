package op

import "fmt"

// Window is the geometry of GeneralConv, GeneralMaxPool and GeneralAvgPool: stride, dilation and
// padding per axis and side.
type Window struct {
	Stride, Dilation [2]int // along rows (y) and columns (x)
	Pad              [4]int // top, left, bottom, right
}

// Output returns the output's height and width for a plane [h,wd] and a kernel [r,s].
func (w Window) Output(h, wd, r, s int) (oh, ow int, err error) {
	if oh, err = w.along(0, h, r); err != nil {
		return 0, 0, err
	}
	ow, err = w.along(1, wd, s)
	return oh, ow, err
}

// along returns the number of windows of size elements along an axis of n.
func (w Window) along(axis, n, size int) (int, error) {
	stride, dilation, before, after := w.Stride[axis], w.Dilation[axis], w.Pad[axis], w.Pad[axis+2]
	if size < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0 {
		return 0, fmt.Errorf("invalid window: size %d, stride %d, dilation %d, padding %d and %d", size, stride, dilation, before, after)
	}
	reach := (size-1)*dilation + 1
	if n < 1 || n+before+after < reach {
		return 0, fmt.Errorf("windows of %d exceed an axis of %d with padding %d and %d", reach, n, before, after)
	}
	return (n+before+after-reach)/stride + 1, nil
}

// within returns the range of windows along an axis of n elements for which kernel element t lies
// inside.
func (w Window) within(axis, n, windows, t int) (from, to int) {
	offset, stride := t*w.Dilation[axis]-w.Pad[axis], w.Stride[axis]
	if offset < 0 {
		from = (-offset + stride - 1) / stride
	}
	if last := n - 1 - offset; last >= 0 {
		to = min(windows, last/stride+1)
	}
	return min(from, to), to
}

// reach returns the range of kernel elements of window o that lie inside an axis of n elements.
func (w Window) reach(axis, n, size, o int) (from, to int) {
	dilation := w.Dilation[axis]
	start := o*w.Stride[axis] - w.Pad[axis]
	if start < 0 {
		from = (-start + dilation - 1) / dilation
	}
	if left := n - start; left > 0 {
		to = min(size, (left+dilation-1)/dilation)
	}
	return min(from, to), to
}

// planeWindow is a Window over a plane [h,w] with an r×s kernel and oh×ow outputs.
type planeWindow struct {
	Window
	h, w, r, s, oh, ow int
}

// kernelTap is a position of a kernel and the range of outputs for which it lies inside the plane.
type kernelTap struct {
	at             int // its offset in the kernel [R,S]
	y0, y1, x0, x1 int
	row, col       int // of the plane's element that output (0, 0) reads
}

// taps lists the kernel's positions that are not always in the padding.
func (p planeWindow) taps() []kernelTap {
	var taps []kernelTap
	for r := range p.r {
		y0, y1 := p.within(0, p.h, p.oh, r)
		for s := range p.s {
			x0, x1 := p.within(1, p.w, p.ow, s)
			if y0 < y1 && x0 < x1 {
				taps = append(taps, kernelTap{r*p.s + s, y0, y1, x0, x1, r*p.Dilation[0] - p.Pad[0], s*p.Dilation[1] - p.Pad[1]})
			}
		}
	}
	return taps
}

// first is the offset of the plane's element that tap t reads for the first output of row oy.
func (p planeWindow) first(t kernelTap, oy int) int {
	return (oy*p.Stride[0]+t.row)*p.w + t.x0*p.Stride[1] + t.col
}
