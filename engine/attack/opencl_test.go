package attack_test

import (
	"testing"

	"hfcui/engine/attack"
	"hfcui/engine/gpu"
	"hfcui/engine/gpu/cl/cltest"
	"hfcui/engine/plan"
)

// A GPU takes the steps of FGSM and PGD by itself: the examples are PyTorch's, and stay in the ball.
func TestAscentOnOpenCL(t *testing.T) {
	m, f, labels := golden(t, "net_resnet18_w8")
	target, err := attack.NewTarget(m, gpu.New(cltest.Open(t), plan.DeviceOptions{}), 9) // one more than images
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	x := f["x"].Data
	for _, c := range []struct {
		o         attack.Options
		reference string
		differ    float64
	}{
		{attack.Options{Method: attack.FGSMMethod, Epsilon: epsilon}, "eval.fgsm", 1e-4},
		{attack.Options{Method: attack.PGDMethod, Epsilon: epsilon, StepSize: epsilon / 4, Steps: 10}, "eval.pgd", 1e-2},
		{attack.Options{Method: attack.PGDMethod, Norm: attack.L2, Epsilon: 0.5, Steps: 3, RandomStart: true, Restarts: 2, Seed: 1}, "", 0},
	} {
		got, outcomes := run(t, c.o, target, x, labels, nil)
		if c.reference != "" {
			same(t, c.reference, got, f[c.reference].Data, x, c.differ)
		}
		inBounds(t, c.reference, c.o, got, x, outcomes)
	}
	cpu, _, _ := goldenTarget(t, "net_resnet18_w8", 8)
	o := attack.Options{Method: attack.PGDMethod, Norm: attack.L2, Epsilon: 0.5, Steps: 3}
	got, _ := run(t, o, target, x, labels, nil)
	want, _ := run(t, o, cpu, x, labels, nil)
	for i, v := range got {
		if d := v - want[i]; d > 1e-4 || d < -1e-4 {
			t.Fatalf("pixel %d is %v, on the CPU %v", i, v, want[i])
		}
	}
}
