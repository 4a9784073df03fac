package nets

import "fmt"

// feature returns torchvision's name of a layer in features.
func feature(index int) string { return fmt.Sprint("features.", index) }

// vgg is VGG-11: eight convolutions in five groups, each group followed by max pooling.
type vgg struct {
	widths [8]int
	norm   bool
}

func vgg11(norm bool) vgg { return vgg{[8]int{64, 128, 256, 256, 512, 512, 512, 512}, norm} }

// vggLayers are the convolutions' indices in torchvision's vgg11_bn and vgg11, and whether
// pooling follows.
var vggLayers = [8]struct {
	normed, plain int
	pool          bool
}{{0, 0, true}, {4, 3, true}, {8, 6, false}, {11, 8, true}, {15, 11, false}, {18, 13, true}, {22, 16, false}, {25, 18, true}}

func (v vgg) index(layer int) int {
	if v.norm {
		return vggLayers[layer].normed
	}
	return vggLayers[layer].plain
}

func (v vgg) name() string {
	if v.norm {
		return "vgg11"
	}
	return "vgg11-nobn"
}

func (v vgg) forward(b *builder, x tensor, classes int) tensor {
	for i, layer := range vggLayers {
		x = b.convBias(feature(v.index(i)), x, v.widths[i], 3, 1, 1)
		if v.norm {
			x = b.norm(feature(v.index(i)+1), x)
		}
		if x = b.relu(x); layer.pool {
			x = b.maxPool(x)
		}
	}
	return b.classify("classifier", b.globalPool(x), classes)
}

func readVGG(s Shapes) ([]architecture, error) {
	v := vgg{norm: s.hasPrefix("features.1.")}
	for i := range vggLayers {
		name := feature(v.index(i)) + ".weight"
		if !s.has(name) {
			return nil, fmt.Errorf("missing %s of %s", name, v.name())
		}
		v.widths[i] = s.dim(name, 0)
	}
	if !s.has("classifier.weight") && !s.hasPrefix("classifier.0.") {
		return nil, fmt.Errorf("missing classifier.weight of vgg11")
	}
	if !s.has("classifier.weight") {
		return nil, fmt.Errorf("VGG with several classifier layers; the built-in one has a single classifier.weight")
	}
	return []architecture{v}, nil
}

// alexnet is AlexNet for small images: five convolutions and three linear layers.
type alexnet struct {
	widths [5]int
	hidden [2]int
	norm   bool
}

func alexnet32(norm bool) alexnet {
	return alexnet{[5]int{64, 192, 384, 256, 256}, [2]int{4096, 4096}, norm}
}

// alexLayers are the convolutions' indices in torchvision's alexnet and with batch norm after
// each, and whether pooling follows.
var alexLayers = [5]struct {
	plain, normed, stride int
	pool                  bool
}{{0, 0, 2, true}, {3, 4, 1, true}, {6, 8, 1, false}, {8, 11, 1, false}, {10, 14, 1, true}}

func (a alexnet) index(layer int) int {
	if a.norm {
		return alexLayers[layer].normed
	}
	return alexLayers[layer].plain
}

func (a alexnet) name() string {
	if a.norm {
		return "alexnet-bn"
	}
	return "alexnet"
}

func (a alexnet) forward(b *builder, x tensor, classes int) tensor {
	for i, layer := range alexLayers {
		x = b.convNorm(!a.norm, feature(a.index(i)), feature(a.index(i)+1), x, a.widths[i], 3, layer.stride, 1)
		if x = b.relu(x); layer.pool {
			x = b.maxPool(x)
		}
	}
	x = b.flatten(x)
	x = b.relu(b.linear("classifier.1", x, a.hidden[0]))
	x = b.relu(b.linear("classifier.4", x, a.hidden[1]))
	return b.classify("classifier.6", x, classes)
}

func readAlexNet(s Shapes) ([]architecture, error) {
	a := alexnet{norm: s.hasPrefix("features.1.")}
	wanted := []string{"classifier.1.weight", "classifier.4.weight"}
	for i := range a.widths {
		name := feature(a.index(i)) + ".weight"
		wanted, a.widths[i] = append(wanted, name), s.dim(name, 0)
	}
	if lacks := s.lacks(wanted...); len(lacks) > 0 {
		return nil, fmt.Errorf("missing %s of %s", list(lacks), a.name())
	}
	a.hidden = [2]int{s.dim("classifier.1.weight", 0), s.dim("classifier.4.weight", 0)}
	if k := s.dim("features.0.weight", 2); k != 3 {
		return nil, fmt.Errorf("AlexNet with a %d×%d first kernel (large images); the built-in one has 3×3 (small images)", k, k)
	}
	return []architecture{a}, nil
}

// lenet is LeNet-5.
type lenet struct {
	widths [2]int
	hidden [2]int
	pad    int // of the first convolution
	norm   bool
}

// lenetFor pads images smaller than 32×32.
func lenetFor(input [3]int, norm bool) lenet {
	l := lenet{widths: [2]int{6, 16}, hidden: [2]int{120, 84}, norm: norm}
	if min(input[1], input[2]) < 32 {
		l.pad = 2
	}
	return l
}

func (l lenet) name() string {
	if l.norm {
		return "lenet5-bn"
	}
	return "lenet5"
}

func (l lenet) forward(b *builder, x tensor, classes int) tensor {
	for i, width := range l.widths {
		pad := []int{l.pad, 0}[i]
		x = b.convNorm(!l.norm, fmt.Sprint("conv", i+1), fmt.Sprint("bn", i+1), x, width, 5, 1, pad)
		x = b.maxPool(b.relu(x))
	}
	x = b.flatten(x)
	x = b.relu(b.linear("fc1", x, l.hidden[0]))
	x = b.relu(b.linear("fc2", x, l.hidden[1]))
	return b.classify("fc3", x, classes)
}

// readLeNet returns the variants without and with padding; the features of the first linear layer
// and the images' size decide between them.
func readLeNet(s Shapes) ([]architecture, error) {
	if lacks := s.lacks("fc1.weight", "fc2.weight"); len(lacks) > 0 {
		return nil, fmt.Errorf("missing %s of lenet5", list(lacks))
	}
	l := lenet{
		widths: [2]int{s.dim("conv1.weight", 0), s.dim("conv2.weight", 0)},
		hidden: [2]int{s.dim("fc1.weight", 0), s.dim("fc2.weight", 0)},
		norm:   s.hasPrefix("bn1.") || s.hasPrefix("bn2."),
	}
	padded := l
	padded.pad = 2
	return []architecture{l, padded}, nil
}
