package nets

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/graph"
)

// fromFile is the evidence of values stated by the modules of a pickled model.
const fromFile = "from the file"

// modules are those of a pickled model by name.
type modules struct {
	list   []checkpoints.Module
	byName map[string]*checkpoints.Module
}

func modulesOf(list []checkpoints.Module) modules {
	m := modules{list, make(map[string]*checkpoints.Module, len(list))}
	for i := range list {
		m.byName[list[i].Name] = &list[i]
	}
	return m
}

// children returns the direct children of a module in registered order.
func (m modules) children(name string) []*checkpoints.Module {
	var in []*checkpoints.Module
	for i := range m.list {
		if c := &m.list[i]; c.Name != "" && parent(c.Name) == name && m.byName[c.Name] == c {
			in = append(in, c)
		}
	}
	return in
}

// torchClass returns the name of a PyTorch class; "" for others.
func torchClass(m *checkpoints.Module) string {
	if m == nil || !strings.HasPrefix(m.Class, "torch.nn.modules.") {
		return ""
	}
	return m.Class[strings.LastIndexByte(m.Class, '.')+1:]
}

// number returns a numeric attribute, or its default.
func number(m *checkpoints.Module, key string, usual float64) float64 {
	if v := m.Numbers[key]; len(v) == 1 {
		return v[0]
	}
	return usual
}

// pair returns an attribute that is an integer or a pair (vertical, horizontal); false if it is
// neither.
func pair(m *checkpoints.Module, key string) ([2]int, bool) {
	v := m.Numbers[key]
	if len(v) == 1 {
		v = []float64{v[0], v[0]}
	}
	if len(v) != 2 || v[0] != float64(int(v[0])) || v[1] != float64(int(v[1])) {
		return [2]int{}, false
	}
	return [2]int{int(v[0]), int(v[1])}, true
}

// window sets a node's stride, dilation and padding from a module.
func window(n *graph.Node, m *checkpoints.Module) error {
	stride, ok := pair(m, "stride")
	if !ok {
		return unknown("%s has no stride", list([]string{m.Name}))
	}
	n.Stride, n.Dilation = stride, [2]int{1, 1}
	if d, ok := pair(m, "dilation"); ok {
		n.Dilation = d
	}
	pad, ok := pair(m, "padding")
	switch how := m.Texts["padding"]; {
	case ok, how == "valid":
		n.Pad = [4]int{pad[0], pad[1], pad[0], pad[1]}
	case how == "same":
		for i := range 2 {
			all := n.Dilation[i] * (n.Size[i] - 1)
			n.Pad[i], n.Pad[i+2] = all/2, all-all/2
		}
	default:
		return unknown("%s has no padding", list([]string{m.Name}))
	}
	return nil
}

// convolution returns the node of a convolution without its inputs.
func convolution(m *checkpoints.Module, u *unit) (graph.Node, error) {
	n := graph.Node{Op: "conv", Groups: int(number(m, "groups", 1)), Size: square(u.size)}
	if mode := m.Texts["padding_mode"]; mode != "" && mode != "zeros" {
		return n, unknown("%s has unsupported padding mode %.20q", list([]string{m.Name}), mode)
	}
	err := window(&n, m)
	n.Size = [2]int{}
	return n, err
}

// pooling returns the node of a pooling module for feature maps of a size.
func pooling(m *checkpoints.Module, plane [2]int) (graph.Node, error) {
	n := graph.Node{Op: "maxpool"}
	size, ok := pair(m, "kernel_size")
	if !ok {
		return n, unknown("%s has no kernel size", list([]string{m.Name}))
	}
	n.Size = size
	if err := window(&n, m); err != nil {
		return n, err
	}
	if torchClass(m) == "AvgPool2d" {
		n.Op = "avgpool"
		if m.Numbers["divisor_override"] != nil {
			return n, unknown("%s has divisor_override, which is not supported", list([]string{m.Name}))
		}
		if number(m, "count_include_pad", 1) != 0 {
			n.Counted = n.Pad
		}
	}
	for i := range 2 {
		if number(m, "ceil_mode", 0) == 0 || n.Stride[i] < 1 {
			continue
		}
		span := plane[i] + 2*n.Pad[i] - n.Dilation[i]*(size[i]-1) - 1
		out := (span+n.Stride[i]-1)/n.Stride[i] + 1
		if (out-1)*n.Stride[i] >= plane[i]+n.Pad[i] { // windows must not start in the padding
			out--
		}
		n.Pad[i+2] += max(0, (out-1)*n.Stride[i]-span)
	}
	return n, nil
}

