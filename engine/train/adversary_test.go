package train

import (
	"math"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// While an attack warms up, it changes pixels by a growing part of ε, which does not depend
// on where a run was taken up.
func TestAdversaryWarmsUp(t *testing.T) {
	c := Default("resnet8-w4", "shapes")
	c.Batch, c.Adversarial = 8, PGD(0.1)
	c.Adversarial.WarmUp = 2
	data := dataset.Shapes(dataset.ShapesOptions{Train: 8, Test: 8})
	m, err := newModel(c, data.Train, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	const perEpoch = 5
	a, err := newAdversary(m, device, c, perEpoch)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	b := &batch{x: make([]float32, 8*3*32*32), labels: make([]int, 8)}
	if err := data.Train.ReadBatch(b.x, b.labels, []int{0, 1, 2, 3, 4, 5, 6, 7}); err != nil {
		t.Fatal(err)
	}
	for step, want := range map[int]float64{0: 0, 1: .01, 9: .09, 10: .1, 1000: .1} {
		e := model.Examples{X: b.x}
		if err := a.change(t.Context(), nil, &e, b, step); err != nil {
			t.Fatal(err)
		}
		x := e.X
		largest := 0.0
		for i := range x {
			largest = max(largest, math.Abs(float64(x[i]-b.x[i])))
		}
		if math.Abs(largest-want) > 1e-6 {
			t.Errorf("step %d changes a pixel by %v, not %v", step, largest, want)
		}
	}
}
