package lab

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/view"
)

func fgsm(epsilon float64) attack.Options {
	return attack.Options{Method: attack.FGSMMethod, Epsilon: epsilon}
}

func TestAttackShowsWhatWasDone(t *testing.T) {
	l := openSmall(t)
	for _, o := range []attack.Options{fgsm(0.03), {Method: attack.PGDMethod, Epsilon: 0.05, Steps: 4}, {Method: attack.PGDMethod, Norm: attack.L2, Epsilon: 1, Steps: 4}} {
		v, err := l.Attack(t.Context(), AttackRequest{Index: 5, R: 6, Options: o})
		if err != nil {
			t.Fatal(err)
		}
		var linf, square float64
		for i, p := range v.Original.Pix {
			if v.Perturbation.Pix[i] != v.Attacked.Pix[i]-p {
				t.Fatal("the perturbation is not the difference")
			}
			d := math.Abs(float64(v.Attacked.Pix[i]) - float64(p))
			linf, square = max(linf, d), square+d*d
		}
		if linf != v.LInf || math.Abs(math.Sqrt(square)-v.L2) > 1e-9 || linf == 0 {
			t.Errorf("%+v: norms %v and %v, not %v and %v", o, v.LInf, v.L2, linf, math.Sqrt(square))
		}
		if size := map[attack.Norm]float64{attack.LInf: linf, attack.L2: math.Sqrt(square)}[o.Norm]; size > o.Epsilon*(1+1e-6) {
			t.Errorf("%+v: it is %v large", o, size)
		}
		if v.Label != l.Label(5) || v.Title != l.Title(5) || math.Abs(v.EnergyLow+v.EnergyHigh-1) > 1e-9 || len(v.Profile) != 23 || slices.Max(v.Spectrum) != 1 {
			t.Errorf("%+v: label %d, title %q, energies %v and %v, profile of %d", o, v.Label, v.Title, v.EnergyLow, v.EnergyHigh, len(v.Profile))
		}
		plain, err := l.View(t.Context(), view.Request{Index: 5, R: 6})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range plain.Predictions[bands.Whole].Probabilities {
			if math.Abs(p-v.Before.Probabilities[i]) > 1e-6 {
				t.Errorf("%+v: before, %v; in a view, %v", o, v.Before, plain.Predictions[bands.Whole])
				break
			}
		}
		if v.After.Probabilities[v.Label] >= v.Before.Probabilities[v.Label] {
			t.Errorf("%+v: the attack made its class likelier", o)
		}
	}
}

