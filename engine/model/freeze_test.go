package model_test

import (
	"math"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan/plantest"
)

// With a frozen backbone, logits in training are those of evaluation: batch norm uses running
// statistics.
func TestFrozenBatchNormUsesRunningStatistics(t *testing.T) {
	m, err := model.New("preact-resnet8-w4", [3]int{3, 16, 16}, []string{"a", "b", "c"}, nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range m.Net.Norms {
		for i := range n.Channels {
			m.Weights[n.Name+".running_mean"].Data[i], m.Weights[n.Name+".running_var"].Data[i] = 0.1*float32(i), 2
		}
	}
	x, labels := make([]float32, 4*3*16*16), []int{0, 1, 2, 0}
	for i := range x {
		x[i] = float32(i*7%31) / 31
	}
	dev := plantest.Reference()
	e, err := m.NewEvaluator(dev, 4, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	logits := make([]float32, 12)
	if err := e.Logits(t.Context(), logits, x, 4); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for i, label := range labels {
		sum := 0.0
		for _, v := range logits[3*i : 3*i+3] {
			sum += math.Exp(float64(v))
		}
		want += (math.Log(sum) - float64(logits[3*i+label])) / 4
	}
	tr, err := m.NewTrainerWith(dev, model.TrainerOptions{Batch: 4, Rule: optim.SGD{Momentum: 0.9}, Frozen: m.Net.Layers() - 1})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.LearningRate = 0.1
	loss, _, err := tr.Step(t.Context(), x, labels)
	if err != nil || math.Abs(loss-want) > 1e-5 {
		t.Errorf("loss %v, want %v: %v", loss, want, err)
	}
	if state, err := tr.State(); err != nil || len(state) != 2 {
		t.Errorf("%d parameters are trained: %v", len(state), err)
	}
}
