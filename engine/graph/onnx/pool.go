package onnx

import (
	"fmt"
	"slices"

	"hfcui/engine/graph"
)

// convertPool resolves ceil_mode for the input's size: more padding at the end, excluded from
// averages.
func convertPool(im *importer, n *protoNode) error {
	if len(n.out) > 1 && n.out[1] != "" {
		return fmt.Errorf("the second output (indices) is not supported")
	}
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	size, err := im.intsOf(n, "kernel_shape", -1)
	if err != nil {
		return err
	}
	if len(size) == 3 && len(x.shape) == 5 {
		return im.depthPool(n, x, size)
	}
	if len(size) != 2 || min(size[0], size[1]) < 1 || max(size[0], size[1]) > 1<<20 {
		return fmt.Errorf("the kernel is %v: only 2D pooling is supported", size)
	}
	node, err := im.window(n, x.shape, [2]int(size))
	if err != nil {
		return err
	}
	node.Op, node.In, node.Size = "maxpool", []string{x.name}, [2]int(size)
	if n.op == "AveragePool" {
		node.Op = "avgpool"
		if n.intAttr("count_include_pad", 0) != 0 {
			node.Counted = node.Pad
		}
	}
	if n.intAttr("ceil_mode", 0) != 0 {
		for axis := range 2 {
			node.Pad[axis+2] = ceilPad(x.shape[axis+2], node.Size[axis], node.Stride[axis], node.Dilation[axis], node.Pad[axis], node.Pad[axis+2])
		}
	}
	v, err := im.emit(node)
	return im.put(n, v, err)
}

// depthPool averages along the first of three axes only, as in PyTorch's export of local
// response normalization.
func (im *importer) depthPool(n *protoNode, x value, size []int) error {
	pads, err := im.intsOf(n, "pads", -1)
	if err != nil {
		return err
	}
	strides, err := im.intsOf(n, "strides", -1)
	if err != nil {
		return err
	}
	if pads == nil {
		pads = make([]int, 6)
	}
	one := slices.Equal(size[1:], []int{1, 1}) && (strides == nil || slices.Equal(strides, []int{1, 1, 1})) && n.attrs["dilations"] == nil
	if !one || n.op != "AveragePool" || len(pads) != 6 || pads[1]+pads[2]+pads[4]+pads[5] != 0 || min(pads[0], pads[3]) < 0 || n.intAttr("ceil_mode", 0) != 0 {
		return fmt.Errorf("the kernel is %v: only 2D pooling is supported", size)
	}
	v, err := im.reshape(x, []int{x.shape[0], x.shape[1], x.shape[2], x.shape[3] * x.shape[4]})
	node := graph.Node{
		Op: "avgpool", In: []string{v.name}, Size: [2]int{size[0], 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: [4]int{pads[0], 0, pads[3], 0},
	}
	if n.intAttr("count_include_pad", 0) != 0 {
		node.Counted = node.Pad
	}
	if err == nil {
		v, err = im.emit(node)
	}
	if err == nil {
		v, err = im.reshape(v, []int{x.shape[0], x.shape[1], v.shape[2], x.shape[3], x.shape[4]})
	}
	return im.put(n, v, err)
}

// ceilPad returns the padding at the end of an axis that completes the last window; windows
// must start inside the input or the padding before it, as in PyTorch.
func ceilPad(n, size, stride, dilation, before, after int) int {
	reach := (size-1)*dilation + 1
	room := n + before + after - reach
	if room < 0 || stride < 1 {
		return after
	}
	windows := (room+stride-1)/stride + 1
	if (windows-1)*stride >= n+before {
		windows--
	}
	return max(after, (windows-1)*stride+reach-n-before)
}

// planes reshapes x [N,C,…] to [N,C,H,W].
func (im *importer) planes(x value) (value, error) {
	if len(x.shape) < 3 {
		return x, fmt.Errorf("unsupported input shape %v", x.shape)
	}
	if len(x.shape) == 4 {
		return x, nil
	}
	rest := 1
	for _, d := range x.shape[2:] {
		rest *= d
	}
	return im.reshape(x, []int{x.shape[0], x.shape[1], rest, 1})
}

func convertGlobalPool(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	v, err := im.planes(x)
	if err != nil {
		return err
	}
	op := "globalavgpool"
	if n.op == "GlobalMaxPool" {
		op = "globalmaxpool"
	}
	if v, err = im.emit(graph.Node{Op: op, In: []string{v.name}}); err != nil {
		return err
	}
	v, err = im.reshape(v, append(slices.Clone(x.shape[:2]), slices.Repeat([]int{1}, len(x.shape)-2)...))
	return im.put(n, v, err)
}

// reduced returns the axes of a reduction, sorted, and whether they are kept.
func (im *importer) reduced(n *protoNode, rank int) (axes []int, keep bool, err error) {
	list, err := im.intsOf(n, "axes", 1)
	if err != nil {
		return nil, false, err
	}
	if list == nil && n.intAttr("noop_with_empty_axes", 0) == 0 {
		for i := range rank {
			axes = append(axes, i)
		}
	}
	for _, a := range list {
		axis, err := axisOf(int64(a), rank)
		if err != nil {
			return nil, false, err
		}
		if !slices.Contains(axes, axis) {
			axes = append(axes, axis)
		}
	}
	slices.Sort(axes)
	return axes, n.intAttr("keepdims", 1) != 0, nil
}

func convertReduce(im *importer, n *protoNode) error {
	return im.reduceBy(n, func(x value, axes []int) (value, error) { return im.reduce(x, axes, n.op == "ReduceMean") })
}

// reduceBy converts a reduction within images; by reduces x over axes, kept with size 1.
func (im *importer) reduceBy(n *protoNode, by func(x value, axes []int) (value, error)) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	axes, keep, err := im.reduced(n, len(x.shape))
	if err != nil {
		return err
	}
	if slices.Contains(axes, 0) {
		return fmt.Errorf("reduction over the batch is not supported")
	}
	v, err := by(x, axes)
	if err == nil && !keep {
		v, err = im.reshape(v, without(x.shape, axes))
	}
	return im.put(n, v, err)
}

