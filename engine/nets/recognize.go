package nets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Shapes are the shapes of a state dict's tensors by name.
type Shapes map[string][]int

func (s Shapes) has(name string) bool { _, ok := s[name]; return ok }

// lacks returns the names that have no tensor.
func (s Shapes) lacks(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), s.has)
}

// hasPrefix reports whether a tensor's name has the prefix.
func (s Shapes) hasPrefix(prefix string) bool {
	for name := range s {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// dim returns a tensor's size along an axis; 0 if either does not exist.
func (s Shapes) dim(name string, axis int) int {
	if shape := s[name]; axis < len(shape) {
		return shape[axis]
	}
	return 0
}

// family is a family of nets and how its state dicts are recognized.
type family struct {
	name       string   // prefix of the names of its nets
	marks      []string // tensors that all of its nets have
	prefix     string   // prefix of tensor names that only its nets have
	first, out string   // first convolution's weights, last layer's bias
	read       func(Shapes) ([]architecture, error)
}

var families = []family{
	{"resnet", []string{"conv1.weight", "layer1.0.conv1.weight"}, "layer1.", "conv1.weight", "fc.bias", readResnet},
	{"alexnet-bn", []string{"features.0.weight", "features.1.running_mean", "features.14.weight", "classifier.6.weight"}, "", "features.0.weight", "classifier.6.bias", readAlexNet},
	{"vgg11", []string{"features.0.weight", "features.1.running_mean", "features.25.weight"}, "", "features.0.weight", "classifier.bias", readVGG},
	{"vgg11-nobn", []string{"features.0.weight", "features.13.weight", "classifier.weight"}, "", "features.0.weight", "classifier.bias", readVGG},
	{"alexnet", []string{"features.0.weight", "features.10.weight", "classifier.6.weight"}, "", "features.0.weight", "classifier.6.bias", readAlexNet},
	{"lenet5", []string{"conv1.weight", "conv2.weight", "fc3.weight"}, "", "conv1.weight", "fc3.bias", readLeNet},
}

// Recognize returns the net whose state dict has tensors of these names and shapes, of any width
// and, for resnets, any depth. input is the image size, zero if unknown: of several possible
// ones 32×32, or 28×28 for one channel, is preferred. The error lists tensors that are missing,
// unexpected or of the wrong shape.
func Recognize(s Shapes, input [3]int) (*Net, error) {
	for _, f := range families {
		if len(s.lacks(f.marks...)) > 0 && !(f.prefix != "" && s.hasPrefix(f.prefix)) {
			continue
		}
		if lacks := s.lacks(f.first, f.out); len(lacks) > 0 {
			return nil, fmt.Errorf("missing %s, which every %s has: save the whole state dict", list(lacks), f.name)
		}
		archs, err := f.read(s)
		if err != nil {
			return nil, err
		}
		return firstFit(archs, s, sizes(s.dim(f.first, 1), input), s.dim(f.out, 0))
	}
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, errors.New("no tensors found")
	}
	for _, f := range families {
		if lacks := s.lacks(f.marks...); len(lacks) == 1 && len(f.marks) > 2 {
			return nil, fmt.Errorf("missing %s, which every %s has: save the whole state dict", lacks[0], f.name)
		}
	}
	return nil, fmt.Errorf("unrecognized tensors (%s): use a built-in architecture (%s)", list(names), strings.Join(Names(), ", "))
}

// sizes lists the image sizes to try.
func sizes(channels int, known [3]int) [][3]int {
	if known != [3]int{} {
		return [][3]int{known}
	}
	if channels == 1 {
		return [][3]int{{1, 28, 28}, {1, 32, 32}}
	}
	return [][3]int{{channels, 32, 32}, {channels, 28, 28}}
}

// firstFit returns the first candidate that matches all tensors, else the error of the first
// candidate.
func firstFit(archs []architecture, s Shapes, inputs [][3]int, classes int) (*Net, error) {
	var first error
	for _, input := range inputs {
		for _, a := range archs {
			n, err := newNet(a, input, classes)
			if err == nil {
				err = n.Check(s)
			}
			if err == nil {
				return n, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	return nil, first
}

// Check returns an error unless s has exactly the net's tensors.
func (n *Net) Check(s Shapes) error {
	var missing, extra []string
	var wrong error
	known := make(map[string]bool, len(n.Params))
	for _, p := range n.Params {
		known[p.Name] = true
		switch shape, ok := s[p.Name]; {
		case !ok:
			missing = append(missing, p.Name)
		case !slices.Equal(shape, p.Shape) && wrong == nil:
			wrong = fmt.Errorf("%s is %s; %s on %s images needs %s", p.Name, times(shape), n.Name, times(n.Input[:]), times(p.Shape))
		}
	}
	for name := range s {
		if !known[name] {
			extra = append(extra, name)
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Errorf("missing %s of %s", list(missing), n.Name)
	case wrong != nil:
		return wrong
	case len(extra) > 0:
		return fmt.Errorf("unexpected %s, not part of %s", list(extra), n.Name)
	}
	return nil
}

// list formats up to four names in alphabetical order. Names are untrusted: unusual ones are
// quoted.
func list(names []string) string {
	slices.Sort(names)
	for i, name := range names[:min(4, len(names))] {
		if len(name) > 80 || strings.Trim(name, plain) != "" {
			names[i] = fmt.Sprintf("%.60q", name)
		}
	}
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// times formats a shape, e.g. "64×3×3×3".
func times(shape []int) string {
	if len(shape) == 0 {
		return "a scalar"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "×")
}
