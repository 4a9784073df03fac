package onnx

import (
	"fmt"
	"strings"

	"hfcui/engine/printable"
)

// register makes a constant a tensor of the graph and gives the name it has got: the one
// wanted, if it is free.
func (im *importer) register(c *constant, want string) (string, error) {
	if c.name != "" {
		return c.name, nil
	}
	for _, d := range c.shape {
		if d < 1 {
			return "", fmt.Errorf("tensor %.60q of %v is empty", printable.Line(c.from), c.shape)
		}
	}
	c.name = im.free(want)
	im.tensors[c.name] = c
	im.shapes.Tensor(c.name, c.shape)
	return c.name, nil
}

// free is a name no tensor has: the one wanted, or that and a number.
func (im *importer) free(want string) string {
	if isNumber(want) {
		im.taken[want] = 1
	}
	return unlike(want, im.taken)
}

// isNumber tells whether a name could be one of the graph's results.
func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" || s == "input" }

// tensorName is the file's name of a constant where that is one a person gave it, else one
// made from the node.
func (im *importer) tensorName(c *constant, role string) string {
	if spoken(c.from) {
		return c.from
	}
	return im.layerName() + "." + role
}

// spoken tells whether a name looks like a state dict's: not a number, nor an exporter's.
func spoken(s string) bool {
	return s != "" && len(s) < 200 && printable.Line(s) == s && strings.Trim(s, "0123456789") != "" && !strings.ContainsAny(s, ":/") &&
		(strings.Contains(s, ".") || strings.Contains(s, "_"))
}

// layerName is the module a node belongs to: torch.onnx names nodes "/layer1/layer1.0/conv1/Conv"
// for layer1.0.conv1. Where there is no such name, it is the operator with a number.
func (im *importer) layerName() string {
	parts := strings.Split(strings.Trim(im.node.name, "/"), "/")
	var path []string
	for _, p := range parts[:len(parts)-1] {
		if k := len(path); k > 0 && strings.HasPrefix(p, path[k-1]+".") {
			path[k-1] = p
		} else if p != "" {
			path = append(path, p)
		}
	}
	if name := strings.Join(path, "."); name != "" && len(name) < 150 {
		return name
	}
	return fmt.Sprint(strings.ToLower(im.node.op), im.counts[im.node.op])
}
