package onnx

import (
	"fmt"
	"math"
	"slices"

	"hfcui/engine/graph"
)

// function is an elementwise operator with up to two constants.
type function struct {
	name string
	a, b parameter
}

// parameter is a constant of a function: the value of an attribute, or a fixed value.
type parameter struct {
	attr  string
	value float64 // without the attribute
}

func (p parameter) of(n *protoNode) float64 {
	if p.attr == "" {
		return p.value
	}
	return n.floatAttr(p.attr, p.value)
}

// functions are used by both importer and exporter.
var functions = map[string]function{
	"LeakyRelu": {name: "leakyrelu", a: parameter{"alpha", 0.01}}, "Elu": {name: "elu", a: parameter{"alpha", 1}},
	"Selu":        {"selu", parameter{"alpha", 1.6732632}, parameter{"gamma", 1.0507010}},
	"HardSigmoid": {"hardsigmoid", parameter{"alpha", 0.2}, parameter{"beta", 0.5}}, "HardSwish": {name: "hardswish"},
	"Sigmoid": {name: "sigmoid"}, "Tanh": {name: "tanh"}, "Softplus": {name: "softplus"}, "Softsign": {name: "softsign"},
	"Mish": {name: "mish"}, "Erf": {name: "erf"}, "Exp": {name: "exp"}, "Log": {name: "log"}, "Sqrt": {name: "sqrt"}, "Abs": {name: "abs"},
	"Reciprocal": {name: "reciprocal"}, "Neg": {name: "affine", a: parameter{"", -1}}, "Gelu": {name: "gelu"}, "Swish": {name: "silu"},
	"ThresholdedRelu": {name: "thresholdrelu", a: parameter{"alpha", 1}}, "Relu": {name: "relu"},
}

func convertFunction(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	f := functions[n.op]
	name := f.name
	if n.op == "Gelu" && n.stringAttr("approximate", "none") == "tanh" {
		name = "gelutanh"
	}
	if n.op == "Swish" && n.floatAttr("alpha", 1) != 1 {
		return fmt.Errorf("alpha is %g: only 1 is supported", n.floatAttr("alpha", 1))
	}
	v, err := im.emit(graph.Node{Op: name, In: []string{x.name}, A: f.a.of(n), B: f.b.of(n)})
	return im.put(n, v, err)
}

// scalar returns the value of a constant scalar input.
func (im *importer) scalar(n *protoNode, i int) (v float64, ok bool, err error) {
	if i >= len(n.in) || im.constants[n.in[i]] == nil || im.constants[n.in[i]].size() != 1 {
		return 0, false, nil
	}
	numbers, err := im.numbersOf(im.constants[n.in[i]])
	if err != nil || len(numbers) != 1 {
		return 0, false, err
	}
	return numbers[0], true, nil
}

// convertBinary converts operations with a scalar to functions.
func convertBinary(im *importer, n *protoNode) error {
	if len(n.in) != 2 {
		return fmt.Errorf("unexpected number of inputs: %d", len(n.in))
	}
	for i := range 2 {
		c, ok, err := im.scalar(n, i)
		if err != nil {
			return err
		}
		if !ok || len(im.constants[n.in[i]].shape) > len(im.values[n.in[1-i]].shape) {
			continue
		}
		x, err := im.x(n, 1-i)
		if err != nil {
			return err
		}
		a, b := 1.0, 0.0
		switch {
		case n.op == "Add":
			b = c
		case n.op == "Mul":
			a = c
		case n.op == "Sub" && i == 1:
			b = -c
		case n.op == "Sub":
			a, b = -1, c
		case i == 1:
			a = 1 / c
		default: // c / x
			if x, err = im.emit(graph.Node{Op: "reciprocal", In: []string{x.name}}); err != nil {
				return err
			}
			a = c
		}
		v, err := im.emit(graph.Node{Op: "affine", In: []string{x.name}, A: a, B: b})
		return im.put(n, v, err)
	}
	if v, ok, err := im.biased(n); ok || err != nil {
		return im.put(n, v, err)
	}
	a, err := im.x(n, 0)
	if err != nil {
		return err
	}
	b, err := im.x(n, 1)
	if err != nil {
		return err
	}
	v, err := im.emit(graph.Node{Op: map[string]string{"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div"}[n.op], In: []string{a.name, b.name}})
	return im.put(n, v, err)
}

