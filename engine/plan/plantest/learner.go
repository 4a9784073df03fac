package plantest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// Learner tests the contract of plan.Learner on a device, whose own learner it uses if it has one,
// and compares steps of every optimizer with the reference device's.
func Learner(t *testing.T, dev plan.Device, dtype plan.DType) {
	t.Run("optimizers", func(t *testing.T) { learnerSteps(t, dev, dtype) })
	for name, test := range map[string]func(*testing.T, plan.Device){
		"results": resultsLate, "canceled": stepCanceled, "resume": learnerResumes, "arguments": learnerArguments,
		"not trained": fixedParams, "copies": batchCopied, "labels": labelsAsTargets, "several at once": learnersAtOnce, "kept images": keepsImages,
	} {
		t.Run(name, func(t *testing.T) { test(t, dev) })
	}
}

// learnerRate is a learning rate at which the tests' steps differ from one another.
const learnerRate = 0.05

var momentum = optim.SGD{Momentum: 0.9, WeightDecay: 1e-3}

// learner compiles a Training with the parameters that are not trained.
func learner(t *testing.T, dev plan.Device, from *plan.Training) plan.Learner {
	t.Helper()
	l, err := plan.Learn(dev, from)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	for name, data := range fixed() {
		must(t, l.SetParam(name, data))
	}
	return l
}

// stepped runs step number n and returns its result.
func stepped(t *testing.T, l plan.Learner, from *plan.Training, n int) plan.StepResult {
	t.Helper()
	must(t, l.Step(t.Context(), trainBatch(from.Rule, n, learnerRate)))
	r, err := l.Result()
	must(t, err)
	return r
}

// rules are the optimizers to test, with constants by which rounding errors of small gradients
// stay small.
func rules() map[string]optim.Rule {
	const eps = 0.01
	return map[string]optim.Rule{
		"sgd":              optim.SGD{WeightDecay: 1e-3},
		"momentum":         momentum,
		"nesterov":         optim.SGD{Momentum: 0.9, Nesterov: true},
		"adam":             optim.Adam{Beta1: 0.9, Beta2: 0.99, Epsilon: eps, WeightDecay: 1e-3},
		"adamw":            optim.AdamW{Beta1: 0.9, Beta2: 0.99, Epsilon: eps, WeightDecay: 0.01},
		"adagrad":          optim.AdaGrad{Epsilon: eps},
		"adadelta":         optim.AdaDelta{Rho: 0.9, Epsilon: eps},
		"rmsprop":          optim.RMSprop{Alpha: 0.9, Epsilon: eps},
		"rmsprop momentum": optim.RMSprop{Alpha: 0.9, Epsilon: eps, Momentum: 0.5},
	}
}

// learnerSteps compares results, weights, state and statistics after each of four steps with the
// reference device's.
//
// Data types of fewer digits than float32 flip ReLUs, and what is trained with them grows apart:
// arrays are then compared as a whole, after the first step.
func learnerSteps(t *testing.T, dev plan.Device, dtype plan.DType) {
	steps, tolerance := 4, Tolerance
	if dtype != plan.Float32 {
		steps, tolerance = 1, 0.01
	}
	for name, rule := range rules() {
		t.Run(name, func(t *testing.T) {
			a, b := training(t, rule, 1), training(t, rule, 1)
			reference, tested := learner(t, Reference(), a), learner(t, dev, b)
			for n := range steps {
				want, got := stepped(t, reference, a, n), stepped(t, tested, b, n)
				if got.Correct != want.Correct || !(math.Abs(got.Loss/want.Loss-1) <= tolerance) {
					t.Errorf("step %d: %+v, want %+v", n, got, want)
				}
				wanted := arrays(t, reference, a)
				for name, v := range arrays(t, tested, b) {
					want, what := wanted[name], fmt.Sprintf("step %d: %s", n, name)
					if dtype == plan.Float32 {
						Close(t, what, v, want, 5*tolerance)
					} else if r := distance(v, want); !(r <= 5*tolerance) {
						t.Errorf("%s: relative error %.2g exceeds %g", what, r, 5*tolerance)
					}
				}
			}
		})
	}
}

