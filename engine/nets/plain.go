package nets

import "fmt"

// vgg is VGG-11 with batch norm: eight convolutions in five groups, each group followed by
// max pooling.
type vgg struct{ widths [8]int }

func vgg11() vgg { return vgg{[8]int{64, 128, 256, 256, 512, 512, 512, 512}} }

// vggLayers are the convolutions' numbers in torchvision's vgg11_bn, and whether pooling
// follows.
var vggLayers = [8]struct {
	index int
	pool  bool
}{{0, true}, {4, true}, {8, false}, {11, true}, {15, false}, {18, true}, {22, false}, {25, true}}

func (vgg) name() string { return "vgg11" }

func (v vgg) forward(b *builder, x tensor, classes int) tensor {
	for i, layer := range vggLayers {
		x = b.convBias(fmt.Sprint("features.", layer.index), x, v.widths[i], 3, 1, 1)
		x = b.relu(b.norm(fmt.Sprint("features.", layer.index+1), x))
		if layer.pool {
			x = b.maxPool(x)
		}
	}
	return b.linear("classifier", b.globalPool(x), classes)
}

func readVGG(s Shapes) ([]architecture, error) {
	var v vgg
	for i, layer := range vggLayers {
		name := fmt.Sprintf("features.%d.weight", layer.index)
		if !s.has(name) {
			return nil, fmt.Errorf("it lacks %s of vgg11", name)
		}
		v.widths[i] = s.dim(name, 0)
	}
	if !s.has("classifier.weight") && !s.hasPrefix("classifier.0.") {
		return nil, fmt.Errorf("it lacks classifier.weight of vgg11")
	}
	if !s.has("classifier.weight") {
		return nil, fmt.Errorf("it is a vgg with several classifier layers; hfcui knows the form with one, classifier.weight")
	}
	return []architecture{v}, nil
}

// alexnet is AlexNet for small images: five convolutions and three linear layers.
type alexnet struct {
	widths [5]int
	hidden [2]int
}

func alexnet32() alexnet { return alexnet{[5]int{64, 192, 384, 256, 256}, [2]int{4096, 4096}} }

func (alexnet) name() string { return "alexnet" }

func (a alexnet) forward(b *builder, x tensor, classes int) tensor {
	x = b.maxPool(b.relu(b.convBias("features.0", x, a.widths[0], 3, 2, 1)))
	x = b.maxPool(b.relu(b.convBias("features.3", x, a.widths[1], 3, 1, 1)))
	x = b.relu(b.convBias("features.6", x, a.widths[2], 3, 1, 1))
	x = b.relu(b.convBias("features.8", x, a.widths[3], 3, 1, 1))
	x = b.maxPool(b.relu(b.convBias("features.10", x, a.widths[4], 3, 1, 1)))
	x = b.flatten(x)
	x = b.relu(b.linear("classifier.1", x, a.hidden[0]))
	x = b.relu(b.linear("classifier.4", x, a.hidden[1]))
	return b.linear("classifier.6", x, classes)
}

func readAlexNet(s Shapes) ([]architecture, error) {
	var a alexnet
	if lacks := s.lacks("features.3.weight", "features.6.weight", "features.8.weight", "classifier.1.weight", "classifier.4.weight"); len(lacks) > 0 {
		return nil, fmt.Errorf("it lacks %s of alexnet", list(lacks))
	}
	for i, index := range []int{0, 3, 6, 8, 10} {
		a.widths[i] = s.dim(fmt.Sprintf("features.%d.weight", index), 0)
	}
	a.hidden = [2]int{s.dim("classifier.1.weight", 0), s.dim("classifier.4.weight", 0)}
	if k := s.dim("features.0.weight", 2); k != 3 {
		return nil, fmt.Errorf("it is an alexnet with a %d×%d first kernel, for large images; hfcui knows the one for small images, with 3×3", k, k)
	}
	return []architecture{a}, nil
}

// lenet is LeNet-5.
type lenet struct {
	widths [2]int
	hidden [2]int
	pad    int // of the first convolution
}

// lenetFor pads images smaller than 32×32.
func lenetFor(input [3]int) lenet {
	l := lenet{widths: [2]int{6, 16}, hidden: [2]int{120, 84}}
	if min(input[1], input[2]) < 32 {
		l.pad = 2
	}
	return l
}

func (lenet) name() string { return "lenet5" }

func (l lenet) forward(b *builder, x tensor, classes int) tensor {
	x = b.maxPool(b.relu(b.convBias("conv1", x, l.widths[0], 5, 1, l.pad)))
	x = b.maxPool(b.relu(b.convBias("conv2", x, l.widths[1], 5, 1, 0)))
	x = b.flatten(x)
	x = b.relu(b.linear("fc1", x, l.hidden[0]))
	x = b.relu(b.linear("fc2", x, l.hidden[1]))
	return b.linear("fc3", x, classes)
}

// readLeNet gives the forms without and with padding: what the first linear layer takes
// tells, together with the images' size, which it is.
func readLeNet(s Shapes) ([]architecture, error) {
	if lacks := s.lacks("fc1.weight", "fc2.weight"); len(lacks) > 0 {
		return nil, fmt.Errorf("it lacks %s of lenet5", list(lacks))
	}
	l := lenet{
		widths: [2]int{s.dim("conv1.weight", 0), s.dim("conv2.weight", 0)},
		hidden: [2]int{s.dim("fc1.weight", 0), s.dim("fc2.weight", 0)},
	}
	padded := l
	padded.pad = 2
	return []architecture{l, padded}, nil
}
