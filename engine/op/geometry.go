package op

import "fmt"

// window returns the number of windows of the given size along an axis of n elements.
func window(n, size, stride, pad int) (int, error) {
	if size < 1 || stride < 1 || pad < 0 {
		return 0, fmt.Errorf("invalid window: size %d, stride %d, padding %d", size, stride, pad)
	}
	if n < 1 || n+2*pad < size {
		return 0, fmt.Errorf("windows of %d exceed an axis of %d with padding %d", size, n, pad)
	}
	return (n+2*pad-size)/stride + 1, nil
}

// inside returns the range of windows whose element tap lies inside an axis of n elements, not in
// the padding.
func inside(n, windows, tap, stride, pad int) (from, to int) {
	if pad > tap {
		from = (pad - tap + stride - 1) / stride
	}
	if last := n - 1 + pad - tap; last >= 0 {
		to = min(windows, last/stride+1)
	}
	return min(from, to), to
}

// geometry is the sizes of a convolution: x [n,c,h,w], weights [k,c,r,s], y [n,k,oh,ow].
type geometry struct {
	Conv
	n, c, h, w, k, r, s, oh, ow int
}

func (o Conv) geometry(x, w, y []int) geometry {
	return geometry{o, x[0], x[1], x[2], x[3], w[0], w[2], w[3], y[2], y[3]}
}

// tap is a position (r, s) in a kernel and the range of outputs for which it lies inside the image.
type tap struct{ r, s, y0, y1, x0, x1 int }

// taps calls f for every input channel and kernel position. Positions that are always in the
// padding have y0 = y1 or x0 = x1.
func (g geometry) taps(f func(c int, t tap)) {
	for c := range g.c {
		for r := range g.r {
			y0, y1 := inside(g.h, g.oh, r, g.Stride, g.Pad)
			for s := range g.s {
				x0, x1 := inside(g.w, g.ow, s, g.Stride, g.Pad)
				if x0 == x1 {
					f(c, tap{r, s, y1, y1, x0, x1})
					continue
				}
				f(c, tap{r, s, y0, y1, x0, x1})
			}
		}
	}
}

// weight is the offset of w[k,c,r,s].
func (g geometry) weight(k, c int, t tap) int { return ((k*g.c+c)*g.r+t.r)*g.s + t.s }

// input is the offset of the element of x that tap t reads for the first output of row oy.
func (g geometry) input(n, c, oy int, t tap) int {
	return ((n*g.c+c)*g.h+oy*g.Stride+t.r-g.Pad)*g.w + t.x0*g.Stride + t.s - g.Pad
}

// The loops below do all arithmetic of convolutions. They access only their arguments and are
// excluded from race detection, which would make them ten times slower.

// gather adds w·x[i·stride] to acc[i].
//
//go:norace
func gather(acc []float64, x []float32, w float64, stride int) {
	for i := range acc {
		acc[i] += w * float64(x[i*stride])
	}
}

// scatter adds w·y[i] to acc[i·stride].
//
//go:norace
func scatter(acc []float64, y []float32, w float64, stride int) {
	for i, v := range y {
		acc[i*stride] += w * float64(v)
	}
}

// dot is the sum of x[i·stride]·y[i].
//
//go:norace
func dot(x, y []float32, stride int) float64 {
	sum := 0.0
	for i, v := range y {
		sum += float64(x[i*stride]) * float64(v)
	}
	return sum
}

// round stores src in single precision.
func round(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}
