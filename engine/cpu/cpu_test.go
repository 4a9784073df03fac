package cpu

import (
	"testing"

	"hfcui/engine/cpu/kernel"
	"hfcui/engine/model/modeltest"
	"hfcui/engine/op"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// devices runs f with every set of kernels, on one thread and on several; with the portable
// one, which is slow, only on several.
func devices(t *testing.T, f func(t *testing.T, d plan.Device)) {
	sets := kernel.Sets()
	for i, s := range sets {
		for _, threads := range []int{1, 3} {
			if threads == 1 && i == len(sets)-1 && i > 0 {
				continue
			}
			d, err := New(Options{Threads: threads, ISA: s.Name})
			if err != nil {
				t.Fatal(err)
			}
			t.Run(d.Name(), func(t *testing.T) { f(t, d) })
		}
	}
}

func TestContract(t *testing.T) { devices(t, plantest.Contract) }

func TestLearner(t *testing.T) {
	devices(t, func(t *testing.T, d plan.Device) { plantest.Learner(t, d, plan.Float32) })
}

func TestOperations(t *testing.T) { devices(t, plantest.Operations) }

// rounds is the number of random programs of each kind.
func rounds() int {
	if testing.Short() {
		return 5
	}
	return 40
}

func TestRandomPrograms(t *testing.T) {
	devices(t, func(t *testing.T, d plan.Device) { plantest.RandomPrograms(t, d, plan.Float32, rounds()) })
}

func TestTooLargeForOffsets(t *testing.T) {
	b := plantest.NewBuilder(t, 1)
	x := b.Value(plan.Input, 1, 64, 4000, 4000)
	b.Keep(b.Apply(op.ReLU{}, x))
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Compile(b.Program, nil); err == nil {
		t.Error("an image of 4 GB is no error")
	}
}

func TestEvaluation(t *testing.T) {
	devices(t, func(t *testing.T, d plan.Device) { modeltest.Evaluation(t, d, false) })
}

// The reference training steps have values so close to ReLU's edge that a change of the
// images by 1e-7 moves the second loss by 2e-4: flips are allowed for.
func TestTraining(t *testing.T) {
	devices(t, func(t *testing.T, d plan.Device) { modeltest.Training(t, d, true) })
}

func TestUpdates(t *testing.T) { devices(t, plantest.Updates) }

func TestOptimizers(t *testing.T) { devices(t, modeltest.Optimizers) }

func TestSteps(t *testing.T) { devices(t, modeltest.Steps) }

func TestNew(t *testing.T) {
	if _, err := New(Options{Threads: -1}); err == nil {
		t.Error("-1 threads are accepted")
	}
	if _, err := New(Options{ISA: "mmx"}); err == nil {
		t.Error("unknown kernels are accepted")
	}
	t.Setenv(kernel.Environment, "portable")
	if d, err := New(Options{Threads: 1}); err != nil || d.Name() != "cpu portable, 1 thread" {
		t.Errorf("%v, %v", d, err)
	}
}
