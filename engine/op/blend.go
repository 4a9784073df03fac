package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Blend computes (1 − Weight[i])·x[Low[i]] + Weight[i]·x[High[i]] along Axis, as in linear
// interpolation.
type Blend struct {
	Axis      int
	Low, High []int
	Weight    []float32
}

func (Blend) Dims() []int { return []int{Any, Any} }

func (o Blend) Infer(in [][]int) ([]int, error) {
	if len(o.Low) != len(o.High) || len(o.Low) != len(o.Weight) {
		return nil, fmt.Errorf("%d and %d indices and %d weights: the counts differ", len(o.Low), len(o.High), len(o.Weight))
	}
	if _, err := (Gather{o.Axis, o.High}).Infer(in); err != nil {
		return nil, err
	}
	return Gather{o.Axis, o.Low}.Infer(in)
}

func (o Blend) Do(out Tensor, in []Tensor) {
	x, inner := in[0], Size(out.Shape[o.Axis+1:])
	for outer := range Size(out.Shape[:o.Axis]) {
		for to, w := range o.Weight {
			low := x.Data[(outer*x.Shape[o.Axis]+o.Low[to])*inner:][:inner]
			high := x.Data[(outer*x.Shape[o.Axis]+o.High[to])*inner:][:inner]
			row := out.Data[(outer*len(o.Weight)+to)*inner:][:inner]
			for i := range row {
				row[i] = float32((1-float64(w))*float64(low[i]) + float64(w)*float64(high[i]))
			}
		}
	}
}

func (Blend) Wrt() []bool { return []bool{true} }

func (o Blend) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{BlendGrad{o, in[0].Shape()[o.Axis]}, gorgonia.Nodes{grad}})
}

// BlendGrad is Blend's gradient from dy, for an x with Length elements along the axis.
type BlendGrad struct {
	Blend  Blend
	Length int
}

func (BlendGrad) Dims() []int { return []int{Any, Any} }

func (o BlendGrad) Infer(in [][]int) ([]int, error) {
	return GatherGrad{o.Blend.Axis, o.Length, o.Blend.Low}.Infer(in)
}

func (o BlendGrad) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	axis, inner, dy := o.Blend.Axis, Size(out.Shape[o.Blend.Axis+1:]), in[0].Data
	for outer := range Size(out.Shape[:axis]) {
		for from, w := range o.Blend.Weight {
			low := out.Data[(outer*o.Length+o.Blend.Low[from])*inner:][:inner]
			high := out.Data[(outer*o.Length+o.Blend.High[from])*inner:][:inner]
			for i, v := range dy[(outer*len(o.Blend.Weight)+from)*inner:][:inner] {
				low[i] += (1 - w) * v
				high[i] += w * v
			}
		}
	}
}
