package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
)

// Value is an array while the graph is built: the images, a result or a tensor.
type Value struct {
	Shape []int
	Node  *gorgonia.Node // nil where a Builder only collects shapes

	fixed bool   // a tensor, independent of the images
	plain *Value // the value this is a reshape of
}

// Role is the use of a tensor.
type Role int

// The roles.
const (
	Weight   Role = iota // of a convolution [O,I,R,S] or a linear layer [O,I]
	Bias                 // of those
	Constant             // anything else
)

// Builder receives the operations of a graph.
type Builder interface {
	// Param returns the tensor of that name, the same one on every call.
	Param(name string, role Role, shape []int) (Value, error)
	// Apply checks the shapes of an operation's inputs and applies it.
	Apply(o op.Op, in ...Value) (Value, error)
	// Norm applies batch norm to x [N,C,H,W] with the tensors prefix.weight, .bias,
	// .running_mean and .running_var.
	Norm(prefix string, epsilon float64, x Value) (Value, error)
	// Classify receives the input of the last linear layer and returns its replacement.
	Classify(x Value) (Value, error)
}

// Build applies the graph to images x [N,C,H,W] and returns the logits [N,K]. shapes maps the
// names of tensors to their shapes.
func (g *Graph) Build(b Builder, x Value, shapes map[string][]int) (Value, error) {
	in := newInterpreter(b, x, shapes)
	for i := range g.Nodes {
		if g.Nodes[i].Op == "linear" {
			in.last = &g.Nodes[i]
		}
	}
	for i := range g.Nodes {
		if err := in.add(&g.Nodes[i]); err != nil {
			return Value{}, err
		}
	}
	out := in.values[g.Output]
	if len(out.Shape) == 2 {
		return out, nil
	}
	if n := elements(out.Shape); n > 0 && len(out.Shape) > 2 && out.Shape[0] == x.Shape[0] && n == out.Shape[0]*out.Shape[1] {
		return in.reshape(out, out.Shape[:2])
	}
	return Value{}, fmt.Errorf("the output has shape %v for %d images, not [images, classes]: hfcui explores classifiers", out.Shape, x.Shape[0])
}

// interpreter is the state of a build.
type interpreter struct {
	b      Builder
	shapes map[string][]int
	values map[string]Value
	batch  int
	last   *Node // the last linear layer
}

func newInterpreter(b Builder, x Value, shapes map[string][]int) *interpreter {
	return &interpreter{b: b, shapes: shapes, values: map[string]Value{InputName: x}, batch: x.Shape[0]}
}

// add applies a node and stores its result.
func (in *interpreter) add(n *Node) error {
	k, ok := kindOf(n.Op)
	if !ok {
		return fmt.Errorf("unknown operator %.40q", n.Op)
	}
	v, err := k.build(in, n)
	if err == nil && elements(v.Shape) < 0 {
		err = fmt.Errorf("invalid result shape %v", v.Shape)
	}
	if err != nil {
		name := n.Name
		if name == "" {
			name = n.Out
		}
		return fmt.Errorf("%s (%s): %w", name, n.Op, err)
	}
	in.values[n.Out] = v
	return nil
}

// value returns input i of a node: a result, or a tensor that is neither weight nor bias.
func (in *interpreter) value(n *Node, i int) (Value, error) {
	if i >= len(n.In) {
		return Value{}, fmt.Errorf("unexpected number of inputs: %d", len(n.In))
	}
	if v, ok := in.values[n.In[i]]; ok {
		return v, nil
	}
	return in.tensor(n, i, Constant)
}

// tensor returns input i of a node, which must be a tensor.
func (in *interpreter) tensor(n *Node, i int, role Role) (Value, error) {
	if i >= len(n.In) {
		return Value{}, fmt.Errorf("unexpected number of inputs: %d", len(n.In))
	}
	name := n.In[i]
	if _, ok := in.values[name]; ok {
		return Value{}, fmt.Errorf("input %q is computed; weights must be constants", name)
	}
	shape, ok := in.shapes[name]
	switch {
	case !ok:
		return Value{}, fmt.Errorf("unknown input %q", name)
	case len(shape) == 0 || elements(shape) < 0:
		return Value{}, fmt.Errorf("invalid shape of tensor %q: %v", name, shape)
	}
	v, err := in.b.Param(name, role, shape)
	v.fixed = true
	return v, err
}

// apply applies an operation to values.
func (in *interpreter) apply(o op.Op, values ...Value) (Value, error) {
	v, err := in.b.Apply(o, values...)
	v.fixed = len(values) > 0
	for _, x := range values {
		v.fixed = v.fixed && x.fixed
	}
	return v, err
}

// reshape reshapes x; reshaping back returns the original value.
func (in *interpreter) reshape(x Value, shape []int) (Value, error) {
	for base := &x; base != nil; base = base.plain {
		if slices.Equal(base.Shape, shape) {
			return *base, nil
		}
	}
	if elements(shape) < 0 || elements(x.Shape) != elements(shape) {
		return Value{}, fmt.Errorf("%v cannot be reshaped to %v", x.Shape, shape)
	}
	if len(shape) == 0 || len(shape) > maxDims {
		return Value{}, fmt.Errorf("%d dimensions are not supported", len(shape))
	}
	o := op.Op(op.Reshape{Shape: slices.Clone(shape)})
	if len(x.Shape) == 4 && len(shape) == 2 && x.Shape[0] == shape[0] && !x.fixed {
		o = op.Flatten{}
	}
	v, err := in.apply(o, x)
	v.plain = &x
	return v, err
}

// dims substitutes the batch size into a node's shape.
func (in *interpreter) dims(shape []int) []int {
	out := slices.Clone(shape)
	for i, d := range out {
		if d < 0 {
			out[i] = -d * in.batch
		}
	}
	return out
}
