package onnx

import (
	"fmt"
	"math"

	"hfcui/engine/graph"
	"hfcui/engine/printable"
)

// convertResize converts Resize (opsets 10 and 11 on) and Upsample, axis by axis.
func convertResize(im *importer, n *protoNode) error {
	x, err := im.x(n, 0)
	if err != nil {
		return err
	}
	sizes, scales, err := im.resized(n, x.shape)
	if err != nil {
		return err
	}
	mode := n.stringAttr("mode", "nearest")
	if mode != "nearest" && mode != "linear" {
		return fmt.Errorf("unsupported mode %.20q: use nearest or linear", printable.Line(mode))
	}
	for axis := range x.shape {
		if sizes[axis] == x.shape[axis] && scales[axis] == 1 {
			continue
		}
		if axis == 0 || sizes[axis] < 1 || sizes[axis] > 1<<16 {
			return fmt.Errorf("unsupported resize of %v to %v", x.shape, sizes)
		}
		r := resizing{n, im.proto.opset, x.shape[axis], sizes[axis], scales[axis]}
		node := r.linear(axis)
		if mode == "nearest" {
			node = r.nearest(axis)
		}
		node.In = []string{x.name}
		if x, err = im.emit(node); err != nil {
			return err
		}
	}
	return im.put(n, x, nil)
}

// resized returns the size and the scale of every axis.
func (im *importer) resized(n *protoNode, x []int) (sizes []int, scales []float64, err error) {
	at := 2
	if n.op == "Upsample" || im.proto.opset < 11 {
		at = 1
	}
	if a := n.attrs["scales"]; a != nil {
		scales = a.floats
	} else if c, err := im.c(n, at); err != nil {
		return nil, nil, err
	} else if c != nil && c.size() > 0 {
		if scales, err = im.numbersOf(c); err != nil {
			return nil, nil, err
		}
	}
	if scales != nil {
		if len(scales) != len(x) {
			return nil, nil, fmt.Errorf("%d scales for %v", len(scales), x)
		}
		for i, s := range scales {
			if !(s > 0) || s > 1<<12 {
				return nil, nil, fmt.Errorf("invalid scales %v", scales)
			}
			sizes = append(sizes, int(math.Floor(float64(x[i])*s)))
		}
		return sizes, scales, nil
	}
	if sizes, err = im.intsOf(n, "none", 3); err != nil {
		return nil, nil, err
	}
	if len(sizes) != len(x) || n.attrs["axes"] != nil {
		return nil, nil, fmt.Errorf("%d sizes for %v", len(sizes), x)
	}
	if sizes[0] == im.fixed || sizes[0] == 1 {
		sizes[0] = x[0]
	}
	for i, s := range sizes {
		scales = append(scales, float64(s)/float64(x[i]))
	}
	return sizes, scales, nil
}

// resizing is the geometry of one axis.
type resizing struct {
	n        *protoNode
	opset    int
	from, to int
	scale    float64
}

// source returns the input coordinate of output element i.
func (r resizing) source(i int) float64 {
	mode := "half_pixel"
	if r.opset < 11 || r.n.op == "Upsample" {
		mode = "asymmetric"
	}
	v := float64(i)
	switch r.n.stringAttr("coordinate_transformation_mode", mode) {
	case "asymmetric":
		return v / r.scale
	case "align_corners":
		if r.to == 1 {
			return 0
		}
		return v * float64(r.from-1) / float64(r.to-1)
	case "pytorch_half_pixel":
		if r.to == 1 {
			return 0
		}
	}
	return (v+0.5)/r.scale - 0.5
}

func (r resizing) nearest(axis int) graph.Node {
	index := make([]int, r.to)
	mode := "round_prefer_floor"
	if r.opset < 11 || r.n.op == "Upsample" {
		mode = "floor"
	}
	mode = r.n.stringAttr("nearest_mode", mode)
	for i := range index {
		x := r.source(i)
		switch mode {
		case "floor":
			x = math.Floor(x)
		case "ceil":
			x = math.Ceil(x)
		case "round_prefer_ceil":
			x = math.Floor(x + 0.5)
		default:
			x = math.Ceil(x - 0.5)
		}
		index[i] = min(max(int(x), 0), r.from-1)
	}
	return graph.Node{Op: "gather", Axis: axis, Index: index}
}

func (r resizing) linear(axis int) graph.Node {
	node := graph.Node{Op: "blend", Axis: axis}
	for i := range r.to {
		x := math.Min(math.Max(r.source(i), 0), float64(r.from-1))
		low := int(x)
		node.Index = append(node.Index, low)
		node.High = append(node.High, min(low+1, r.from-1))
		node.Weight = append(node.Weight, float32(x-float64(low)))
	}
	return node
}