// biased fuses the addition of a constant into the bias of a preceding linear layer without one.
func (im *importer) biased(n *protoNode) (value, bool, error) {
	if n.op != "Add" {
		return value{}, false, nil
	}
	for i, name := range n.in {
		c, other := im.constants[name], im.values[n.in[1-i]]
		k := len(im.graph.Nodes) - 1
		if c == nil || len(c.shape) != 1 || k < 0 || other.name != im.graph.Nodes[k].Out || im.readers[n.in[1-i]] != 1 {
			continue
		}
		last := &im.graph.Nodes[k]
		if last.Op != "linear" || im.tensors[last.In[2]].from != "" || c.shape[0] != other.shape[len(other.shape)-1] {
			continue
		}
		delete(im.tensors, last.In[2])
		delete(im.taken, last.In[2])
		bias := c.reshaped(c.shape)
		bias.from = c.from
		registered, err := im.register(bias, im.tensorName(bias, "bias"))
		last.In[2] = registered
		return other, true, err
	}
	return value{}, false, nil
}

func convertSum(im *importer, n *protoNode) error {
	v, err := im.x(n, 0)
	for i := 1; i < len(n.in) && err == nil; i++ {
		var next value
		if next, err = im.x(n, i); err == nil {
			v, err = im.emit(graph.Node{Op: "add", In: []string{v.name, next.name}})
		}
	}
	if err == nil && n.op == "Mean" {
		v, err = im.emit(graph.Node{Op: "affine", In: []string{v.name}, A: 1 / float64(len(n.in))})
	}
	return im.put(n, v, err)
}

func convertPow(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	exponent, ok, err := im.scalar(n, 1)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("the exponent is not a scalar")
	}
	node := graph.Node{Op: "pow", In: []string{x.name}, A: exponent}
	switch exponent {
	case 2:
		node = graph.Node{Op: "mul", In: []string{x.name, x.name}}
	case 0.5:
		node = graph.Node{Op: "sqrt", In: []string{x.name}}
	}
	v, err := im.emit(node)
	return im.put(n, v, err)
}

func convertClip(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	limits := [2]float64{-math.MaxFloat32, math.MaxFloat32}
	for i, name := range []string{"min", "max"} {
		if a := n.attrs[name]; a != nil {
			limits[i] = a.f
		} else if i+1 < len(n.in) && n.in[i+1] != "" {
			v, ok, err := im.scalar(n, i+1)
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("%s is not a scalar", name)
			}
			limits[i] = v
		}
	}
	return im.clip(n, x, limits[0], limits[1])
}

// clip clips x; clipping to [0, ∞) is a ReLU.
func (im *importer) clip(n *protoNode, x value, low, high float64) error {
	node := graph.Node{Op: "clip", In: []string{x.name}, A: low, B: high}
	if low == 0 && high >= math.MaxFloat32 {
		node = graph.Node{Op: "relu", In: []string{x.name}}
	}
	v, err := im.emit(node)
	return im.put(n, v, err)
}

// convertLimit converts Min and Max with a scalar.
func convertLimit(im *importer, n *protoNode) error {
	if len(n.in) == 2 {
		for i := range 2 {
			c, ok, err := im.scalar(n, i)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			x, err := im.x(n, 1-i)
			if err != nil {
				return err
			}
			if n.op == "Min" {
				return im.clip(n, x, -math.MaxFloat32, c)
			}
			return im.clip(n, x, c, math.MaxFloat32)
		}
	}
	return fmt.Errorf("only a scalar operand is supported")
}

// convertPRelu computes relu(x) − slope·relu(−x).
func convertPRelu(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	c, err := im.c(n, 1)
	if err != nil {
		return err
	}
	if c == nil || len(c.shape) > len(x.shape) {
		return fmt.Errorf("the slopes do not broadcast to %v", x.shape)
	}
	if len(c.shape) == 1 && len(x.shape) > 1 && c.shape[0] == x.shape[1] && c.shape[0] != 1 && x.shape[len(x.shape)-1] != c.shape[0] {
		c = c.reshaped(append([]int{c.shape[0]}, slices.Repeat([]int{1}, len(x.shape)-2)...)) // one per channel
	}
	slope, err := im.register(c, im.tensorName(c, "weight"))
	if err != nil {
		return err
	}
	steps := []graph.Node{
		{Op: "affine", In: []string{x.name}, A: -1}, {Op: "relu"}, {Op: "mul", In: []string{"", slope}},
	}
	var v value
	for _, s := range steps {
		if s.In == nil {
			s.In = []string{v.name}
		}
		if s.In[0] == "" {
			s.In[0] = v.name
		}
		if v, err = im.emit(s); err != nil {
			return err
		}
	}
	positive, err := im.emit(graph.Node{Op: "relu", In: []string{x.name}})
	if err == nil {
		v, err = im.emit(graph.Node{Op: "sub", In: []string{positive.name, v.name}})
	}
	return im.put(n, v, err)
}
