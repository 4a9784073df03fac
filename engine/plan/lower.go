package plan

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
)

// Lower converts the subgraph of g that outputs depend on to a program. Leaves made by op.Input
// and op.Param become inputs and parameters of the same names. Operations must be of package
// op, or Gorgonia's addition that accumulates gradients.
//
// Instructions are in the order in which nodes were added to g: equal graphs give equal
// programs.
func Lower(g *gorgonia.ExprGraph, outputs map[string]*gorgonia.Node) (*Program, error) {
	l := lowering{graph: g, values: make(map[int64]*Value), leaves: make(map[string]bool)}
	l.program.Outputs = make(map[string]*Value, len(outputs))
	// A node is added after its children, so IDs are a topological order.
	for _, n := range l.needed(outputs) {
		if err := l.add(n); err != nil {
			return nil, err
		}
	}
	names := make([]string, 0, len(outputs))
	for name := range outputs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		v := l.values[outputs[name].ID()]
		v.Keep = true
		if v.Name == "" {
			v.Name = name
		}
		l.program.Outputs[name] = v
	}
	return &l.program, l.program.Check()
}

type lowering struct {
	graph   *gorgonia.ExprGraph
	program Program
	values  map[int64]*Value // by the node's id
	leaves  map[string]bool
}

// needed returns outputs and all nodes they depend on, by ID.
func (l *lowering) needed(outputs map[string]*gorgonia.Node) gorgonia.Nodes {
	var nodes gorgonia.Nodes
	seen := make(map[int64]bool)
	var visit func(n *gorgonia.Node)
	visit = func(n *gorgonia.Node) {
		if seen[n.ID()] {
			return
		}
		seen[n.ID()] = true
		nodes = append(nodes, n)
		for _, c := range l.children(n) {
			visit(c)
		}
	}
	for _, n := range outputs {
		visit(n)
	}
	slices.SortFunc(nodes, func(a, b *gorgonia.Node) int { return int(a.ID() - b.ID()) })
	return nodes
}

func (l *lowering) children(n *gorgonia.Node) gorgonia.Nodes {
	var nodes gorgonia.Nodes
	for it := l.graph.From(n.ID()); it.Next(); {
		nodes = append(nodes, it.Node().(*gorgonia.Node))
	}
	return nodes
}

// add adds the value of n and, unless n is a leaf, the instruction that computes it.
func (l *lowering) add(n *gorgonia.Node) error {
	children := l.children(n)
	v := &Value{ID: len(l.program.Values), Kind: Temp, Shape: append([]int{}, n.Shape()...)}
	l.program.Values = append(l.program.Values, v)
	l.values[n.ID()] = v
	switch {
	case n.Op() == nil:
		v.Kind, v.Name = Param, n.Name()
		if name, ok := op.InputName(n); ok {
			v.Kind, v.Name = Input, name
		}
		return l.claim(v.Kind.String() + " " + v.Name)
	case len(children) == 0:
		return constant(v, n)
	}
	o, err := operation(n)
	if err != nil {
		return err
	}
	in := make([]*Value, len(children))
	for i, c := range children {
		in[i] = l.values[c.ID()]
	}
	l.program.Instrs = append(l.program.Instrs, &Instr{Op: o, In: in, Out: v})
	return nil
}

// claim returns an error if another leaf has the name: devices set leaves by name.
func (l *lowering) claim(name string) error {
	if l.leaves[name] {
		return fmt.Errorf("the graph has two leaves for %s", name)
	}
	l.leaves[name] = true
	return nil
}

// constant sets v to the constant node n.
func constant(v *Value, n *gorgonia.Node) error {
	v.Kind = Constant
	if n.Value() == nil {
		return fmt.Errorf("node %v has neither inputs nor a value", n)
	}
	switch d := n.Value().Data().(type) {
	case float32:
		v.Data = []float32{d}
	case []float32:
		v.Data = d
	default:
		return fmt.Errorf("constant %v holds %T, not float32", n, d)
	}
	return nil
}

// operation returns the operation of node n.
func operation(n *gorgonia.Node) (op.Op, error) {
	if o := op.Of(n); o != nil {
		return o, nil
	}
	// Gorgonia's own element-wise addition is of an unexported type; "+ false" is its name.
	if b, ok := n.Op().(gorgonia.BinaryOp); ok && strings.HasPrefix(b.String(), "+ ") {
		return op.Add{}, nil
	}
	return nil, fmt.Errorf("cannot run Gorgonia's operation %v: only those of package op", n.Op())
}
