package attack_test

import (
	"math/rand/v2"
	"testing"

	"hfcui/engine/attack"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// BenchmarkAttacks times ten steps, or queries, of every kind of attack on a batch of
// ResNet-20: they should cost little more than the ten gradients.
func BenchmarkAttacks(b *testing.B) {
	device, err := device.Open("cpu", plan.DeviceOptions{})
	if err != nil {
		b.Fatal(err)
	}
	m, err := model.New("resnet20", [3]int{3, 32, 32}, make([]string, 10), nets.He, 1)
	if err != nil {
		b.Fatal(err)
	}
	const n = 128
	t, err := attack.NewTarget(m, device, n)
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	x, labels := make([]float32, n*3*32*32), make([]int, n)
	for i := range x {
		x[i] = rng.Float32()
	}
	for i := range labels {
		labels[i] = rng.IntN(10)
	}
	dst := make([]float32, len(x))
	for _, c := range []struct {
		name string
		o    attack.Options
	}{
		{"pgd linf", attack.Options{Method: attack.PGDMethod, Epsilon: 8.0 / 255}},
		{"pgd l2", attack.Options{Method: attack.PGDMethod, Norm: attack.L2, Epsilon: 0.5}},
		{"pgd linf low", attack.Options{Method: attack.PGDMethod, Epsilon: 8.0 / 255, Band: attack.Band{Part: attack.Low, R: 8}}},
		{"apgd-ce linf", attack.Options{Method: attack.APGDCEMethod, Epsilon: 8.0 / 255}},
		{"apgd-dlr linf", attack.Options{Method: attack.APGDDLRMethod, Epsilon: 8.0 / 255}},
		{"square linf", attack.Options{Method: attack.SquareMethod, Epsilon: 1e-6}},
		{"square l2", attack.Options{Method: attack.SquareMethod, Norm: attack.L2, Epsilon: 1e-6}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.o.Steps = 10
			a, err := attack.New(c.o)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := a.Run(b.Context(), t, dst, x, labels, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
