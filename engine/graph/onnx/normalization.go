package onnx

import "hfcui/engine/graph"

// normalization recognizes per-channel arithmetic x·scale + shift at the start of a graph, which
// normalizes images in [0,1]. It becomes the model's mean and standard deviation instead of nodes.
type normalization struct {
	at           string // the last such result; "" at the end
	scale, shift []float64
}

func (m *normalization) begin(input string, alone bool, channels int) {
	m.scale, m.shift = make([]float64, channels), make([]float64, channels)
	for i := range m.scale {
		m.scale[i] = 1
	}
	if alone {
		m.at = input
	}
}

// take reports whether a node belongs to the normalization, and absorbs it.
func (m *normalization) take(im *importer, n *protoNode) bool {
	if m.at == "" || len(n.in) == 0 || len(n.in) > 2 {
		return false
	}
	i := 0
	if len(n.in) == 2 && n.in[1] == m.at {
		i = 1
	}
	if n.in[i] != m.at {
		return false
	}
	next := *m
	if !next.step(im, n, i) {
		m.at = ""
		return false
	}
	*m = next
	m.at = ""
	if im.readers[n.out[0]] == 1 {
		m.at = n.out[0]
	}
	im.values[n.out[0]] = value{graph.InputName, im.values[n.in[i]].shape}
	return true
}

// step absorbs a node that reads the last result as input i.
func (m *normalization) step(im *importer, n *protoNode, i int) bool {
	if n.op == "Identity" || n.op == "Cast" && floating(int(n.intAttr("to", typeFloat))) {
		return true
	}
	if len(n.in) != 2 || im.constants[n.in[1-i]] == nil {
		return false
	}
	values := im.perChannel(im.constants[n.in[1-i]], len(m.scale))
	if values == nil {
		return false
	}
	scale, shift := make([]float64, len(values)), make([]float64, len(values))
	for c, v := range values {
		a, b := m.scale[c], m.shift[c]
		switch {
		case n.op == "Add":
			b += v
		case n.op == "Sub" && i == 0:
			b -= v
		case n.op == "Mul":
			a, b = a*v, b*v
		case n.op == "Div" && i == 0:
			a, b = a/v, b/v
		default:
			return false
		}
		if !(a > 0) || a > 1e5 || b-b != 0 { // 1/a would not be a plausible standard deviation
			return false
		}
		scale[c], shift[c] = a, b
	}
	m.scale, m.shift = scale, shift
	return true
}

// perChannel returns a constant broadcast to the channels of [N,C,H,W]; nil if it varies otherwise.
func (im *importer) perChannel(c *constant, channels int) []float64 {
	n := c.size()
	if n != 1 && !(n == channels && len(c.shape) >= 3 && c.shape[len(c.shape)-3] == channels) || len(c.shape) > 4 {
		return nil
	}
	numbers, err := im.numbersOf(c)
	if err != nil {
		return nil
	}
	out := make([]float64, channels)
	for i := range out {
		out[i] = numbers[i%n]
	}
	return out
}

// meanStd returns the normalization as (x − mean)/std; nil if it is the identity.
func (m *normalization) meanStd() (mean, std []float32) {
	any := false
	for c, a := range m.scale {
		any = any || a != 1 || m.shift[c] != 0
		mean = append(mean, float32(-m.shift[c]/a))
		std = append(std, float32(1/a))
	}
	if !any {
		return nil, nil
	}
	return mean, std
}
