package nets

import (
	"fmt"
	"strings"

	"hfcui/engine/graph"
	"hfcui/engine/op"
)

// Describe returns the network's graph: the one it was made from, or, for named families, a
// recording of the forward pass. FromGraph is its inverse.
func (n *Net) Describe() (*graph.Graph, error) {
	if g := n.Described(); g != nil {
		return g, nil
	}
	b := &builder{record: new(draft)}
	out := n.arch.forward(b, b.input(1, n.Input), n.Classes)
	if b.err != nil {
		return nil, fmt.Errorf("describing %s: %w", n.Name, b.err)
	}
	g := &graph.Graph{Name: n.Name, Input: n.Input, Nodes: b.record.nodes, Output: out.name}
	return g, g.Check()
}

// moduleOf returns the module of a weight tensor.
func moduleOf(weight tensor) string { return strings.TrimSuffix(weight.name, ".weight") }

// appendOp appends an operation of a named family and returns the name of its result.
func (d *draft) appendOp(o op.Op, in []tensor, out []int) (string, error) {
	n, names := graph.Node{}, []string{in[0].name}
	switch o := o.(type) {
	case op.Conv:
		n = graph.Node{Op: "conv", Name: moduleOf(in[1]), Stride: square(o.Stride), Dilation: square(1), Pad: [4]int{o.Pad, o.Pad, o.Pad, o.Pad}, Groups: 1}
		names = append(names, in[1].name)
	case op.ChannelBias:
		last := &d.nodes[len(d.nodes)-1]
		if last.Op != "conv" || last.Out != in[0].name {
			return "", fmt.Errorf("%s follows no convolution", in[1].name)
		}
		last.In = append(last.In, in[1].name)
		return last.Out, nil
	case op.BatchNorm:
		prefix := moduleOf(in[2])
		n = graph.Node{Op: "batchnorm", Name: prefix, Epsilon: o.Epsilon}
		names = append(names, prefix+".weight", prefix+".bias", prefix+".running_mean", prefix+".running_var")
	case op.Linear:
		n = graph.Node{Op: "linear", Name: moduleOf(in[1])}
		names = append(names, in[1].name, in[2].name)
	case op.ReLU:
		n.Op = "relu"
	case op.Add:
		n.Op = "add"
		names = append(names, in[1].name)
	case op.MaxPool:
		n = graph.Node{Op: "maxpool", Size: square(o.Size), Stride: square(o.Stride), Dilation: square(1), Pad: [4]int{o.Pad, o.Pad, o.Pad, o.Pad}}
	case op.AvgPool:
		n = graph.Node{Op: "avgpool", Size: square(o.Size), Stride: square(o.Stride), Dilation: square(1), Pad: [4]int{o.Pad, o.Pad, o.Pad, o.Pad}}
		n.Counted = n.Pad
	case op.GlobalAvgPool:
		n.Op = "globalavgpool"
	case op.Flatten:
		n = graph.Node{Op: "reshape", Shape: []int{-1, out[1]}}
	case op.Gather:
		n = graph.Node{Op: "gather", Axis: o.Axis, Index: o.Index}
	case op.PadChannels:
		n = graph.Node{Op: "pad", Axis: 1, Before: o.Before, After: o.After}
	default:
		return "", fmt.Errorf("%T cannot be described", o)
	}
	return d.add(n, names...), nil
}
