package op

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
)

// MaxPool is the maximum of every Size×Size window of x [N,C,H,W]; padding is −∞.
type MaxPool struct{ Size, Stride, Pad int }

func (MaxPool) Dims() []int { return []int{4, 4} }

func (o MaxPool) Infer(in [][]int) ([]int, error) { return pooled(in[0], o.Size, o.Stride, o.Pad) }

func (o MaxPool) Do(out Tensor, in []Tensor) {
	o.largest(in[0], out.Shape, func(y, x int) { out.Data[y] = in[0].Data[x] })
}

func (MaxPool) Wrt() []bool { return []bool{true} }

func (o MaxPool) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{MaxPoolGrad(o), gorgonia.Nodes{in[0], grad}})
}

// largest calls f with the index of every output and of its window's first maximum.
func (o MaxPool) largest(x Tensor, y []int, f func(y, x int)) {
	windows(x.Shape, y, o.Size, o.Stride, o.Pad, func(i int, w rect) {
		best, at := float32(math.Inf(-1)), -1
		w.each(func(j int) {
			if v := x.Data[j]; at < 0 || v > best || v != v {
				best, at = v, j
			}
		})
		f(i, at)
	})
}

// MaxPoolGrad is MaxPool's gradient from x and dy: it goes to the first maximum of each window.
type MaxPoolGrad struct{ Size, Stride, Pad int }

func (MaxPoolGrad) Dims() []int { return []int{4, 4, 4} }

func (o MaxPoolGrad) Infer(in [][]int) ([]int, error) {
	y, err := MaxPool(o).Infer(in[:1])
	if err != nil {
		return nil, err
	}
	return in[0], equal(in[1], y)
}

func (o MaxPoolGrad) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	MaxPool(o).largest(in[0], in[1].Shape, func(y, x int) { out.Data[x] += in[1].Data[y] })
}

// AvgPool is the mean of every Size×Size window of x [N,C,H,W]; padding counts as zeros.
type AvgPool struct{ Size, Stride, Pad int }

func (AvgPool) Dims() []int { return []int{4, 4} }

func (o AvgPool) Infer(in [][]int) ([]int, error) { return pooled(in[0], o.Size, o.Stride, o.Pad) }

func (o AvgPool) Do(out Tensor, in []Tensor) {
	windows(in[0].Shape, out.Shape, o.Size, o.Stride, o.Pad, func(i int, w rect) {
		sum := 0.0
		w.each(func(j int) { sum += float64(in[0].Data[j]) })
		out.Data[i] = float32(sum / float64(o.Size*o.Size))
	})
}

func (AvgPool) Wrt() []bool { return []bool{true} }

func (o AvgPool) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{AvgPoolGrad{o.Size, o.Stride, o.Pad, [4]int(in[0].Shape())}, gorgonia.Nodes{grad}})
}

// AvgPoolGrad is AvgPool's gradient with respect to x, whose shape is Shape, from dy.
type AvgPoolGrad struct {
	Size, Stride, Pad int
	Shape             [4]int
}

func (AvgPoolGrad) Dims() []int { return []int{4, 4} }

func (o AvgPoolGrad) Infer(in [][]int) ([]int, error) {
	y, err := pooled(o.Shape[:], o.Size, o.Stride, o.Pad)
	if err != nil {
		return nil, err
	}
	return o.Shape[:], equal(in[0], y)
}

func (o AvgPoolGrad) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	windows(out.Shape, in[0].Shape, o.Size, o.Stride, o.Pad, func(i int, w rect) {
		share := in[0].Data[i] / float32(o.Size*o.Size)
		w.each(func(j int) { out.Data[j] += share })
	})
}

// GlobalAvgPool is the mean of every plane of x [N,C,H,W], as [N,C].
type GlobalAvgPool struct{}

func (GlobalAvgPool) Dims() []int { return []int{4, 2} }

func (GlobalAvgPool) Infer(in [][]int) ([]int, error) { return in[0][:2], nil }

func (GlobalAvgPool) Do(out Tensor, in []Tensor) {
	hw := in[0].Shape[2] * in[0].Shape[3]
	for i := range out.Data {
		sum := 0.0
		for _, v := range in[0].Data[i*hw : (i+1)*hw] {
			sum += float64(v)
		}
		out.Data[i] = float32(sum / float64(hw))
	}
}

func (GlobalAvgPool) Wrt() []bool { return []bool{true} }

func (GlobalAvgPool) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{GlobalAvgPoolGrad{[4]int(in[0].Shape())}, gorgonia.Nodes{grad}})
}

// GlobalAvgPoolGrad is GlobalAvgPool's gradient with respect to x, whose shape is Shape,
// from dy [N,C].
type GlobalAvgPoolGrad struct{ Shape [4]int }

func (GlobalAvgPoolGrad) Dims() []int { return []int{2, 4} }

func (o GlobalAvgPoolGrad) Infer(in [][]int) ([]int, error) {
	return o.Shape[:], equal(in[0], o.Shape[:2])
}

func (o GlobalAvgPoolGrad) Do(out Tensor, in []Tensor) {
	hw := o.Shape[2] * o.Shape[3]
	for i := range out.Data {
		out.Data[i] = in[0].Data[i/hw] / float32(hw)
	}
}

// pooled returns the shape after pooling x.
func pooled(x []int, size, stride, pad int) ([]int, error) {
	if pad > size/2 {
		return nil, fmt.Errorf("padding %d is more than half the window", pad)
	}
	h, err := window(x[2], size, stride, pad)
	if err != nil {
		return nil, err
	}
	w, err := window(x[3], size, stride, pad)
	return []int{x[0], x[1], h, w}, err
}

// rect is the part of a window inside the image.
type rect struct{ start, width, height, stride int }

// each calls f with the index of every element, row by row.
func (r rect) each(f func(i int)) {
	for y := range r.height {
		for x := range r.width {
			f(r.start + y*r.stride + x)
		}
	}
}

// windows calls f with the index and the window of every output.
func windows(x, y []int, size, stride, pad int, f func(i int, w rect)) {
	h, w, oh, ow := x[2], x[3], y[2], y[3]
	for i := range Size(y) {
		plane, oy, ox := i/(oh*ow), i/ow%oh, i%ow
		y0, x0 := max(oy*stride-pad, 0), max(ox*stride-pad, 0)
		y1, x1 := min(oy*stride-pad+size, h), min(ox*stride-pad+size, w)
		f(i, rect{(plane*h+y0)*w + x0, x1 - x0, y1 - y0, w})
	}
}
