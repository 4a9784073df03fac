package op

import (
	"fmt"
	"hash"
	"hash/fnv"
	"strings"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Differentiable is an operation with a gradient.
type Differentiable interface {
	Op
	// Wrt reports which inputs have a gradient.
	Wrt() []bool
	// Gradients returns the loss's gradients with respect to in, given grad, its gradient with
	// respect to out; nil where Wrt is false.
	Gradients(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
}

// inputPrefix is the prefix of the names of inputs.
const inputPrefix = "input "

// Input adds to g a leaf that is set before every run: images, targets.
func Input(g *gorgonia.ExprGraph, name string, shape ...int) (*gorgonia.Node, error) {
	return leaf(g, inputPrefix+name, shape)
}

// Param adds to g a leaf that holds a parameter: weights, statistics.
func Param(g *gorgonia.ExprGraph, name string, shape ...int) (*gorgonia.Node, error) {
	if name == "" || strings.HasPrefix(name, inputPrefix) {
		return nil, fmt.Errorf("invalid parameter name %q", name)
	}
	return leaf(g, name, shape)
}

// InputName returns the name of an input; ok is false for other nodes.
func InputName(n *gorgonia.Node) (name string, ok bool) {
	return strings.CutPrefix(n.Name(), inputPrefix)
}

// leaf adds a named leaf. Gorgonia silently returns an existing leaf of the same name and shape, or
// of the same 32-bit hash: that is an error here.
func leaf(g *gorgonia.ExprGraph, name string, shape []int) (*gorgonia.Node, error) {
	before := len(g.AllNodes())
	n := gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	if len(g.AllNodes()) == before {
		return nil, fmt.Errorf("the graph has two leaves named %q", name)
	}
	return n, nil
}

// Apply adds a node for o to the graph of in. Equal operations on the same inputs share a node. It
// is an error if shapes do not match, or if Gorgonia merged the node with another of the same
// 32-bit hash.
func Apply(o Op, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	n, err := gorgonia.ApplyOp(node{o}, in...)
	if err != nil {
		return nil, err
	}
	if Of(n) == nil || Name(Of(n)) != Name(o) {
		return nil, fmt.Errorf("%s was merged with %v: hashes collide", Name(o), n.Op())
	}
	children := n.Graph().From(n.ID())
	for i := 0; children.Next(); i++ {
		if children.Node().ID() != in[i].ID() {
			return nil, fmt.Errorf("%s was merged with one of other inputs: hashes collide", Name(o))
		}
	}
	return n, nil
}

// Of returns the operation of a node made by Apply; nil for other nodes.
func Of(n *gorgonia.Node) Op {
	if w, ok := n.Op().(node); ok {
		return w.Op
	}
	return nil
}

// applyAll applies every operation to its inputs, in order.
func applyAll(calls ...call) (gorgonia.Nodes, error) {
	nodes := make(gorgonia.Nodes, len(calls))
	for i, c := range calls {
		if c.op == nil {
			continue
		}
		n, err := Apply(c.op, c.in...)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

// call is an operation and its inputs; the result is nil without an operation.
type call struct {
	op Op
	in gorgonia.Nodes
}

// node adapts an Op to Gorgonia's interface.
type node struct{ Op }

var _ gorgonia.SDOp = node{}

func (n node) Arity() int { return len(n.Dims()) - 1 }

// Type returns a new type at every call, because Gorgonia returns it to a pool afterwards.
func (n node) Type() hm.Type {
	dims := n.Dims()
	types := make([]hm.Type, len(dims))
	for i, d := range dims {
		switch d {
		case Any:
			types[i] = hm.TypeVariable('a')
		case 0:
			types[i] = tensor.Float32
		default:
			types[i] = gorgonia.TensorType{Dims: d, Of: tensor.Float32}
		}
	}
	return hm.NewFnType(types...)
}

func (n node) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	shapes := make([][]int, len(in))
	for i, d := range in {
		s, ok := d.(tensor.Shape)
		if !ok {
			return nil, fmt.Errorf("%s: input %d has no shape", n, i)
		}
		shapes[i] = s
	}
	out, err := Check(n.Op, shapes)
	if err != nil {
		return nil, err
	}
	return append(tensor.Shape{}, out...), nil
}

// Do runs the operation on one of Gorgonia's own machines.
func (n node) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	in, shapes := make([]Tensor, len(values)), make([][]int, len(values))
	for i, v := range values {
		shapes[i] = v.Shape()
		switch d := v.Data().(type) {
		case []float32:
			in[i] = Tensor{shapes[i], d}
		case float32:
			in[i] = Tensor{shapes[i], []float32{d}}
		default:
			return nil, fmt.Errorf("%s: input %d holds %T, not float32", n, i, d)
		}
	}
	shape, err := Check(n.Op, shapes)
	if err != nil {
		return nil, err
	}
	out := Tensor{shape, make([]float32, Size(shape))}
	n.Op.Do(out, in)
	if len(shape) == 0 {
		return gorgonia.NewF32(out.Data[0]), nil
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(out.Data)), nil
}

func (n node) ReturnsPtr() bool     { return false }
func (n node) CallsExtern() bool    { return false }
func (n node) OverwritesInput() int { return -1 }

// WriteHash hashes the name, which includes every attribute: Gorgonia merges operations of equal
// hash.
func (n node) WriteHash(h hash.Hash) { fmt.Fprint(h, "hfcui/", n.String()) }

func (n node) Hashcode() uint32 {
	h := fnv.New32a()
	n.WriteHash(h)
	return h.Sum32()
}

func (n node) String() string { return Name(n.Op) }

// DiffWRT has an element per input, even if none is differentiable.
func (n node) DiffWRT(inputs int) []bool {
	if d, ok := n.Op.(Differentiable); ok {
		return d.Wrt()
	}
	return make([]bool, inputs)
}

func (n node) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	d, ok := n.Op.(Differentiable)
	if !ok {
		return nil, fmt.Errorf("%s has no gradient", n)
	}
	return d.Gradients(in, out, grad)
}
