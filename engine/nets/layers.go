package nets

import (
	"fmt"
	"slices"

	"hfcui/engine/graph"
)

// draft is a graph under construction.
type draft struct {
	nodes []graph.Node
}

// add appends a node with inputs in, results before tensors, and returns the name of its result.
func (d *draft) add(n graph.Node, in ...string) string {
	n.In, n.Out = in, fmt.Sprint(len(d.nodes))
	d.nodes = append(d.nodes, n)
	return n.Out
}

// all appends layers in sequence.
func (d *draft) all(layers []layer, x string) string {
	for _, l := range layers {
		x = l.emit(d, x)
	}
	return x
}

// layer is a layer of a net recognized from a state dict.
type layer interface {
	// emit appends the layer's nodes with input x and returns the name of the result.
	emit(d *draft, x string) string
}

type (
	// convLayer is a convolution: name.weight, with a bias name.bias.
	convLayer struct {
		name                      string
		size, stride, pad, groups int
		bias                      bool
		from                      *graph.Node // stride, padding and groups stated by the file, or nil
	}
	// normLayer is batch norm.
	normLayer struct {
		name    string
		epsilon float64
	}
	// activationLayer is an elementwise activation, a key of activations.
	activationLayer struct {
		name string
		from *graph.Node // function stated by the file, or nil
	}
	poolLayer struct {
		max               bool
		size, stride, pad int
	}
	// globalPoolLayer is the mean over height and width.
	globalPoolLayer struct{}
	// flattenLayer reshapes to [N,features].
	flattenLayer struct{ features int }
	// linearLayer is a linear layer: name.weight, name.bias. The last one outputs the logits.
	linearLayer struct{ name string }
	// channelsLayer adds zero channels before and after x.
	channelsLayer struct{ before, after int }
	// gateLayer multiplies channels by the output of layers applied to their means [N,C] or
	// [N,C,1,1].
	gateLayer struct {
		channels int
		planes   bool
		layers   []layer
	}
	// sumLayer sums branches applied to the same input.
	sumLayer struct{ branches [][]layer }
	// denseLayer concatenates x and layers(x), in either order.
	denseLayer struct {
		layers []layer
		first  bool
	}
	// residualLayer is main(y) + short(x), where y = before(x), or main(y) + short(y).
	residualLayer struct {
		before, main, short []layer
		shortAfter          bool // the shortcut reads y
	}
)

// activations are the functions that may be assumed.
var activations = map[string]graph.Node{
	"relu": {Op: "relu"}, "relu6": {Op: "clip", B: 6}, "leakyrelu": {Op: "leakyrelu", A: 0.01}, "elu": {Op: "elu", A: 1},
	"silu": {Op: "silu"}, "gelu": {Op: "gelu"}, "tanh": {Op: "tanh"}, "sigmoid": {Op: "sigmoid"}, "softplus": {Op: "softplus"}, "mish": {Op: "mish"},
}

func square(n int) [2]int { return [2]int{n, n} }

func (l convLayer) emit(d *draft, x string) string {
	n := graph.Node{Op: "conv", Name: l.name, Stride: square(l.stride), Dilation: square(1), Pad: [4]int{l.pad, l.pad, l.pad, l.pad}, Groups: max(l.groups, 1)}
	if f := l.from; f != nil {
		n.Stride, n.Dilation, n.Pad, n.Groups = f.Stride, f.Dilation, f.Pad, f.Groups
	}
	if l.bias {
		return d.add(n, x, l.name+".weight", l.name+".bias")
	}
	return d.add(n, x, l.name+".weight")
}

func (l normLayer) emit(d *draft, x string) string {
	n := graph.Node{Op: "batchnorm", Name: l.name, Epsilon: l.epsilon}
	return d.add(n, x, l.name+".weight", l.name+".bias", l.name+".running_mean", l.name+".running_var")
}

func (l activationLayer) emit(d *draft, x string) string {
	if l.from != nil {
		return d.add(*l.from, x)
	}
	return d.add(activations[l.name], x)
}

func (l poolLayer) emit(d *draft, x string) string {
	n := graph.Node{Op: "avgpool", Size: square(l.size), Stride: square(l.stride), Dilation: square(1), Pad: [4]int{l.pad, l.pad, l.pad, l.pad}}
	if l.max {
		n.Op = "maxpool"
	} else {
		n.Counted = n.Pad
	}
	return d.add(n, x)
}

func (globalPoolLayer) emit(d *draft, x string) string {
	return d.add(graph.Node{Op: "globalavgpool"}, x)
}

func (l flattenLayer) emit(d *draft, x string) string {
	return d.add(graph.Node{Op: "reshape", Shape: []int{-1, l.features}}, x)
}

func (l linearLayer) emit(d *draft, x string) string {
	return d.add(graph.Node{Op: "linear", Name: l.name}, x, l.name+".weight", l.name+".bias")
}

func (l channelsLayer) emit(d *draft, x string) string {
	return d.add(graph.Node{Op: "pad", Axis: 1, Before: l.before, After: l.after}, x)
}

func (l residualLayer) emit(d *draft, x string) string {
	y, short := d.all(l.before, x), x
	if l.shortAfter {
		short = y
	}
	return d.add(graph.Node{Op: "add"}, d.all(l.main, y), d.all(l.short, short))
}

func (l gateLayer) emit(d *draft, x string) string {
	planes := []int{-1, l.channels, 1, 1}
	y := d.add(graph.Node{Op: "globalavgpool"}, x)
	if l.planes {
		y = d.add(graph.Node{Op: "reshape", Shape: planes}, y)
	}
	if y = d.all(l.layers, y); !l.planes {
		y = d.add(graph.Node{Op: "reshape", Shape: planes}, y)
	}
	return d.add(graph.Node{Op: "mul"}, x, y)
}

func (l sumLayer) emit(d *draft, x string) string {
	sum := d.all(l.branches[0], x)
	for _, b := range l.branches[1:] {
		sum = d.add(graph.Node{Op: "add"}, sum, d.all(b, x))
	}
	return sum
}

func (l denseLayer) emit(d *draft, x string) string {
	in := []string{x, d.all(l.layers, x)}
	if l.first {
		slices.Reverse(in)
	}
	return d.add(graph.Node{Op: "concat", Axis: 1}, in...)
}
