package graph

import (
	"hfcui/engine/op"
)

// Shapes infers the shapes of a graph's results while nodes are added.
type Shapes struct {
	in      *interpreter
	tensors map[string][]int
}

// NewShapes returns the shapes of a graph with only an input [batch, input...].
func NewShapes(batch int, input [3]int) *Shapes {
	s := &Shapes{tensors: make(map[string][]int)}
	s.in = newInterpreter(shapesOnly{}, Value{Shape: []int{batch, input[0], input[1], input[2]}}, s.tensors)
	return s
}

// Tensor adds a tensor.
func (s *Shapes) Tensor(name string, shape []int) { s.tensors[name] = shape }

// Of returns the shape of an added result; nil if unknown.
func (s *Shapes) Of(name string) []int { return s.in.values[name].Shape }

// Add adds a node and returns the shape of its result.
func (s *Shapes) Add(n *Node) ([]int, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if err := s.in.add(n); err != nil {
		return nil, err
	}
	return s.in.values[n.Out].Shape, nil
}

// shapesOnly is a Builder that builds nothing.
type shapesOnly struct{}

func (shapesOnly) Param(_ string, _ Role, shape []int) (Value, error) {
	return Value{Shape: shape}, nil
}

func (shapesOnly) Apply(o op.Op, in ...Value) (Value, error) {
	shapes := make([][]int, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	shape, err := op.Check(o, shapes)
	return Value{Shape: shape}, err
}

func (shapesOnly) Norm(_ string, _ float64, x Value) (Value, error) {
	return Value{Shape: x.Shape}, nil
}

func (shapesOnly) Classify(x Value) (Value, error) { return x, nil }
