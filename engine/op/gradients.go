package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// Gradients differentiates the scalar loss with respect to wrt. It may be called once per graph.
// Unlike gorgonia.Grad, whose seed is shared by all graphs of the process, it may be called for
// several graphs concurrently.
func Gradients(loss *gorgonia.Node, wrt ...*gorgonia.Node) (gorgonia.Nodes, error) {
	seed := loss.Graph().AddNode(gorgonia.NewConstant(float32(1)))
	grads, err := gorgonia.Backpropagate(gorgonia.Nodes{loss}, gorgonia.Nodes{seed}, wrt)
	if err != nil {
		return nil, fmt.Errorf("differentiating: %w", err)
	}
	return grads, nil
}
