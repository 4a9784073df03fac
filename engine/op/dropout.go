package op

import "gorgonia.org/gorgonia"

// Dropout is x/(1 − Rate) where keep is positive, else 0, from x [N,K] and keep [N,K] (inverted
// dropout, Srivastava et al. 2014). The mask keep, 1 with probability 1 − Rate and else 0, is an
// input: the caller draws it, and equal masks give equal results.
type Dropout struct{ Rate float64 }

func (Dropout) Dims() []int { return []int{2, 2, 2} }

func (Dropout) Infer(in [][]int) ([]int, error) { return in[0], equal(in[1], in[0]) }

func (o Dropout) Do(out Tensor, in []Tensor) {
	x, scale := in[0].Data, o.Scale()
	for i, keep := range in[1].Data {
		out.Data[i] = 0
		if keep > 0 {
			out.Data[i] = x[i] * scale
		}
	}
}

// Scale is the factor of elements that are kept.
func (o Dropout) Scale() float32 { return float32(1 / (1 - o.Rate)) }

func (Dropout) Wrt() []bool { return []bool{true, false} }

// Gradients applies the same mask to the gradient.
func (o Dropout) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{o, gorgonia.Nodes{grad, in[1]}}, call{})
}
