package cpu

import (
	"context"
	"errors"
	"slices"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// ending cancels a run once it has yielded so many times.
type ending struct{ left int }

func (e *ending) yield(context.Context) error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// A step that is canceled between any two of its instructions leaves no trace: the model
// is as before, and the next step is what it would have been.
func TestCancelledStep(t *testing.T) {
	d, err := New(Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	x, labels := make([]float32, 4*3*8*8), []int{0, 1, 2, 1}
	for i := range x {
		x[i] = float32(i%17) / 17
	}
	start := func(d plan.Device) (*model.Model, *model.Trainer) {
		m, err := model.New("resnet8-w4", [3]int{3, 8, 8}, make([]string, 3), nets.He, 1)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := m.NewTrainer(d, len(labels), optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tr.Close() })
		tr.LearningRate = 0.01
		return m, tr
	}
	var end ending
	undisturbed, a := start(d)
	disturbed, b := start(plan.Yielding(d, end.yield))
	canceled := 0
	for range 3 {
		if _, _, err := a.Step(t.Context(), x, labels); err != nil {
			t.Fatal(err)
		}
		before := disturbed.Clone()
		for left := 0; ; left++ {
			end.left = left
			_, _, err := b.Step(t.Context(), x, labels)
			if err == nil {
				break
			}
			if canceled++; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			for name, w := range before.Weights {
				if !slices.Equal(disturbed.Weights[name].Data, w.Data) {
					t.Fatalf("canceled after %d instructions: %s has changed", left, name)
				}
			}
		}
		for name, w := range undisturbed.Weights {
			if !slices.Equal(disturbed.Weights[name].Data, w.Data) {
				t.Fatalf("after canceled steps %s is not what it would have been", name)
			}
		}
	}
	if canceled < 100 {
		t.Errorf("only %d instructions to cancel between", canceled)
	}
}
