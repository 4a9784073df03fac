package plantest

import (
	"context"
	"testing"

	"gorgonia.org/gorgonia"

	"hfcui/checkpoints"
	"hfcui/engine/op"
	"hfcui/engine/plan"
)

// bench is a graph of a file's tensors, to be run on a device.
type bench struct {
	t       *testing.T
	file    *checkpoints.File
	graph   *gorgonia.ExprGraph
	outputs map[string]*gorgonia.Node
	leaves  map[string]plan.Kind
}

func newBench(t *testing.T, f *checkpoints.File) *bench {
	return &bench{t, f, gorgonia.NewGraph(), make(map[string]*gorgonia.Node), make(map[string]plan.Kind)}
}

// input and param add the file's tensor of that name as a leaf.
func (b *bench) input(name string) *gorgonia.Node {
	b.leaves[name] = plan.Input
	return b.check(op.Input(b.graph, name, b.file.Tensors[name].Shape...))
}

func (b *bench) param(name string) *gorgonia.Node {
	b.leaves[name] = plan.Param
	return b.check(op.Param(b.graph, name, b.file.Tensors[name].Shape...))
}

func (b *bench) apply(o op.Op, in ...*gorgonia.Node) *gorgonia.Node {
	b.t.Helper()
	return b.check(op.Apply(o, in...))
}

func (b *bench) check(n *gorgonia.Node, err error) *gorgonia.Node {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// backward adds the gradients with respect to y's inputs, given dy, as outputs; inputs named "" are
// omitted.
func (b *bench) backward(y, dy *gorgonia.Node, names ...string) {
	b.t.Helper()
	var in gorgonia.Nodes
	for it := b.graph.From(y.ID()); it.Next(); {
		in = append(in, it.Node().(*gorgonia.Node))
	}
	grads, err := op.Of(y).(op.Differentiable).Gradients(in, y, dy)
	if err != nil {
		b.t.Fatal(err)
	}
	for i, name := range names {
		if name != "" {
			b.outputs[name] = grads[i]
		}
	}
}

// run returns all outputs computed on the device.
func (b *bench) run(dev plan.Device) map[string][]float32 {
	b.t.Helper()
	p, err := plan.Lower(b.graph, b.outputs)
	if err != nil {
		b.t.Fatal(err)
	}
	exe, err := dev.Compile(p, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	defer exe.Close()
	for name, kind := range b.leaves {
		set := exe.SetInput
		if kind == plan.Param {
			set = exe.SetParam
		}
		if _, err := p.Find(kind, name); err != nil {
			continue // no output depends on it
		}
		if err := set(name, b.file.Tensors[name].Data); err != nil {
			b.t.Fatal(err)
		}
	}
	return Outputs(b.t, p, exe)
}

// Lowered is plan.Lower for the results of a net's Graph.
func Lowered(g *gorgonia.ExprGraph, outputs map[string]*gorgonia.Node, err error) (*plan.Program, error) {
	if err != nil {
		return nil, err
	}
	return plan.Lower(g, outputs)
}

// Outputs runs a program and reads all of its outputs.
func Outputs(t *testing.T, p *plan.Program, exe plan.Executable) map[string][]float32 {
	t.Helper()
	if err := exe.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	values := make(map[string][]float32)
	for name, v := range p.Outputs {
		values[name] = make([]float32, v.Size())
		if err := exe.Output(name, values[name]); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// compare runs the graph and compares every output with the file's tensor of that name.
func (b *bench) compare(dev plan.Device, tolerance float64) {
	b.t.Helper()
	for name, got := range b.run(dev) {
		Close(b.t, name, got, b.file.Tensors[name].Data, tolerance)
	}
}
