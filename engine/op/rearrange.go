package op

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// Reshape changes x's shape to Shape, elements in order.
type Reshape struct{ Shape []int }

func (o Reshape) Dims() []int { return []int{Any, len(o.Shape)} }

func (o Reshape) Infer(in [][]int) ([]int, error) {
	if Size(in[0]) != Size(o.Shape) {
		return nil, fmt.Errorf("%v has %d elements, not %d", in[0], Size(in[0]), Size(o.Shape))
	}
	return o.Shape, nil
}

func (Reshape) Do(out Tensor, in []Tensor) { copy(out.Data, in[0].Data) }

func (Reshape) Wrt() []bool { return []bool{true} }

func (Reshape) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{Reshape{slices.Clone([]int(in[0].Shape()))}, gorgonia.Nodes{grad}})
}

// Transpose permutes axes: axis i of the output is axis Perm[i] of x.
type Transpose struct{ Perm []int }

func (o Transpose) Dims() []int { return []int{len(o.Perm), len(o.Perm)} }

func (o Transpose) Infer(in [][]int) ([]int, error) {
	out := make([]int, len(o.Perm))
	seen := make([]bool, len(o.Perm))
	for i, axis := range o.Perm {
		if axis < 0 || axis >= len(o.Perm) || seen[axis] {
			return nil, fmt.Errorf("%v is not a permutation of %d axes", o.Perm, len(o.Perm))
		}
		seen[axis], out[i] = true, in[0][axis]
	}
	return out, nil
}

func (o Transpose) Do(out Tensor, in []Tensor) {
	x := in[0]
	steps, n := make([]int, len(x.Shape)), 1
	for i := len(steps) - 1; i >= 0; i-- {
		steps[i] = n
		n *= x.Shape[i]
	}
	last := len(o.Perm) - 1
	row := out.Shape[last]
	each(len(out.Data)/max(1, row), func(r int) {
		from, rest := 0, r
		for axis := last - 1; axis >= 0; axis-- {
			from += rest % out.Shape[axis] * steps[o.Perm[axis]]
			rest /= out.Shape[axis]
		}
		for i := range row {
			out.Data[r*row+i] = x.Data[from+i*steps[o.Perm[last]]]
		}
	})
}

func (Transpose) Wrt() []bool { return []bool{true} }

func (o Transpose) Gradients(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	inverse := make([]int, len(o.Perm))
	for i, axis := range o.Perm {
		inverse[axis] = i
	}
	return applyAll(call{Transpose{inverse}, gorgonia.Nodes{grad}})
}

// Slice is Count elements of x along Axis, from Start.
type Slice struct{ Axis, Start, Count int }

func (Slice) Dims() []int { return []int{Any, Any} }

func (o Slice) Infer(in [][]int) ([]int, error) {
	if o.Axis < 0 || o.Axis >= len(in[0]) || o.Start < 0 || o.Count < 1 || o.Start+o.Count > in[0][o.Axis] {
		return nil, fmt.Errorf("slice out of range of %v", in[0])
	}
	out := slices.Clone(in[0])
	out[o.Axis] = o.Count
	return out, nil
}

func (o Slice) Do(out Tensor, in []Tensor) {
	copyAxis(out, in[0], o.Axis, 0, o.Start, o.Count)
}

func (Slice) Wrt() []bool { return []bool{true} }

func (o Slice) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	rest := in[0].Shape()[o.Axis] - o.Start - o.Count
	return applyAll(call{Pad{o.Axis, o.Start, rest, 0}, gorgonia.Nodes{grad}})
}

// Pad adds Before elements of Value before, and After elements after, those of x along Axis.
type Pad struct {
	Axis, Before, After int
	Value               float32
}

func (Pad) Dims() []int { return []int{Any, Any} }

func (o Pad) Infer(in [][]int) ([]int, error) {
	if o.Axis < 0 || o.Axis >= len(in[0]) || o.Before < 0 || o.After < 0 {
		return nil, fmt.Errorf("invalid padding of %v", in[0])
	}
	out := slices.Clone(in[0])
	out[o.Axis] += o.Before + o.After
	return out, nil
}

func (o Pad) Do(out Tensor, in []Tensor) {
	for i := range out.Data {
		out.Data[i] = o.Value
	}
	copyAxis(out, in[0], o.Axis, o.Before, 0, in[0].Shape[o.Axis])
}

