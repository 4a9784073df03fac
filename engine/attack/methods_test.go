package attack_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/attack"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// linear is a model of two classes with logits ±w·(x−½), for which optimal attacks are known.
type linear struct {
	w       []float32
	c, h, s int
	asked   int // images
}

func newLinear(rng *rand.Rand, c, h, w int) *linear {
	l := &linear{w: make([]float32, c*h*w), c: c, h: h, s: w}
	for i := range l.w {
		l.w[i] = float32(rng.NormFloat64())
	}
	return l
}

func (l *linear) Batch() int           { return 5 }
func (l *linear) Classes() int         { return 2 }
func (l *linear) Input() (c, h, w int) { return l.c, l.h, l.s }

func (l *linear) Logits(_ context.Context, dst, x []float32, n int) error {
	l.asked += n
	for i := range n {
		sum := 0.0
		for k, w := range l.w {
			sum += float64(w) * (float64(x[i*len(l.w)+k]) - 0.5)
		}
		dst[2*i], dst[2*i+1] = float32(sum), -float32(sum)
	}
	return nil
}

func (l *linear) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, _ attack.Loss) error {
	if err := l.Logits(ctx, logits, x, len(labels)); err != nil {
		return err
	}
	for i, label := range labels {
		for k, w := range l.w {
			dx[i*len(l.w)+k] = w * float32(2*label-1)
		}
	}
	return nil
}

// near returns n images close to mid gray, their predicted classes and margins.
func (l *linear) near(rng *rand.Rand, n int) (x []float32, labels []int, margins []float64) {
	x = make([]float32, n*len(l.w))
	for i := range x {
		x[i] = float32(0.5 + 0.02*rng.NormFloat64())
	}
	logits := make([]float32, 2*n)
	l.Logits(context.Background(), logits, x, n)
	for i := range n {
		label := 0
		if logits[2*i+1] > logits[2*i] {
			label = 1
		}
		labels = append(labels, label)
		margins = append(margins, math.Abs(float64(logits[2*i])))
	}
	return x, labels, margins
}

// TestSmallest: for a linear model the smallest ε is the margin over Σ|w|, and searches find it
// within their resolution.
func TestSmallest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	l := newLinear(rng, 1, 12, 11)
	x, labels, margins := l.near(rng, 23)
	labels[4] = 1 - labels[4] // misclassified clean
	sum := 0.0
	for _, w := range l.w {
		sum += math.Abs(float64(w))
	}
	for _, method := range []string{attack.MinimalFGSMMethod, attack.MinimalPGDMethod} {
		o := attack.Default(method, 1)
		got, outcomes := run(t, o, l, x, labels, nil)
		inBounds(t, method, o, got, x, outcomes)
		for i, out := range outcomes {
			least, grid := margins[i]/sum, 1e-3
			if least < 20e-3 { // then twentieths of at most 1 + 20 thousandths
				grid = math.Ceil(least*1000) / 1000 / 20
			}
			if method == attack.MinimalPGDMethod {
				grid = 0.31 / (1 << 20)
			}
			if i == 4 {
				least, grid = 0, 0
			}
			if !out.Success || out.LInf < least-1e-7 || out.LInf > least+grid+2e-7 {
				t.Errorf("%s: image %d: smallest epsilon is %v, found %v (success %v)", method, i, least, out.LInf, out.Success)
			}
		}
		o.Epsilon = margins[0] / sum / 2
		if _, outcomes := run(t, o, l, x[:len(l.w)], labels[:1], nil); outcomes[0].Success || outcomes[0].LInf != 0 {
			t.Errorf("%s: %+v at half of the smallest epsilon", method, outcomes[0])
		}
	}
}

// TestRoundedPastEpsilon: a perturbation that exceeds ε by rounding, at any scale above one half, is
// dropped.
func TestRoundedPastEpsilon(t *testing.T) {
	l := &linear{w: make([]float32, 9), c: 1, h: 3, s: 3}
	l.w[4] = 1
	x := make([]float32, 9)
	for i := range x {
		x[i] = 0.75
	}
	const ulp = 1.0 / (1 << 24)
	o := attack.Options{Method: attack.PGDMethod, Norm: attack.L2, Epsilon: ulp * (1 - 1e-9), Steps: 2}
	if _, outcomes := run(t, o, l, x, []int{0}, nil); outcomes[0].L2 > o.Epsilon {
		t.Errorf("norm %v exceeds %v", outcomes[0].L2, o.Epsilon)
	}
}

