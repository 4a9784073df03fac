package modeltest

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/op"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// stepCase is a small net and a seed, found by search, for which no ReLU or maximum comes close to
// its kink in three steps of training.
type stepCase struct {
	net   string
	input [3]int
	batch int
	seed  uint64
}

var stepCases = []stepCase{
	{"resnet8", [3]int{3, 8, 8}, 3, 168},
	{"lenet5", [3]int{1, 14, 12}, 3, 127},
	{"preact-resnet8-w4", [3]int{3, 8, 8}, 3, 18},
	{"preact-resnet8-w9-nobn", [3]int{1, 8, 8}, 3, 62},
	{"resnet8-w5-nobn", [3]int{3, 9, 8}, 3, 8},
	{"lenet5-bn", [3]int{1, 14, 12}, 3, 2},
}

// Steps compares three steps of training on dev with the reference device: losses, weights and
// running statistics, all within plantest.Tolerance.
func Steps(t *testing.T, dev plan.Device) {
	for _, c := range stepCases {
		t.Run(c.net, func(t *testing.T) {
			reference, x, labels := c.make(t)
			tested := reference.Clone()
			a, b := c.trainer(t, plantest.Reference(), reference), c.trainer(t, dev, tested)
			defer a.Close()
			defer b.Close()
			for step := range 3 {
				if m := margin(t, reference, x, labels); m < plantest.Tolerance {
					t.Fatalf("step %d: a value is within %.2g of a kink: choose another seed", step+1, m)
				}
				want, wantRight, err := a.Step(context.Background(), x, labels)
				if err != nil {
					t.Fatal(err)
				}
				got, right, err := b.Step(context.Background(), x, labels)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Sync(); err != nil {
					t.Fatal(err)
				}
				if right != wantRight || math.Abs(got/want-1) > plantest.Tolerance {
					t.Errorf("step %d: loss %g and %d correct, want %g and %d", step+1, got, right, want, wantRight)
				}
				for _, p := range reference.Net.Params {
					plantest.Close(t, p.Name, tested.Weights[p.Name].Data, reference.Weights[p.Name].Data, plantest.Tolerance)
				}
			}
		})
	}
}

func (c stepCase) make(t *testing.T) (m *model.Model, x []float32, labels []int) {
	t.Helper()
	m, err := model.New(c.net, c.input, make([]string, 7), nets.He, c.seed)
	if err != nil {
		t.Fatal(err)
	}
	m.Mean, m.Std = make([]float32, c.input[0]), make([]float32, c.input[0])
	rng := rand.New(rand.NewPCG(c.seed, 0))
	for i := range m.Mean {
		m.Mean[i], m.Std[i] = 0.4+0.2*rng.Float32(), 0.2+0.1*rng.Float32()
	}
	x = make([]float32, c.batch*op.Size(c.input[:]))
	for i := range x {
		x[i] = rng.Float32()
	}
	for i := range c.batch {
		labels = append(labels, i%m.Net.Classes)
	}
	return m, x, labels
}

func (c stepCase) trainer(t *testing.T, dev plan.Device, m *model.Model) *model.Trainer {
	t.Helper()
	tr, err := m.NewTrainer(dev, c.batch, optim.SGD{Momentum: 0.9, WeightDecay: 5e-4, Nesterov: true})
	if err != nil {
		t.Fatal(err)
	}
	tr.LearningRate = 0.02
	return tr
}

// margin returns the smallest distance of a ReLU's input from 0, and of a maximum from the second
// largest value, relative to the root mean square of the layer's inputs.
func margin(t *testing.T, m *model.Model, x []float32, labels []int) float64 {
	t.Helper()
	p, err := m.Program(nets.Build{Batch: len(labels), BatchStatistics: true, Loss: true})
	if err != nil {
		t.Fatal(err)
	}
	edges := make(map[string]op.Op)
	for _, in := range p.Instrs {
		switch in.Op.(type) {
		case op.ReLU, op.MaxPool:
			v := in.In[0]
			name := v.String()
			v.Keep, edges[name], p.Outputs[name] = true, in.Op, v
		}
	}
	got := runProgram(t, plantest.Reference(), m, p, x, labels)
	least := math.Inf(1)
	for name, o := range edges {
		data, sum := got[name], 0.0
		for _, v := range data {
			sum += float64(v) * float64(v)
		}
		rms := math.Sqrt(sum / float64(len(data)))
		if _, ok := o.(op.ReLU); ok {
			for _, v := range data {
				least = min(least, math.Abs(float64(v))/rms)
			}
		} else {
			least = min(least, poolMargin(data, p.Outputs[name].Shape)/rms)
		}
	}
	return least
}

// poolMargin returns the smallest difference between the two largest elements of a 2×2 window that
// are not both 0.
func poolMargin(data []float32, shape []int) float64 {
	least := math.Inf(1)
	h, w := shape[2], shape[3]
	for i := range shape[0] * shape[1] {
		for y := 0; y+1 < h; y += 2 {
			for x := 0; x+1 < w; x += 2 {
				at := (i*h+y)*w + x
				first, second := float32(math.Inf(-1)), float32(math.Inf(-1))
				for _, v := range []float32{data[at], data[at+1], data[at+w], data[at+w+1]} {
					if v > first {
						first, second = v, first
					} else {
						second = max(second, v)
					}
				}
				if first != 0 {
					least = min(least, float64(first-second))
				}
			}
		}
	}
	return least
}