func (Pad) Wrt() []bool { return []bool{true} }

func (o Pad) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{Slice{o.Axis, o.Before, in[0].Shape()[o.Axis]}, gorgonia.Nodes{grad}})
}

// copyAxis copies count elements along an axis, from `from` in x to `to` in y.
func copyAxis(y, x Tensor, axis, to, from, count int) {
	inner := Size(x.Shape[axis+1:])
	for outer := range Size(x.Shape[:axis]) {
		at := (outer*y.Shape[axis] + to) * inner
		copy(y.Data[at:at+count*inner], x.Data[(outer*x.Shape[axis]+from)*inner:])
	}
}

// Concat concatenates Parts arrays along Axis.
type Concat struct{ Axis, Parts int }

func (o Concat) Dims() []int { return slices.Repeat([]int{Any}, max(0, o.Parts)+1) }

func (o Concat) Infer(in [][]int) ([]int, error) {
	if len(in) == 0 || o.Axis < 0 || o.Axis >= len(in[0]) {
		return nil, fmt.Errorf("no axis %d to concatenate along", o.Axis)
	}
	out := slices.Clone(in[0])
	for _, s := range in[1:] {
		for i := range s {
			if i != o.Axis && s[i] != out[i] {
				return nil, fmt.Errorf("shapes %v and %v differ along axes other than %d", in[0], s, o.Axis)
			}
		}
		out[o.Axis] += s[o.Axis]
	}
	return out, nil
}

func (o Concat) Do(out Tensor, in []Tensor) {
	at := 0
	for _, x := range in {
		copyAxis(out, x, o.Axis, at, 0, x.Shape[o.Axis])
		at += x.Shape[o.Axis]
	}
}

func (o Concat) Wrt() []bool { return slices.Repeat([]bool{true}, o.Parts) }

func (o Concat) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	calls, at := make([]call, len(in)), 0
	for i, x := range in {
		n := x.Shape()[o.Axis]
		calls[i] = call{Slice{o.Axis, at, n}, gorgonia.Nodes{grad}}
		at += n
	}
	return applyAll(calls...)
}

// Gather selects elements of x along Axis by index.
type Gather struct {
	Axis  int
	Index []int
}

func (Gather) Dims() []int { return []int{Any, Any} }

func (o Gather) Infer(in [][]int) ([]int, error) {
	if o.Axis < 0 || o.Axis >= len(in[0]) {
		return nil, fmt.Errorf("%v has no axis %d", in[0], o.Axis)
	}
	for _, i := range o.Index {
		if i < 0 || i >= in[0][o.Axis] {
			return nil, fmt.Errorf("index out of range: %v has no element %d along axis %d", in[0], i, o.Axis)
		}
	}
	out := slices.Clone(in[0])
	out[o.Axis] = len(o.Index)
	return out, nil
}

func (o Gather) Do(out Tensor, in []Tensor) {
	for to, from := range o.Index {
		copyAxis(out, in[0], o.Axis, to, from, 1)
	}
}

func (Gather) Wrt() []bool { return []bool{true} }

func (o Gather) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{GatherGrad{o.Axis, in[0].Shape()[o.Axis], o.Index}, gorgonia.Nodes{grad}})
}

// GatherGrad is Gather's gradient from dy, for an x of Length elements along Axis: it accumulates
// at Index.
type GatherGrad struct {
	Axis, Length int
	Index        []int
}

func (GatherGrad) Dims() []int { return []int{Any, Any} }

func (o GatherGrad) Infer(in [][]int) ([]int, error) {
	if o.Axis < 0 || o.Axis >= len(in[0]) || in[0][o.Axis] != len(o.Index) {
		return nil, fmt.Errorf("%v does not have %d elements along axis %d", in[0], len(o.Index), o.Axis)
	}
	out := slices.Clone(in[0])
	out[o.Axis] = o.Length
	return out, nil
}

func (o GatherGrad) Do(out Tensor, in []Tensor) {
	clear(out.Data)
	inner, dy := Size(out.Shape[o.Axis+1:]), in[0].Data
	for outer := range Size(out.Shape[:o.Axis]) {
		for from, to := range o.Index {
			row := out.Data[(outer*o.Length+to)*inner:][:inner]
			for i, v := range dy[(outer*len(o.Index)+from)*inner:][:inner] {
				row[i] += v
			}
		}
	}
}