// TestSquare: the search succeeds where gradient attacks do, respects its query budget, and stops
// at success.
func TestSquare(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	l := newLinear(rng, 3, 12, 12)
	x, labels, margins := l.near(rng, 23)
	var l1, l2 float64
	for _, w := range l.w {
		l1 += math.Abs(float64(w))
		l2 += float64(w) * float64(w)
	}
	for norm, size := range map[attack.Norm]float64{attack.LInf: l1, attack.L2: math.Sqrt(l2)} {
		least := slices.Max(margins) / size
		l.asked = 0
		o := attack.Options{Method: attack.SquareMethod, Norm: norm, Epsilon: 4 * least, Steps: 1500}
		got, outcomes := run(t, o, l, x, labels, nil)
		inBounds(t, "square", o, got, x, outcomes)
		failed := 0
		for _, out := range outcomes {
			if !out.Success {
				failed++
			}
		}
		if failed > 0 || l.asked > len(labels)*o.Steps/2 {
			t.Errorf("%s: %d of %d images resist four times the smallest epsilon after %d queries", norm, failed, len(labels), l.asked)
		}
		o.Epsilon, o.Steps = 0.9*slices.Min(margins)/size, 40
		l.asked = 0
		got, outcomes = run(t, o, l, x, labels, nil)
		for i, out := range outcomes {
			z := make([]float32, 2)
			l.Logits(t.Context(), z, got[i*len(l.w):], 1)
			if out.Success || math.Abs(float64(z[0])) >= margins[i] {
				t.Errorf("%s: image %d below its smallest epsilon: success %v, margin %v, %v before", norm, i, out.Success, z[0], margins[i])
			}
		}
		// The original image, forty queries, the returned image, and the call above.
		if want := len(labels) * (1 + 40 + 1 + 1); l.asked != want {
			t.Errorf("%s: %d queries, want %d", norm, l.asked, want)
		}
	}
	small := newLinear(rng, 1, 9, 12)
	a, err := attack.New(attack.Options{Method: attack.SquareMethod, Norm: attack.L2, Epsilon: 1, Steps: 10})
	if err != nil {
		t.Fatal(err)
	}
	x, labels, _ = small.near(rng, 2)
	if _, err := a.Run(t.Context(), small, make([]float32, len(x)), x, labels, nil); err == nil {
		t.Error("accepted images smaller than the bumps")
	}
}

// TestTargetGradient: an image's gradient of a sum of losses is that of its own loss.
func TestTargetGradient(t *testing.T) {
	target, f, labels := goldenTarget(t, "net_resnet18_w8", 8)
	x, n := f["x"].Data, float32(len(labels))
	dx, logits := make([]float32, len(x)), make([]float32, 10*len(labels))
	if err := target.Gradient(t.Context(), dx, logits, x, labels, attack.CrossEntropy); err != nil {
		t.Fatal(err)
	}
	largest := float64(slices.Max(f["eval.dx"].Data))
	for i, want := range f["eval.dx"].Data {
		if math.Abs(float64(dx[i]/n-want)) > 1e-4*largest {
			t.Fatalf("value %d is %v, in PyTorch %v", i, dx[i]/n, want)
		}
	}
	for i, want := range f["eval.logits"].Data {
		if math.Abs(float64(logits[i]-want)) > 1e-4 {
			t.Fatalf("logit %d is %v, in PyTorch %v", i, logits[i], want)
		}
	}
}

