package nets

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
)

// Found is a net recognized from the roles of a state dict's tensors, independent of their names.
type Found struct {
	Net *Net
	// Names maps parameters of Net to tensors of the file. Missing ones are scales of batch norm,
	// which are 1, and shifts and biases, which are 0.
	Names map[string]string
	// Unused are tensors of the file that are not part of the net.
	Unused []string
	// Assumed lists what names and shapes do not determine.
	Assumed []Assumption
}

// Assumption is a property of a net that its state dict does not determine.
type Assumption struct {
	Key      string   `json:"key"`                // "stem-pool"
	Value    string   `json:"value"`              // assumed or given, e.g. "none"
	Others   []string `json:"others,omitempty"`   // other options
	Given    bool     `json:"given"`              // whether set by Choices
	Evidence string   `json:"evidence,omitempty"` // reason, if it is not just the default
	Meaning  string   `json:"meaning"`            // noun phrase
}

// Text formats the assumption, e.g. "stem-pool=none, or max: pooling after the first
// convolution".
func (a Assumption) Text() string {
	text := a.Key + "=" + a.Value
	if len(a.Others) > 0 {
		text += ", or " + strings.Join(a.Others, ", ")
	}
	text += ": " + a.Meaning
	if a.Evidence != "" {
		text += " (" + a.Evidence + ")"
	}
	return text
}

// Choices are given values of assumptions by key.
type Choices map[string]string

// The keys of assumptions.
const (
	StemPool    = "stem-pool"    // none, max
	Shortcut    = "shortcut"     // input of shortcuts in pre-activation blocks: input, activated
	LastReLU    = "last-relu"    // after-sum, before-sum
	Padding     = "padding"      // of shortcuts without weights: subsample, average
	EpsilonKey  = "epsilon"      // positive number
	Activation  = "activation"   // one of activationNames
	Pooling     = "pooling"      // max, average; in sequential nets also max-last, average-last, none
	InputSize   = "input"        // CxHxW
	Strides     = "strides"      // of the first convolution and each stage, or of every convolution, e.g. 1-1-2-2
	ConvPadding = "conv-padding" // same, none
	Concat      = "concat"       // of dense layers: old-first, new-first
)

// activationNames are the supported activations, the default first.
var activationNames = []string{"relu", "relu6", "leakyrelu", "elu", "silu", "gelu", "tanh", "sigmoid", "softplus", "mish"}

// assumptions collects the assumptions of a recognition.
type assumptions struct {
	given Choices
	list  []Assumption
	err   error
}

// ask returns the given value of key, by default the first option.
func (a *assumptions) ask(key, meaning string, options ...string) string {
	for _, known := range a.list {
		if known.Key == key {
			return known.Value
		}
	}
	value, given := a.given[key]
	if !given {
		value = options[0]
	} else if !slices.Contains(options, value) && a.err == nil {
		a.err = fmt.Errorf("%s must be %s, not %.20q", key, strings.Join(options, " or "), value)
	}
	others := slices.DeleteFunc(slices.Clone(options), func(o string) bool { return o == value })
	a.list = append(a.list, Assumption{Key: key, Value: value, Others: others, Given: given, Meaning: meaning})
	return value
}

// state is ask for keys that accept values other than those listed.
func (a *assumptions) state(key, value, meaning string, others ...string) {
	a.list = append(a.list, Assumption{Key: key, Value: value, Others: others, Given: a.given[key] != "", Meaning: meaning})
}

// epsilon returns batch norm's epsilon.
func (a *assumptions) epsilon() float64 {
	value := a.given[EpsilonKey]
	e := Epsilon
	if value != "" {
		if _, err := fmt.Sscanf(value, "%g", &e); err != nil || !(e > 0 && e < 1) {
			a.err = fmt.Errorf("%s must be a small positive number, not %.20q", EpsilonKey, value)
		}
	}
	a.state(EpsilonKey, fmt.Sprintf("%g", e), "batch-norm epsilon")
	return e
}

