package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// PadChannels adds Before channels of zeros before, and After channels after, those of x [N,C,H,W].
type PadChannels struct{ Before, After int }

func (PadChannels) Dims() []int { return []int{4, 4} }

func (o PadChannels) Infer(in [][]int) ([]int, error) {
	x := in[0]
	if o.Before < 0 || o.After < 0 {
		return nil, fmt.Errorf("invalid padding: %d channels before and %d after", o.Before, o.After)
	}
	return []int{x[0], o.Before + x[1] + o.After, x[2], x[3]}, nil
}

func (o PadChannels) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	to, from := Size(out.Shape[1:]), Size(in[0].Shape[1:])
	for n := range out.Shape[0] {
		copy(out.Data[n*to+o.Before*out.Shape[2]*out.Shape[3]:], in[0].Data[n*from:(n+1)*from])
	}
}

func (PadChannels) Wrt() []bool { return []bool{true} }

func (o PadChannels) Gradients(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{CutChannels(o), gorgonia.Nodes{grad}})
}

// CutChannels removes the first Before and the last After channels of x [N,C,H,W]: PadChannels'
// gradient.
type CutChannels struct{ Before, After int }

func (CutChannels) Dims() []int { return []int{4, 4} }

func (o CutChannels) Infer(in [][]int) ([]int, error) {
	x := in[0]
	if o.Before < 0 || o.After < 0 || o.Before+o.After >= x[1] {
		return nil, fmt.Errorf("cannot remove %d channels before and %d after from %v", o.Before, o.After, x)
	}
	return []int{x[0], x[1] - o.Before - o.After, x[2], x[3]}, nil
}

func (o CutChannels) Do(out Tensor, in []Tensor) {
	to, from := Size(out.Shape[1:]), Size(in[0].Shape[1:])
	for n := range out.Shape[0] {
		copy(out.Data[n*to:(n+1)*to], in[0].Data[n*from+o.Before*out.Shape[2]*out.Shape[3]:])
	}
}

func (CutChannels) Wrt() []bool { return []bool{true} }

func (o CutChannels) Gradients(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{PadChannels(o), gorgonia.Nodes{grad}})
}
