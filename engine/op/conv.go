package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Conv is a convolution (as in all libraries, a cross-correlation) with zero padding: x [N,C,H,W]
// and w [K,C,R,S] to [N,K,H',W'], H' = (H+2·Pad−R)/Stride + 1.
type Conv struct{ Stride, Pad int }

func (Conv) Dims() []int { return []int{4, 4, 4} }

func (o Conv) Infer(in [][]int) ([]int, error) {
	x, w := in[0], in[1]
	if x[1] != w[1] {
		return nil, fmt.Errorf("input %v has %d channels, but weights %v expect %d", x, x[1], w, w[1])
	}
	h, err := window(x[2], w[2], o.Stride, o.Pad)
	if err != nil {
		return nil, err
	}
	wd, err := window(x[3], w[3], o.Stride, o.Pad)
	return []int{x[0], w[0], h, wd}, err
}

func (o Conv) Do(out Tensor, in []Tensor) {
	x, w := in[0], in[1]
	g := o.geometry(x.Shape, w.Shape, out.Shape)
	each(g.n*g.k, func(i int) {
		n, k := i/g.k, i%g.k
		acc := make([]float64, g.oh*g.ow)
		g.taps(func(c int, t tap) {
			wv := float64(w.Data[g.weight(k, c, t)])
			for oy := t.y0; oy < t.y1; oy++ {
				row := acc[oy*g.ow+t.x0 : oy*g.ow+t.x1]
				gather(row, x.Data[g.input(n, c, oy, t):], wv, o.Stride)
			}
		})
		round(out.Data[i*len(acc):(i+1)*len(acc)], acc)
	})
}

func (Conv) Wrt() []bool { return []bool{true, true} }

func (o Conv) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	x, w := in[0], in[1]
	return applyAll(
		call{ConvInputGrad{o.Stride, o.Pad, [4]int(x.Shape())}, gorgonia.Nodes{w, grad}},
		call{ConvWeightGrad{o.Stride, o.Pad, [4]int(w.Shape())}, gorgonia.Nodes{x, grad}})
}

// ConvInputGrad is Conv's gradient with respect to x, whose shape is Shape, from w and dy.
type ConvInputGrad struct {
	Stride, Pad int
	Shape       [4]int
}

func (ConvInputGrad) Dims() []int { return []int{4, 4, 4} }

func (o ConvInputGrad) Infer(in [][]int) ([]int, error) {
	y, err := Conv{o.Stride, o.Pad}.Infer([][]int{o.Shape[:], in[0]})
	if err != nil {
		return nil, err
	}
	return o.Shape[:], equal(in[1], y)
}

func (o ConvInputGrad) Do(out Tensor, in []Tensor) {
	w, dy := in[0], in[1]
	g := Conv{o.Stride, o.Pad}.geometry(out.Shape, w.Shape, dy.Shape)
	each(g.n, func(n int) {
		acc := make([]float64, g.c*g.h*g.w)
		for k := range g.k {
			y := dy.Data[(n*g.k+k)*g.oh*g.ow:]
			g.taps(func(c int, t tap) {
				wv := float64(w.Data[g.weight(k, c, t)])
				for oy := t.y0; oy < t.y1; oy++ {
					scatter(acc[g.input(0, c, oy, t):], y[oy*g.ow+t.x0:oy*g.ow+t.x1], wv, o.Stride)
				}
			})
		}
		round(out.Data[n*len(acc):(n+1)*len(acc)], acc)
	})
}

// ConvWeightGrad is Conv's gradient with respect to w, whose shape is Shape, from x and dy.
type ConvWeightGrad struct {
	Stride, Pad int
	Shape       [4]int
}

func (ConvWeightGrad) Dims() []int { return []int{4, 4, 4} }

func (o ConvWeightGrad) Infer(in [][]int) ([]int, error) {
	y, err := Conv{o.Stride, o.Pad}.Infer([][]int{in[0], o.Shape[:]})
	if err != nil {
		return nil, err
	}
	return o.Shape[:], equal(in[1], y)
}

func (o ConvWeightGrad) Do(out Tensor, in []Tensor) {
	x, dy := in[0], in[1]
	g := Conv{o.Stride, o.Pad}.geometry(x.Shape, out.Shape, dy.Shape)
	each(g.k, func(k int) {
		g.taps(func(c int, t tap) {
			sum := 0.0
			for n := range g.n {
				y := dy.Data[(n*g.k+k)*g.oh*g.ow:]
				for oy := t.y0; oy < t.y1; oy++ {
					sum += dot(x.Data[g.input(n, c, oy, t):], y[oy*g.ow+t.x0:oy*g.ow+t.x1], o.Stride)
				}
			}
			out.Data[g.weight(k, c, t)] = float32(sum)
		})
	})
}
