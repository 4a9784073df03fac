package onnx

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
	"hfcui/engine/printable"
)

// finish selects the output, removes unused nodes and collects the weights.
func (im *importer) finish() (*Network, error) {
	out, err := im.output()
	if err != nil {
		return nil, err
	}
	g := im.graph
	g.Name = im.name()
	g.Output = logits(g, out.name)
	im.simplify()
	drop(g)
	number(g)
	if len(g.Nodes) == 0 {
		return nil, errors.New("the output does not depend on the images")
	}
	n := &Network{Graph: g, Tensors: make(map[string]*checkpoints.Tensor), Metadata: maps.Clone(im.proto.metadata),
		Opset: im.proto.opset, Producer: printable.Line(im.proto.producer), Guessed: im.guessed}
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

// output returns the first output of shape [batch, classes].
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
	return value{}, fmt.Errorf("no output of shape [images, classes] (outputs: %v, −1 = batch): hfcui explores classifiers", seen)
}

// name returns the network's name: from the file if Write wrote it, else from the producer.
func (im *importer) name() string {
	if name := printable.Line(im.proto.name); im.proto.producer == producer && name != "" && len(name) <= 200 {
		return name
	}
	if p := printable.Line(im.proto.producer); p != "" {
		return fmt.Sprintf("onnx (%.40s)", p)
	}
	return "onnx"
}

// logits returns the input of a final softmax or log-softmax; out if there is none.
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

// drop removes nodes whose results are unused.
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

// number renames the results to 0, 1, … and makes the names of nodes unique.
func number(g *graph.Graph) {
	names, called := make(map[string]string, len(g.Nodes)), make(map[string]int)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		n.Name = uniqueName(n.Name, called)
		for j, name := range n.In {
			if to, ok := names[name]; ok {
				n.In[j] = to
			}
		}
		names[n.Out] = strconv.Itoa(i)
		n.Out = names[n.Out]
	}
	if to, ok := names[g.Output]; ok {
		g.Output = to
	}
}

// uniqueName returns want, with a numeric suffix if it is already in given, and adds the result to
// given. The empty name may repeat.
func uniqueName(want string, given map[string]int) string {
	name := want
	for name != "" && given[name] > 0 {
		given[want]++ // next suffix to try
		name = fmt.Sprintf("%s_%d", want, given[want])
	}
	given[name]++
	return name
}
