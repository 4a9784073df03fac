package op

import "gorgonia.org/gorgonia"

// Dropout is x/(1 − Rate) where keep is positive, else 0, from x [N,K] and keep [N,K]
// (Srivastava et al. 2014, scaled in training as is usual). Drawing keep, 1 with
// probability 1 − Rate and else 0, is left to whoever runs the graph: with the same keep
// it gives the same result.
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

// Scale is what is kept is multiplied by.
func (o Dropout) Scale() float32 { return float32(1 / (1 - o.Rate)) }

func (Dropout) Wrt() []bool { return []bool{true, false} }

// Gradients drops from the gradient what was dropped from x.
func (o Dropout) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{o, gorgonia.Nodes{grad, in[1]}}, call{})
}
