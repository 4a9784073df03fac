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

// Found is a net recognized in a state dict by what its tensors do, whatever they are called.
type Found struct {
	Net *Net
	// Names gives for parameters of Net the tensor of the file that they are; those that are
	// missing, batch norm's scales and shifts and linear layers' biases, are 1 and 0.
	Names map[string]string
	// Unused are tensors of the file that the net does not need.
	Unused []string
	// Assumed is what names and shapes do not tell.
	Assumed []Assumption
}

// Assumption is something a state dict does not tell about a net.
type Assumption struct {
	Key      string   `json:"key"`                // "stem-pool"
	Value    string   `json:"value"`              // "none": what is assumed, or was given
	Others   []string `json:"others,omitempty"`   // what else it could be
	Given    bool     `json:"given"`              // by Choices
	Evidence string   `json:"evidence,omitempty"` // why it is assumed, where that is not only what is usual
	Meaning  string   `json:"meaning"`            // a phrase
}

// Text is the assumption as a line of text: "stem-pool=none, or max: pooling after the first
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

// Choices says of assumptions, by key, which holds.
type Choices map[string]string

// The keys of assumptions.
const (
	StemPool    = "stem-pool"    // none, max
	Shortcut    = "shortcut"     // of pre-activation blocks that change shape: input, activated
	LastReLU    = "last-relu"    // after-sum, before-sum
	Padding     = "padding"      // of shortcuts without weights: subsample, average
	EpsilonKey  = "epsilon"      // a number
	Activation  = "activation"   // of activationNames
	Pooling     = "pooling"      // max, average; of nets in a row max-last, average-last, none, too
	InputSize   = "input"        // CxHxW
	Strides     = "strides"      // of the first convolution and each stage, or of every convolution: 1-1-2-2
	ConvPadding = "conv-padding" // same, none
	Concat      = "concat"       // of dense layers: old-first, new-first
)

// activationNames are the activations there are, the usual one first.
var activationNames = []string{"relu", "relu6", "leakyrelu", "elu", "silu", "gelu", "tanh", "sigmoid", "softplus", "mish"}

// assumptions collects what a recognition assumes.
type assumptions struct {
	given Choices
	list  []Assumption
	err   error
}

// ask returns what was given for key, or else the first of options.
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

// state is ask for keys that take values other than those listed.
func (a *assumptions) state(key, value, meaning string, others ...string) {
	a.list = append(a.list, Assumption{Key: key, Value: value, Others: others, Given: a.given[key] != "", Meaning: meaning})
}

// epsilon is that of batch norm.
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

// Identify recognizes a net by its tensors in the order of the file. input is the images' size
// where it is known, else zero.
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
				return nil, err // the net is known: what was given does not fit
			}
		}
		return nil, nearest(exact, err)
	}
	if !plain {
		return f, nil
	}
	return f.canonical(shapes, given, input), nil
}

// IdentifyWhole is Identify for a whole model, whose modules tell more than tensors do: of an
// nn.Sequential everything, else what layers are and how they are configured.
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
	f, err := newRecognizer(units, whole, input, given).exactly()
	if err == nil || !errors.Is(err, errOpen) {
		return f, err
	}
	return newRecognizer(units, whole, input, given).recognize()
}

func newRecognizer(units []*unit, whole []checkpoints.Module, input [3]int, given Choices) *recognizer {
	return &recognizer{units: units, modules: modulesOf(whole), names: map[string]string{}, shapes: Shapes{}, input: input, assumed: assumptions{given: given}}
}

// withInput identifies a net where the image size is among the choices.
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

// describe reports whether something was given that only described nets can have.
func (c Choices) describe() bool {
	return len(c) > 0
}

// nearest chooses which of two errors says more: that of the family whose names the file has,
// or that of the roles.
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

// canonical is the same net as one of the named families, where it is one.
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

// assumed is what is assumed of a net of a named family.
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

// otherSizes are usual inputs of nets that take any.
func otherSizes(input [3]int) []string {
	var others []string
	for _, size := range []int{32, 64, 96, 128, 224} {
		if size != input[1] {
			others = append(others, shapeText([3]int{input[0], size, size}))
		}
	}
	return others
}

// shapeText writes an input as "3x32x32".
func shapeText(s [3]int) string { return fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]) }

// recognizer finds out what net units are of.
type recognizer struct {
	units    []*unit
	input    [3]int
	names    map[string]string // canonical names of parameters to the file's
	shapes   Shapes            // by canonical names
	layers   []layer
	unused   []string
	assumed  assumptions
	epsilon  float64
	epsilons bool        // each norm has its own in the file
	act      string      // activation
	actNode  *graph.Node // the same, where the file tells
	modules  modules
	wrong    error // about a module
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

// read recognizes the family: what may only be one kind of net is tried as that.
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

// usualActivations are all, the usual one first. MobileNetV2's is ReLU6, as torchvision has it,
// where no block has weights on its shortcut.
func usualActivations(blocks []*block) []string {
	shortcut := slices.ContainsFunc(blocks, func(b *block) bool {
		return slices.ContainsFunc(b.convs, func(c *unit) bool { return onShortcut(c, b.root) })
	})
	if !depthwise(blocks) || shortcut {
		return activationNames
	}
	return append([]string{"relu6"}, slices.DeleteFunc(slices.Clone(activationNames), func(n string) bool { return n == "relu6" })...)
}

// before counts the convolutions before a module.
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

// defaultInput sets the input size where none is known, and says so. any tells that other sizes
// are as possible.
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

// rename notes under which names the net has a unit's parameters. Scales, shifts and biases it
// lacks are among the net's all the same.
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

// grouped is a convolution of so many channels, of which each group takes as many as the unit.
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

// linears adds linear layers with activations between them; the last gives the logits. They
// are called name, or name.0, name.3 and so on as with dropout between them.
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
