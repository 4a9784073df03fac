package model_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/optim"
	"hfcui/engine/plan/plantest"
)

// TestResume: a trainer with restored weights and state continues bitwise identically.
func TestResume(t *testing.T) {
	start := func() (*model.Model, *model.Trainer) {
		m := small(t)
		trainer, err := m.NewTrainer(plantest.Reference(), 4, optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		trainer.LearningRate = 0.01
		t.Cleanup(func() { trainer.Close() })
		return m, trainer
	}
	random := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, 4*3*8*8)
	for i := range x {
		x[i] = random.Float32()
	}
	step := func(trainer *model.Trainer) {
		if _, _, err := trainer.Step(t.Context(), x, []int{0, 1, 2, 0}); err != nil {
			t.Fatal(err)
		}
	}
	m, trainer := start()
	step(trainer)
	step(trainer)
	again, resumed := start()
	for name, w := range m.Weights {
		copy(again.Weights[name].Data, w.Data)
	}
	state, err := trainer.State()
	if err != nil {
		t.Fatal(err)
	}
	restored, err := resumed.State()
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range restored {
		copy(v, state[name])
	}
	if err := resumed.Resume(2); err != nil {
		t.Fatal(err)
	}
	step(trainer)
	step(resumed)
	for name, w := range m.Weights {
		if !slices.Equal(w.Data, again.Weights[name].Data) {
			t.Errorf("%s differs", name)
		}
	}
}
