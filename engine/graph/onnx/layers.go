package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/graph"
)

// operators convert nodes that depend on images.
var operators map[string]func(im *importer, n *protoNode) error

func init() { // avoids an initialization cycle
	operators = map[string]func(*importer, *protoNode) error{
		"Conv": convertConv, "BatchNormalization": convertBatchNorm, "Gemm": convertGemm, "MatMul": convertMatMul,
		"LayerNormalization": convertLayerNorm, "InstanceNormalization": convertInstanceNorm, "GroupNormalization": convertGroupNorm,
		"LRN": convertLRN, "LpNormalization": convertLpNorm, "MaxPool": convertPool, "AveragePool": convertPool,
		"GlobalAveragePool": convertGlobalPool, "GlobalMaxPool": convertGlobalPool, "ReduceMean": convertReduce, "ReduceSum": convertReduce,
		"ReduceMax": convertReduceMax, "ReduceL2": convertReduceL2, "Softmax": convertSoftmax, "LogSoftmax": convertSoftmax,
		"Identity": convertSame, "Dropout": convertSame, "Cast": convertSame, "Shape": convertShape, "Size": convertSize,
		"Reshape": convertReshape, "Flatten": convertReshape, "Squeeze": convertReshape, "Unsqueeze": convertReshape,
		"Transpose": convertTranspose, "Concat": convertConcat, "Split": convertSplit, "Slice": convertSlice, "Gather": convertGather,
		"Pad": convertPad, "Expand": convertExpand, "Resize": convertResize, "Upsample": convertResize, "DepthToSpace": convertDepthToSpace,
		"SpaceToDepth": convertSpaceToDepth, "Add": convertBinary, "Sub": convertBinary, "Mul": convertBinary, "Div": convertBinary,
		"Sum": convertSum, "Mean": convertSum, "Pow": convertPow, "Clip": convertClip, "Min": convertLimit, "Max": convertLimit,
		"PRelu": convertPRelu,
	}
	for name := range functions {
		operators[name] = convertFunction
	}
}

// window reads a window's geometry, including pads and auto_pad, for x [N,C,H,W].
func (im *importer) window(n *protoNode, x []int, size [2]int) (node graph.Node, err error) {
	pair := func(name string) (p [2]int, err error) {
		v, err := im.intsOf(n, name, -1)
		switch {
		case err != nil:
			return p, err
		case v == nil:
			return [2]int{1, 1}, nil
		case len(v) != 2 || v[0] < 1 || v[1] < 1 || max(v[0], v[1]) > 1<<20:
			return p, fmt.Errorf("%s is %v: only 2D convolution and pooling are supported", name, v)
		}
		return [2]int(v), nil
	}
	if len(x) != 4 {
		return node, fmt.Errorf("the input is %v: only 2D convolution and pooling are supported", x)
	}
	if node.Stride, err = pair("strides"); err != nil {
		return node, err
	}
	if node.Dilation, err = pair("dilations"); err != nil {
		return node, err
	}
	pads, err := im.intsOf(n, "pads", -1)
	if err != nil {
		return node, err
	}
	auto := n.stringAttr("auto_pad", "NOTSET")
	switch {
	case strings.HasPrefix(auto, "SAME_"):
		for axis := range 2 {
			windows := (x[axis+2] + node.Stride[axis] - 1) / node.Stride[axis]
			total := max(0, (windows-1)*node.Stride[axis]+(size[axis]-1)*node.Dilation[axis]+1-x[axis+2])
			first := total / 2
			if auto == "SAME_LOWER" {
				first = total - total/2
			}
			node.Pad[axis], node.Pad[axis+2] = first, total-first
		}
	case auto == "VALID" || pads == nil:
	case len(pads) != 4:
		return node, fmt.Errorf("invalid pads %v", pads)
	default:
		node.Pad = [4]int(pads)
	}
	for _, p := range node.Pad {
		if p < 0 || p > 1<<20 {
			return node, fmt.Errorf("invalid pads %v", pads)
		}
	}
	return node, nil
}

// weights registers a constant input, which must have rank dimensions, as a tensor.
func (im *importer) weights(n *protoNode, i, rank int, role string) (name string, shape []int, err error) {
	c, err := im.c(n, i)
	if err != nil {
		return "", nil, err
	}
	if c == nil {
		return "", nil, fmt.Errorf("input %d is missing", i)
	}
	if len(c.shape) != rank {
		return "", nil, fmt.Errorf("%s has %d dimensions: only 2D convolution is supported", role, len(c.shape))
	}
	name, err = im.register(c, im.tensorName(c, role))
	return name, c.shape, err
}

func convertConv(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	w, shape, err := im.weights(n, 1, 4, "weight")
	if err != nil {
		return err
	}
	node, err := im.window(n, x.shape, [2]int(shape[2:]))
	if err != nil {
		return err
	}
	node.Op, node.In = "conv", []string{x.name, w}
	node.Groups = int(min(max(n.intAttr("group", 1), 0), 1<<20))
	if len(n.in) > 2 && n.in[2] != "" {
		b, _, err := im.weights(n, 2, 1, "bias")
		if err != nil {
			return err
		}
		node.In = append(node.In, b)
	}
	v, err := im.emit(node)
	return im.put(n, v, err)
}

