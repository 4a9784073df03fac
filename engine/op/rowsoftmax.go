package op

import (
	"math"

	"gorgonia.org/gorgonia"
)

// Softmax is exp(z)/Σexp(z) over the rows of z [N,K].
type Softmax struct{}

func (Softmax) Dims() []int { return []int{2, 2} }

func (Softmax) Infer(in [][]int) ([]int, error) { return same(in) }

func (Softmax) Do(out Tensor, in []Tensor) {
	rows(in[0], func(from, to int, shift float64) {
		for i := from; i < to; i++ {
			out.Data[i] = float32(math.Exp(float64(in[0].Data[i]) - shift))
		}
	})
}

func (Softmax) Wrt() []bool { return []bool{true} }

func (Softmax) Gradients(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{SoftmaxGrad{}, gorgonia.Nodes{out, grad}})
}

// SoftmaxGrad is Softmax's gradient from its output y [N,K] and dy.
type SoftmaxGrad struct{}

func (SoftmaxGrad) Dims() []int { return []int{2, 2, 2} }

func (SoftmaxGrad) Infer(in [][]int) ([]int, error) { return same(in) }

func (SoftmaxGrad) Do(out Tensor, in []Tensor) {
	y, dy, classes := in[0].Data, in[1].Data, out.Shape[1]
	for from := 0; from < len(y); from += classes {
		sum := 0.0
		for i := from; i < from+classes; i++ {
			sum += float64(y[i]) * float64(dy[i])
		}
		for i := from; i < from+classes; i++ {
			out.Data[i] = float32(float64(y[i]) * (float64(dy[i]) - sum))
		}
	}
}
