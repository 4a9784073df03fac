package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hfcui/engine/graph"
	"hfcui/engine/printable"
)

func convertSame(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err == nil && n.op == "Cast" && !floating(int(n.intAttr("to", typeFloat))) {
		err = errors.New("cast of activations to integers is not supported")
	}
	return im.put(n, x, err)
}

// perm returns the permutation of a Transpose.
func (n *protoNode) perm(rank int) ([]int, error) {
	perm := make([]int, rank)
	a := n.attrs["perm"]
	for i := range perm {
		perm[i] = rank - 1 - i
		if a == nil {
			continue
		}
		if len(a.ints) != rank || slices.Contains(a.ints[:i], a.ints[i]) || a.ints[i] < 0 || a.ints[i] >= int64(rank) {
			return nil, fmt.Errorf("%v is not a permutation of %d axes", a.ints, rank)
		}
		perm[i] = int(a.ints[i])
	}
	return perm, nil
}

func convertTranspose(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	perm, err := n.perm(len(x.shape))
	if err != nil {
		return err
	}
	v, err := im.emit(graph.Node{Op: "transpose", In: []string{x.name}, Axes: perm})
	return im.put(n, v, err)
}

func convertConcat(im *importer, n *protoNode) error {
	var parts []value
	rank := 0
	for i := range n.in {
		v, err := im.x(n, i)
		if err != nil {
			return err
		}
		parts, rank = append(parts, v), max(rank, len(v.shape))
	}
	axis, err := axisOf(n.intAttr("axis", 1), rank)
	if err != nil {
		return err
	}
	node := graph.Node{Op: "concat", Axis: axis}
	for _, p := range parts {
		if len(p.shape) == rank && axis != 0 && p.shape[0] == 1 { // a constant, equal for all images
			shape := append([]int{batch}, p.shape[1:]...)
			if p, err = im.emit(graph.Node{Op: "broadcast", In: []string{p.name}, Shape: symbolic(shape)}); err != nil {
				return err
			}
		}
		node.In = append(node.In, p.name)
	}
	v, err := im.emit(node)
	return im.put(n, v, err)
}

// splits returns the axis of a Split and the sizes along it.
func (im *importer) splits(n *protoNode, x []int) (axis int, sizes []int, err error) {
	if axis, err = axisOf(n.intAttr("axis", 0), len(x)); err != nil {
		return 0, nil, err
	}
	if sizes, err = im.intsOf(n, "split", 1); err != nil {
		return 0, nil, err
	}
	if sizes == nil {
		parts := len(n.out)
		size := (x[axis] + parts - 1) / parts
		for left := x[axis]; left > 0; left -= size {
			sizes = append(sizes, min(size, left))
		}
	}
	sum := 0
	for _, s := range sizes {
		if s < 0 || s > x[axis] {
			return 0, nil, fmt.Errorf("%v cannot be split into %v", x, sizes)
		}
		sum += s
	}
	if sum != x[axis] || len(sizes) != len(n.out) {
		return 0, nil, fmt.Errorf("axis %d of %v cannot be split into %v", axis, x, sizes)
	}
	return axis, sizes, nil
}

func convertSplit(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	axis, sizes, err := im.splits(n, x.shape)
	if err != nil {
		return err
	}
	at := 0
	for i, size := range sizes {
		v, err := im.emit(graph.Node{Op: "slice", In: []string{x.name}, Axis: axis, Start: at, Count: size})
		if err != nil {
			return err
		}
		im.values[n.out[i]] = v
		at += size
	}
	return nil
}

// cuts returns the slices of a Slice, one per axis.
func (im *importer) cuts(n *protoNode, x []int) ([]cut, error) {
	var lists [4][]int
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		list, err := im.intsOf(n, name, i+1)
		if err != nil {
			return nil, err
		}
		lists[i] = list
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil, errors.New("starts, ends, axes and steps differ in length")
	}
	var cuts []cut
	for i, start := range starts {
		at, step := int64(i), 1
		if axes != nil {
			at = int64(axes[i])
		}
		axis, err := axisOf(at, len(x))
		if err != nil {
			return nil, err
		}
		if steps != nil {
			step = steps[i]
		}
		if step == 0 || step > math.MaxInt32 || step < -math.MaxInt32 {
			return nil, fmt.Errorf("unsupported step %d", step)
		}
		size := x[axis]
		end := ends[i]
		if start < 0 {
			start += size
		}
		if end < 0 {
			end += size
		}
		c := cut{axis: axis, step: step}
		if step > 0 {
			c.start, end = min(max(start, 0), size), min(max(end, 0), size)
			c.count = max(0, (end-c.start+step-1)/step)
		} else {
			c.start, end = min(max(start, -1), size-1), min(max(end, -1), size-1)
			c.count = max(0, (c.start-end-step-1)/-step)
		}
		cuts = append(cuts, c)
	}
	return cuts, nil
}