// convertBatchNorm creates separate tensors, named as in PyTorch, for every batch norm: exporters
// share them between layers with equal values.
func convertBatchNorm(im *importer, n *protoNode) error {
	if n.intAttr("training_mode", 0) != 0 {
		return errors.New("training mode: export the model after model.eval()")
	}
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	var tensors [4]*constant
	suffixes := [4]string{".weight", ".bias", ".running_mean", ".running_var"}
	prefix := ""
	for i := range tensors {
		c, err := im.c(n, i+1)
		if err != nil {
			return err
		}
		if c == nil || len(c.shape) != 1 || len(x.shape) < 2 || c.shape[0] != x.shape[1] {
			return fmt.Errorf("input %d does not have one value per channel", i+1)
		}
		w, err := im.floats(c)
		if err != nil {
			return err
		}
		tensors[i] = &constant{shape: c.shape, weights: slices.Clone(w), from: c.from}
		if p, ok := strings.CutSuffix(c.from, suffixes[i]); ok && prefix == "" && meaningful(c.from) {
			prefix = p
		}
	}
	for prefix == "" || im.used(prefix, suffixes) {
		prefix = uniqueName(im.layerName(), im.norms)
	}
	node := graph.Node{Op: "batchnorm", In: []string{x.name}, Epsilon: n.floatAttr("epsilon", 1e-5)}
	for i, c := range tensors {
		name, err := im.register(c, prefix+suffixes[i])
		if err != nil {
			return err
		}
		node.In = append(node.In, name)
	}
	v, err := im.emit(node)
	return im.put(n, v, err)
}

// used reports whether a tensor has one of the names prefix+suffix.
func (im *importer) used(prefix string, suffixes [4]string) bool {
	return slices.ContainsFunc(suffixes[:], func(s string) bool { return im.tensors[prefix+s] != nil })
}

// convertGemm computes alpha·x·w + beta·b.
func convertGemm(im *importer, n *protoNode) error {
	if n.intAttr("transA", 0) != 0 {
		return errors.New("transposed activations are not supported")
	}
	w, err := im.c(n, 1)
	if err != nil {
		return err
	}
	b, err := im.c(n, 2)
	if err != nil {
		return err
	}
	return im.linear(n, w, b, n.intAttr("transB", 0) != 0, n.floatAttr("alpha", 1), n.floatAttr("beta", 1))
}

func convertMatMul(im *importer, n *protoNode) error {
	w, err := im.c(n, 1)
	if err != nil {
		return fmt.Errorf("product of two activations, as in attention: hfcui explores CNNs")
	}
	return im.linear(n, w, nil, false, 1, 1)
}

// linear adds a linear layer with weights [O,I] if transposed, else [I,O].
func (im *importer) linear(n *protoNode, w, b *constant, transposed bool, alpha, beta float64) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	if w == nil || len(w.shape) != 2 {
		return errors.New("the weights are not a matrix")
	}
	if !transposed {
		t, err := foldTranspose(im, &protoNode{}, []*constant{w})
		if err != nil {
			return err
		}
		w = t[0]
	}
	if w, err = im.scaled(w, alpha); err != nil {
		return err
	}
	outputs := w.shape[0]
	switch {
	case b == nil:
		b = &constant{shape: []int{outputs}, weights: make([]float32, max(0, min(outputs, maxFolded)))}
	case b.size() == outputs:
		b = b.reshaped([]int{outputs})
	case b.size() == 1:
		one, err := im.floats(b)
		if err != nil {
			return err
		}
		if _, err := im.foldable([]int{outputs}); err != nil {
			return err
		}
		b = &constant{shape: []int{outputs}, weights: slices.Repeat(one, outputs), from: b.from}
	default:
		return fmt.Errorf("the bias has shape %v for %d outputs", b.shape, outputs)
	}
	if b, err = im.scaled(b, beta); err != nil {
		return err
	}
	weight, err := im.register(w, im.tensorName(w, "weight"))
	if err != nil {
		return err
	}
	bias, err := im.register(b, im.tensorName(b, "bias"))
	if err != nil {
		return err
	}
	v, err := im.emit(graph.Node{Op: "linear", In: []string{x.name, weight, bias}})
	return im.put(n, v, err)
}

// scaled multiplies a constant by a scalar.
func (im *importer) scaled(c *constant, by float64) (*constant, error) {
	if by == 1 {
		return c, nil
	}
	w, err := im.floats(c)
	if err != nil {
		return nil, err
	}
	out := &constant{shape: c.shape, weights: make([]float32, len(w)), from: c.from}
	for i, v := range w {
		out.weights[i] = float32(float64(v) * by)
	}
	return out, nil
}

