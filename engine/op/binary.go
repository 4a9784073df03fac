package op

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
)

// Binary is an element-wise operation on a and b, which have the same number of dimensions. Axes of
// size 1 are broadcast.
type Binary struct{ Func string } // "add", "sub", "mul" or "div"

var binaries = map[string]func(a, b float32) float32{
	"add": func(a, b float32) float32 { return a + b },
	"sub": func(a, b float32) float32 { return a - b },
	"mul": func(a, b float32) float32 { return a * b },
	"div": func(a, b float32) float32 { return a / b },
}

func (Binary) Dims() []int { return []int{Any, Any, Any} }

func (o Binary) Infer(in [][]int) ([]int, error) {
	if binaries[o.Func] == nil {
		return nil, fmt.Errorf("unknown operation %q", o.Func)
	}
	out := slices.Clone(in[0])
	for i, n := range in[1] {
		switch {
		case out[i] == 1:
			out[i] = n
		case n != 1 && n != out[i]:
			return nil, fmt.Errorf("shapes %v and %v cannot be broadcast", in[0], in[1])
		}
	}
	return out, nil
}

func (o Binary) Do(out Tensor, in []Tensor) {
	f, a, b := binaries[o.Func], in[0].Data, in[1].Data
	walk(out.Shape, in[0].Shape, in[1].Shape, func(i, j, k, n, dj, dk int) {
		for range n {
			out.Data[i] = f(a[j], b[k])
			i, j, k = i+1, j+dj, k+dk
		}
	})
}

// walk calls f for every row along the last axis of an array of the given shape, with the row's
// offsets in it and in a and b, which are broadcast to it, its length, and the strides in a and b.
func walk(shape, a, b []int, f func(i, j, k, n, dj, dk int)) {
	last := len(shape) - 1
	if last < 0 {
		f(0, 0, 0, 1, 0, 0)
		return
	}
	sa, sb := broadcastSteps(a), broadcastSteps(b)
	rows := Size(shape[:last])
	each(min(rows, max(1, Size(shape)>>14)), func(part int) {
		parts := min(rows, max(1, Size(shape)>>14))
		for row := part * rows / parts; row < (part+1)*rows/parts; row++ {
			j, k, rest := 0, 0, row
			for axis := last - 1; axis >= 0; axis-- {
				at := rest % shape[axis]
				rest /= shape[axis]
				j, k = j+at*sa[axis], k+at*sb[axis]
			}
			f(row*shape[last], j, k, shape[last], sa[last], sb[last])
		}
	})
}

// broadcastSteps returns the stride of every axis; 0 where it is broadcast.
func broadcastSteps(shape []int) []int {
	steps, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 {
			steps[i] = n
		}
		n *= shape[i]
	}
	return steps
}

func (Binary) Wrt() []bool { return []bool{true, true} }

func (o Binary) Gradients(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	a, b := in[0], in[1]
	da, db := grad, grad
	var err error
	apply := func(o Op, in ...*gorgonia.Node) *gorgonia.Node {
		if err != nil {
			return nil
		}
		var n *gorgonia.Node
		n, err = Apply(o, in...)
		return n
	}
	negative := Map{"affine", -1, 0}
	switch o.Func {
	case "sub":
		db = apply(negative, grad)
	case "mul":
		da, db = apply(o, grad, b), apply(o, grad, a)
	case "div":
		da = apply(o, grad, b)
		db = apply(negative, apply(Binary{"mul"}, da, out))
	}
	for i, d := range []**gorgonia.Node{&da, &db} {
		if shape := in[i].Shape(); err == nil && !slices.Equal(shape, (*d).Shape()) {
			*d = apply(SumTo{slices.Clone([]int(shape))}, *d)
		}
	}
	return gorgonia.Nodes{da, db}, err
}

// SumTo sums x over the axes of size 1 in Shape: the gradient of broadcasting.
type SumTo struct{ Shape []int }

func (SumTo) Dims() []int { return []int{Any, Any} }

func (o SumTo) Infer(in [][]int) ([]int, error) { return o.Shape, broadcastable(o.Shape, in[0]) }

// broadcastable returns an error unless shape small can be broadcast to large.
func broadcastable(small, large []int) error {
	ok := len(small) == len(large)
	for i := 0; ok && i < len(small); i++ {
		ok = small[i] == large[i] || small[i] == 1
	}
	if !ok {
		return fmt.Errorf("shape %v cannot be broadcast to %v", small, large)
	}
	return nil
}

func (o SumTo) Do(out Tensor, in []Tensor) {
	sums, x := make([]float64, len(out.Data)), in[0]
	steps := broadcastSteps(o.Shape)
	at := make([]int, len(x.Shape))
	for _, v := range x.Data {
		j := 0
		for axis, i := range at {
			j += i * steps[axis]
		}
		sums[j] += float64(v)
		for axis := len(at) - 1; axis >= 0; axis-- {
			if at[axis]++; at[axis] < x.Shape[axis] {
				break
			}
			at[axis] = 0
		}
	}
	round(out.Data, sums)
}

func (SumTo) Wrt() []bool { return []bool{true} }

func (SumTo) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{Broadcast{slices.Clone([]int(in[0].Shape()))}, gorgonia.Nodes{grad}})
}

// Broadcast repeats x along its axes of size 1 to Shape.
type Broadcast struct{ Shape []int }

func (Broadcast) Dims() []int { return []int{Any, Any} }

func (o Broadcast) Infer(in [][]int) ([]int, error) { return o.Shape, broadcastable(in[0], o.Shape) }

func (o Broadcast) Do(out Tensor, in []Tensor) {
	x := in[0].Data
	walk(out.Shape, in[0].Shape, in[0].Shape, func(i, j, _, n, dj, _ int) {
		for range n {
			out.Data[i] = x[j]
			i, j = i+1, j+dj
		}
	})
}

func (Broadcast) Wrt() []bool { return []bool{true} }

func (Broadcast) Gradients(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return applyAll(call{SumTo{slices.Clone([]int(in[0].Shape()))}, gorgonia.Nodes{grad}})
}
