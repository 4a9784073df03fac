package gpu

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"hfcui/engine/op"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// training trains two biases of the same values, whose planes' means are logits.
func training(t *testing.T, rule optim.Rule) *plan.Training {
	t.Helper()
	g := gorgonia.NewGraph()
	check := func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const images, classes = 6, 5
	x, target := check(op.Input(g, "x", images, classes, 3, 4)), check(op.Input(g, "target", images, classes))
	bias, again := check(op.Param(g, "bias", classes)), check(op.Param(g, "again", classes))
	y := check(op.Apply(op.ChannelBias{}, check(op.Apply(op.ChannelBias{}, x, bias)), again))
	logits := check(op.Apply(op.GlobalAvgPool{}, y))
	loss := check(op.Apply(op.SoftmaxCrossEntropy{}, logits, target))
	grads, err := op.Gradients(loss, bias, again)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]*gorgonia.Node{"loss": loss, "logits": logits}
	tr := &plan.Training{Rule: rule, Input: "x", Target: "target", Loss: "loss", Logits: "logits"}
	for i, name := range []string{"bias", "again"} {
		outputs["d"+name] = grads[i]
		p := plan.Trained{Name: name, Grad: "d" + name, Value: make([]float32, classes)}
		for c := range p.Value {
			p.Value[c] = float32(c+i)/4 + 0.5
		}
		for j := range rule.State() {
			p.State[j] = make([]float32, classes)
		}
		tr.Params = append(tr.Params, p)
	}
	if tr.Program, err = plan.Lower(g, outputs); err != nil {
		t.Fatal(err)
	}
	return tr
}

// batch is step i's.
func batch(rule optim.Rule, i int) *plan.Batch {
	rng := rand.New(rand.NewPCG(1, uint64(i)))
	b := &plan.Batch{Images: make([]float32, 6*5*12), Update: rule.Update(i+1, 0.1)}
	for j := range b.Images {
		b.Images[j] = float32(rng.NormFloat64())
	}
	for range 6 {
		b.Labels = append(b.Labels, rng.IntN(5))
	}
	return b
}

func learnerOf(t *testing.T, dev plan.Device, tr *plan.Training) plan.Learner {
	t.Helper()
	l, err := plan.Learn(dev, tr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// Two parameters may have one gradient: it is computed once, and both are updated.
func TestLearnerSharesGradients(t *testing.T) {
	t.Run("device", func(t *testing.T) { sharesGradients(t, New(open(t), plan.DeviceOptions{})) })
	t.Run("PTX", func(t *testing.T) { sharesGradients(t, interpreter(t, 80, plan.Float32)) })
}

func sharesGradients(t *testing.T, dev plan.Device) {
	rule := optim.SGD{Momentum: 0.9, WeightDecay: 1e-2}
	want, got := training(t, rule), training(t, rule)
	reference := learnerOf(t, plantest.Reference(), want)
	l := learnerOf(t, dev, got)
	for i := range 3 {
		must(t, errors.Join(reference.Step(t.Context(), batch(rule, i)), l.Step(t.Context(), batch(rule, i))))
		w, err := reference.Result()
		must(t, err)
		g, err := l.Result()
		must(t, err)
		plantest.Close(t, "loss", []float32{float32(g.Loss)}, []float32{float32(w.Loss)}, plantest.Tolerance)
	}
	must(t, l.ReadWeights())
	follows(t, dev, l, got)
	for i, p := range got.Params {
		plantest.Close(t, p.Name, p.Value, want.Params[i].Value, plantest.Tolerance)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLearner(t *testing.T) {
	mostDevices(t, func(t *testing.T, d *Device) { plantest.Learner(t, d, d.dtype) })
}

// follows requires of a program that follows a learner what it computes with the learner's weights.
func follows(t *testing.T, dev plan.Device, l plan.Learner, tr *plan.Training) {
	t.Helper()
	compile := func() plan.Following {
		exe, err := dev.Compile(tr.Program, nil)
		must(t, err)
		t.Cleanup(func() { exe.Close() })
		must(t, errors.Join(exe.SetInput("x", batch(tr.Rule, 9).Images), exe.SetInput("target", make([]float32, 30))))
		return exe.(plan.Following)
	}
	exe, reference := compile(), compile()
	if done, err := exe.Follow(l); !done || err != nil {
		t.Fatalf("followed: %v, %v", done, err)
	}
	for _, p := range tr.Params {
		must(t, reference.SetParam(p.Name, p.Value))
	}
	if got, want := plantest.Outputs(t, tr.Program, exe)["logits"], plantest.Outputs(t, tr.Program, reference)["logits"]; !slices.Equal(got, want) {
		t.Errorf("logits of a program that follows: %v, not %v", got, want)
	}
	if done, err := exe.Follow(nil); done || err != nil {
		t.Errorf("followed no learner: %v, %v", done, err)
	}
}
