package graph

import "slices"

// Layer is the result shape and cost of a node for one image.
type Layer struct {
	Node         *Node
	Shape        []int // of the result, without the batch axis
	MultiplyAdds int   // of convolutions and linear layers
}

// Layers returns the graph's nodes as layers. shapes maps the names of tensors to their shapes.
func (g *Graph) Layers(shapes map[string][]int) ([]Layer, error) {
	s := NewShapes(1, g.Input)
	for name, shape := range shapes {
		s.Tensor(name, shape)
	}
	layers := make([]Layer, 0, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		shape, err := s.Add(n)
		if err != nil {
			return nil, err
		}
		l := Layer{Node: n, Shape: slices.Clone(shape)}
		if len(shape) > 1 {
			l.Shape = l.Shape[1:]
		}
		if n.Op == "conv" || n.Op == "linear" {
			w := shapes[n.In[1]]
			l.MultiplyAdds = elements(shape) * max(0, elements(w[1:]))
		}
		layers = append(layers, l)
	}
	return layers, nil
}
