package cpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// fresh gives a net for 3×32×32 images with new weights, and a batch of images.
func fresh(b *testing.B, name string, batch int) (*model.Model, []float32, []int) {
	m, err := model.New(name, [3]int{3, 32, 32}, make([]string, 10), nets.He, 1)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	x, labels := make([]float32, batch*3*32*32), make([]int, batch)
	for i := range x {
		x[i] = rng.Float32()
	}
	for i := range labels {
		labels[i] = rng.IntN(10)
	}
	return m, x, labels
}

// eachNet runs f for all nets and data types.
func eachNet(b *testing.B, f func(b *testing.B, name string, dtype plan.DType)) {
	for _, name := range []string{"resnet20", "resnet18", "vgg11", "alexnet", "lenet5"} {
		for _, dtype := range dtypes {
			b.Run(name+"/"+dtype.String(), func(b *testing.B) { f(b, name, dtype) })
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	eachNet(b, func(b *testing.B, name string, dtype plan.DType) {
		const batch = 128
		m, x, labels := fresh(b, name, batch)
		d, err := New(Options{DType: dtype})
		if err != nil {
			b.Fatal(err)
		}
		t, err := m.NewTrainer(d, batch, optim.SGD{Momentum: 0.9, WeightDecay: 5e-4})
		if err != nil {
			b.Fatal(err)
		}
		defer t.Close()
		t.LearningRate = 0.01
		for b.Loop() {
			if _, _, err := t.Step(context.Background(), x, labels); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "images/s")
	})
}

func BenchmarkInfer(b *testing.B) {
	eachNet(b, func(b *testing.B, name string, dtype plan.DType) {
		for _, batch := range []int{1, 3, 128} {
			b.Run(fmt.Sprint(batch), func(b *testing.B) {
				m, x, _ := fresh(b, name, batch)
				d, err := New(Options{DType: dtype})
				if err != nil {
					b.Fatal(err)
				}
				e, err := m.NewEvaluator(d, batch, model.RunningStatistics)
				if err != nil {
					b.Fatal(err)
				}
				defer e.Close()
				logits := make([]float32, batch*m.Net.Classes)
				for b.Loop() {
					if err := e.Logits(context.Background(), logits, x, batch); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "images/s")
			})
		}
	})
}