// activationOf returns the node of an activation module; false for others.
func activationOf(m *checkpoints.Module) (graph.Node, bool) {
	switch torchClass(m) {
	case "ReLU":
		return graph.Node{Op: "relu"}, true
	case "ReLU6", "Hardtanh":
		return graph.Node{Op: "clip", A: number(m, "min_val", 0), B: number(m, "max_val", 6)}, true
	case "LeakyReLU":
		return graph.Node{Op: "leakyrelu", A: number(m, "negative_slope", 0.01)}, true
	case "ELU":
		return graph.Node{Op: "elu", A: number(m, "alpha", 1)}, true
	case "GELU":
		if m.Texts["approximate"] == "tanh" {
			return graph.Node{Op: "gelutanh"}, true
		}
		return graph.Node{Op: "gelu"}, true
	case "Softplus":
		return graph.Node{Op: "softplus"}, number(m, "beta", 1) == 1
	case "SiLU", "Tanh", "Sigmoid", "Mish", "Hardswish", "Softsign":
		return graph.Node{Op: strings.ToLower(torchClass(m))}, true
	}
	return graph.Node{}, false
}

// sameNode reports whether two activations are the same function.
func sameNode(a, b graph.Node) bool { return a.Op == b.Op && a.A == b.A && a.B == b.B }

// fileActivation returns the activation of all modules except gates; nil if there are none or
// different ones.
func (r *recognizer) fileActivation() *graph.Node {
	var only *graph.Node
	for i := range r.modules.list {
		n, ok := activationOf(&r.modules.list[i])
		if !ok || n.Op == "sigmoid" {
			continue
		}
		if only != nil && !sameNode(*only, n) {
			return nil
		}
		only = &n
	}
	return only
}

// chooseActivation sets the activation, from the file if stated.
func (r *recognizer) chooseActivation(usual []string) {
	const meaning = "after convolutions and between linear layers"
	n := r.fileActivation()
	if n == nil || r.assumed.given[Activation] != "" {
		r.act = r.assumed.ask(Activation, meaning, usual...)
		return
	}
	r.act, r.actNode = n.Op, n
	if sameNode(*n, activations["relu6"]) {
		r.act = "relu6"
	}
	evidence := fromFile
	if n.A != 0 && !sameNode(*n, activations[n.Op]) {
		evidence = fmt.Sprintf("%s, with %g", fromFile, n.A)
	}
	r.assumed.known(Activation, r.act, meaning, evidence)
}

// chooseEpsilon sets batch norm's epsilon, from the file if stated.
func (r *recognizer) chooseEpsilon() {
	var found []float64
	for _, u := range r.units {
		if m := r.modules.byName[u.name]; u.kind == normUnit && m != nil && len(m.Numbers["eps"]) == 1 && !slices.Contains(found, m.Numbers["eps"][0]) {
			found = append(found, m.Numbers["eps"][0])
		}
	}
	if len(found) == 0 || r.assumed.given[EpsilonKey] != "" {
		r.epsilon = r.assumed.epsilon()
		return
	}
	r.epsilon, r.epsilons = found[0], len(found) > 1
	text := fmt.Sprintf("%g", found[0])
	if r.epsilons {
		text = "per layer"
	}
	r.assumed.known(EpsilonKey, text, "added to the variance in batch norm", fromFile)
}

// known adds a value that is determined by evidence.
func (a *assumptions) known(key, value, meaning, evidence string) {
	a.list = append(a.list, Assumption{Key: key, Value: value, Meaning: meaning, Evidence: evidence})
}

// fileStride returns the product of the strides of convolutions; 0 if the file does not state them.
func (r *recognizer) fileStride(units ...*unit) int {
	product := 1
	for _, u := range units {
		m := r.modules.byName[u.name]
		if torchClass(m) != "Conv2d" {
			return 0
		}
		s, ok := pair(m, "stride")
		if !ok || s[0] != s[1] || s[0] < 1 || s[0] > 16 {
			return 0
		}
		product *= s[0]
	}
	return product
}

// filePool returns the window of all pooling modules except adaptive ones; false if there are none
// or different ones.
func (r *recognizer) filePool() (poolLayer, bool) {
	var only *poolLayer
	for i := range r.modules.list {
		m := &r.modules.list[i]
		class := torchClass(m)
		if class != "MaxPool2d" && class != "AvgPool2d" {
			continue
		}
		n, err := pooling(m, [2]int{})
		if err != nil || n.Size[0] != n.Size[1] || n.Stride[0] != n.Stride[1] || n.Pad[0] != n.Pad[1] || n.Stride[0] < 1 {
			return poolLayer{}, false
		}
		p := poolLayer{class == "MaxPool2d", n.Size[0], n.Stride[0], n.Pad[0]}
		if only != nil && *only != p {
			return poolLayer{}, false
		}
		only = &p
	}
	if only == nil {
		return poolLayer{}, false
	}
	return *only, true
}