func TestAttackRefusesWhatCannotBe(t *testing.T) {
	l := openSmall(t)
	for _, q := range []AttackRequest{
		{Options: fgsm(math.NaN())}, {Options: fgsm(math.Inf(1))}, {Options: fgsm(-0.1)}, {Options: fgsm(1.1)},
		{Options: attack.Options{Method: "pgd", Epsilon: 0.1}}, {Options: attack.Options{Method: "magic", Epsilon: 0.1}},
		{Index: -1, Options: fgsm(0.1)}, {Index: 150, Options: fgsm(0.1)}, {R: math.NaN(), Options: fgsm(0.1)},
		{Options: fgsm(0.1), Setting: bands.Setting{Smoothing: model.Smoothing{Rho: -1}}},
		{Options: fgsm(0.1), Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 1, Layer: "fc"}}},
		{Options: fgsm(0.1), Model: "nosuch.pt"},
	} {
		if _, err := l.Attack(t.Context(), q); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// alone measures as plainly as can be: one image after the other.
func alone(t *testing.T, l *Lab, s model.Smoothing, o attack.Options, n int) (score measure.Score) {
	t.Helper()
	m := l.Model().Clone()
	name, w, err := m.Smoothed(s)
	if err != nil {
		t.Fatal(err)
	}
	copy(m.Weights[name].Data, w)
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	target, err := attack.NewTarget(m, device, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	a, err := attack.New(o)
	if err != nil {
		t.Fatal(err)
	}
	inputs := l.selected.Load().Inputs
	x, adversarial, labels, logits := make([]float32, 3*32*32), make([]float32, 3*32*32), make([]int, 1), make([]float32, target.Classes())
	for _, i := range measure.Order(inputs, n) {
		if err := inputs.ReadBatch(x, labels, []int{i}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Run(t.Context(), target, adversarial, x, labels, []int{i}); err != nil {
			t.Fatal(err)
		}
		if err := target.Logits(t.Context(), logits, adversarial, 1); err != nil {
			t.Fatal(err)
		}
		score.N++
		if measure.Argmax(logits) == labels[0] {
			score.Correct++
		}
	}
	return score
}

func TestRobustnessIsWhatAttacksLeave(t *testing.T) {
	l := openSmall(t)
	q := RobustnessRequest{
		Limit: 50, Methods: []string{"fgsm", "pgd"}, Epsilons: []float64{0, 0.004, 0.03}, Rhos: []float64{0, 0.5},
		Setting: bands.Setting{Smoothing: model.Smoothing{Layer: "layer1.0.conv1", DivideGain: true}},
		Options: attack.Options{Steps: 3, RandomStart: true, Restarts: 2, Seed: 7},
	}
	var updates []attack.Robustness
	r, err := l.Robustness(t.Context(), q, func(r attack.Robustness) { updates = append(updates, r) })
	if err != nil {
		t.Fatal(err)
	}
	if last := updates[len(updates)-1]; !reflect.DeepEqual(last, r) || !r.Done || r.Images != 50 || r.Progress != 1 || len(r.Cells) != 12+4 {
		t.Fatalf("%+v, last update %+v", r, last)
	}
	for _, c := range r.Cells {
		if c.Check {
			continue
		}
		s := q.Smoothing
		s.Rho = c.Rho
		o := q.Options
		o.Method, o.Epsilon = c.Method, c.Epsilon
		if c.Method == attack.FGSMMethod { // random starts are of iterated methods
			o = fgsm(c.Epsilon)
		}
		if want := alone(t, l, s, o, 50); c.Score != want {
			t.Errorf("%s at %v, rho %v: %v, alone %v", c.Method, c.Epsilon, c.Rho, c.Score, want)
		}
		if c.Epsilon == 0 && c.Score != r.CleanAt(c.Rho) {
			t.Errorf("at epsilon 0 %v, without an attack %v", c.Score, r.CleanAt(c.Rho))
		}
	}
}

func TestRobustnessGoesOnWhereItStopped(t *testing.T) {
	l := openSmall(t)
	q := RobustnessRequest{Methods: []string{"fgsm", "pgd"}, Epsilons: []float64{0.004, 0.03}, Options: attack.Options{Steps: 3}}
	whole, err := openSmall(t).Robustness(t.Context(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	before, err := l.Robustness(ctx, q, func(attack.Robustness) { cancel() })
	if !errors.Is(err, context.Canceled) || before.Done || before.Progress == 0 {
		t.Fatalf("%v, %+v", err, before)
	}
	other := q
	other.Methods, other.Epsilons = []string{"fgsm"}, []float64{0.03, 0.1}
	if _, err := l.Robustness(t.Context(), other, nil); err != nil {
		t.Fatal(err)
	}
	first := true
	after, err := l.Robustness(t.Context(), q, func(r attack.Robustness) {
		if first && r.Progress <= before.Progress {
			t.Errorf("begins at %v, stopped at %v", r.Progress, before.Progress)
		}
		first = false
	})
	if err != nil || !reflect.DeepEqual(after, whole) {
		t.Errorf("%v, interrupted %+v, at once %+v", err, after, whole)
	}
}

func TestRobustnessRefusesWhatCannotBe(t *testing.T) {
	l := openSmall(t)
	for _, q := range []RobustnessRequest{
		{Options: fgsm(math.NaN())}, {Epsilons: []float64{0.1, 2}, Options: fgsm(0)}, {Methods: []string{"pgd"}, Epsilons: []float64{0.1}, Options: attack.Options{Steps: -1}},
		{Methods: []string{"fgsm", "magic"}, Options: fgsm(0.1)}, {Methods: []string{attack.Worst}, Options: fgsm(0.1)},
		{Rhos: []float64{0, math.Inf(1)}, Options: fgsm(0.1)}, {Split: "half", Options: fgsm(0.1)}, {Model: "nosuch.pt", Options: fgsm(0.1)},
	} {
		if _, err := l.Robustness(t.Context(), q, nil); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", q, err)
		}
	}
	m, err := model.New("lenet5", [3]int{1, 28, 28}, l.selected.Load().data.Test.Classes(), nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "small.safetensors")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	gray, err := Open(t.Context(), Options{Model: file, Data: "shapes:train=20,test=20"})
	if err != nil {
		t.Fatal(err)
	}
	defer gray.Close()
	if _, err := gray.Robustness(t.Context(), RobustnessRequest{Options: fgsm(0.1)}, nil); err == nil || !strings.Contains(err.Error(), "28×28") {
		t.Errorf("images of another size: %v", err)
	}
	if _, err := gray.Attack(t.Context(), AttackRequest{Options: fgsm(0.1)}); err != nil {
		t.Errorf("one image, shown converted: %v", err)
	}
}

// Concurrent requests to a Lab, also for other models and while it switches models, get their own
// results.
func TestRobustnessForSeveral(t *testing.T) {
	l, other := openSmall(t), anotherModel(t)
	q := RobustnessRequest{Methods: []string{"fgsm", "pgd"}, Epsilons: []float64{0.004, 0.03}, Rhos: []float64{0, 1}, Limit: 60, Options: attack.Options{Steps: 2}}
	small := q
	small.Epsilons, small.Limit = []float64{0.03, 0.1}, 40
	beside := q
	beside.Model = other
	requests := []RobustnessRequest{q, small, beside, q}
	var wanted []attack.Robustness
	for _, q := range requests {
		alone := openSmall(t)
		r, err := alone.Robustness(t.Context(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, r)
	}
	if reflect.DeepEqual(wanted[0], wanted[2]) {
		t.Fatal("the other model does as well as the first")
	}
	var all sync.WaitGroup
	for i, q := range requests {
		all.Go(func() {
			got, err := l.Robustness(t.Context(), q, func(attack.Robustness) {})
			if err != nil || !reflect.DeepEqual(got, wanted[i]) {
				t.Errorf("%v: %+v, alone %+v", err, got, wanted[i])
			}
		})
	}
	all.Go(func() {
		for i := range 20 {
			if _, err := l.Attack(t.Context(), AttackRequest{Index: i, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: float64(i % 3)}}, Options: fgsm(0.03)}); err != nil {
				t.Error(err)
			}
		}
		if err := l.UseModel(t.Context(), other); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	now, err := l.Robustness(t.Context(), q, nil)
	if err != nil || !reflect.DeepEqual(now, wanted[2]) {
		t.Errorf("%v: after going over to it %+v, beside %+v", err, now, wanted[2])
	}
}

// anotherModel is a file of a model for images of shapes.
func anotherModel(t *testing.T) string {
	t.Helper()
	data, err := dataset.Open(t.Context(), "shapes", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New("resnet8-w8", [3]int{3, 32, 32}, data.Test.Classes(), nets.He, 8)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "other.safetensors")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	return file
}
