package nets

import (
	"fmt"
	"slices"

	"hfcui/engine/graph"
)

// draft is a graph while layers are added to it.
type draft struct {
	nodes []graph.Node
}

// add appends a node that reads in, of which the first are results, and gives its result.
func (d *draft) add(n graph.Node, in ...string) string {
	n.In, n.Out = in, fmt.Sprint(len(d.nodes))
	d.nodes = append(d.nodes, n)
	return n.Out
}

// all adds layers one after the other.
func (d *draft) all(layers []layer, x string) string {
	for _, l := range layers {
		x = l.emit(d, x)
	}
	return x
}

// layer is one step of a net recognized in a state dict.
type layer interface {
	// emit adds the layer's nodes, of which the first reads x, and gives the last one's result.
	emit(d *draft, x string) string
}

type (
	// convLayer is a convolution: name.weight, with a bias name.bias.
	convLayer struct {
		name                      string
		size, stride, pad, groups int
		bias                      bool
		from                      *graph.Node // stride, padding and groups, where the file tells
	}
	// normLayer is batch norm.
	normLayer struct {
		name    string
		epsilon float64
	}
	// activationLayer is a function of every element; a key of activations.
	activationLayer struct {
		name string
		from *graph.Node // the function, where the file tells
	}
	poolLayer struct {
		max               bool
		size, stride, pad int
	}
	// globalPoolLayer is the mean over height and width.
	globalPoolLayer struct{}
	// flattenLayer makes rows of so many features.
	flattenLayer struct{ features int }
	// linearLayer is a linear layer: name.weight, name.bias. The last one gives the logits.
	linearLayer struct{ name string }
	// channelsLayer puts channels of zeros around what there is.
	channelsLayer struct{ before, after int }
	// gateLayer multiplies channels with what layers make of their means, as rows or as planes of
	// one pixel.
	gateLayer struct {
		channels int
		planes   bool
		layers   []layer
	}
	// sumLayer adds up what branches make of the same.
	sumLayer struct{ branches [][]layer }
	// denseLayer puts what layers make of its input behind that, or before it.
	denseLayer struct {
		layers []layer
		first  bool
	}
	// residualLayer is main(y) + short(x), where y = before(x), or main(y) + short(y).
	residualLayer struct {
		before, main, short []layer
		shortAfter          bool // short of y
	}
)

// activations are the functions a state dict leaves open.
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
