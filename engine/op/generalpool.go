package op

import (
	"math"

	"gorgonia.org/gorgonia"
)

// GeneralMaxPool is MaxPool with windows of Size [R,S] and any geometry, of x [N,C,H,W]; padding is
// −∞.
type GeneralMaxPool struct {
	Window
	Size [2]int
}

func (GeneralMaxPool) Dims() []int { return []int{4, 4} }

func (o GeneralMaxPool) Infer(in [][]int) ([]int, error) { return o.pooled(in[0], o.Size) }

// pooled returns the shape after pooling x.
func (w Window) pooled(x []int, size [2]int) ([]int, error) {
	h, wd, err := w.Output(x[2], x[3], size[0], size[1])
	return []int{x[0], x[1], h, wd}, err
}

func (o GeneralMaxPool) Do(out Tensor, in []Tensor) {
	o.largest(in[0], out.Shape, func(y, x int) {
		if x < 0 {
			out.Data[y] = float32(math.Inf(-1))
			return
		}
		out.Data[y] = in[0].Data[x]
	})
}

func (GeneralMaxPool) Wrt() []bool { return []bool{true} }

func (o GeneralMaxPool) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{GeneralMaxPoolGrad(o), gorgonia.Nodes{in[0], grad}})
}

// largest calls f with the index of every output and of its window's first maximum; −1 if that is
// padding.
func (o GeneralMaxPool) largest(x Tensor, y []int, f func(y, x int)) {
	o.each(x.Shape, y, o.Size, func(i int, window windowRect) {
		best, at := float32(math.Inf(-1)), -1
		window.each(func(j int) {
			if v := x.Data[j]; at < 0 || v > best || v != v {
				best, at = v, j
			}
		})
		f(i, at)
	})
}

// GeneralMaxPoolGrad is GeneralMaxPool's gradient from x and dy.
type GeneralMaxPoolGrad struct {
	Window
	Size [2]int
}

func (GeneralMaxPoolGrad) Dims() []int { return []int{4, 4, 4} }

func (o GeneralMaxPoolGrad) Infer(in [][]int) ([]int, error) {
	y, err := GeneralMaxPool(o).Infer(in[:1])
	if err != nil {
		return nil, err
	}
	return in[0], equal(in[1], y)
}

func (o GeneralMaxPoolGrad) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	GeneralMaxPool(o).largest(in[0], in[1].Shape, func(y, x int) {
		if x >= 0 {
			out.Data[x] += in[1].Data[y]
		}
	})
}

// GeneralAvgPool is the mean of every window of Size [R,S] of x [N,C,H,W]. Padding is zero and
// counts in the mean up to Counted rows and columns (top, left, bottom, right) from the image;
// Counted = 0 excludes it.
type GeneralAvgPool struct {
	Window
	Size    [2]int
	Counted [4]int
}

func (GeneralAvgPool) Dims() []int { return []int{4, 4} }

func (o GeneralAvgPool) Infer(in [][]int) ([]int, error) { return o.pooled(in[0], o.Size) }

func (o GeneralAvgPool) Do(out Tensor, in []Tensor) {
	shares := o.Shares(in[0].Shape, out.Shape)
	o.each(in[0].Shape, out.Shape, o.Size, func(i int, window windowRect) {
		sum := 0.0
		window.each(func(j int) { sum += float64(in[0].Data[j]) })
		out.Data[i] = float32(sum * shares[i%len(shares)])
	})
}

// Shares returns, for every position of the output's plane, the weight of an element of its window,
// from the shapes of x and of the output y.
func (o GeneralAvgPool) Shares(x, y []int) []float64 {
	counted := func(axis, windows int) []float64 {
		n := make([]float64, windows)
		around := o.Window
		around.Pad[axis] = o.Pad[axis] - o.Counted[axis]
		size := x[axis+2] + o.Counted[axis] + o.Counted[axis+2]
		for i := range n {
			from, to := around.reach(axis, size, o.Size[axis], i)
			n[i] = float64(max(1, to-from))
		}
		return n
	}
	rows, cols := counted(0, y[2]), counted(1, y[3])
	shares := make([]float64, 0, y[2]*y[3])
	for _, r := range rows {
		for _, c := range cols {
			shares = append(shares, 1/(r*c))
		}
	}
	return shares
}

func (GeneralAvgPool) Wrt() []bool { return []bool{true} }

func (o GeneralAvgPool) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{GeneralAvgPoolGrad{o, [4]int(in[0].Shape())}, gorgonia.Nodes{grad}})
}

// GeneralAvgPoolGrad is GeneralAvgPool's gradient with respect to x, whose shape is Shape,
// from dy.
type GeneralAvgPoolGrad struct {
	Pool  GeneralAvgPool
	Shape [4]int
}

func (GeneralAvgPoolGrad) Dims() []int { return []int{4, 4} }

func (o GeneralAvgPoolGrad) Infer(in [][]int) ([]int, error) {
	y, err := o.Pool.pooled(o.Shape[:], o.Pool.Size)
	if err != nil {
		return nil, err
	}
	return o.Shape[:], equal(in[0], y)
}

func (o GeneralAvgPoolGrad) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	shares := o.Pool.Shares(out.Shape, in[0].Shape)
	o.Pool.each(out.Shape, in[0].Shape, o.Pool.Size, func(i int, window windowRect) {
		share := float32(float64(in[0].Data[i]) * shares[i%len(shares)])
		window.each(func(j int) { out.Data[j] += share })
	})
}

// windowRect is the part of a window inside its plane: rows × cols elements, with strides.
type windowRect struct{ start, rows, cols, rowStep, colStep int }

// each calls f with the index of every element, row by row.
func (r windowRect) each(f func(i int)) {
	for y := range r.rows {
		for x := range r.cols {
			f(r.start + y*r.rowStep + x*r.colStep)
		}
	}
}

// each calls f with the index and the window of every output, planes in parallel.
func (w Window) each(x, y []int, size [2]int, f func(i int, window windowRect)) {
	h, wd, oh, ow := x[2], x[3], y[2], y[3]
	each(y[0]*y[1], func(plane int) {
		for oy := range oh {
			r0, r1 := w.reach(0, h, size[0], oy)
			for ox := range ow {
				c0, c1 := w.reach(1, wd, size[1], ox)
				row, col := oy*w.Stride[0]-w.Pad[0]+r0*w.Dilation[0], ox*w.Stride[1]-w.Pad[1]+c0*w.Dilation[1]
				f((plane*oh+oy)*ow+ox, windowRect{(plane*h+row)*wd + col, r1 - r0, c1 - c0, w.Dilation[0] * wd, w.Dilation[1]})
			}
		}
	})
}
