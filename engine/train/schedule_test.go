package train

import (
	"math"
	"slices"
	"testing"
)

// rates gives the rates of a whole run.
func rates(t *testing.T, c Config, perEpoch, steps int) []float64 {
	t.Helper()
	c.LearningRate = 0.1
	rate, err := newSchedule(c, perEpoch, steps)
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for step := range steps {
		all = append(all, rate(step))
	}
	return all
}

// Expected values are torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps=20).
func TestOneCycle(t *testing.T) {
	got := rates(t, Config{Schedule: "onecycle"}, 10, 20)
	for step, want := range map[int]float64{0: 0.0040000000000000036, 3: 0.06683281572999747, 5: 0.1, 12: 0.0500002, 19: 4e-07} {
		if math.Abs(got[step]-want) > 1e-9 {
			t.Errorf("step %d: %v, want %v", step, got[step], want)
		}
	}
}

// Expected values are CosineAnnealingLR(T_max=10).
func TestCosine(t *testing.T) {
	got := rates(t, Config{Schedule: "cosine"}, 10, 10)
	for step, want := range map[int]float64{0: 0.1, 3: 0.07938926261462366, 5: 0.05, 9: 0.002447174185242323} {
		if math.Abs(got[step]-want) > 1e-12 {
			t.Errorf("step %d: %v, want %v", step, got[step], want)
		}
	}
}

// Expected values are MultiStepLR(milestones=[2, 3], gamma=0.5), stepped once an epoch.
func TestStepSchedule(t *testing.T) {
	got := rates(t, Config{Schedule: "step", Milestones: []int{2, 3}, Factor: 0.5}, 2, 8)
	if want := []float64{0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestConstant(t *testing.T) {
	if got := rates(t, Config{Schedule: "constant"}, 2, 3); !slices.Equal(got, []float64{0.1, 0.1, 0.1}) {
		t.Errorf("%v", got)
	}
}