// TestZeroGradient: with saturated probabilities the gradient of cross-entropy is zero and
// reported as such, that of the difference-of-logits ratio is not.
func TestZeroGradient(t *testing.T) {
	target, f, _ := goldenTarget(t, "net_resnet18_w8", 8)
	x := f["x"].Data
	labels := make([]int, 8) // predicted classes
	for i := range labels {
		z := f["eval.logits"].Data[10*i:][:10]
		labels[i] = slices.Index(z, slices.Max(z))
	}
	sure := slices.Clone(f["before.fc.weight"].Data)
	for i := range sure {
		sure[i] *= 1e6
	}
	if err := target.SetWeight("fc.weight", sure); err != nil {
		t.Fatal(err)
	}
	for _, o := range []attack.Options{attack.Default(attack.FGSMMethod, 0.03), attack.Default(attack.PGDMethod, 0.03)} {
		got, outcomes := run(t, o, target, x, labels, nil)
		for i, out := range outcomes {
			if !out.ZeroGradient || out.Success || out.LInf != 0 {
				t.Errorf("%s: image %d: %+v", o.Method, i, out)
			}
		}
		if !slices.Equal(got, x) {
			t.Errorf("%s perturbs images with zero gradient", o.Method)
		}
	}
	o := attack.Default(attack.APGDDLRMethod, 0.03)
	o.Steps = 5
	_, outcomes := run(t, o, target, x, labels, nil)
	for i, out := range outcomes {
		if out.ZeroGradient || out.LInf == 0 {
			t.Errorf("%s: image %d: %+v", o.Method, i, out)
		}
	}
}

// TestRestarts: restarts never weaken an attack, and equal seeds yield equal results.
func TestRestarts(t *testing.T) {
	target, f, labels := goldenTarget(t, "net_resnet18_w8", 8)
	x, z := f["x"].Data, make([]float32, 10*len(labels))
	for _, method := range []string{attack.PGDMethod, attack.APGDCEMethod} {
		o := attack.Options{Method: method, Epsilon: 0.02, Steps: 3, RandomStart: true, Seed: 1}
		got, once := run(t, o, target, x, labels, nil)
		if err := target.Logits(t.Context(), z, got, len(labels)); err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(z)
		o.Restarts = 4
		more, often := run(t, o, target, x, labels, nil)
		if err := target.Logits(t.Context(), z, more, len(labels)); err != nil {
			t.Fatal(err)
		}
		for i, label := range labels {
			was, is := loss("", before[10*i:][:10], label), loss("", z[10*i:][:10], label)
			if once[i].Success && !often[i].Success || once[i].Success == often[i].Success && is < was-1e-6 {
				t.Errorf("%s: image %d after four runs: %v, loss %v; after the first: %v, %v", method, i, often[i].Success, is, once[i].Success, was)
			}
		}
		again, _ := run(t, o, target, x, labels, nil)
		o.Seed = 2
		other, _ := run(t, o, target, x, labels, nil)
		if !slices.Equal(again, more) || slices.Equal(other, more) {
			t.Errorf("%s: results differ for equal seeds", method)
		}
	}
}

// TestRefused: invalid input is a one-line error.
func TestRefused(t *testing.T) {
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	two, err := model.New("resnet20-w4", [3]int{3, 32, 32}, []string{"a", "b"}, nets.He, 1)
	if err != nil {
		t.Fatal(err)
	}
	target, err := attack.NewTarget(two, device, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	for what, c := range map[string]struct {
		method string
		x      []float32
		labels []int
		want   string
	}{
		"classes": {attack.APGDDLRMethod, make([]float32, 3072), []int{0}, "at least 3"},
		"size":    {attack.FGSMMethod, make([]float32, 3*28*28), []int{0}, "wrong image size"},
		"label":   {attack.FGSMMethod, make([]float32, 3072), []int{2}, "label 2"},
		"pixel":   {attack.FGSMMethod, append(make([]float32, 3071), 1.5), []int{0}, "1.5"},
		"NaN":     {attack.FGSMMethod, append(make([]float32, 3071), float32(math.NaN())), []int{0}, "NaN"},
	} {
		a, err := attack.New(attack.Default(c.method, 0.03))
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Run(t.Context(), target, make([]float32, len(c.x)), c.x, c.labels, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FGSM has no random start and ignores the option.
func TestFGSMHasNoStart(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	l := newLinear(rng, 3, 4, 4)
	x, labels, _ := l.near(rng, 3)
	var made [2][]float32
	for i, o := range []attack.Options{
		{Method: attack.FGSMMethod, Epsilon: 0.02},
		{Method: attack.FGSMMethod, Epsilon: 0.02, RandomStart: true, Restarts: 3, Seed: 9},
	} {
		a, err := attack.New(o)
		if err != nil {
			t.Fatal(err)
		}
		made[i] = make([]float32, len(x))
		if _, err := a.Run(t.Context(), l, made[i], x, labels, nil); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(made[0], made[1]) {
		t.Error("RandomStart affects FGSM")
	}
}
