package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Linear is x·wᵀ + b from x [N,I], w [O,I] and b [O], as [N,O].
type Linear struct{}

func (Linear) Dims() []int { return []int{2, 2, 1, 2} }

func (Linear) Infer(in [][]int) ([]int, error) {
	x, w, b := in[0], in[1], in[2]
	if x[1] != w[1] || w[0] != b[0] {
		return nil, fmt.Errorf("shapes of input %v, weights %v and bias %v do not match", x, w, b)
	}
	return []int{x[0], w[0]}, nil
}

func (Linear) Do(out Tensor, in []Tensor) {
	x, w, b := in[0].Data, in[1].Data, in[2].Data
	outputs, inputs := out.Shape[1], in[0].Shape[1]
	each(out.Shape[0], func(n int) {
		row := x[n*inputs : (n+1)*inputs]
		for o := range outputs {
			out.Data[n*outputs+o] = float32(dot(w[o*inputs:], row, 1) + float64(b[o]))
		}
	})
}

func (Linear) Wrt() []bool { return []bool{true, true, true} }

func (Linear) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(
		call{LinearInputGrad{}, gorgonia.Nodes{in[1], grad}},
		call{LinearWeightGrad{}, gorgonia.Nodes{in[0], grad}},
		call{ColumnSum{}, gorgonia.Nodes{grad}})
}

// LinearInputGrad is dy·w, Linear's gradient with respect to x, from w [O,I] and dy [N,O].
type LinearInputGrad struct{}

func (LinearInputGrad) Dims() []int { return []int{2, 2, 2} }

func (LinearInputGrad) Infer(in [][]int) ([]int, error) {
	w, dy := in[0], in[1]
	if w[0] != dy[1] {
		return nil, fmt.Errorf("shapes of weights %v and gradient %v do not match", w, dy)
	}
	return []int{dy[0], w[1]}, nil
}

func (LinearInputGrad) Do(out Tensor, in []Tensor) {
	w, dy := in[0].Data, in[1].Data
	outputs, inputs := in[0].Shape[0], in[0].Shape[1]
	each(out.Shape[0], func(n int) {
		acc := make([]float64, inputs)
		for o := range outputs {
			gather(acc, w[o*inputs:], float64(dy[n*outputs+o]), 1)
		}
		round(out.Data[n*inputs:], acc)
	})
}

// LinearWeightGrad is dyᵀ·x, Linear's gradient with respect to w, from x [N,I] and
// dy [N,O].
type LinearWeightGrad struct{}

func (LinearWeightGrad) Dims() []int { return []int{2, 2, 2} }

func (LinearWeightGrad) Infer(in [][]int) ([]int, error) {
	x, dy := in[0], in[1]
	if x[0] != dy[0] {
		return nil, fmt.Errorf("shapes of input %v and gradient %v do not match", x, dy)
	}
	return []int{dy[1], x[1]}, nil
}

func (LinearWeightGrad) Do(out Tensor, in []Tensor) {
	x, dy := in[0].Data, in[1].Data
	batch, outputs, inputs := in[0].Shape[0], out.Shape[0], out.Shape[1]
	each(outputs, func(o int) {
		acc := make([]float64, inputs)
		for n := range batch {
			gather(acc, x[n*inputs:], float64(dy[n*outputs+o]), 1)
		}
		round(out.Data[o*inputs:], acc)
	})
}

// ColumnSum sums dy [N,O] to [O]: Linear's gradient with respect to b.
type ColumnSum struct{}

func (ColumnSum) Dims() []int { return []int{2, 1} }

func (ColumnSum) Infer(in [][]int) ([]int, error) { return []int{in[0][1]}, nil }

func (ColumnSum) Do(out Tensor, in []Tensor) {
	acc := make([]float64, len(out.Data))
	for i, v := range in[0].Data {
		acc[i%len(acc)] += float64(v)
	}
	round(out.Data, acc)
}