// reduce sums or averages x over axes, kept with size 1.
func (im *importer) reduce(x value, axes []int, mean bool) (value, error) {
	kept, count := slices.Clone(x.shape), 1
	for _, a := range axes {
		kept[a] = 1
		count *= x.shape[a]
	}
	if mean && len(x.shape) == 4 && slices.Equal(axes, []int{2, 3}) {
		v, err := im.emit(graph.Node{Op: "globalavgpool", In: []string{x.name}})
		if err != nil {
			return v, err
		}
		return im.reshape(v, kept)
	}
	v, err := im.emit(graph.Node{Op: "sum", In: []string{x.name}, Axes: axes})
	if err == nil && mean {
		v, err = im.emit(graph.Node{Op: "affine", In: []string{v.name}, A: 1 / float64(count)})
	}
	return v, err
}

func convertReduceMax(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	axes, keep, err := im.reduced(n, len(x.shape))
	if err != nil {
		return err
	}
	if len(x.shape) != 4 || !slices.Equal(axes, []int{2, 3}) {
		return fmt.Errorf("only height and width are supported, not axes %v of %v", axes, x.shape)
	}
	v, err := im.emit(graph.Node{Op: "globalmaxpool", In: []string{x.name}})
	if err == nil && !keep {
		v, err = im.reshape(v, x.shape[:2])
	}
	return im.put(n, v, err)
}

// norm returns the Euclidean norm of x over axes, kept with size 1.
func (im *importer) norm(x value, axes []int) (value, error) {
	v, err := im.emit(graph.Node{Op: "mul", In: []string{x.name, x.name}})
	if err == nil {
		v, err = im.emit(graph.Node{Op: "sum", In: []string{v.name}, Axes: axes})
	}
	if err == nil {
		v, err = im.emit(graph.Node{Op: "sqrt", In: []string{v.name}})
	}
	return v, err
}

func convertReduceL2(im *importer, n *protoNode) error { return im.reduceBy(n, im.norm) }

func convertLpNorm(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	axis, err := axisOf(n.intAttr("axis", -1), len(x.shape))
	if err != nil {
		return err
	}
	if n.intAttr("p", 2) != 2 || axis == 0 {
		return fmt.Errorf("only the Euclidean norm of an image is supported")
	}
	v, err := im.norm(x, []int{axis})
	if err == nil {
		v, err = im.emit(graph.Node{Op: "div", In: []string{x.name, v.name}})
	}
	return im.put(n, v, err)
}

// convertSoftmax normalizes over one axis; before opset 13, jointly over all axes from that one on.
func convertSoftmax(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	otherwise := int64(-1)
	if im.proto.opset < 13 {
		otherwise = 1
	}
	axis, err := axisOf(n.intAttr("axis", otherwise), len(x.shape))
	if err != nil {
		return err
	}
	v := x
	if im.proto.opset < 13 && axis < len(x.shape)-1 {
		flat := 1
		for _, d := range x.shape[axis:] {
			flat *= d
		}
		if v, err = im.reshape(x, append(slices.Clone(x.shape[:axis]), flat)); err != nil {
			return err
		}
	}
	v, err = im.emit(graph.Node{Op: "softmax", In: []string{v.name}, Axis: axis})
	if err == nil && n.op == "LogSoftmax" {
		v, err = im.emit(graph.Node{Op: "log", In: []string{v.name}})
	}
	if err == nil && !slices.Equal(v.shape, x.shape) {
		v, err = im.reshape(v, x.shape)
	}
	return im.put(n, v, err)
}
