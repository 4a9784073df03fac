package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// GeneralConv is Conv with groups, dilation, and strides and padding per axis and side: x [N,C,H,W]
// and w [K,C/Groups,R,S] to [N,K,H',W']. The first K/Groups output channels see the first C/Groups
// input channels, and so on; Groups = C is a depthwise convolution.
type GeneralConv struct {
	Window
	Groups int
}

// General returns o as a GeneralConv.
func (o Conv) General() GeneralConv {
	return GeneralConv{Window{[2]int{o.Stride, o.Stride}, [2]int{1, 1}, [4]int{o.Pad, o.Pad, o.Pad, o.Pad}}, 1}
}

// General returns o as a GeneralConvInputGrad.
func (o ConvInputGrad) General() GeneralConvInputGrad {
	return GeneralConvInputGrad{Conv{o.Stride, o.Pad}.General(), o.Shape}
}

func (GeneralConv) Dims() []int { return []int{4, 4, 4} }

func (o GeneralConv) Infer(in [][]int) ([]int, error) {
	x, w := in[0], in[1]
	if o.Groups < 1 || x[1]%o.Groups != 0 || w[0]%o.Groups != 0 {
		return nil, fmt.Errorf("%d input and %d output channels are not divisible into %d groups", x[1], w[0], o.Groups)
	}
	if x[1]/o.Groups != w[1] {
		return nil, fmt.Errorf("input %v has %d channels in each of %d groups, but weights %v expect %d", x, x[1]/o.Groups, o.Groups, w, w[1])
	}
	h, wd, err := o.Output(x[2], x[3], w[2], w[3])
	return []int{x[0], w[0], h, wd}, err
}

// groupedConv is the sizes of a grouped convolution.
type groupedConv struct {
	planeWindow
	n, c, k, in, out int // in, out: channels of one group
}

func (o GeneralConv) sizes(x, w, y []int) groupedConv {
	p := planeWindow{o.Window, x[2], x[3], w[2], w[3], y[2], y[3]}
	return groupedConv{p, x[0], x[1], w[0], w[1], w[0] / o.Groups}
}

// input is the offset of the c-th input plane of output channel k in image n.
func (g groupedConv) input(n, k, c int) int { return (n*g.c + k/g.out*g.in + c) * g.h * g.w }

// weight is the offset of the kernel of output channel k and its c-th input.
func (g groupedConv) weight(k, c int) int { return (k*g.in + c) * g.r * g.s }

func (o GeneralConv) Do(out Tensor, in []Tensor) {
	x, w := in[0].Data, in[1].Data
	g := o.sizes(in[0].Shape, in[1].Shape, out.Shape)
	taps := g.taps()
	each(g.n*g.k, func(i int) {
		n, k := i/g.k, i%g.k
		acc := make([]float64, g.oh*g.ow)
		for c := range g.in {
			plane, kernel := x[g.input(n, k, c):], w[g.weight(k, c):]
			for _, t := range taps {
				for oy := t.y0; oy < t.y1; oy++ {
					gather(acc[oy*g.ow+t.x0:oy*g.ow+t.x1], plane[g.first(t, oy):], float64(kernel[t.at]), g.Stride[1])
				}
			}
		}
		round(out.Data[i*len(acc):(i+1)*len(acc)], acc)
	})
}

func (GeneralConv) Wrt() []bool { return []bool{true, true} }

func (o GeneralConv) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	x, w := in[0], in[1]
	return applyAll(
		call{GeneralConvInputGrad{o, [4]int(x.Shape())}, gorgonia.Nodes{w, grad}},
		call{GeneralConvWeightGrad{o, [4]int(w.Shape())}, gorgonia.Nodes{x, grad}})
}

// GeneralConvInputGrad is GeneralConv's gradient with respect to x, whose shape is Shape,
// from w and dy.
type GeneralConvInputGrad struct {
	Conv  GeneralConv
	Shape [4]int
}

func (GeneralConvInputGrad) Dims() []int { return []int{4, 4, 4} }

func (o GeneralConvInputGrad) Infer(in [][]int) ([]int, error) {
	y, err := o.Conv.Infer([][]int{o.Shape[:], in[0]})
	if err != nil {
		return nil, err
	}
	return o.Shape[:], equal(in[1], y)
}

func (o GeneralConvInputGrad) Do(out Tensor, in []Tensor) {
	w, dy := in[0].Data, in[1].Data
	g := o.Conv.sizes(out.Shape, in[0].Shape, in[1].Shape)
	taps := g.taps()
	each(g.n*g.c, func(i int) {
		n, group, c := i/g.c, i%g.c/g.in, i%g.c%g.in
		acc := make([]float64, g.h*g.w)
		for k := group * g.out; k < (group+1)*g.out; k++ {
			y, kernel := dy[(n*g.k+k)*g.oh*g.ow:], w[g.weight(k, c):]
			for _, t := range taps {
				for oy := t.y0; oy < t.y1; oy++ {
					scatter(acc[g.first(t, oy):], y[oy*g.ow+t.x0:oy*g.ow+t.x1], float64(kernel[t.at]), g.Stride[1])
				}
			}
		}
		round(out.Data[i*len(acc):(i+1)*len(acc)], acc)
	})
}

// GeneralConvWeightGrad is GeneralConv's gradient with respect to w, whose shape is Shape,
// from x and dy.
type GeneralConvWeightGrad struct {
	Conv  GeneralConv
	Shape [4]int
}

func (GeneralConvWeightGrad) Dims() []int { return []int{4, 4, 4} }

func (o GeneralConvWeightGrad) Infer(in [][]int) ([]int, error) {
	y, err := o.Conv.Infer([][]int{in[0], o.Shape[:]})
	if err != nil {
		return nil, err
	}
	return o.Shape[:], equal(in[1], y)
}

func (o GeneralConvWeightGrad) Do(out Tensor, in []Tensor) {
	x, dy := in[0].Data, in[1].Data
	g := o.Conv.sizes(in[0].Shape, out.Shape, in[1].Shape)
	clear(out.Data)
	taps := g.taps()
	each(g.k*g.in, func(i int) {
		k, c := i/g.in, i%g.in
		for _, t := range taps {
			sum := 0.0
			for n := range g.n {
				plane, y := x[g.input(n, k, c):], dy[(n*g.k+k)*g.oh*g.ow:]
				for oy := t.y0; oy < t.y1; oy++ {
					sum += dot(plane[g.first(t, oy):], y[oy*g.ow+t.x0:oy*g.ow+t.x1], g.Stride[1])
				}
			}
			out.Data[g.weight(k, c)+t.at] = float32(sum)
		}
	})
}
