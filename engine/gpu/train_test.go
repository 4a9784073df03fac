package gpu

import (
	"math/rand/v2"
	"testing"

	"hfcui/engine/cpu"
	"hfcui/engine/model"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// Imported networks, whose parameters are of any shape and read by operations of any kind, train as
// on the CPU.
func TestTrainImported(t *testing.T) {
	host, err := cpu.New(cpu.Options{Threads: 2})
	must(t, err)
	for _, name := range []string{"se", "shuffle", "tiny", "misc", "lrn", "point"} {
		t.Run(name, func(t *testing.T) {
			var trained [2]*model.Model
			for i, d := range []plan.Device{host, New(open(t), plan.DeviceOptions{})} {
				m, err := model.Load("../graph/onnx/testdata/"+name+".onnx", "")
				must(t, err)
				const n = 4
				tr, err := m.NewTrainer(d, n, optim.SGD{Momentum: 0.9})
				must(t, err)
				defer tr.Close()
				tr.LearningRate = 0.01
				c, h, w := m.Input()
				rng := rand.New(rand.NewPCG(3, 4))
				x, labels := make([]float32, n*c*h*w), make([]int, n)
				for j := range x {
					x[j] = rng.Float32()
				}
				for j := range labels {
					labels[j] = j % m.Net.Classes
				}
				for range 2 {
					_, _, err := tr.Step(t.Context(), x, labels)
					must(t, err)
				}
				must(t, tr.Sync())
				trained[i] = m
			}
			for _, p := range trained[0].Net.Params {
				plantest.Close(t, p.Name, trained[1].Weights[p.Name].Data, trained[0].Weights[p.Name].Data, plantest.Tolerance)
			}
		})
	}
}
