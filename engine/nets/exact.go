package nets

import (
	"errors"
	"fmt"
	"math"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
)

// errOpen is returned if modules do not determine the forward pass, because it is custom code.
var errOpen = errors.New("its modules do not determine the forward pass")

// exact builds a net from the modules of a pickled model: an nn.Sequential, or modules that are
// certainly called in registered order.
type exact struct {
	*recognizer
	units  map[string]*unit
	order  []*checkpoints.Module // leaf modules in execution order
	d      draft
	shapes *graph.Shapes
	x      string
	shape  []int // of x without the batch axis
	loose  bool  // the order is assumed
}

// fromModules builds the net from its modules; errOpen if they do not determine it.
func (r *recognizer) fromModules() (*Found, error) {
	e := &exact{recognizer: r, units: map[string]*unit{}}
	for _, u := range r.units {
		e.units[u.name] = u
	}
	if err := e.walk(r.modules.byName[""], 0); err != nil {
		return nil, err
	}
	if len(e.order) == 0 || e.loose && !e.alternates() {
		return nil, errOpen
	}
	sizes := []int{r.input[1]}
	if known := r.input != [3]int{}; !known {
		sizes = []int{32, 28, 64, 224, 96, 128, 48, 256, 299, 227}
		for _, u := range r.units {
			if u.kind == convUnit {
				if u.in == 1 {
					sizes[0], sizes[1] = 28, 32
				}
				break
			}
		}
	}
	return e.fit(sizes)
}

// fit builds the net for the first size that fits.
func (e *exact) fit(sizes []int) (*Found, error) {
	known := e.input != [3]int{}
	var fits []int
	var first error
	for _, size := range sizes {
		if err := e.build(e.size(size)); err == nil {
			fits = append(fits, size)
		} else if first == nil {
			first = err
		}
	}
	if len(fits) == 0 {
		return nil, first
	}
	input := e.size(fits[0])
	if err := e.build(input); err != nil {
		return nil, err
	}
	if !known {
		var others []string
		for _, size := range fits[1:min(len(fits), 5)] {
			others = append(others, shapeText([3]int{input[0], size, size}))
		}
		e.assumed.state(InputSize, shapeText(input), "the layers' input size", others...)
	}
	if e.loose {
		e.assumed.known("order", "registered", "modules are called in registered order", fromFile)
	}
	g := &graph.Graph{Name: e.name(), Input: input, Output: e.x, Nodes: e.d.nodes}
	net, err := FromGraph(g, e.recognizer.shapes)
	if err != nil {
		return nil, err
	}
	return &Found{Net: net, Names: e.names, Assumed: e.assumed.list}, nil
}

// size returns the known input size, or a square one.
func (e *exact) size(side int) [3]int {
	if e.input != [3]int{} {
		return e.input
	}
	for _, u := range e.recognizer.units {
		if u.kind == convUnit {
			m := e.modules.byName[u.name]
			return [3]int{u.in * max(1, int(number(m, "groups", 1))), side, side}
		}
	}
	return [3]int{3, side, side}
}

func (e *exact) name() string {
	layers, norms := 0, false
	for _, u := range e.recognizer.units {
		norms = norms || u.kind == normUnit
		if u.kind != normUnit {
			layers++
		}
	}
	if norms {
		return fmt.Sprint("cnn", layers)
	}
	return fmt.Sprint("cnn", layers, "-nobn")
}