// distance is the norm of got−want relative to want's.
func distance(got, want []float32) float64 {
	d, n := 0.0, 1e-30
	for i := range want {
		d += math.Pow(float64(got[i])-float64(want[i]), 2)
		n += math.Pow(float64(want[i]), 2)
	}
	return math.Sqrt(d / n)
}

// same fails the test unless two learners' arrays are equal bit for bit.
func same(t *testing.T, what string, got, want map[string][]float32) {
	t.Helper()
	for name, v := range want {
		if !slices.Equal(got[name], v) {
			t.Errorf("%s: %s is not bit for bit the same", what, name)
		}
	}
}

// resultsLate: results may be read a step later, and reading weights leaves them unread.
func resultsLate(t *testing.T, dev plan.Device) {
	a, b := training(t, momentum, 1), training(t, momentum, 1)
	prompt, late := learner(t, dev, a), learner(t, dev, b)
	if lag := late.Lag(); lag < 0 || lag >= plan.MaxUnread {
		t.Fatalf("a lag of %d results", lag)
	}
	if _, err := late.Result(); err == nil {
		t.Error("there is a result before any step")
	}
	var want []plan.StepResult
	for n := range 4 {
		want = append(want, stepped(t, prompt, a, n))
		must(t, late.Step(t.Context(), trainBatch(b.Rule, n, learnerRate)))
		if n == 0 {
			continue
		}
		if n == 2 {
			same(t, "two results unread", arrays(t, late, b), arrays(t, prompt, a))
			if err := late.Step(t.Context(), trainBatch(b.Rule, n, learnerRate)); err == nil {
				t.Errorf("a step with %d results unread is not an error", plan.MaxUnread)
			}
		}
		if got, err := late.Result(); err != nil || got != want[n-1] {
			t.Errorf("step %d, read a step later: %+v, want %+v: %v", n-1, got, want[n-1], err)
		}
	}
	if got, err := late.Result(); err != nil || got != want[3] {
		t.Errorf("the last step: %+v, want %+v: %v", got, want[3], err)
	}
	if _, err := late.Result(); err == nil {
		t.Error("a result can be read twice")
	}
	same(t, "results read a step later", arrays(t, late, b), arrays(t, prompt, a))
}