// Identify recognizes a net from its tensors in the order of the file. input is the images' size
// [C,H,W]; zero if unknown.
func Identify(tensors []NamedShape, input [3]int, given Choices) (*Found, error) {
	if size := given[InputSize]; size != "" {
		return withInput(size, given, func(input [3]int, given Choices) (*Found, error) { return Identify(tensors, input, given) })
	}
	shapes := make(Shapes, len(tensors))
	for _, t := range tensors {
		shapes[t.Name] = t.Shape
	}
	plain := !given.describe()
	net, exact := Recognize(shapes, input)
	if exact == nil && plain {
		f := &Found{Net: net, Names: identity(net)}
		f.Assumed = net.assumed(given, input)
		return f, nil
	}
	units, err := unitsOf(tensors)
	if err != nil {
		return nil, nearest(exact, err)
	}
	f, err := newRecognizer(units, nil, input, given).recognize()
	if err != nil {
		if input != [3]int{} || !plain {
			if _, alone := Identify(tensors, [3]int{}, nil); alone == nil {
				return nil, err // a named net, but input or given do not fit
			}
		}
		return nil, nearest(exact, err)
	}
	if !plain {
		return f, nil
	}
	return f.canonical(shapes, given, input), nil
}

// IdentifyWhole is Identify for a pickled model, whose modules determine an nn.Sequential
// completely, and otherwise the types and settings of layers.
func IdentifyWhole(tensors []NamedShape, whole []checkpoints.Module, input [3]int, given Choices) (*Found, error) {
	if len(whole) == 0 {
		return Identify(tensors, input, given)
	}
	if size := given[InputSize]; size != "" {
		return withInput(size, given, func(input [3]int, given Choices) (*Found, error) {
			return IdentifyWhole(tensors, whole, input, given)
		})
	}
	units, err := unitsOf(tensors)
	if err != nil {
		return nil, err
	}
	f, err := newRecognizer(units, whole, input, given).fromModules()
	if err == nil || !errors.Is(err, errOpen) {
		return f, err
	}
	return newRecognizer(units, whole, input, given).recognize()
}

func newRecognizer(units []*unit, whole []checkpoints.Module, input [3]int, given Choices) *recognizer {
	return &recognizer{units: units, modules: modulesOf(whole), names: map[string]string{}, shapes: Shapes{}, input: input, assumed: assumptions{given: given}}
}

// withInput identifies a net with the image size taken from the choices.
func withInput(size string, given Choices, identify func([3]int, Choices) (*Found, error)) (*Found, error) {
	var input [3]int
	if _, err := fmt.Sscanf(size, "%dx%dx%d", &input[0], &input[1], &input[2]); err != nil {
		return nil, fmt.Errorf("%s must be channels x height x width, e.g. 3x32x32, not %.20q", InputSize, size)
	}
	others := maps.Clone(given)
	delete(others, InputSize)
	f, err := identify(input, others)
	if err == nil {
		f.Assumed = append(f.Assumed, Assumption{Key: InputSize, Value: size, Others: otherSizes(input), Given: true, Meaning: "input size (C×H×W)"})
	}
	return f, err
}

// describe reports whether any assumption is given, so that the net is described by a graph.
func (c Choices) describe() bool {
	return len(c) > 0
}

// nearest returns the more specific of two errors: by tensor names (exact) or by tensor roles.
func nearest(exact, roles error) error {
	if exact != nil && strings.HasPrefix(exact.Error(), "missing") && !strings.Contains(exact.Error(), "lenet") {
		return exact
	}
	return roles
}

func identity(n *Net) map[string]string {
	names := make(map[string]string, len(n.Params))
	for _, p := range n.Params {
		names[p.Name] = p.Name
	}
	return names
}

// canonical returns the equivalent net of a named family, if there is one.
func (f *Found) canonical(shapes Shapes, given Choices, input [3]int) *Found {
	renamed := make(Shapes)
	for _, p := range f.Net.Params {
		from, ok := f.Names[p.Name]
		if !ok {
			return f
		}
		renamed[p.Name] = shapes[from]
	}
	n, err := Recognize(renamed, f.Net.Input)
	if err != nil {
		return f
	}
	f.Net, f.Assumed = n, n.assumed(given, input)
	return f
}

