package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Row is row Index of a matrix m [R,C], as [C].
type Row struct{ Index int }

func (Row) Dims() []int { return []int{2, 1} }

func (o Row) Infer(in [][]int) ([]int, error) {
	if o.Index < 0 || o.Index >= in[0][0] {
		return nil, fmt.Errorf("row index out of range of %v", in[0])
	}
	return in[0][1:], nil
}

func (o Row) Do(out Tensor, in []Tensor) { copy(out.Data, in[0].Data[o.Index*len(out.Data):]) }

// Flatten reshapes x [N,C,H,W] to [N,C·H·W].
type Flatten struct{}

func (Flatten) Dims() []int { return []int{4, 2} }

func (Flatten) Infer(in [][]int) ([]int, error) { return []int{in[0][0], Size(in[0][1:])}, nil }

func (Flatten) Do(out Tensor, in []Tensor) { copy(out.Data, in[0].Data) }

func (Flatten) Wrt() []bool { return []bool{true} }

func (Flatten) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{Unflatten{[4]int(in[0].Shape())}, gorgonia.Nodes{grad}})
}

// Unflatten reshapes dy [N,C·H·W] to Shape: Flatten's gradient.
type Unflatten struct{ Shape [4]int }

func (Unflatten) Dims() []int { return []int{2, 4} }

func (o Unflatten) Infer(in [][]int) ([]int, error) {
	return o.Shape[:], equal(in[0], []int{o.Shape[0], Size(o.Shape[1:])})
}

func (Unflatten) Do(out Tensor, in []Tensor) { copy(out.Data, in[0].Data) }
