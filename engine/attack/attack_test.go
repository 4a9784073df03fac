package attack_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/attack"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// goldenTarget returns golden's model as a target with the given batch size.
func goldenTarget(t *testing.T, name string, batch int) (*attack.Model, map[string]*checkpoints.Tensor, []int) {
	t.Helper()
	m, f, labels := golden(t, name)
	target, err := attack.NewTarget(m, openCPU(t), batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	return target, f, labels
}

func openCPU(t *testing.T) plan.Device {
	t.Helper()
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return device
}

// tiny returns an untrained network with four channels and golden images, labeled with its
// predictions.
func tiny(t *testing.T) (m *model.Model, x []float32, labels []int) {
	t.Helper()
	_, f, labels := golden(t, "net_resnet18_w8")
	x = f["x"].Data
	m, err := model.New("resnet8-w4", [3]int{3, 32, 32}, make([]string, 10), nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	e, err := m.NewEvaluator(openCPU(t), len(labels), model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	logits := make([]float32, 10*len(labels))
	if err := e.Logits(t.Context(), logits, x, len(labels)); err != nil {
		t.Fatal(err)
	}
	for i := range labels {
		own := logits[10*i : 10*i+10]
		labels[i] = slices.Index(own, slices.Max(own))
	}
	return m, x, labels
}

// run attacks all images.
func run(t *testing.T, o attack.Options, target attack.Target, x []float32, labels, indices []int) ([]float32, []attack.Outcome) {
	t.Helper()
	a, err := attack.New(o)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float32, len(x))
	outcomes, err := a.Run(t.Context(), target, dst, x, labels, indices)
	if err != nil {
		t.Fatal(err)
	}
	return dst, outcomes
}

// TestRunGolden compares Run with default options with PyTorch.
func TestRunGolden(t *testing.T) {
	for _, name := range []string{"net_resnet18_w8", "net_resnet20"} {
		target, f, labels := goldenTarget(t, name, 8)
		x, before, after := f["x"].Data, make([]float32, 80), make([]float32, 80)
		if err := target.Logits(t.Context(), before, x, 8); err != nil {
			t.Fatal(err)
		}
		got, _ := run(t, attack.Options{Method: attack.FGSMMethod, Epsilon: epsilon}, target, x, labels, nil)
		same(t, name+" fgsm", got, f["eval.fgsm"].Data, x, 1e-4)
		got, outcomes := run(t, attack.Options{Method: attack.PGDMethod, Epsilon: epsilon, StepSize: epsilon / 4, Steps: 10}, target, x, labels, nil)
		same(t, name+" pgd", got, f["eval.pgd"].Data, x, 1e-2)
		if err := target.Logits(t.Context(), after, x, 8); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, after) {
			t.Errorf("%s: the attack has modified the model", name)
		}
		logits := f["eval.pgd.logits"].Data
		for i, o := range outcomes {
			if want := slices.Index(logits[10*i:10*i+10], slices.Max(logits[10*i:10*i+10])); o.Class != want || o.Success != (want != labels[i]) {
				t.Errorf("%s: image %d is predicted as %d (success %v), in PyTorch as %d, label %d", name, i, o.Class, o.Success, want, labels[i])
			}
		}
	}
}

// inBounds checks the guarantees of every method.
func inBounds(t *testing.T, what string, o attack.Options, got, x []float32, outcomes []attack.Outcome) {
	t.Helper()
	size := len(x) / len(outcomes)
	for i, out := range outcomes {
		v, x := got[i*size:][:size], x[i*size:][:size]
		largest, sum := 0.0, 0.0
		for k := range v {
			if !(v[k] >= 0 && v[k] <= 1) {
				t.Fatalf("%s: a pixel is %v", what, v[k])
			}
			d := math.Abs(float64(v[k]) - float64(x[k]))
			largest, sum = max(largest, d), sum+d*d
		}
		if largest != out.LInf || math.Abs(math.Sqrt(sum)-out.L2) > 1e-12 {
			t.Fatalf("%s: norms %v and %v are reported as %v and %v", what, largest, math.Sqrt(sum), out.LInf, out.L2)
		}
		// the largest rounding error of a pixel below 1
		if rounding := 1.0 / (1 << 24); out.Norm(o.Norm) > o.Epsilon+rounding {
			t.Fatalf("%s: image %d exceeds the budget by %g, epsilon %v", what, i, out.Norm(o.Norm)-o.Epsilon, o.Epsilon)
		}
	}
}

// TestBounds: perturbations are within epsilon, pixels in [0,1], and results do not depend on the
// other images of the batch.
func TestBounds(t *testing.T) {
	m, x, labels := tiny(t)
	var targets [2]*attack.Model
	for i, batch := range []int{8, 5} {
		var err error
		if targets[i], err = attack.NewTarget(m, openCPU(t), batch); err != nil {
			t.Fatal(err)
		}
		defer targets[i].Close()
	}
	target, alone := targets[0], targets[1]
	size := len(x) / len(labels)
	for _, method := range attack.Methods() {
		for _, norm := range []attack.Norm{attack.LInf, attack.L2} {
			for _, epsilon := range []float64{0, 1e-6, 0.03} {
				for _, band := range []attack.Band{{}, {Part: attack.Low, R: 5}, {Part: attack.High, R: 5}, {Part: attack.Ring, R: 4, To: 9}} {
					o := attack.Options{Method: method, Norm: norm, Epsilon: epsilon, Steps: 3, RandomStart: true, Restarts: 2, Seed: 7, Band: band}
					if o.Check() != nil {
						continue
					}
					what := fmt.Sprintf("%s %s epsilon %v %s", method, norm, epsilon, band.Part)
					got, outcomes := run(t, o, target, x, labels, nil)
					inBounds(t, what, o, got, x, outcomes)
					if epsilon == 0 && !slices.Equal(got, x) {
						t.Errorf("%s: input images are modified", what)
					}
					some, part := run(t, o, alone, x[2*size:], labels[2:], []int{2, 3, 4, 5, 6, 7})
					if !slices.Equal(some, got[2*size:]) || !slices.Equal(part, outcomes[2:]) {
						t.Errorf("%s: results depend on the other images", what)
					}
				}
			}
		}
	}
}

// TestBand: without pixels near 0 or 1, perturbations are entirely in their band.
func TestBand(t *testing.T) {
	target, f, labels := goldenTarget(t, "net_resnet18_w8", 8)
	x := slices.Clone(f["x"].Data)
	for i := range x {
		x[i] = 0.25 + x[i]/2
	}
	for _, band := range []attack.Band{{Part: attack.Low, R: 5}, {Part: attack.High, R: 9.5}, {Part: attack.Ring, R: 4, To: 9}} {
		for _, o := range []attack.Options{
			{Method: attack.FGSMMethod, Epsilon: 0.1},
			{Method: attack.PGDMethod, Epsilon: 0.1, Steps: 5},
			{Method: attack.PGDMethod, Norm: attack.L2, Epsilon: 1, Steps: 5, RandomStart: true},
			{Method: attack.APGDCEMethod, Epsilon: 0.1, Steps: 8},
			{Method: attack.APGDDLRMethod, Norm: attack.L2, Epsilon: 1, Steps: 8},
		} {
			o.Band = band
			got, outcomes := run(t, o, target, x, labels, nil)
			for i := range got {
				got[i] -= x[i]
			}
			below := func(r float64) []float32 {
				low := make([]float32, len(got))
				spectral.NewBatch(32, 32, 1).Split([][]float32{low}, nil, got, []float64{r})
				return low
			}
			all, inside := energy(got), 0.0
			switch band.Part {
			case attack.Low:
				inside = energy(below(band.R))
			case attack.High:
				inside = all - energy(below(band.R))
			case attack.Ring:
				inside = energy(below(band.To)) - energy(below(band.R))
			}
			if math.Abs(inside/all-1) > 1e-6 {
				t.Errorf("%s %s: %v of the perturbation is in %+v", o.Method, o.Norm, inside/all, band)
			}
			for i, out := range outcomes {
				if out.Norm(o.Norm) < 0.9*o.Epsilon {
					t.Errorf("%s %s in %+v: image %d moves by %v", o.Method, o.Norm, band, i, out.Norm(o.Norm))
				}
			}
		}
	}
}

func energy(v []float32) (sum float64) {
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return sum
}

// TestCheck: invalid options are one-line errors.
func TestCheck(t *testing.T) {
	fine := attack.Options{Method: attack.PGDMethod, Epsilon: 0.03, Steps: 10}
	if err := fine.Check(); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*attack.Options){
		func(o *attack.Options) { o.Method = "nosuch" },
		func(o *attack.Options) { o.Norm = 2 },
		func(o *attack.Options) { o.Epsilon = math.NaN() },
		func(o *attack.Options) { o.Epsilon = math.Inf(1) },
		func(o *attack.Options) { o.Epsilon = -0.1 },
		func(o *attack.Options) { o.Epsilon = 1.1 },
		func(o *attack.Options) { o.Norm, o.Epsilon = attack.L2, math.Inf(1) },
		func(o *attack.Options) { o.Steps = 0 },
		func(o *attack.Options) { o.StepSize = math.NaN() },
		func(o *attack.Options) { o.StepSize = -1 },
		func(o *attack.Options) { o.Restarts = 2 },
		func(o *attack.Options) { o.Restarts = -1 },
		func(o *attack.Options) { o.Band.Part = "middle" },
		func(o *attack.Options) { o.Band = attack.Band{Part: attack.Low, R: math.NaN()} },
		func(o *attack.Options) { o.Band = attack.Band{Part: attack.Ring, R: 5, To: 5} },
		func(o *attack.Options) { o.Method, o.Norm, o.Epsilon = attack.MinimalPGDMethod, attack.L2, 1 },
		func(o *attack.Options) { o.Method, o.Band = attack.SquareMethod, attack.Band{Part: attack.Low, R: 4} },
		func(o *attack.Options) {
			o.Method, o.Band = attack.MinimalFGSMMethod, attack.Band{Part: attack.Low, R: 4}
		},
	} {
		o := fine
		change(&o)
		if err := o.Check(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", o, err)
		}
		if _, err := attack.New(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}
