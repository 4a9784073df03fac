package modeltest

import (
	"context"
	"math"
	"testing"

	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// Rounded compares nets with reference values on a device that stores activations in bf16, with
// relative errors of up to 2⁻⁹, or multiplies in TF32, with up to 2⁻¹¹: logits, loss and gradient
// in evaluation and, if training is set, losses in training.
//
// Errors of logits in bf16 were up to 0.3 % of their norm when this was written. Flipped ReLUs (see
// Evaluation) change gradients far more than rounding: by up to a third of their norm in the
// narrowest net, and thus training from the second step on.
func Rounded(t *testing.T, dev plan.Device, dtype plan.DType, training bool) {
	logits, loss, gradient := 0.01, 0.005, 0.45
	if dtype == plan.TF32 {
		logits, loss, gradient = 0.0025, 0.00125, 0.3
	}
	for _, name := range plantest.Goldens(t, "net_") {
		t.Run(name, func(t *testing.T) {
			f := plantest.Golden(t, name)
			m := part(t, f, "before.")
			x, labels := f.Tensors["x"].Data, labelsOf(f)
			got := run(t, dev, m, nets.Build{InputGradient: true}, x, labels)
			near(t, "logits", got[nets.LogitsName], f.Tensors["eval.logits"].Data, logits)
			near(t, "loss", got[nets.LossName], f.Tensors["eval.loss"].Data, loss)
			near(t, "gradient", got[nets.InputGradName], f.Tensors["eval.dx"].Data, gradient)
		})
	}
	for _, name := range plantest.Goldens(t, "net_resnet") {
		if training {
			t.Run(name+" training", func(t *testing.T) { roundedTraining(t, dev, name) })
		}
	}
}

// roundedTraining compares losses. The last ones are little more than a sanity check: with the
// images of the batch in another order, which changes rounding alone, the fifth loss of ResNet-18
// was 0.40 to 0.69.
func roundedTraining(t *testing.T, dev plan.Device, name string) {
	allowed := []float64{0.005, 0.05, 0.25, 0.4, 1}
	f := plantest.Golden(t, name)
	m := part(t, f, "before.")
	labels := labelsOf(f)
	tr, err := m.NewTrainer(dev, len(labels), optim.SGD{Momentum: 0.9, WeightDecay: 5e-4})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.LearningRate = 0.05
	for i, want := range f.Tensors["train.losses"].Data {
		loss, _, err := tr.Step(context.Background(), f.Tensors["x"].Data, labels)
		if err != nil {
			t.Fatal(err)
		}
		if off := math.Abs(loss/float64(want) - 1); !(off <= allowed[i]) {
			t.Errorf("step %d: loss %g, want %g: relative error %.2g exceeds %g", i+1, loss, want, off, allowed[i])
		}
	}
}