// walk lists the leaf modules in execution order.
func (e *exact) walk(m *checkpoints.Module, depth int) error {
	if m == nil || depth > 32 {
		return errOpen
	}
	class := torchClass(m)
	in := e.modules.children(m.Name)
	switch {
	case class == "Sequential":
	case class != "" && len(in) == 0:
		e.order = append(e.order, m)
		return nil
	case depth == 0 && e.inOrder(in): // custom forward
		e.loose = true
	default:
		return errOpen
	}
	for _, child := range in {
		if err := e.walk(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// inOrder reports whether the children of a module with a custom forward are almost certainly called
// in registered order: one nn.Sequential has all convolutions, and only the usual layers follow.
func (e *exact) inOrder(modules []*checkpoints.Module) bool {
	rows := 0
	for i, m := range modules {
		switch torchClass(m) {
		case "Sequential":
			rows++
		case "Linear", "Flatten", "AdaptiveAvgPool2d", "AvgPool2d", "Dropout":
			if i == 0 {
				return false
			}
		default:
			return false
		}
	}
	return rows > 0
}

// alternates reports whether an activation module lies between any two layers with weights, so
// that forward adds none.
func (e *exact) alternates() bool {
	active := true
	for _, m := range e.order {
		if _, ok := activationOf(m); ok {
			active = true
		}
		if class := torchClass(m); class == "Conv2d" || class == "Linear" {
			if !active {
				return false
			}
			active = false
		}
	}
	return true
}

// build adds all layers for an input size [C,H,W].
func (e *exact) build(input [3]int) error {
	e.d, e.x = draft{}, graph.InputName
	e.shapes, e.shape = graph.NewShapes(1, input), []int{1, input[0], input[1], input[2]}
	for i, m := range e.order {
		if err := e.layer(m, i == len(e.order)-1); err != nil {
			return err
		}
	}
	for _, u := range e.recognizer.units {
		if e.modules.byName[u.name] == nil {
			return errOpen
		}
	}
	if len(e.shape) != 2 {
		return unknown("the output has shape %s, expected one logit per class", times(e.shape[1:]))
	}
	return nil
}

// add adds a node that reads the previous result.
func (e *exact) add(n graph.Node, tensors ...string) error {
	x := e.d.add(n, append([]string{e.x}, tensors...)...)
	for _, name := range tensors {
		e.shapes.Tensor(name, e.recognizer.shapes[name])
	}
	shape, err := e.shapes.Add(&e.d.nodes[len(e.d.nodes)-1])
	if err != nil {
		return unknown("%v", err)
	}
	e.x, e.shape = x, shape
	return nil
}

// layer adds a leaf module.
func (e *exact) layer(m *checkpoints.Module, last bool) error {
	if n, ok := activationOf(m); ok {
		return e.add(n)
	}
	switch class := torchClass(m); class {
	case "Conv2d", "Linear", "BatchNorm2d", "BatchNorm1d":
		return e.weighted(m, class)
	case "MaxPool2d", "AvgPool2d":
		if len(e.shape) != 4 {
			return unknown("%s pools %s", list([]string{m.Name}), times(e.shape[1:]))
		}
		n, err := pooling(m, [2]int(e.shape[2:]))
		if err != nil {
			return err
		}
		return e.add(n)
	case "AdaptiveAvgPool2d":
		return e.adaptive(m)
	case "Flatten":
		if number(m, "start_dim", 1) != 1 || number(m, "end_dim", -1) != -1 {
			return unknown("%s does not flatten all axes after the batch", list([]string{m.Name}))
		}
		return e.flatten()
	case "Identity", "Dropout", "Dropout2d", "AlphaDropout":
		return nil
	case "Softmax", "LogSoftmax": // keep the logits
		if last {
			return nil
		}
		fallthrough
	default:
		return unknown("%s is a %s, which is supported only in ONNX", list([]string{m.Name}), list([]string{class}))
	}
}

func (e *exact) flatten() error {
	if len(e.shape) == 2 {
		return nil
	}
	features := 1
	for _, d := range e.shape[1:] {
		features *= d
	}
	return e.add(graph.Node{Op: "reshape", Shape: []int{-1, features}})
}

// weighted adds a layer with parameters.
func (e *exact) weighted(m *checkpoints.Module, class string) error {
	u := e.units[m.Name]
	kind := map[string]unitKind{"Conv2d": convUnit, "Linear": linearUnit}
	want, ok := kind[class]
	if !ok {
		want = normUnit
	}
	if u == nil || u.kind != want {
		return unknown("%s lacks its tensors", list([]string{m.Name}))
	}
	e.rename(u, u.name)
	switch want {
	case convUnit:
		n, err := convolution(m, u)
		if err != nil {
			return err
		}
		n.Name = u.name
		tensors := []string{u.name + ".weight"}
		if u.bias {
			tensors = append(tensors, u.name+".bias")
		}
		return e.add(n, tensors...)
	case normUnit:
		n := graph.Node{Op: "batchnorm", Name: u.name, Epsilon: number(m, "eps", Epsilon)}
		return e.add(n, u.name+".weight", u.name+".bias", u.name+".running_mean", u.name+".running_var")
	}
	if e.loose && len(e.shape) == 4 { // forward pools or flattens before it
		if e.shape[1] == u.in && e.shape[2]*e.shape[3] > 1 {
			if err := e.add(graph.Node{Op: "globalavgpool"}); err != nil {
				return err
			}
		} else if err := e.flatten(); err != nil {
			return err
		}
	}
	if len(e.shape) != 2 {
		return unknown("%s expects a vector per image, got %s", list([]string{m.Name}), times(e.shape[1:]))
	}
	return e.add(graph.Node{Op: "linear", Name: u.name}, u.name+".weight", u.name+".bias")
}

// adaptive adds adaptive average pooling.
func (e *exact) adaptive(m *checkpoints.Module) error {
	to, ok := pair(m, "output_size")
	if !ok || len(e.shape) != 4 || min(to[0], to[1]) < 1 || max(to[0], to[1]) > maxSide {
		return unknown("%s pools %s to an unspecified size", list([]string{m.Name}), times(e.shape[1:]))
	}
	if to == square(1) {
		channels := e.shape[1]
		if err := e.add(graph.Node{Op: "globalavgpool"}); err != nil {
			return err
		}
		return e.add(graph.Node{Op: "reshape", Shape: []int{-1, channels, 1, 1}})
	}
	pool := graph.Node{Op: "avgpool", Size: square(1), Stride: square(1), Dilation: square(1)}
	for i := range 2 {
		switch size := e.shape[2+i]; {
		case size%to[i] == 0:
			pool.Size[i], pool.Stride[i] = size/to[i], size/to[i]
		case to[i]%size != 0:
			return unknown("%s pools %d positions to %d, in windows of different sizes", list([]string{m.Name}), size, to[i])
		}
	}
	if pool.Size != square(1) {
		if err := e.add(pool); err != nil {
			return err
		}
	}
	for i := range 2 {
		if size := e.shape[2+i]; size < to[i] {
			index := make([]int, to[i])
			for j := range index {
				index[j] = j * size / to[i]
			}
			if err := e.add(graph.Node{Op: "gather", Axis: 2 + i, Index: index}); err != nil {
				return err
			}
		}
	}
	return nil
}

// wholeStrides returns the total strides of groups of convolutions, e.g. "1-2-2"; "" if the
// file does not state them.
func (r *recognizer) wholeStrides(groups ...[]*unit) string {
	text := ""
	for i, units := range groups {
		s := r.fileStride(units...)
		if s == 0 || s > math.MaxInt8 {
			return ""
		}
		if i > 0 {
			text += "-"
		}
		text += fmt.Sprint(s)
	}
	return text
}
