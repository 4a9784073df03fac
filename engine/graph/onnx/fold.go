package onnx

import (
	"fmt"
	"slices"
)

// folders compute the results of nodes from constants.
var folders map[string]func(im *importer, n *protoNode, in []*constant) ([]*constant, error)

func init() { // the init of arithmetic.go adds the rest
	folders = map[string]func(*importer, *protoNode, []*constant) ([]*constant, error){
		"Identity": foldSame, "Dropout": foldSame, "Cast": foldCast, "Shape": foldShape, "Size": foldSize,
		"ConstantOfShape": foldFill, "Gather": foldGather, "Concat": foldConcat, "Slice": foldSlice,
		"Squeeze": foldReshape, "Unsqueeze": foldReshape, "Reshape": foldReshape, "Flatten": foldReshape,
		"Transpose": foldTranspose, "Expand": foldExpand, "Range": foldRange, "Where": foldWhere, "Split": foldSplit,
		"ReduceProd": foldReduce, "ReduceSum": foldReduce, "ReduceMean": foldReduce, "ReduceMin": foldReduce, "ReduceMax": foldReduce,
	}
	for name := range unaries {
		folders[name] = foldUnary
	}
	for name := range arithmetic {
		folders[name] = foldBinary
	}
}

// fold computes a node whose inputs are all constants.
func (im *importer) fold(n *protoNode) ([]*constant, error) {
	f := folders[n.op]
	if f == nil {
		return nil, fmt.Errorf("no constant folding for this operator: simplify the model with onnxsim")
	}
	in := make([]*constant, len(n.in))
	for i, name := range n.in {
		in[i] = im.constants[name] // nil for an omitted optional input
	}
	if len(in) == 0 || in[0] == nil {
		return nil, fmt.Errorf("no input")
	}
	return f(im, n, in)
}

func foldSame(_ *importer, _ *protoNode, in []*constant) ([]*constant, error) { return in[:1], nil }

func foldShape(_ *importer, n *protoNode, in []*constant) ([]*constant, error) {
	return []*constant{shapeConstant(n, in[0].shape)}, nil
}

// shapeConstant returns the result of Shape for a shape.
func shapeConstant(n *protoNode, shape []int) *constant {
	from, to := int(n.intAttr("start", 0)), int(n.intAttr("end", int64(len(shape))))
	if from < 0 {
		from += len(shape)
	}
	if to < 0 {
		to += len(shape)
	}
	from, to = min(max(from, 0), len(shape)), min(max(to, 0), len(shape))
	part := shape[from:max(from, to)]
	return integers([]int{len(part)}, part...)
}

func foldSize(_ *importer, _ *protoNode, in []*constant) ([]*constant, error) {
	return []*constant{integers(nil, in[0].size())}, nil
}

// foldable returns the number of elements of a shape, or an error beyond the limits of constant
// folding.
func (im *importer) foldable(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 || len(shape) > maxRank || d > 0 && n > maxFolded/d {
			return 0, fmt.Errorf("constant folding does not support shape %v", shape)
		}
		n *= d
	}
	if im.folded += n; im.folded > maxAllFolded {
		return 0, fmt.Errorf("too much constant folding: simplify the model with onnxsim")
	}
	return n, nil
}

func foldFill(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	shape, err := im.ints(in[0])
	if err != nil {
		return nil, err
	}
	for i, d := range shape {
		if d == batch {
			shape[i] = 1 // equal for all images, hence broadcast
		}
	}
	count, err := im.foldable(shape)
	if err != nil {
		return nil, err
	}
	out := &constant{shape: shape, numbers: make([]float64, count)}
	if a := n.attrs["value"]; a != nil && a.t != nil {
		out.integer = !floating(a.t.kind)
		one := &constant{shape: []int{1}, source: a.t}
		values, err := im.numbersOf(one)
		if err != nil {
			return nil, err
		}
		if len(values) != 1 {
			return nil, fmt.Errorf("the value has %d elements", len(values))
		}
		for i := range out.numbers {
			out.numbers[i] = values[0]
		}
	}
	return []*constant{out}, nil
}

// axisOf returns the axis of an array of rank dimensions; negative ones count from the end.
func axisOf(axis int64, rank int) (int, error) {
	if axis < 0 {
		axis += int64(rank)
	}
	if axis < 0 || axis >= int64(rank) {
		return 0, fmt.Errorf("axis %d is out of range for %d dimensions", axis, rank)
	}
	return int(axis), nil
}

// along gathers numbers, the elements of c, along one axis.
func (im *importer) along(c *constant, numbers []float64, axis int, index []int) (*constant, error) {
	shape := slices.Clone(c.shape)
	shape[axis] = len(index)
	if _, err := im.foldable(shape); err != nil {
		return nil, err
	}
	out := &constant{shape: shape, integer: c.integer, numbers: make([]float64, 0, len(index))}
	source := slices.Clone(shape)
	indices(shape, func(_ int, at []int) {
		copy(source, at)
		source[axis] = index[at[axis]]
		out.numbers = append(out.numbers, numbers[place(c.shape, source)])
	})
	return out, nil
}