func convertSlice(im *importer, n *protoNode) error {
	v, err := im.x(n, 0)
	if err != nil {
		return err
	}
	cuts, err := im.cuts(n, v.shape)
	if err != nil {
		return err
	}
	for _, c := range cuts {
		if v, err = im.take(v, c); err != nil {
			return err
		}
	}
	return im.put(n, v, nil)
}

// take slices x along an axis.
func (im *importer) take(x value, c cut) (value, error) {
	switch {
	case c.start == 0 && c.step == 1 && c.count == x.shape[c.axis]:
		return x, nil
	case c.axis == 0:
		return x, errors.New("slicing the batch is not supported")
	case c.step == 1:
		return im.emit(graph.Node{Op: "slice", In: []string{x.name}, Axis: c.axis, Start: c.start, Count: c.count})
	case c.count > 1<<16:
		return x, fmt.Errorf("slice of %d elements with a step is not supported", c.count)
	}
	return im.emit(graph.Node{Op: "gather", In: []string{x.name}, Axis: c.axis, Index: c.index()})
}

func convertGather(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	axis, err := axisOf(n.intAttr("axis", 0), len(x.shape))
	if err != nil {
		return err
	}
	c, err := im.c(n, 1)
	if err != nil {
		return err
	}
	if c == nil || axis == 0 {
		return errors.New("slicing the batch is not supported")
	}
	index, err := im.index(c, x.shape[axis])
	if err != nil {
		return err
	}
	v, err := im.emit(graph.Node{Op: "gather", In: []string{x.name}, Axis: axis, Index: index})
	if err == nil {
		v, err = im.reshape(v, slices.Concat(x.shape[:axis], c.shape, x.shape[axis+1:]))
	}
	return im.put(n, v, err)
}

func convertPad(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	pads, err := im.intsOf(n, "pads", 1)
	if err != nil {
		return err
	}
	fill := n.floatAttr("value", 0)
	if v, ok, err := im.scalar(n, 2); err != nil {
		return err
	} else if ok {
		fill = v
	}
	axes, err := im.intsOf(n, "none", 3)
	if err != nil {
		return err
	}
	if axes == nil {
		for i := range x.shape {
			axes = append(axes, i)
		}
	}
	if len(pads) != 2*len(axes) {
		return fmt.Errorf("invalid pads %v for %d axes", pads, len(axes))
	}
	for i, a := range axes {
		axis, err := axisOf(int64(a), len(x.shape))
		if err != nil {
			return err
		}
		if x, err = im.padAxis(x, n.stringAttr("mode", "constant"), axis, pads[i], pads[len(axes)+i], fill); err != nil {
			return err
		}
	}
	return im.put(n, x, nil)
}

// padAxis pads one axis; negative padding crops.
func (im *importer) padAxis(x value, mode string, axis, before, after int, fill float64) (value, error) {
	size := x.shape[axis]
	switch {
	case before == 0 && after == 0:
		return x, nil
	case axis == 0 || max(before, after) > 1<<16 || min(before, after) < -size:
		return x, fmt.Errorf("unsupported padding: axis %d of %v by %d and %d", axis, x.shape, before, after)
	case mode == "constant" && min(before, after) >= 0:
		return im.emit(graph.Node{Op: "pad", In: []string{x.name}, Axis: axis, Before: before, After: after, A: max(-math.MaxFloat32, min(fill, math.MaxFloat32))})
	case mode == "constant":
		start := max(0, -before)
		v, err := im.take(x, cut{axis, start, size - start - max(0, -after), 1})
		if err != nil {
			return v, err
		}
		return im.padAxis(v, mode, axis, max(0, before), max(0, after), fill)
	}
	var index []int
	for i := -before; i < size+after; i++ {
		at := i
		switch mode {
		case "reflect":
			if period := 2 * (size - 1); period > 0 {
				at = ((i % period) + period) % period
				at = min(at, period-at)
			}
		case "edge":
			at = min(max(i, 0), size-1)
		case "wrap":
			at = ((i % size) + size) % size
		default:
			return x, fmt.Errorf("unsupported mode %.20q", printable.Line(mode))
		}
		if at < 0 || at >= size {
			return x, fmt.Errorf("unsupported padding: axis %d of %v by %d and %d", axis, x.shape, before, after)
		}
		index = append(index, at)
	}
	return im.emit(graph.Node{Op: "gather", In: []string{x.name}, Axis: axis, Index: index})
}

func convertExpand(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	want, err := im.intsOf(n, "shape", 1)
	if err != nil {
		return err
	}
	if im.fixed > 0 && len(want) == len(x.shape) && len(want) > 0 && want[0] == im.fixed {
		want[0] = x.shape[0]
	}
	shape, err := broadcastShape(x.shape, want)
	if err != nil {
		return err
	}
	if slices.Equal(shape, x.shape) {
		return im.put(n, x, nil)
	}
	v, err := im.emit(graph.Node{Op: "broadcast", In: []string{x.name}, Shape: symbolic(shape)})
	return im.put(n, v, err)
}
