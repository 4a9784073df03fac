package op

import "gorgonia.org/gorgonia"

// ReLU is max(x, 0), for any shape; NaN stays NaN.
type ReLU struct{}

func (ReLU) Dims() []int { return []int{Any, Any} }

func (ReLU) Infer(in [][]int) ([]int, error) { return same(in) }

func (ReLU) Do(out Tensor, in []Tensor) {
	for i, v := range in[0].Data {
		out.Data[i] = max(v, 0)
	}
}

func (ReLU) Wrt() []bool { return []bool{true} }

func (ReLU) Gradients(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{ReLUGrad{}, gorgonia.Nodes{out, grad}})
}

// ReLUGrad is dy where ReLU's output y is positive, else 0, from y and dy. It needs only the
// output, so that ReLU can run in place.
type ReLUGrad struct{}

func (ReLUGrad) Dims() []int { return []int{Any, Any, Any} }

func (ReLUGrad) Infer(in [][]int) ([]int, error) { return same(in) }

func (ReLUGrad) Do(out Tensor, in []Tensor) {
	y, dy := in[0].Data, in[1].Data
	for i, v := range y {
		out.Data[i] = 0
		if v > 0 {
			out.Data[i] = dy[i]
		}
	}
}

// Add is a + b, both of the same shape.
type Add struct{}

func (Add) Dims() []int { return []int{Any, Any, Any} }

func (Add) Infer(in [][]int) ([]int, error) { return same(in) }

func (Add) Do(out Tensor, in []Tensor) {
	a, b := in[0].Data, in[1].Data
	for i := range out.Data {
		out.Data[i] = a[i] + b[i]
	}
}

func (Add) Wrt() []bool { return []bool{true, true} }

func (Add) Gradients(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{grad, grad}, nil
}
