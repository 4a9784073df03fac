package graph

import "slices"

// Layer is what a node makes and takes for one image.
type Layer struct {
	Node         *Node
	Shape        []int // of its result, without the batch
	MultiplyAdds int   // of convolutions and linear layers
}

// Layers gives the graph's nodes as layers. shapes are the tensors' by name.
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
