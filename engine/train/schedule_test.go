package train

import (
	"math"
	"testing"
)

// Expected values are torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps=20).
func TestOneCycle(t *testing.T) {
	rate, err := newSchedule("onecycle", 0.1, 20)
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[int]float64{0: 0.0040000000000000036, 3: 0.06683281572999747, 5: 0.1, 12: 0.0500002, 19: 4e-07} {
		if got := rate(step); math.Abs(got-want) > 1e-9 {
			t.Errorf("step %d: %v, want %v", step, got, want)
		}
	}
}

func TestCosineEndsAtZero(t *testing.T) {
	rate, err := newSchedule("cosine", 0.1, 10)
	if err != nil {
		t.Fatal(err)
	}
	if rate(0) != 0.1 || math.Abs(rate(5)-0.05) > 1e-12 || rate(9) <= 0 || rate(9) > rate(8) {
		t.Errorf("%v %v %v", rate(0), rate(5), rate(9))
	}
}
