package nets

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
)

// Names of inputs and outputs of a net's graph. Parameters have the names of
// Net.Params; running statistics are one parameter per layer, StatsName.
const (
	InputName       = "x"      // images [N,C,H,W], pixels in [0,1]
	TargetName      = "target" // class probabilities [N,K]
	DropoutMaskName = "keep"   // dropout mask of the last layer's input [N,Net.Features]: 1 kept, 0 dropped
	LogitsName      = "logits" // [N,K]
	LossName        = "loss"   // Build.Objective, a scalar
	InputGradName   = "x.grad" // the loss's gradient with respect to the images
)

// GradName is the name of the output with the loss's gradient with respect to a parameter.
func GradName(param string) string { return param + ".grad" }

// StatsName is the name of a batch-norm layer's statistics [2,C]: means, then variances. Batch
// statistics are an output, with biased variances; running statistics are a parameter.
func StatsName(norm string) string { return norm + ".stats" }

// Build configures a graph.
type Build struct {
	Batch     int
	Mean, Std []float32 // input normalization, one value per channel; nil: none
	// BatchStatistics makes batch norm use the batch's mean and variance.
	BatchStatistics bool
	// Loss adds the input target and the output loss.
	Loss bool
	// Objective is the loss function.
	Objective Objective
	// InputGradient adds the loss's gradient with respect to the images.
	InputGradient bool
	// Train adds the gradients with respect to all trainable parameters and, with
	// BatchStatistics, the statistics of batch-norm layers.
	Train bool
	// FixedNorms freezes batch norm's scales and shifts.
	FixedNorms bool
	// Frozen is the number of leading Net.Params that are frozen: they have no gradients, and batch
	// norm among them uses running statistics.
	Frozen int
	// Dropout is the dropout rate before the last linear layer. It adds the input
	// DropoutMaskName.
	Dropout float64
}

// Trains reports whether p, Net.Params[i], is trained.
func (o Build) Trains(i int, p Param) bool {
	return i >= o.Frozen && p.Trained() && !(o.FixedNorms && p.OfNorm())
}

// Objective is a loss function of logits and targets.
type Objective int

// The objectives. The gradient of a sum with respect to an image depends on its own loss only.
const (
	MeanCrossEntropy Objective = iota // mean over the batch
	SumCrossEntropy
	SumDLR // op.DLR; at least 3 classes
)

func (o Objective) op() op.Op {
	switch o {
	case SumCrossEntropy:
		return op.SoftmaxCrossEntropy{Sum: true}
	case SumDLR:
		return op.DLR{}
	}
	return op.SoftmaxCrossEntropy{}
}

// Graph builds the net as a Gorgonia graph, differentiates it as set in o and returns its outputs
// by name.
func (n *Net) Graph(o Build) (*gorgonia.ExprGraph, map[string]*gorgonia.Node, error) {
	if o.Batch < 1 {
		return nil, nil, fmt.Errorf("unsupported batch size %d", o.Batch)
	}
	b := &builder{graph: gorgonia.NewGraph(), batchStatistics: o.BatchStatistics, frozen: o.Frozen, dropout: o.Dropout, leaves: make(map[string]*gorgonia.Node)}
	x := b.input(o.Batch, n.Input)
	h := x
	if o.Mean != nil || o.Std != nil {
		h = b.apply(op.InputNormalize{Mean: o.Mean, Std: o.Std}, x)
	}
	logits := n.arch.forward(b, h, n.Classes)
	if b.err != nil {
		return nil, nil, fmt.Errorf("building %s: %w", n.Name, b.err)
	}
	outputs := map[string]*gorgonia.Node{LogitsName: logits.node}
	if o.Train {
		for i, norm := range b.norms {
			if b.stats[i] != nil {
				outputs[StatsName(norm.Name)] = b.stats[i]
			}
		}
	}
	if !o.Loss && !o.InputGradient && !o.Train {
		return b.graph, outputs, nil
	}
	target := b.leaf(op.Input, TargetName, logits.shape...)
	loss := b.apply(o.Objective.op(), logits, target)
	if b.err != nil {
		return nil, nil, fmt.Errorf("building %s: %w", n.Name, b.err)
	}
	outputs[LossName] = loss.node
	return b.graph, outputs, n.gradients(b, o, x.node, loss.node, outputs)
}

// gradients adds the gradients selected in o to outputs.
func (n *Net) gradients(b *builder, o Build, x, loss *gorgonia.Node, outputs map[string]*gorgonia.Node) error {
	var names []string
	var wrt gorgonia.Nodes
	if o.InputGradient {
		names, wrt = append(names, InputGradName), append(wrt, x)
	}
	if o.Train {
		for i, p := range n.Params {
			if o.Trains(i, p) {
				names, wrt = append(names, GradName(p.Name)), append(wrt, b.leaves[p.Name])
			}
		}
	}
	if len(wrt) == 0 {
		return nil
	}
	grads, err := op.Gradients(loss, wrt...)
	if err != nil {
		return fmt.Errorf("building %s: %w", n.Name, err)
	}
	for i, name := range names {
		outputs[name] = grads[i]
	}
	return nil
}