// stepCanceled: a step that is ended, wherever the device yields, changes nothing.
func stepCanceled(t *testing.T, dev plan.Device) {
	left := -1 // yields until the end; below 0: none
	ended := errors.New("ended")
	yield := func(ctx context.Context) error {
		if left--; left == -1 {
			return ended
		}
		return ctx.Err()
	}
	a, b := training(t, momentum, 1), training(t, momentum, 1)
	calm, disturbed := learner(t, dev, a), learner(t, plan.Yielding(dev, yield), b)
	must(t, disturbed.Step(t.Context(), trainBatch(b.Rule, 0, learnerRate)))
	want := stepped(t, calm, a, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := disturbed.Step(ctx, trainBatch(b.Rule, 1, learnerRate)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v for a canceled context", err)
	}
	same(t, "a canceled context", arrays(t, disturbed, b), arrays(t, calm, a))
	ends := 0
	for ; ; ends++ {
		left = ends
		err := disturbed.Step(t.Context(), trainBatch(b.Rule, 1, learnerRate))
		if err == nil {
			break
		}
		if !errors.Is(err, ended) {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("ended at yield %d", ends+1), arrays(t, disturbed, b), arrays(t, calm, a))
	}
	if ends == 0 {
		t.Error("a step does not yield")
	}
	if got, err := disturbed.Result(); err != nil || got != want {
		t.Errorf("the step before those that were ended: %+v, want %+v: %v", got, want, err)
	}
	want = stepped(t, calm, a, 1)
	if got, err := disturbed.Result(); err != nil || got != want {
		t.Errorf("the step after: %+v, want %+v: %v", got, want, err)
	}
	same(t, "after steps that were ended", arrays(t, disturbed, b), arrays(t, calm, a))
}

// learnerResumes: weights, statistics and state that are read and written to another learner
// continue bit for bit; so does a learner that goes back to them.
func learnerResumes(t *testing.T, dev plan.Device) {
	for _, rule := range []optim.Rule{momentum, optim.Adam{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-3}} {
		a, b := training(t, rule, 1), training(t, rule, 2)
		first, second := learner(t, dev, a), learner(t, dev, b)
		stepped(t, second, b, 5)
		stepped(t, first, a, 0)
		stepped(t, first, a, 1)
		kept := arrays(t, first, a)
		restore := func(l plan.Learner, to *plan.Training) {
			for _, p := range to.Params {
				copy(p.Value, kept[p.Name])
				for i, name := range rule.State() {
					copy(p.State[i], kept[p.Name+"."+name])
				}
			}
			for _, n := range to.Norms {
				copy(n.Mean, kept[n.Stats+".mean"])
				copy(n.Variance, kept[n.Stats+".variance"])
			}
			must(t, l.Write())
		}
		restore(second, b)
		same(t, "written", arrays(t, second, b), kept)
		want := []plan.StepResult{stepped(t, first, a, 2), stepped(t, first, a, 3)}
		ends := arrays(t, first, a)
		restore(first, a)
		for _, l := range []plan.Learner{first, second} {
			from := map[bool]*plan.Training{true: a, false: b}[l == first]
			if got := []plan.StepResult{stepped(t, l, from, 2), stepped(t, l, from, 3)}; !slices.Equal(got, want) {
				t.Errorf("resumed: %+v, want %+v", got, want)
			}
			same(t, "resumed", arrays(t, l, from), ends)
		}
	}
}

// learnerArguments: arrays of wrong lengths and unknown labels are errors and change nothing.
func learnerArguments(t *testing.T, dev plan.Device) {
	a := training(t, momentum, 1)
	l := learner(t, dev, a)
	before := arrays(t, l, a)
	for what, change := range map[string]func(b *plan.Batch){
		"an image less":         func(b *plan.Batch) { b.Images = b.Images[108:] },
		"a label less":          func(b *plan.Batch) { b.Labels = b.Labels[1:] },
		"a label too large":     func(b *plan.Batch) { b.Labels[2] = trainClasses },
		"a label below 0":       func(b *plan.Batch) { b.Labels[0] = -1 },
		"targets of wrong size": func(b *plan.Batch) { b.Targets = make([]float32, 4) },
		"no dropout mask":       func(b *plan.Batch) { b.Mask = nil },
	} {
		b := trainBatch(a.Rule, 0, learnerRate)
		change(b)
		if err := l.Step(t.Context(), b); err == nil {
			t.Error(what, "is not an error")
		}
	}
	same(t, "after errors", arrays(t, l, a), before)
	if _, err := l.Result(); err == nil {
		t.Error("a step that is an error has a result")
	}
	for what, change := range map[string]func(x *plan.Training){
		"an unknown input":     func(x *plan.Training) { x.Input = "z" },
		"an unknown output":    func(x *plan.Training) { x.Loss = "z" },
		"an unknown gradient":  func(x *plan.Training) { x.Params[0].Grad = "z" },
		"an unknown parameter": func(x *plan.Training) { x.Params[0].Name = "z" },
		"weights too short":    func(x *plan.Training) { x.Params[0].Value = x.Params[0].Value[1:] },
		"state too short":      func(x *plan.Training) { x.Params[1].State[0] = nil },
		"statistics too short": func(x *plan.Training) { x.Norms[0].Mean = x.Norms[0].Mean[1:] },
		"one value a channel":  func(x *plan.Training) { x.Norms[0].Values = 1 },
		"a bad optimizer":      func(x *plan.Training) { x.Rule = optim.SGD{Momentum: 2} },
	} {
		x := training(t, momentum, 1)
		change(x)
		if l, err := plan.Learn(dev, x); err == nil {
			l.Close()
			t.Error(what, "is not an error")
		}
	}
}

// fixedParams: parameters that are not trained must be set, can be set again between steps, and are
// not those that are.
func fixedParams(t *testing.T, dev plan.Device) {
	a, b := training(t, momentum, 1), training(t, momentum, 1)
	l, err := plan.Learn(dev, a)
	must(t, err)
	defer l.Close()
	err = l.Step(t.Context(), trainBatch(a.Rule, 0, learnerRate))
	if err == nil || !slices.ContainsFunc(names(fixed()), func(name string) bool { return strings.Contains(err.Error(), name) }) {
		t.Errorf("error %v where parameters have not been set", err)
	}
	other := learner(t, dev, b)
	for name, data := range fixed() {
		if l.SetParam(name, data[1:]) == nil {
			t.Errorf("%s too short is not an error", name)
		}
		must(t, l.SetParam(name, data))
	}
	if l.SetParam("z", nil) == nil || l.SetParam("fc", make([]float32, 36)) == nil {
		t.Error("parameters that are unknown or trained can be set")
	}
	for n := range 2 {
		if got, want := stepped(t, l, a, n), stepped(t, other, b, n); got != want {
			t.Errorf("step %d: %+v, want %+v", n, got, want)
		}
		gamma := slices.Repeat([]float32{0.5}, 12)
		must(t, errors.Join(l.SetParam("gamma2", gamma), other.SetParam("gamma2", gamma)))
		clear(gamma)
	}
	same(t, "parameters set again", arrays(t, l, a), arrays(t, other, b))
}

// batchCopied: a batch's arrays may be changed once the step has been begun.
func batchCopied(t *testing.T, dev plan.Device) {
	a, b := training(t, momentum, 1), training(t, momentum, 1)
	calm, hasty := learner(t, dev, a), learner(t, dev, b)
	for n := range 4 {
		batch := trainBatch(b.Rule, n, learnerRate)
		must(t, hasty.Step(t.Context(), batch))
		clear(batch.Images)
		clear(batch.Labels)
		clear(batch.Targets)
		clear(batch.Mask)
		want := stepped(t, calm, a, n)
		if got, err := hasty.Result(); err != nil || got != want {
			t.Errorf("step %d: %+v, want %+v: %v", n, got, want, err)
		}
	}
	same(t, "batches changed", arrays(t, hasty, b), arrays(t, calm, a))
}

// labelsAsTargets: labels train as their one-hot encoding does.
func labelsAsTargets(t *testing.T, dev plan.Device) {
	a, b := training(t, momentum, 1), training(t, momentum, 1)
	labeled, targeted := learner(t, dev, a), learner(t, dev, b)
	batch := trainBatch(a.Rule, 0, learnerRate)
	must(t, labeled.Step(t.Context(), batch))
	for _, label := range batch.Labels {
		row := make([]float32, trainClasses)
		row[label] = 1
		batch.Targets = append(batch.Targets, row...)
	}
	must(t, targeted.Step(t.Context(), batch))
	want, got := must1(labeled.Result())(t), must1(targeted.Result())(t)
	if got != want {
		t.Errorf("%+v with one-hot targets, %+v with labels", got, want)
	}
	same(t, "one-hot targets", arrays(t, targeted, b), arrays(t, labeled, a))
}

// learnersAtOnce: learners are independent of one another.
func learnersAtOnce(t *testing.T, dev plan.Device) {
	a := training(t, momentum, 1)
	alone := learner(t, dev, a)
	var want []plan.StepResult
	for n := range 3 {
		want = append(want, stepped(t, alone, a, n))
	}
	trainings := [3]*plan.Training{training(t, momentum, 1), training(t, momentum, 1), training(t, momentum, 1)}
	done := make(chan error, len(trainings))
	for _, from := range trainings {
		l := learner(t, dev, from)
		go func() {
			for n := range want {
				if err := l.Step(context.Background(), trainBatch(from.Rule, n, learnerRate)); err != nil {
					done <- err
					return
				}
				if got, err := l.Result(); err != nil || got != want[n] {
					done <- fmt.Errorf("step %d beside others: %+v, want %+v: %w", n, got, want[n], err)
					return
				}
			}
			done <- nil
		}()
	}
	for range trainings {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