func foldGather(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	if len(in) < 2 || in[1] == nil {
		return nil, fmt.Errorf("no indices")
	}
	axis, err := axisOf(n.intAttr("axis", 0), len(in[0].shape))
	if err != nil {
		return nil, err
	}
	index, err := im.index(in[1], in[0].shape[axis])
	if err != nil {
		return nil, err
	}
	numbers, err := im.numbersOf(in[0])
	if err != nil {
		return nil, err
	}
	out, err := im.along(in[0], numbers, axis, index)
	if err != nil {
		return nil, err
	}
	out.shape = slices.Concat(in[0].shape[:axis], in[1].shape, in[0].shape[axis+1:])
	return []*constant{out}, nil
}

// index returns indices along an axis of the given size; negative ones count from the end.
func (im *importer) index(c *constant, size int) ([]int, error) {
	index, err := im.ints(c)
	if err != nil {
		return nil, err
	}
	for i, v := range index {
		if v < 0 {
			v += size
		}
		if v < 0 || v >= size {
			return nil, fmt.Errorf("index %d is out of range for size %d", index[i], size)
		}
		index[i] = v
	}
	return index, nil
}

func foldConcat(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	axis, err := axisOf(n.intAttr("axis", 0), len(in[0].shape))
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(in[0].shape)
	shape[axis] = 0
	for _, c := range in {
		if c == nil || len(c.shape) != len(shape) {
			return nil, fmt.Errorf("the inputs differ in number of dimensions")
		}
		for i, d := range c.shape {
			if i != axis && d != shape[i] {
				return nil, fmt.Errorf("the inputs differ in size")
			}
		}
		shape[axis] += c.shape[axis]
	}
	count, err := im.foldable(shape)
	if err != nil {
		return nil, err
	}
	out := &constant{shape: shape, integer: in[0].integer, numbers: make([]float64, count)}
	from := 0
	for _, c := range in {
		numbers, err := im.numbersOf(c)
		if err != nil {
			return nil, err
		}
		indices(c.shape, func(i int, at []int) {
			at[axis] += from
			out.numbers[place(shape, at)] = numbers[i]
			at[axis] -= from
		})
		from += c.shape[axis]
	}
	return []*constant{out}, nil
}

// cut is a slice along an axis.
type cut struct{ axis, start, count, step int }

// index lists the indices of a cut.
func (c cut) index() []int {
	index := make([]int, c.count)
	for i := range index {
		index[i] = c.start + i*c.step
	}
	return index
}

func foldSlice(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	cuts, err := im.cuts(n, in[0].shape)
	if err != nil {
		return nil, err
	}
	c := in[0]
	for _, k := range cuts {
		numbers, err := im.numbersOf(c)
		if err != nil {
			return nil, err
		}
		if c, err = im.along(c, numbers, k.axis, k.index()); err != nil {
			return nil, err
		}
	}
	return []*constant{c}, nil
}

func foldReshape(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	shape, err := im.newShape(n, in[0].shape)
	if err != nil {
		return nil, err
	}
	return []*constant{in[0].reshaped(shape)}, nil
}

// foldTranspose also transposes weights.
func foldTranspose(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	c := in[0]
	perm, err := n.perm(len(c.shape))
	if err != nil {
		return nil, err
	}
	weights, err := im.floats(c)
	if err != nil {
		return nil, err
	}
	shape, steps := make([]int, len(perm)), make([]int, len(perm))
	for i, axis := range perm {
		shape[i], steps[i] = c.shape[axis], 1
		for _, d := range c.shape[axis+1:] {
			steps[i] *= d
		}
	}
	out := &constant{shape: shape, integer: c.integer, weights: make([]float32, len(weights)), from: c.from}
	indices(shape, func(i int, at []int) {
		from := 0
		for axis, p := range at {
			from += p * steps[axis]
		}
		out.weights[i] = weights[from]
	})
	return []*constant{out}, nil
}

func foldExpand(im *importer, _ *protoNode, in []*constant) ([]*constant, error) {
	if len(in) < 2 || in[1] == nil {
		return nil, fmt.Errorf("no shape")
	}
	want, err := im.ints(in[1])
	if err != nil {
		return nil, err
	}
	shape, err := broadcastShape(in[0].shape, want)
	if err != nil {
		return nil, err
	}
	for i, d := range shape {
		if d == batch {
			shape[i] = 1 // see foldFill
		}
	}
	if slices.Equal(shape, in[0].shape) {
		return in[:1], nil
	}
	count, err := im.foldable(shape)
	if err != nil {
		return nil, err
	}
	numbers, err := im.numbersOf(in[0])
	if err != nil {
		return nil, err
	}
	out := &constant{shape: shape, integer: in[0].integer, numbers: make([]float64, count)}
	indices(shape, func(i int, at []int) { out.numbers[i] = numbers[place(in[0].shape, at)] })
	return []*constant{out}, nil
}

func foldSplit(im *importer, n *protoNode, in []*constant) ([]*constant, error) {
	axis, sizes, err := im.splits(n, in[0].shape)
	if err != nil {
		return nil, err
	}
	numbers, err := im.numbersOf(in[0])
	if err != nil {
		return nil, err
	}
	var out []*constant
	from := 0
	for _, size := range sizes {
		c, err := im.along(in[0], numbers, axis, cut{axis, from, size, 1}.index())
		if err != nil {
			return nil, err
		}
		out, from = append(out, c), from+size
	}
	return out, nil
}

// without returns a shape without the given axes.
func without(shape, axes []int) []int {
	var out []int
	for i, d := range shape {
		if !slices.Contains(axes, i) {
			out = append(out, d)
		}
	}
	return out
}
