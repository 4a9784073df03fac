package model

import (
	"fmt"
	"slices"
	"strings"

	"hfcui/engine/graph"
	"hfcui/engine/op"
)

// Layer is an operation of the network, for one image.
type Layer struct {
	Name         string `json:"name"` // of the module or in the file; may be ""
	Op           string `json:"op"`   // with its geometry, e.g. "conv 3×3 /2"
	Shape        []int  `json:"shape"`
	Params       int    `json:"params"`        // learned; shared tensors count for the first layer
	MultiplyAdds int    `json:"multiply_adds"` // of convolutions and linear layers
}

// Layers lists the network's operations in the order of a forward pass.
func (m *Model) Layers() ([]Layer, error) {
	g, err := m.Net.Describe()
	if err != nil {
		return nil, err
	}
	shapes, learned := make(map[string][]int, len(m.Net.Params)), make(map[string]int)
	for _, p := range m.Net.Params {
		shapes[p.Name] = p.Shape
		if p.Trained() {
			learned[p.Name] = op.Size(p.Shape)
		}
	}
	nodes, err := g.Layers(shapes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	layers := make([]Layer, len(nodes))
	for i, n := range nodes {
		l := Layer{Name: moduleName(n.Node), Op: operation(n.Node, shapes), Shape: n.Shape, MultiplyAdds: n.MultiplyAdds}
		for _, name := range n.Node.In {
			l.Params += learned[name]
			delete(learned, name)
		}
		layers[i] = l
	}
	return layers, nil
}

// moduleName returns the module of a node: the prefix of its weights, or its name.
func moduleName(n *graph.Node) string {
	if len(n.In) > 1 {
		if module, ok := strings.CutSuffix(n.In[1], ".weight"); ok {
			return module
		}
	}
	return strings.Trim(n.Name, "/")
}

// operation formats an operator with its geometry.
func operation(n *graph.Node, shapes map[string][]int) string {
	text, size := n.Op, n.Size
	if n.Op == "conv" {
		size = [2]int(shapes[n.In[1]][2:])
	}
	if size != [2]int{} {
		text += fmt.Sprintf(" %d×%d", size[0], size[1])
		switch {
		case n.Stride[0] != n.Stride[1]:
			text += fmt.Sprintf(" /%d×%d", n.Stride[0], n.Stride[1])
		case n.Stride[0] != 1:
			text += fmt.Sprint(" /", n.Stride[0])
		}
	}
	if n.Op == "conv" && n.Groups > 1 {
		text += fmt.Sprintf(", %d groups", n.Groups)
	}
	if n.Op == "conv" && n.Dilation != [2]int{1, 1} {
		text += fmt.Sprintf(", dilation %d×%d", n.Dilation[0], n.Dilation[1])
	}
	return text
}

// LayerGroup is a sequence of layers that repeats.
type LayerGroup struct {
	Times  int
	Layers []Layer // of the first repetition
}

// GroupLayers shortens a list of layers: operations of the same shape after a convolution or linear
// layer are joined with it, and repeated runs that differ only in names become one group.
func GroupLayers(layers []Layer) []LayerGroup {
	rows := joinLayers(layers)
	var groups []LayerGroup
	for len(rows) > 0 {
		period, times := repeats(rows)
		if p, n := repeats(rows[1:]); times > 1 && (n-1)*p == (times-1)*period && parentModule(rows[1]) != parentModule(rows[0]) {
			period, times = 1, 1 // starting at the next module is as short
		}
		if times == 1 && len(groups) > 0 && groups[len(groups)-1].Times == 1 {
			last := &groups[len(groups)-1]
			last.Layers = append(last.Layers, rows[0])
		} else {
			groups = append(groups, LayerGroup{times, slices.Clone(rows[:period])})
		}
		rows = rows[period*times:]
	}
	return groups
}

// joinLayers joins activations, norms and sums with the layer before them.
func joinLayers(layers []Layer) []Layer {
	var rows []Layer
	for _, l := range layers {
		k := len(rows) - 1
		own := k < 0 || l.MultiplyAdds > 0 || strings.Contains(l.Op, "pool") || !slices.Equal(l.Shape, rows[k].Shape)
		if own {
			rows = append(rows, l)
			continue
		}
		rows[k].Op += " + " + l.Op
		rows[k].Params += l.Params
	}
	return rows
}

// longestPeriod exceeds the number of layers in a block of common networks.
const longestPeriod = 40

// repeats returns the period and number of repetitions at the start of rows that shorten the list
// the most.
func repeats(rows []Layer) (period, times int) {
	period, times = 1, 1
	for p := 1; p <= longestPeriod && 2*p <= len(rows); p++ {
		n := 1
		for (n+1)*p <= len(rows) && slices.EqualFunc(rows[:p], rows[n*p:(n+1)*p], alike) {
			n++
		}
		if (n-1)*p > (times-1)*period {
			period, times = p, n
		}
	}
	return period, times
}

// alike reports whether layers differ only in their names.
func alike(a, b Layer) bool {
	return a.Op == b.Op && slices.Equal(a.Shape, b.Shape) && a.Params == b.Params && a.MultiplyAdds == b.MultiplyAdds
}

// parentModule returns the module that contains a layer.
func parentModule(l Layer) string { return l.Name[:max(0, strings.LastIndexByte(l.Name, '.'))] }
