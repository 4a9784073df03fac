package plantest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// Updates holds a device's updates of weights against optim's, for arrays of all lengths,
// and wants them to be the same, bit for bit, wherever an array is cut at a multiple of
// sixteen elements.
func Updates(t *testing.T, dev plan.Device) {
	m, err := model.New("lenet5", [3]int{1, 14, 12}, make([]string, 3), nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Net.Program(nets.Build{Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := dev.Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	local, ok := exe.(plan.Local)
	if !ok {
		t.Skip("the weights are elsewhere")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int, positive bool) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
			if positive {
				v[i] *= v[i]
			}
		}
		return v
	}
	for kind := range optim.Kinds {
		for _, n := range []int{0, 1, 15, 16, 17, 64, 100} {
			u := optim.Update{Kind: kind, K: [8]float32{0.1, 0.01, 0.02, 0.9, 0.1, 0.7, 1e-3, 0.99}}
			start := [][]float32{random(n, false), random(n, false), random(n, true), random(n, true)}
			copies := func() (a [][]float32) {
				for _, v := range start {
					a = append(a, slices.Clone(v))
				}
				return a
			}
			want, got, parts := copies(), copies(), copies()
			u.Apply(want[0], want[1], want[2], want[3])
			local.Update(&u, got[0], got[1], got[2], got[3])
			cut := n / 2 / 16 * 16
			local.Update(&u, parts[0][:cut], parts[1][:cut], parts[2][:cut], parts[3][:cut])
			local.Update(&u, parts[0][cut:], parts[1][cut:], parts[2][cut:], parts[3][cut:])
			for i, array := range []string{"weights", "gradients", "s", "t"} {
				what := fmt.Sprintf("%v of %d: %s", kind, n, array)
				if n > 0 {
					Close(t, what, got[i], want[i], 1e-6)
				}
				if !slices.Equal(got[i], parts[i]) {
					t.Errorf("%s: differs in parts", what)
				}
			}
		}
	}
}

// Optimizers trains a step by every rule, on dev and on the reference device.
func Optimizers(t *testing.T, dev plan.Device) {
	for _, name := range optim.Names() {
		rule, rate, err := optim.New(name)
		if err != nil {
			t.Fatal(err)
		}
		reference, x, labels := stepCases[1].make(t)
		tested := reference.Clone()
		for _, c := range []struct {
			dev plan.Device
			m   *model.Model
		}{{plan.Reference(), reference}, {dev, tested}} {
			tr, err := c.m.NewTrainer(c.dev, len(labels), rule)
			if err != nil {
				t.Fatal(err)
			}
			// A small step: what divides by a gradient's size makes steps of one size of the
			// smallest gradients, whose signs are rounding's.
			tr.LearningRate = rate / 100
			if _, _, err := tr.Step(context.Background(), x, labels); err != nil {
				t.Fatal(err)
			}
			tr.Close()
		}
		for _, p := range reference.Net.Params {
			Close(t, name+": "+p.Name, tested.Weights[p.Name].Data, reference.Weights[p.Name].Data, 1e-3)
		}
	}
}
