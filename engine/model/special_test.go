package model_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/model"
	"hfcui/engine/optim"
	"hfcui/engine/plan/plantest"
)

// step trains one step on four images.
func step(t *testing.T, o model.TrainerOptions, change func(*model.Examples)) (*model.Model, float64) {
	t.Helper()
	m := small(t)
	o.Batch, o.Rule = 4, optim.SGD{WeightDecay: 0.1}
	tr, err := m.NewTrainerWith(plantest.Reference(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.LearningRate = 0.1
	e := model.Examples{X: pictures(m, 4), Labels: []int{0, 1, 2, 0}}
	if change != nil {
		change(&e)
	}
	loss, _, err := tr.StepOn(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	return m, loss
}

func sameWeights(a, b *model.Model) bool {
	for name, w := range a.Weights {
		if !slices.Equal(w.Data, b.Weights[name].Data) {
			return false
		}
	}
	return true
}

// TestTargets: one-hot targets are equivalent to labels, and cross-entropy is linear in targets.
func TestTargets(t *testing.T) {
	labeled, hard := step(t, model.TrainerOptions{}, nil)
	one := []float32{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0}
	other := []float32{0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1}
	targeted, _ := step(t, model.TrainerOptions{}, func(e *model.Examples) { e.Targets = one })
	if !sameWeights(labeled, targeted) {
		t.Error("one-hot targets and labels yield different weights")
	}
	_, swapped := step(t, model.TrainerOptions{}, func(e *model.Examples) { e.Targets = other })
	_, mixed := step(t, model.TrainerOptions{}, func(e *model.Examples) {
		e.Targets = make([]float32, len(one))
		for i := range one {
			e.Targets[i] = 0.75*one[i] + 0.25*other[i]
		}
	})
	if want := 0.75*hard + 0.25*swapped; math.Abs(mixed-want) > 1e-5 {
		t.Errorf("loss %v for mixed targets, want %v", mixed, want)
	}
}

// TestDropout: weights of dropped features have no gradient, and evaluation has no dropout.
func TestDropout(t *testing.T) {
	before := small(t)
	features := before.Net.Features
	keep := func(e *model.Examples) {
		e.DropoutMask = make([]float32, 4*features)
		for i := range e.DropoutMask {
			if i%features != 3 {
				e.DropoutMask[i] = 1
			}
		}
	}
	after, _ := step(t, model.TrainerOptions{Dropout: 0.5}, keep)
	w, was := after.Weights["fc.weight"].Data, before.Weights["fc.weight"].Data
	for i := range w {
		decayed := was[i] - 0.1*0.1*was[i]
		if near := math.Abs(float64(w[i]-decayed)) < 1e-7; near != (i%features == 3) {
			t.Errorf("weight %d of feature %d changed from %v to %v", i, i%features, was[i], w[i])
		}
	}
	m := small(t)
	tr, err := m.NewTrainerWith(plantest.Reference(), model.TrainerOptions{Batch: 4, Rule: optim.SGD{}, Dropout: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if _, _, err := tr.Step(context.Background(), pictures(m, 4), []int{0, 1, 2, 0}); err == nil || !strings.Contains(err.Error(), "keep") {
		t.Errorf("error %v without a dropout mask", err)
	}
}

// TestFixedNorms: scales and shifts are not updated, even by weight decay; all else is.
func TestFixedNorms(t *testing.T) {
	before := small(t)
	after, _ := step(t, model.TrainerOptions{FixedNorms: true}, nil)
	free, _ := step(t, model.TrainerOptions{}, nil)
	for _, p := range before.Net.Params {
		was, is := before.Weights[p.Name].Data, after.Weights[p.Name].Data
		if slices.Equal(was, is) != p.OfNorm() {
			t.Errorf("%s: from %v to %v", p.Name, was[0], is[0])
		}
		if p.OfNorm() && slices.Equal(was, free.Weights[p.Name].Data) {
			t.Errorf("%s is not updated without FixedNorms", p.Name)
		}
		if !p.OfNorm() && !slices.Equal(is, free.Weights[p.Name].Data) {
			t.Errorf("%s changed after one step", p.Name)
		}
	}
}

// TestDifferentiator compares gradients with finite differences of the loss, and partial batches
// with full ones.
func TestDifferentiator(t *testing.T) {
	m, ctx := small(t), context.Background()
	x, labels := pictures(m, 4), []int{0, 1, 2, 0}
	for _, stats := range []model.Statistics{model.RunningStatistics, model.BatchStatistics} {
		d, err := m.NewDifferentiator(plantest.Reference(), 4, stats)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		e, err := m.NewEvaluator(plantest.Reference(), 4, stats)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		dx := make([]float32, len(x))
		if err := d.Gradient(ctx, dx, x, labels); err != nil {
			t.Fatal(err)
		}
		loss := func(x []float32) (sum float64) {
			logits := make([]float32, 12)
			if err := e.Logits(ctx, logits, x, 4); err != nil {
				t.Fatal(err)
			}
			for i, label := range labels {
				total := 0.0
				for _, z := range logits[3*i : 3*i+3] {
					total += math.Exp(float64(z))
				}
				sum += (math.Log(total) - float64(logits[3*i+label])) / 4
			}
			return sum
		}
		norm := 0.0
		for _, v := range dx {
			norm += float64(v) * float64(v)
		}
		const small = 1e-3
		moved := slices.Clone(x)
		for i := range moved {
			moved[i] += float32(small * float64(dx[i]) / math.Sqrt(norm))
		}
		if got := (loss(moved) - loss(x)) / small; math.Abs(got/math.Sqrt(norm)-1) > 0.05 {
			t.Errorf("gradient norm %v, slope of the loss along it %v", math.Sqrt(norm), got)
		}
		part := make([]float32, len(x)/2)
		err = d.Gradient(ctx, part, x[:len(part)], labels[:2])
		if stats == model.BatchStatistics {
			if err == nil {
				t.Error("accepted half a batch with batch statistics")
			}
			continue
		}
		if err != nil || !slices.Equal(part, dx[:len(part)]) {
			t.Errorf("gradients of a partial batch differ (%v)", err)
		}
		for what, err := range map[string]error{
			"no images":        d.Gradient(ctx, nil, nil, nil),
			"too many images":  d.Gradient(ctx, make([]float32, 5*192), make([]float32, 5*192), make([]int, 5)),
			"a short result":   d.Gradient(ctx, dx[1:], x, labels),
			"an unknown class": d.Gradient(ctx, dx, x, []int{0, 1, 2, 3}),
		} {
			if err == nil {
				t.Error("accepted", what)
			}
		}
	}
}