// assumed returns the assumptions about a net of a named family.
func (n *Net) assumed(given Choices, input [3]int) []Assumption {
	a := assumptions{given: given}
	switch arch := n.arch.(type) {
	case resnet:
		if !arch.preact {
			a.ask(StemPool, "pooling after the first convolution", "none", "max")
			a.ask(LastReLU, "last activation of a block, before or after the residual sum", "after-sum", "before-sum")
		}
	case lenet:
		a.ask(Pooling, "pooling after each convolution", "max", "average")
	}
	a.ask(Activation, "activation function", activationNames...)
	if len(n.Norms) > 0 {
		a.epsilon()
	}
	if input == [3]int{} {
		var others []string
		if _, ok := n.arch.(resnet); ok {
			others = otherSizes(n.Input)
		}
		a.state(InputSize, shapeText(n.Input), "input size; the weights fit several", others...)
	}
	return a.list
}

// otherSizes lists common input sizes for nets that accept any.
func otherSizes(input [3]int) []string {
	var others []string
	for _, size := range []int{32, 64, 96, 128, 224} {
		if size != input[1] {
			others = append(others, shapeText([3]int{input[0], size, size}))
		}
	}
	return others
}

// shapeText formats an input size, e.g. "3x32x32".
func shapeText(s [3]int) string { return fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]) }

// recognizer identifies the net that units belong to.
type recognizer struct {
	units    []*unit
	input    [3]int
	names    map[string]string // maps names of parameters to those in the file
	shapes   Shapes            // by name of parameter
	layers   []layer
	unused   []string
	assumed  assumptions
	epsilon  float64
	epsilons bool        // the file has one per norm
	act      string      // activation
	actNode  *graph.Node // activation stated by the file, or nil
	modules  modules
	wrong    error // error in a module
	title    string
}

var errUnknown = errors.New("unrecognized architecture")

func unknown(format string, args ...any) error {
	return fmt.Errorf("%w: %s; export it to ONNX with torch.onnx.export", errUnknown, fmt.Sprintf(format, args...))
}

