package nets

import (
	"gorgonia.org/gorgonia"

	"hfcui/engine/graph"
	"hfcui/engine/op"
)

// Epsilon is batch norm's default epsilon, as in PyTorch.
const Epsilon = 1e-5

// builder builds a forward pass layer by layer. Without a graph it is a dry run that only
// collects parameters. After the first error, layers do nothing.
type builder struct {
	graph           *gorgonia.ExprGraph // nil: dry run
	batchStatistics bool
	frozen          int     // see Build.Frozen
	dropout         float64 // rate before the last linear layer
	record          *draft  // records a description in a dry run, or nil

	params  []Param
	norms   []Norm
	leaves  map[string]*gorgonia.Node // parameters, by name
	stats   []*gorgonia.Node          // op.BatchStats nodes in the order of norms; nil: running statistics
	last    int                       // input features of the last linear layer
	largest int                       // elements of the largest activation, for one image in a dry run
	err     error
}

// tensor is an activation or parameter.
type tensor struct {
	shape []int
	node  *gorgonia.Node // nil in a dry run
	name  string         // in the recorded description
}

func (b *builder) input(batch int, size [3]int) tensor {
	x := b.leaf(op.Input, InputName, batch, size[0], size[1], size[2])
	x.name = graph.InputName
	return x
}

// leaf adds a leaf with op.Input or op.Param.
func (b *builder) leaf(add func(*gorgonia.ExprGraph, string, ...int) (*gorgonia.Node, error), name string, shape ...int) tensor {
	t := tensor{shape: shape}
	if b.err == nil && b.graph != nil {
		t.node, b.err = add(b.graph, name, shape...)
	}
	return t
}

// param adds a parameter.
func (b *builder) param(name string, role Role, shape ...int) tensor {
	b.params = append(b.params, Param{name, shape, role})
	t := b.leaf(op.Param, name, shape...)
	t.name = name
	if b.leaves != nil {
		b.leaves[name] = t.node
	}
	return t
}

// apply applies an operation.
func (b *builder) apply(o op.Op, in ...tensor) tensor {
	if b.err != nil {
		return tensor{}
	}
	var out tensor
	shapes, nodes := make([][]int, len(in)), make(gorgonia.Nodes, len(in))
	for i, t := range in {
		shapes[i], nodes[i] = t.shape, t.node
	}
	if out.shape, b.err = op.Check(o, shapes); b.err != nil {
		return tensor{}
	}
	b.largest = max(b.largest, op.Size(out.shape))
	if b.graph != nil {
		out.node, b.err = op.Apply(o, nodes...)
	}
	if b.record != nil {
		out.name, b.err = b.record.appendOp(o, in, out.shape)
	}
	return out
}

// conv adds a convolution without bias: name.weight.
func (b *builder) conv(name string, x tensor, out, size, stride, pad int) tensor {
	if b.err != nil {
		return tensor{}
	}
	w := b.param(name+".weight", Weight, out, x.shape[1], size, size)
	return b.apply(op.Conv{Stride: stride, Pad: pad}, x, w)
}

// convBias adds a convolution with bias: name.weight, name.bias.
func (b *builder) convBias(name string, x tensor, out, size, stride, pad int) tensor {
	y := b.conv(name, x, out, size, stride, pad)
	return b.apply(op.ChannelBias{}, y, b.param(name+".bias", Bias, out))
}

// convNorm adds a convolution followed by batch norm or, if plain, with a bias instead.
func (b *builder) convNorm(plain bool, conv, norm string, x tensor, out, size, stride, pad int) tensor {
	if plain {
		return b.convBias(conv, x, out, size, stride, pad)
	}
	return b.norm(norm, b.conv(conv, x, out, size, stride, pad))
}

// norm adds batch norm: name.weight, name.bias, name.running_mean, name.running_var.
func (b *builder) norm(name string, x tensor) tensor { return b.normWith(name, Epsilon, x) }

// normWith is norm with a given epsilon.
func (b *builder) normWith(name string, epsilon float64, x tensor) tensor {
	if b.err != nil {
		return tensor{}
	}
	c, frozen := x.shape[1], len(b.params) < b.frozen
	gamma := b.param(name+".weight", Scale, c)
	beta := b.param(name+".bias", Shift, c)
	b.params = append(b.params, Param{name + ".running_mean", []int{c}, RunningMean}, Param{name + ".running_var", []int{c}, RunningVar})
	b.norms = append(b.norms, Norm{name, c, x.shape[2] * x.shape[3]})
	var stats tensor
	if b.batchStatistics && !frozen {
		stats = b.apply(op.BatchStats{}, x)
		b.stats = append(b.stats, stats.node)
	} else {
		stats = b.leaf(op.Param, StatsName(name), 2, c)
		b.stats = append(b.stats, nil)
	}
	return b.apply(op.BatchNorm{Epsilon: epsilon}, x, stats, gamma, beta)
}

// classify adds the last linear layer, with dropout before it.
func (b *builder) classify(name string, x tensor, classes int) tensor {
	return b.linear(name, b.beforeLast(x), classes)
}

// beforeLast records the input features of the last linear layer and applies dropout.
func (b *builder) beforeLast(x tensor) tensor {
	if b.err != nil {
		return tensor{}
	}
	b.last = x.shape[1]
	if b.dropout > 0 {
		x = b.apply(op.Dropout{Rate: b.dropout}, x, b.leaf(op.Input, DropoutMaskName, x.shape...))
	}
	return x
}

// linear adds a linear layer: name.weight, name.bias.
func (b *builder) linear(name string, x tensor, out int) tensor {
	if b.err != nil {
		return tensor{}
	}
	w := b.param(name+".weight", Weight, out, x.shape[1])
	return b.apply(op.Linear{}, x, w, b.param(name+".bias", Bias, out))
}

func (b *builder) relu(x tensor) tensor { return b.apply(op.ReLU{}, x) }

// maxPool halves height and width.
func (b *builder) maxPool(x tensor) tensor { return b.apply(op.MaxPool{Size: 2, Stride: 2}, x) }

// globalPool averages over height and width.
func (b *builder) globalPool(x tensor) tensor { return b.apply(op.GlobalAvgPool{}, x) }

func (b *builder) flatten(x tensor) tensor { return b.apply(op.Flatten{}, x) }

func (b *builder) add(x, y tensor) tensor { return b.apply(op.Add{}, x, y) }
