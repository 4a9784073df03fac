package onnx

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
	"hfcui/engine/printable"
)

// finish chooses the output, drops what it does not need and collects the weights.
func (im *importer) finish() (*Network, error) {
	out, err := im.output()
	if err != nil {
		return nil, err
	}
	g := im.graph
	g.Name = im.name()
	g.Output = logits(g, out.name)
	simplify(g)
	drop(g)
	if len(g.Nodes) == 0 {
		return nil, errors.New("its output does not depend on the images")
	}
	n := &Network{Graph: g, Tensors: make(map[string]*checkpoints.Tensor), Metadata: maps.Clone(im.proto.metadata)}
	n.Mean, n.Std = im.normal.meanStd()
	for _, node := range g.Nodes {
		for _, name := range node.In {
			c := im.tensors[name]
			if c == nil || n.Tensors[name] != nil {
				continue
			}
			w, err := im.floats(c)
			if err != nil {
				return nil, err
			}
			n.Tensors[name] = &checkpoints.Tensor{Shape: slices.Clone(c.shape), Data: w}
		}
	}
	return n, g.Check()
}

// output is the first of the file's outputs that is a classifier's.
func (im *importer) output() (value, error) {
	var seen [][]int
	for _, o := range im.proto.outputs {
		v, ok := im.values[o.name]
		if !ok {
			continue
		}
		n := 1
		for _, d := range v.shape {
			n *= d
		}
		if len(v.shape) >= 2 && v.shape[0] == batch && n == batch*v.shape[1] && v.name != graph.InputName {
			return v, nil
		}
		seen = append(seen, symbolic(v.shape))
	}
	return value{}, fmt.Errorf("none of its outputs is [images, classes] (they are %v, −1 the batch): hfcui explores classifiers", seen)
}

// name is what the network is called, by who made the file.
func (im *importer) name() string {
	if p := printable.Line(im.proto.producer); p != "" {
		return fmt.Sprintf("onnx (%.40s)", p)
	}
	return "onnx"
}

// logits is what a final softmax is of: what classifiers are compared by. The logarithm of
// probabilities is as good as the logits.
func logits(g *graph.Graph, out string) string {
	maker := makers(g)
	for {
		n := maker[out]
		switch {
		case n == nil:
			return out
		case n.Op == "softmax" && n.Axis == 1:
			return n.In[0]
		case n.Op == "log" && maker[n.In[0]] != nil && maker[n.In[0]].Op == "softmax" && maker[n.In[0]].Axis == 1:
			out = n.In[0]
		case n.Op == "reshape" && maker[n.In[0]] != nil && maker[n.In[0]].Op == "softmax":
			out = n.In[0]
		default:
			return out
		}
	}
}

// makers gives the node that makes each result.
func makers(g *graph.Graph) map[string]*graph.Node {
	m := make(map[string]*graph.Node, len(g.Nodes))
	for i := range g.Nodes {
		m[g.Nodes[i].Out] = &g.Nodes[i]
	}
	return m
}

// readersOf counts who reads each result.
func readersOf(g *graph.Graph) map[string]int {
	readers := map[string]int{g.Output: 1}
	for _, n := range g.Nodes {
		for _, name := range n.In {
			readers[name]++
		}
	}
	return readers
}

// drop removes nodes whose results nothing needs.
func drop(g *graph.Graph) {
	needed := map[string]bool{g.Output: true}
	keep := make([]bool, len(g.Nodes))
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if n := g.Nodes[i]; needed[n.Out] {
			keep[i] = true
			for _, name := range n.In {
				needed[name] = true
			}
		}
	}
	i := -1
	g.Nodes = slices.DeleteFunc(g.Nodes, func(graph.Node) bool { i++; return !keep[i] })
}

// simplify writes operations that exporters spell out as what they are: x·sigmoid(x) is SiLU,
// x·hardsigmoid(x) Hardswish, x·(1+erf(x/√2))/2 GELU, padding before a convolution its own,
// and two transposes that undo each other nothing.
func simplify(g *graph.Graph) {
	maker, readers := makers(g), readersOf(g)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		switch n.Op {
		case "mul":
			gated(n, maker, readers)
		case "affine":
			gelu(n, maker, readers)
		case "conv":
			padded(n, maker, readers)
		case "transpose":
			undone(g, n, maker)
		}
	}
}

// gated recognizes x·f(x).
func gated(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	for i, name := range n.In {
		gate, x := maker[name], n.In[1-i]
		if gate == nil || readers[name] != 1 || len(gate.In) != 1 || gate.In[0] != x {
			continue
		}
		switch {
		case gate.Op == "sigmoid":
			n.Op, n.In = "silu", []string{x}
			return
		case gate.Op == "hardsigmoid" && gate.A > 0.16666 && gate.A < 0.16667 && gate.B == 0.5:
			n.Op, n.In = "hardswish", []string{x}
			return
		}
	}
}

// gelu recognizes 0.5·x·(1 + erf(x/√2)) in the order PyTorch writes it: the half last.
func gelu(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	product := maker[n.In[0]]
	if n.A != 0.5 || n.B != 0 || product == nil || product.Op != "mul" || readers[n.In[0]] != 1 {
		return
	}
	for i, name := range product.In {
		plus, x := maker[name], product.In[1-i]
		if plus == nil || plus.Op != "affine" || plus.A != 1 || plus.B != 1 {
			continue
		}
		erf := maker[plus.In[0]]
		if erf == nil || erf.Op != "erf" {
			continue
		}
		half := maker[erf.In[0]]
		if half != nil && half.Op == "affine" && half.In[0] == x && half.B == 0 && half.A > 0.7071 && half.A < 0.70711 {
			n.Op, n.In, n.A, n.B = "gelu", []string{x}, 0, 0
			return
		}
	}
}

// padded takes padding with zeros into a convolution.
func padded(n *graph.Node, maker map[string]*graph.Node, readers map[string]int) {
	for range 2 {
		p := maker[n.In[0]]
		if p == nil || p.Op != "pad" || p.A != 0 || p.Axis < 2 || readers[n.In[0]] != 1 {
			return
		}
		n.Pad[p.Axis-2] += p.Before
		n.Pad[p.Axis] += p.After
		n.In[0] = p.In[0]
	}
}

// undone lets readers of a transpose that undoes another read what was transposed.
func undone(g *graph.Graph, n *graph.Node, maker map[string]*graph.Node) {
	first := maker[n.In[0]]
	if first == nil || first.Op != "transpose" || len(first.Axes) != len(n.Axes) {
		return
	}
	for i, a := range n.Axes {
		if first.Axes[a] != i {
			return
		}
	}
	for i := range g.Nodes {
		for j, name := range g.Nodes[i].In {
			if name == n.Out {
				g.Nodes[i].In[j] = first.In[0]
			}
		}
	}
	if g.Output == n.Out {
		g.Output = first.In[0]
	}
}