func (r *recognizer) recognize() (*Found, error) {
	if len(r.units) == 0 {
		return nil, errors.New("no tensors found")
	}
	first := r.units[0]
	for _, u := range r.units {
		if u.kind == convUnit {
			first = u
			break
		}
	}
	if first.kind != convUnit {
		return nil, unknown("no convolutions")
	}
	last := r.units[len(r.units)-1]
	if last.kind != linearUnit {
		return nil, unknown("the last layer is %s, not a linear layer", list([]string{last.name}))
	}
	if slices.ContainsFunc(r.units, func(u *unit) bool { return u.kind == normUnit }) {
		r.chooseEpsilon()
	}
	r.markGates()
	blocks := r.blocks()
	r.chooseActivation(usualActivations(blocks))
	if err := r.read(blocks); err != nil {
		return nil, err
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	if r.assumed.err != nil {
		return nil, r.assumed.err
	}
	switch {
	case r.input[0] != first.in:
		return nil, fmt.Errorf("%s.weight expects %d input channels, not %d", list([]string{first.name}), first.in, r.input[0])
	case max(r.input[1], r.input[2]) > maxSide:
		return nil, fmt.Errorf("%s does not support %d×%d images", r.title, r.input[1], r.input[2])
	}
	var d draft
	g := &graph.Graph{Name: r.title, Input: r.input, Output: d.all(r.layers, graph.InputName)}
	g.Nodes = d.nodes
	net, err := FromGraph(g, r.shapes)
	if err != nil {
		return nil, err
	}
	return &Found{Net: net, Names: r.names, Unused: r.unused, Assumed: r.assumed.list}, nil
}

// read recognizes the family by its distinctive features.
func (r *recognizer) read(blocks []*block) error {
	switch {
	case r.branched():
		return r.branches()
	case r.dense():
		return r.densenet()
	case depthwise(blocks):
		return r.inverted(blocks)
	case len(blocks) > 0 && r.before(blocks[0].root) <= 3:
		return r.residual(blocks)
	}
	return r.sequential()
}

// usualActivations lists all activations, the most likely first: ReLU6 for MobileNetV2 as in
// torchvision, where no shortcut has weights.
func usualActivations(blocks []*block) []string {
	shortcut := slices.ContainsFunc(blocks, func(b *block) bool {
		return slices.ContainsFunc(b.convs, func(c *unit) bool { return onShortcut(c, b.root) })
	})
	if !depthwise(blocks) || shortcut {
		return activationNames
	}
	return append([]string{"relu6"}, slices.DeleteFunc(slices.Clone(activationNames), func(n string) bool { return n == "relu6" })...)
}

// before returns the number of convolutions before a module.
func (r *recognizer) before(module string) int {
	n := 0
	for _, u := range r.units {
		if inside(u.name, module) {
			break
		}
		if u.kind == convUnit {
			n++
		}
	}
	return n
}

// defaultInput sets and states the input size if it is unknown. any: other sizes are possible too.
func (r *recognizer) defaultInput(size int, any bool, meaning string) {
	if r.input != [3]int{} {
		return
	}
	r.input = [3]int{r.units[0].in, size, size}
	for _, u := range r.units {
		if u.kind == convUnit {
			r.input[0] = u.in
			break
		}
	}
	var others []string
	if any {
		others = otherSizes(r.input)
	}
	r.assumed.state(InputSize, shapeText(r.input), meaning, others...)
}

// rename maps the net's parameters called name to those of a unit, and adds shapes for a unit's
// missing scales, shifts and biases.
func (r *recognizer) rename(u *unit, name string) {
	vectors := []string{}
	switch {
	case u.kind == normUnit:
		vectors = []string{"weight", "bias", "running_mean", "running_var"}
	case u.bias || u.kind == linearUnit:
		vectors = []string{"bias"}
	}
	for _, leaf := range vectors {
		r.shapes[name+"."+leaf] = []int{u.out}
		if leaf == "weight" && u.affine || leaf == "bias" && u.bias || strings.HasPrefix(leaf, "running") {
			r.names[name+"."+leaf] = u.name + "." + leaf
		}
	}
	if u.kind != normUnit {
		r.names[name+".weight"] = u.name + ".weight"
		r.shapes[name+".weight"] = u.shape
	}
}

func (r *recognizer) activation() layer { return activationLayer{r.act, r.actNode} }

func (r *recognizer) conv(u *unit, name string, stride, pad int) layer {
	return r.grouped(u, name, stride, pad, u.in)
}

// grouped returns a convolution layer of channels input channels, with as many groups as the
// unit's weights imply.
func (r *recognizer) grouped(u *unit, name string, stride, pad, channels int) layer {
	r.rename(u, name)
	l := convLayer{name: name, size: u.size, stride: stride, pad: pad, groups: channels / u.in, bias: u.bias}
	if m := r.modules.byName[u.name]; torchClass(m) == "Conv2d" {
		n, err := convolution(m, u)
		if err != nil && r.wrong == nil {
			r.wrong = err
		}
		l.from = &n
	}
	return l
}

func (r *recognizer) norm(u *unit, name string) layer {
	r.rename(u, name)
	l := normLayer{name: name, epsilon: r.epsilon}
	if m := r.modules.byName[u.name]; m != nil && r.epsilons {
		l.epsilon = number(m, "eps", r.epsilon)
	}
	return l
}

// linears adds linear layers with activations between them; the last one outputs the logits. A
// single one is called name, several ones name.0, name.3, …, as with dropout between them.
func (r *recognizer) linears(units []*unit, name string) error {
	for i, u := range units {
		if u.kind != linearUnit {
			return unknown("%s follows the linear layer %s", list([]string{u.name}), list([]string{units[max(i-1, 0)].name}))
		}
		if i > 0 && units[i-1].out != u.in {
			return unknown("%s expects %d features, got %d", list([]string{u.name}), u.in, units[i-1].out)
		}
		if i > 0 {
			r.layers = append(r.layers, r.activation())
		}
		at := name
		if len(units) > 1 {
			at = fmt.Sprint(name, ".", 3*i)
		}
		r.rename(u, at)
		r.layers = append(r.layers, linearLayer{at})
	}
	return nil
}
