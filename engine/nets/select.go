package nets

import (
	"slices"

	"hfcui/engine/op"
)

// Select returns the net with the logits of some outputs, in this order, and the same parameters. Its
// other outputs have no part in probabilities, predictions or losses. Outputs beyond the net's are an
// error.
func (n *Net) Select(outputs []int) (*Net, error) {
	s, err := newNet(selected{n.arch, n.Classes, slices.Clone(outputs)}, n.Input, len(outputs))
	if err != nil {
		return nil, err
	}
	s.Name = n.Name
	return s, nil
}

// selected is an architecture with some of its outputs.
type selected struct {
	architecture
	classes int // of it
	outputs []int
}

func (s selected) forward(b *builder, x tensor, _ int) tensor {
	return b.apply(op.Gather{Axis: 1, Index: s.outputs}, s.architecture.forward(b, x, s.classes))
}
