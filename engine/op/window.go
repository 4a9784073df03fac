package op

import "fmt"

// Window says how a kernel moves over planes [H,W] where rows and columns, or the two sides
// of an axis, are treated differently: the geometry of GeneralConv, GeneralMaxPool and
// GeneralAvgPool.
type Window struct {
	Stride, Dilation [2]int // along rows (y) and columns (x)
	Pad              [4]int // top, left, bottom, right
}

// Output gives the plane's height and width after a kernel of size [R,S] moved over [H,W].
func (w Window) Output(h, wd, r, s int) (oh, ow int, err error) {
	if oh, err = w.along(0, h, r); err != nil {
		return 0, 0, err
	}
	ow, err = w.along(1, wd, s)
	return oh, ow, err
}

// along gives the number of windows of size elements along an axis of n.
func (w Window) along(axis, n, size int) (int, error) {
	stride, dilation, before, after := w.Stride[axis], w.Dilation[axis], w.Pad[axis], w.Pad[axis+2]
	if size < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0 {
		return 0, fmt.Errorf("size %d, stride %d, dilation %d, padding %d and %d make no window", size, stride, dilation, before, after)
	}
	reach := (size-1)*dilation + 1
	if n < 1 || n+before+after < reach {
		return 0, fmt.Errorf("windows of %d do not fit into %d with padding %d and %d", reach, n, before, after)
	}
	return (n+before+after-reach)/stride + 1, nil
}

// within gives the range of windows along an axis of n elements in which element t of the
// kernel lies inside.
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

// reach is the range of kernel elements that window o sees inside an axis of n.
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

// planeWindow is Window over one plane [h,w] with a kernel of r×s and oh×ow results.
type planeWindow struct {
	Window
	h, w, r, s, oh, ow int
}

// kernelTap is one position of a kernel and the results for which it lies inside the plane.
type kernelTap struct {
	at             int // its place in the kernel [R,S]
	y0, y1, x0, x1 int
	row, col       int // of the plane's element that result (0, 0) sees
}

// taps lists the kernel's positions that see anything but padding.
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

// first is the plane's element that the first result of row oy sees through t.
func (p planeWindow) first(t kernelTap, oy int) int {
	return (oy*p.Stride[0]+t.row)*p.w + t.x0*p.Stride[1] + t.col
}
