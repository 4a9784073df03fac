package plantest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// The network that learners are tested with: two convolutions, each with batch norm and ReLU, the
// second's batch norm frozen, a pool, dropout and a linear layer.
const (
	trainImages  = 5
	trainClasses = 3
	trainSide    = 6
)

var trainShapes = map[string][]int{
	"conv1": {9, 3, 3, 3}, "gamma1": {9}, "beta1": {9},
	"conv2": {12, 9, 3, 3}, "gamma2": {12}, "beta2": {12}, "frozen": {2, 12},
	"fc": {trainClasses, 12}, "bias": {trainClasses},
}

// training returns a Training of the network by a rule, with initial values of its own, which are
// the same for equal seeds. Parameters that are not trained are those of fixed.
func training(t *testing.T, rule optim.Rule, seed uint64) *plan.Training {
	t.Helper()
	g := gorgonia.NewGraph()
	b := &bench{t: t, graph: g}
	leaf := func(name string) *gorgonia.Node { return b.check(op.Param(g, name, trainShapes[name]...)) }
	x := b.check(op.Input(g, "x", trainImages, 3, trainSide, trainSide))
	params := make(map[string]*gorgonia.Node)
	for _, name := range names(trainShapes) {
		params[name] = leaf(name)
	}
	norm := op.BatchNorm{Epsilon: 1e-5}
	y := b.apply(op.Conv{Stride: 1, Pad: 1}, x, params["conv1"])
	stats := b.apply(op.BatchStats{}, y)
	y = b.apply(op.ReLU{}, b.apply(norm, y, stats, params["gamma1"], params["beta1"]))
	y = b.apply(op.Conv{Stride: 2, Pad: 1}, y, params["conv2"])
	y = b.apply(op.ReLU{}, b.apply(norm, y, params["frozen"], params["gamma2"], params["beta2"]))
	y = b.apply(op.Dropout{Rate: 0.25}, b.apply(op.GlobalAvgPool{}, y), b.check(op.Input(g, "keep", trainImages, 12)))
	logits := b.apply(op.Linear{}, y, params["fc"], params["bias"])
	loss := b.apply(op.SoftmaxCrossEntropy{}, logits, b.check(op.Input(g, "target", trainImages, trainClasses)))
	outputs := map[string]*gorgonia.Node{"logits": logits, "loss": loss, "stats": stats}
	made := &plan.Training{Rule: rule, Input: "x", Target: "target", Mask: "keep", Loss: "loss", Logits: "logits"}
	random := rand.New(rand.NewPCG(seed, 1))
	var wrt gorgonia.Nodes
	for _, name := range []string{"conv1", "gamma1", "beta1", "conv2", "fc", "bias"} {
		p := plan.Trained{Name: name, Grad: name + ".grad", Value: normal(random, op.Size(trainShapes[name]), 0.3)}
		for i := range rule.State() {
			p.State[i] = make([]float32, len(p.Value))
		}
		made.Params, wrt = append(made.Params, p), append(wrt, params[name])
	}
	for i, grad := range must1(op.Gradients(loss, wrt...))(t) {
		outputs[made.Params[i].Grad] = grad
	}
	made.Norms = []plan.RunningNorm{{
		Stats: "stats", Values: trainImages * trainSide * trainSide, Mean: make([]float32, 9), Variance: slices.Repeat([]float32{1}, 9),
	}}
	made.Program = must1(plan.Lower(g, outputs))(t)
	return made
}

// fixed are the parameters that are not trained.
func fixed() map[string][]float32 {
	random := rand.New(rand.NewPCG(7, 7))
	stats := slices.Concat(normal(random, 12, 0.1), slices.Repeat([]float32{0.8}, 12))
	return map[string][]float32{"gamma2": slices.Repeat([]float32{0.9}, 12), "beta2": normal(random, 12, 0.1), "frozen": stats}
}

// names returns a map's keys, sorted.
func names[V any](m map[string]V) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// normal returns n normally distributed numbers of a standard deviation.
func normal(random *rand.Rand, n int, deviation float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(deviation * random.NormFloat64())
	}
	return v
}

// trainBatch is the batch of a step, counted from 0: every third has targets that are not labels.
func trainBatch(rule optim.Rule, step int, rate float64) *plan.Batch {
	random := rand.New(rand.NewPCG(uint64(step), 3))
	b := &plan.Batch{Images: normal(random, trainImages*3*trainSide*trainSide, 1), Update: rule.Update(step+1, rate)}
	for range trainImages {
		b.Labels = append(b.Labels, random.IntN(trainClasses))
	}
	for range trainImages * 12 {
		b.Mask = append(b.Mask, float32(min(1, random.IntN(4))))
	}
	if step%3 == 2 {
		for range trainImages {
			b.Targets = append(b.Targets, 0.5, 0.25, 0.25)
		}
	}
	return b
}

// arrays returns copies of what a learner's Training holds, by name.
func arrays(t *testing.T, l plan.Learner, from *plan.Training) map[string][]float32 {
	t.Helper()
	must(t, l.ReadWeights())
	must(t, l.ReadState())
	all := make(map[string][]float32)
	for _, p := range from.Params {
		all[p.Name] = slices.Clone(p.Value)
		for i, name := range from.Rule.State() {
			all[p.Name+"."+name] = slices.Clone(p.State[i])
		}
	}
	for _, n := range from.Norms {
		all[n.Stats+".mean"], all[n.Stats+".variance"] = slices.Clone(n.Mean), slices.Clone(n.Variance)
	}
	return all
}

// must1 returns a function that returns v, or fails the test with err.
func must1[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		must(t, err)
		return v
	}
}