// scaleShift multiplies v by a constant and adds another, both of the given shape or nil. All-one
// scales and all-zero shifts, which exporters write by default, are omitted.
func (im *importer) scaleShift(n *protoNode, v value, scale, shift *constant, shape []int) (value, error) {
	for _, step := range []struct {
		op, role string
		neutral  float32
		c        *constant
	}{{"mul", "weight", 1, scale}, {"add", "bias", 0, shift}} {
		if step.c == nil {
			continue
		}
		size := 1
		for _, d := range shape {
			size *= d
		}
		if step.c.size() != size {
			return v, fmt.Errorf("%s has shape %v, not %v", step.role, step.c.shape, shape)
		}
		values, err := im.floats(step.c)
		if err != nil {
			return v, err
		}
		if !slices.ContainsFunc(values, func(v float32) bool { return v != step.neutral }) {
			continue
		}
		c := step.c.reshaped(shape)
		name, err := im.register(c, im.tensorName(c, step.role))
		if err != nil {
			return v, err
		}
		if v, err = im.emit(graph.Node{Op: step.op, In: []string{v.name, name}}); err != nil {
			return v, err
		}
	}
	return v, nil
}

// constantsFrom returns the constant inputs i and i+1; nil if omitted.
func (im *importer) constantsFrom(n *protoNode, i int) (a, b *constant, err error) {
	if a, err = im.c(n, i); err == nil {
		b, err = im.c(n, i+1)
	}
	return a, b, err
}

func convertLayerNorm(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	axis, err := axisOf(n.intAttr("axis", -1), len(x.shape))
	if err != nil {
		return err
	}
	scale, shift, err := im.constantsFrom(n, 1)
	if err != nil {
		return err
	}
	v, err := im.emit(graph.Node{Op: "standardize", In: []string{x.name}, Axis: axis, Epsilon: n.floatAttr("epsilon", 1e-5)})
	if err == nil {
		v, err = im.scaleShift(n, v, scale, shift, x.shape[axis:])
	}
	return im.put(n, v, err)
}

func convertInstanceNorm(im *importer, n *protoNode) error { return im.grouped(n, 0) }

func convertGroupNorm(im *importer, n *protoNode) error {
	return im.grouped(n, int(min(max(n.intAttr("num_groups", 1), 1), 1<<20)))
}

// grouped normalizes groups of channels; 0: one group per channel.
func (im *importer) grouped(n *protoNode, groups int) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	if len(x.shape) < 3 {
		return fmt.Errorf("unsupported input shape %v", x.shape)
	}
	channels := x.shape[1]
	if groups == 0 {
		groups = channels
	}
	if channels%groups != 0 {
		return fmt.Errorf("%d channels do not divide into %d groups", channels, groups)
	}
	scale, shift, err := im.constantsFrom(n, 1)
	if err != nil {
		return err
	}
	shape := append([]int{channels}, slices.Repeat([]int{1}, len(x.shape)-2)...)
	for _, c := range []**constant{&scale, &shift} { // opset 18 has one value per group
		if *c != nil && (*c).size() == groups && groups != channels {
			w, err := im.floats(*c)
			if err != nil {
				return err
			}
			all := &constant{shape: []int{channels}, weights: make([]float32, channels), from: (*c).from}
			for i := range all.weights {
				all.weights[i] = w[i/(channels/groups)]
			}
			*c = all
		}
	}
	inner := channels / groups
	for _, d := range x.shape[2:] {
		inner *= d
	}
	v := x
	if groups != channels {
		v, err = im.reshape(x, []int{x.shape[0], groups, inner})
	}
	if err == nil {
		v, err = im.emit(graph.Node{Op: "standardize", In: []string{v.name}, Axis: 2, Epsilon: n.floatAttr("epsilon", 1e-5)})
	}
	if err == nil {
		v, err = im.reshape(v, x.shape)
	}
	if err == nil {
		v, err = im.scaleShift(n, v, scale, shift, shape)
	}
	return im.put(n, v, err)
}

// convertLRN computes x / (bias + alpha/size·Σ x²)^beta, summed over size neighboring channels
// (Krizhevsky et al. 2012).
func convertLRN(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	size := int(min(max(n.intAttr("size", 1), 1), 1<<20))
	if len(x.shape) != 4 {
		return fmt.Errorf("unsupported input shape %v", x.shape)
	}
	v, err := im.emit(graph.Node{Op: "mul", In: []string{x.name, x.name}})
	if err == nil {
		v, err = im.reshape(v, []int{x.shape[0], 1, x.shape[1], x.shape[2] * x.shape[3]})
	}
	if err == nil {
		pad := [4]int{(size - 1) / 2, 0, size / 2, 0}
		v, err = im.emit(graph.Node{
			Op: "avgpool", In: []string{v.name}, Size: [2]int{size, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: pad, Counted: pad,
		})
	}
	if err == nil {
		v, err = im.reshape(v, x.shape)
	}
	if err == nil {
		v, err = im.emit(graph.Node{Op: "affine", In: []string{v.name}, A: n.floatAttr("alpha", 1e-4), B: n.floatAttr("bias", 1)})
	}
	if err == nil {
		v, err = im.emit(graph.Node{Op: "pow", In: []string{v.name}, A: -n.floatAttr("beta", 0.75)})
	}
	if err == nil {
		v, err = im.emit(graph.Node{Op: "mul", In: []string{x.name, v.name}})
	}
	return im.put(n, v, err)
}
