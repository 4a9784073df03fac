package modeltest

import (
	"context"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// Optimizers trains one step with every optimizer, on dev and on the reference device.
func Optimizers(t *testing.T, dev plan.Device) {
	for _, name := range optim.Names() {
		rule, rate, err := optim.New(name)
		if err != nil {
			t.Fatal(err)
		}
		reference, x, labels := stepCases[1].make(t)
		tested := reference.Clone()
		for _, c := range []struct {
			dev plan.Device
			m   *model.Model
		}{{plantest.Reference(), reference}, {dev, tested}} {
			tr, err := c.m.NewTrainer(c.dev, len(labels), rule)
			if err != nil {
				t.Fatal(err)
			}
			// A small learning rate: optimizers that normalize gradients amplify the smallest ones, whose
			// signs are rounding errors.
			tr.LearningRate = rate / 100
			if _, _, err := tr.Step(context.Background(), x, labels); err != nil {
				t.Fatal(err)
			}
			if err := tr.Sync(); err != nil {
				t.Fatal(err)
			}
			tr.Close()
		}
		for _, p := range reference.Net.Params {
			plantest.Close(t, name+": "+p.Name, tested.Weights[p.Name].Data, reference.Weights[p.Name].Data, 1e-3)
		}
	}
}
