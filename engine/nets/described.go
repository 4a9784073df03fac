package nets

import (
	"errors"

	"hfcui/engine/graph"
	"hfcui/engine/op"
)

// described is an architecture defined by a graph.
type described struct {
	graph  *graph.Graph
	shapes Shapes
}

// FromGraph returns the network of a valid graph; shapes are those of its tensors.
func FromGraph(g *graph.Graph, shapes Shapes) (*Net, error) {
	a := described{g, shapes}
	b := &builder{}
	out := a.forward(b, b.input(1, g.Input), 0)
	if b.err != nil {
		return nil, b.err
	}
	n, err := newNet(a, g.Input, out.shape[1])
	if err != nil {
		return nil, err
	}
	if n.FirstConv() == "" {
		return nil, errors.New("the graph has no convolution")
	}
	return n, n.Check(shapes)
}

// Described returns the graph of a network made by FromGraph, with all outputs; nil for others.
func (n *Net) Described() *graph.Graph {
	arch := n.arch
	if s, ok := arch.(selected); ok {
		arch = s.architecture
	}
	if d, ok := arch.(described); ok {
		return d.graph
	}
	return nil
}

func (d described) name() string { return d.graph.Name }

func (d described) forward(b *builder, x tensor, _ int) tensor {
	out, err := d.graph.Build(&graphBuilder{b, make(map[string]graph.Value)}, graph.Value{Shape: x.shape, Node: x.node}, d.shapes)
	if b.err == nil {
		b.err = err
	}
	return tensor{shape: out.Shape, node: out.Node}
}

// graphBuilder adapts builder to graph.Builder.
type graphBuilder struct {
	b      *builder
	params map[string]graph.Value
}

var graphRoles = map[graph.Role]Role{graph.Weight: Weight, graph.Bias: Bias, graph.Constant: Constant}

func (g *graphBuilder) Param(name string, role graph.Role, shape []int) (graph.Value, error) {
	v, ok := g.params[name]
	if !ok {
		v = g.value(g.b.param(name, graphRoles[role], shape...))
		g.params[name] = v
	}
	return v, g.b.err
}

func (g *graphBuilder) Apply(o op.Op, in ...graph.Value) (graph.Value, error) {
	values := make([]tensor, len(in))
	for i, v := range in {
		values[i] = tensor{shape: v.Shape, node: v.Node}
	}
	v := g.value(g.b.apply(o, values...))
	return v, g.b.err
}

func (g *graphBuilder) Norm(prefix string, epsilon float64, x graph.Value) (graph.Value, error) {
	v := g.value(g.b.normWith(prefix, epsilon, tensor{shape: x.Shape, node: x.Node}))
	return v, g.b.err
}

func (g *graphBuilder) Classify(x graph.Value) (graph.Value, error) {
	v := g.value(g.b.beforeLast(tensor{shape: x.Shape, node: x.Node}))
	return v, g.b.err
}

func (g *graphBuilder) value(t tensor) graph.Value { return graph.Value{Shape: t.shape, Node: t.node} }
