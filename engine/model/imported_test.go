package model

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/cpu"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
)

// TestTrainImported trains imported networks: gradients agree with central differences of the loss,
// the loss decreases, running statistics are updated, and constants of the graph are not.
func TestTrainImported(t *testing.T) {
	dev, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"se", "shuffle", "tiny", "misc", "lrn", "point"} {
		t.Run(name, func(t *testing.T) {
			m, err := Load("../graph/onnx/testdata/"+name+".onnx", "")
			if err != nil {
				t.Fatal(err)
			}
			const n = 6
			tr, err := m.NewTrainer(dev, n, optim.SGD{})
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			x, labels := make([]float32, m.images(n)), make([]int, n)
			r := rand.New(rand.NewPCG(3, 4))
			for i := range x {
				x[i] = r.Float32()
			}
			for i := range labels {
				labels[i] = i % m.Net.Classes
			}
			step := func(rate float64) float64 {
				tr.LearningRate = rate
				loss, _, err := tr.Step(context.Background(), x, labels)
				if err != nil {
					t.Fatal(err)
				}
				return loss
			}
			before := m.Clone()
			restore := func() {
				for name, w := range before.Weights {
					copy(m.Weights[name].Data, w.Data)
				}
			}
			step(1)
			stepped := m.Clone()
			for _, p := range m.Net.Params {
				same := slices.Equal(stepped.Weights[p.Name].Data, before.Weights[p.Name].Data)
				if constant := p.Role == nets.Constant; same && !constant && p.Role != nets.Bias || !same && constant {
					t.Errorf("%s (role %d): unchanged is %v", p.Name, p.Role, same)
				}
				if !p.Trained() {
					continue
				}
				along(t, p.Name, before.Weights[p.Name].Data, stepped.Weights[p.Name].Data, func(w []float32) float64 {
					restore()
					copy(m.Weights[p.Name].Data, w)
					return step(0)
				})
			}
			restore()
			first, last := step(0), 0.0
			for range 8 {
				last = step(0.01)
			}
			if !(last < first) {
				t.Errorf("the loss changed from %g to %g", first, last)
			}
		})
	}
}

// along compares the norm of the gradient w − stepped with the loss's slope in its direction.
func along(t *testing.T, name string, w, stepped []float32, loss func(w []float32) float64) {
	t.Helper()
	norm, size := 0.0, 0.0
	for i := range w {
		norm += math.Pow(float64(w[i]-stepped[i]), 2)
		size += float64(w[i]) * float64(w[i])
	}
	norm, size = math.Sqrt(norm), math.Sqrt(size)
	if norm < 1e-3 {
		return // a bias before batch norm, or below rounding errors
	}
	h := max(5e-4, 3e-4*size)
	var at [2]float64
	for k, sign := range []float64{1, -1} {
		moved := slices.Clone(w)
		for i := range w {
			moved[i] += float32(sign * h * float64(w[i]-stepped[i]) / norm)
		}
		at[k] = loss(moved)
	}
	if slope := (at[0] - at[1]) / (2 * h); math.Abs(slope-norm) > 0.03*norm+2e-3 {
		t.Errorf("%s: the loss's slope along the gradient is %g, its norm %g", name, slope, norm)
	}
}
