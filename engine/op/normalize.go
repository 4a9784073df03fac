package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// InputNormalize is (x − Mean)/Std channel by channel, for images x [N,C,H,W].
type InputNormalize struct{ Mean, Std []float32 }

func (InputNormalize) Dims() []int { return []int{4, 4} }

func (o InputNormalize) Infer(in [][]int) ([]int, error) {
	if c := in[0][1]; len(o.Mean) != c || len(o.Std) != c {
		return nil, fmt.Errorf("%d means and %d standard deviations for %d channels", len(o.Mean), len(o.Std), c)
	}
	return in[0], nil
}

func (o InputNormalize) Do(out Tensor, in []Tensor) {
	planes(out.Shape, func(c, from, to int) {
		for i := from; i < to; i++ {
			out.Data[i] = (in[0].Data[i] - o.Mean[c]) / o.Std[c]
		}
	})
}

// Affine returns factors and terms per channel with which the result is x·factor + term, except for
// rounding.
func (o InputNormalize) Affine() (factors, terms []float32) {
	factors, terms = make([]float32, len(o.Mean)), make([]float32, len(o.Mean))
	for i := range o.Mean {
		factors[i], terms[i] = 1/o.Std[i], -o.Mean[i]/o.Std[i]
	}
	return factors, terms
}

func (InputNormalize) Wrt() []bool { return []bool{true} }

func (o InputNormalize) Gradients(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{InputNormalizeGrad{o.Std}, gorgonia.Nodes{grad}})
}

// InputNormalizeGrad is dy/Std channel by channel: InputNormalize's gradient.
type InputNormalizeGrad struct{ Std []float32 }

func (InputNormalizeGrad) Dims() []int { return []int{4, 4} }

func (o InputNormalizeGrad) Infer(in [][]int) ([]int, error) {
	if c := in[0][1]; len(o.Std) != c {
		return nil, fmt.Errorf("%d standard deviations for %d channels", len(o.Std), c)
	}
	return in[0], nil
}

func (o InputNormalizeGrad) Do(out Tensor, in []Tensor) {
	planes(out.Shape, func(c, from, to int) {
		for i := from; i < to; i++ {
			out.Data[i] = in[0].Data[i] / o.Std[c]
		}
	})
}
