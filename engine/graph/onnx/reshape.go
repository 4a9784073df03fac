package onnx

import (
	"fmt"
	"math"
	"slices"

	"hfcui/engine/graph"
)

func convertShape(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err == nil {
		im.constants[n.out[0]] = shapeConstant(n, x.shape)
	}
	return err
}

func convertSize(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err == nil {
		size := 1
		for _, d := range x.shape {
			size *= d
		}
		im.constants[n.out[0]] = integers(nil, size)
	}
	return err
}

// symbolic returns a shape with −k for k times the batch size, as nodes of the graph store it.
func symbolic(shape []int) []int {
	out := slices.Clone(shape)
	for i, d := range out {
		if d > 0 && d%batch == 0 {
			out[i] = -d / batch
		}
	}
	return out
}

// reshape reshapes x.
func (im *importer) reshape(x value, shape []int) (value, error) {
	if base, ok := im.plain[x.name]; ok {
		x = base
	}
	if slices.Equal(x.shape, shape) {
		return x, nil
	}
	v, err := im.emit(graph.Node{Op: "reshape", In: []string{x.name}, Shape: symbolic(shape)})
	if err == nil {
		im.plain[v.name] = x
	}
	return v, err
}

func convertReshape(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	shape, err := im.newShape(n, x.shape)
	if err != nil {
		return err
	}
	v, err := im.reshape(x, shape)
	return im.put(n, v, err)
}

// newShape returns the result shape of Reshape, Flatten, Squeeze or Unsqueeze.
func (im *importer) newShape(n *protoNode, x []int) ([]int, error) {
	switch n.op {
	case "Flatten":
		axis := int64(len(x))
		if a := n.intAttr("axis", 1); a != axis {
			i, err := axisOf(a, len(x))
			if err != nil {
				return nil, err
			}
			axis = int64(i)
		}
		out := []int{1, 1}
		for i, d := range x {
			k := 0
			if i >= int(axis) {
				k = 1
			}
			out[k] *= d
		}
		return out, nil
	case "Squeeze":
		axes, _, err := im.axes(n, len(x))
		if err != nil {
			return nil, err
		}
		if axes == nil {
			for i, d := range x {
				if d == 1 {
					axes = append(axes, i)
				}
			}
		}
		for _, a := range axes {
			if x[a] != 1 {
				return nil, fmt.Errorf("axis %d of %v is not 1", a, x)
			}
		}
		return without(x, axes), nil
	case "Unsqueeze":
		axes, rank, err := im.axes(n, -len(x))
		if err != nil {
			return nil, err
		}
		out, from := make([]int, rank), 0
		for i := range out {
			if slices.Contains(axes, i) {
				out[i] = 1
				continue
			}
			if from == len(x) {
				return nil, fmt.Errorf("invalid axes %v for %v", axes, x)
			}
			out[i], from = x[from], from+1
		}
		return out, nil
	}
	return im.target(n, x)
}

// axes reads axes of an array of rank dimensions; a negative rank means that they are added to
// −rank dimensions. full is the rank that axes refer to.
func (im *importer) axes(n *protoNode, rank int) (axes []int, full int, err error) {
	list, err := im.intsOf(n, "axes", 1)
	if err != nil || list == nil {
		return nil, max(rank, -rank), err
	}
	if full = rank; rank <= 0 {
		full = len(list) - rank
	}
	if full > maxRank {
		return nil, 0, fmt.Errorf("unsupported number of dimensions: %d", full)
	}
	for _, a := range list {
		axis, err := axisOf(int64(a), full)
		if err != nil {
			return nil, 0, err
		}
		axes = append(axes, axis)
	}
	return axes, full, nil
}

// target returns the shape of a Reshape. A batch size fixed at export becomes dynamic.
func (im *importer) target(n *protoNode, x []int) ([]int, error) {
	shape, err := im.intsOf(n, "shape", 1)
	if err != nil {
		return nil, err
	}
	if shape == nil || len(shape) > maxRank {
		return nil, fmt.Errorf("invalid shape of %d dimensions", len(shape))
	}
	shape = slices.Clone(shape)
	total, known, open := 1, 1, -1
	for _, d := range x {
		total *= d
	}
	for i, d := range shape {
		switch {
		case d == 0 && n.intAttr("allowzero", 0) == 0 && i < len(x):
			shape[i] = x[i]
		case d == -1 && open < 0:
			open = i
			continue
		case d < 1 || d > math.MaxInt32:
			return nil, fmt.Errorf("invalid shape %v", shape)
		}
		if known > 1<<50/shape[i] {
			return nil, fmt.Errorf("invalid shape %v", shape)
		}
		known *= shape[i]
	}
	exported := len(shape) > 0 && len(x) > 0 && x[0] == batch && shape[0] > 0 && shape[0]%batch != 0
	switch {
	case exported && open < 0 && known != total && known/shape[0] == total/batch:
		shape[0] = batch
	case exported && open > 0 && known == shape[0] && (shape[0] == im.fixed || shape[0] == 1):
		shape[0], known = batch, batch
	case exported && open > 0 && (shape[0] == im.fixed || shape[0] == 1) && total%(known/shape[0]*batch) == 0:
		known, shape[0] = known/shape[0]*batch, batch
	}
	if open >= 0 {
		if total%known != 0 {
			return nil, fmt.Errorf("%v cannot be reshaped to %v", x, shape)
		}
		shape[open] = total / known
	}
	return shape, nil
}

// convertDepthToSpace rearranges channels into blocks of pixels.
func convertDepthToSpace(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	b := int(min(max(n.intAttr("blocksize", 1), 1), 1<<10))
	if len(x.shape) != 4 || x.shape[1]%(b*b) != 0 {
		return fmt.Errorf("%v does not divide into %d×%d blocks", x.shape, b, b)
	}
	c, h, w := x.shape[1]/(b*b), x.shape[2], x.shape[3]
	split, perm := []int{batch, b, b, c, h, w}, []int{0, 3, 4, 1, 5, 2}
	if n.stringAttr("mode", "DCR") == "CRD" {
		split, perm = []int{batch, c, b, b, h, w}, []int{0, 1, 4, 2, 5, 3}
	}
	v, err := im.rearrange(x, split, perm, []int{batch, c, h * b, w * b})
	return im.put(n, v, err)
}

func convertSpaceToDepth(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	b := int(min(max(n.intAttr("blocksize", 1), 1), 1<<10))
	if len(x.shape) != 4 || x.shape[2]%b != 0 || x.shape[3]%b != 0 {
		return fmt.Errorf("%v does not divide into %d×%d blocks", x.shape, b, b)
	}
	c, h, w := x.shape[1], x.shape[2]/b, x.shape[3]/b
	v, err := im.rearrange(x, []int{batch, c, h, b, w, b}, []int{0, 3, 5, 1, 2, 4}, []int{batch, c * b * b, h, w})
	return im.put(n, v, err)
}

// rearrange reshapes, transposes and reshapes again.
func (im *importer) rearrange(x value, split, perm, merged []int) (value, error) {
	v, err := im.reshape(x, split)
	if err == nil {
		v, err = im.emit(graph.Node{Op: "transpose", In: []string{v.name}, Axes: perm})
	}
	if err == nil {
		v, err = im.reshape(v, merged)
	}
	return v, err
}
