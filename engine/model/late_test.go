package model_test

import (
	"context"
	"errors"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

var errDevice = errors.New("the device stopped working")

// late is a device whose runs never fail, and whose outputs do once they are told to.
type late struct {
	plan.Device
	fails bool
}

type lateRun struct {
	plan.Executable
	device *late
}

func (d *late) Compile(p *plan.Program, y plan.Yield) (plan.Executable, error) {
	exe, err := d.Device.Compile(p, y)
	return lateRun{exe, d}, err
}

func (e lateRun) Output(name string, dst []float32) error {
	if e.device.fails {
		return errDevice
	}
	return e.Executable.Output(name, dst)
}

// TestErrorsOfOutput: an error that a device reports only when outputs are read is an error of
// inference, of gradients and of steps, and leaves the model as it was.
func TestErrorsOfOutput(t *testing.T) {
	m, ctx := small(t), context.Background()
	dev := &late{Device: plantest.Reference()}
	x, labels := pictures(m, 4), []int{0, 1, 2, 0}
	e, err := m.NewEvaluator(dev, 4, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	d, err := m.NewDifferentiator(dev, 4, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	tr, err := m.NewTrainer(dev, 4, optim.SGD{Momentum: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.LearningRate = 0.1
	before := m.Clone()
	dev.fails = true
	_, _, stepErr := tr.Step(ctx, x, labels)
	for what, err := range map[string]error{
		"inference": e.Logits(ctx, make([]float32, 12), x, 4),
		"gradient":  d.LogitsGradient(ctx, make([]float32, len(x)), make([]float32, 12), x, labels),
		"step":      stepErr,
	} {
		if !errors.Is(err, errDevice) {
			t.Errorf("%s: error %v, want the device's", what, err)
		}
	}
	if !sameWeights(m, before) {
		t.Error("a step that failed changed the model")
	}
	dev.fails = false
	if _, _, err := tr.Step(ctx, x, labels); err != nil {
		t.Error(err)
	}
}
