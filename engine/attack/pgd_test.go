package attack_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/attack"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

const epsilon = 8.0 / 255

// golden returns a model, reference tensors including PyTorch's results, and labels.
func golden(t *testing.T, name string) (*model.Model, map[string]*checkpoints.Tensor, []int) {
	t.Helper()
	f, err := checkpoints.Open("../plan/plantest/testdata/" + name + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	weights := &checkpoints.File{Tensors: make(map[string]*checkpoints.Tensor)}
	for key, tensor := range f.Tensors {
		if key, ok := strings.CutPrefix(key, "before."); ok {
			weights.Tensors[key] = tensor
		}
	}
	m, err := model.FromFile(name, weights, "")
	if err != nil {
		t.Fatal(err)
	}
	var labels []int
	for _, v := range f.Tensors["labels_i64"].Data {
		labels = append(labels, int(v))
	}
	return m, f.Tensors, labels
}

// TestGolden compares attacks with PyTorch's. Signs of gradients that are 0 up to rounding may
// differ, at a few pixels only.
func TestGolden(t *testing.T) {
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, dev := range []plan.Device{plantest.Reference(), device} {
		for _, name := range []string{"net_resnet18_w8", "net_resnet20"} {
			if dev != device && (name == "net_resnet20" || testing.Short()) {
				continue // slow
			}
			m, f, labels := golden(t, name)
			x := f["x"].Data
			statistics := slices.Clone(m.Weights["bn1.running_mean"].Data)
			d, err := m.NewDifferentiator(dev, len(labels), model.RunningStatistics)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(x))
			fgsm := attack.PGD{Epsilon: epsilon, StepSize: epsilon, Steps: 1}
			if err := fgsm.Run(t.Context(), d, got, x, labels, nil); err != nil {
				t.Fatal(err)
			}
			same(t, dev.Name()+" "+name+" fgsm", got, f["eval.fgsm"].Data, x, 1e-4)
			pgd := attack.PGD{Epsilon: epsilon, StepSize: epsilon / 4, Steps: 10}
			if err := pgd.Run(t.Context(), d, got, x, labels, nil); err != nil {
				t.Fatal(err)
			}
			same(t, dev.Name()+" "+name+" pgd", got, f["eval.pgd"].Data, x, 1e-2)
			e, err := m.NewEvaluator(dev, len(labels), model.RunningStatistics)
			if err != nil {
				t.Fatal(err)
			}
			logits := make([]float32, len(f["eval.pgd.logits"].Data))
			if err := e.Logits(t.Context(), logits, got, len(labels)); err != nil {
				t.Fatal(err)
			}
			plantest.Close(t, "logits", logits, f["eval.pgd.logits"].Data, 2e-2)
			if !slices.Equal(statistics, m.Weights["bn1.running_mean"].Data) {
				t.Error("running statistics have changed")
			}
			d.Close()
			e.Close()
		}
	}
}

// same allows a share of pixels to differ, within the perturbation budget.
func same(t *testing.T, what string, got, want, x []float32, share float64) {
	t.Helper()
	wrong := 0
	for i := range got {
		if math.Abs(float64(got[i])-float64(want[i])) > 1e-6 {
			wrong++
		}
	}
	if float64(wrong) > share*float64(len(got)) {
		t.Errorf("%s: %d of %d pixels differ", what, wrong, len(got))
	}
	inBall(t, got, x, epsilon)
}

// inBall checks that every pixel is within ε of x, up to one rounding, and in [0,1].
func inBall(t *testing.T, got, x []float32, epsilon float64) {
	t.Helper()
	for i, v := range got {
		off := math.Abs(float64(v) - float64(x[i]))
		rounding := float64(math.Nextafter32(max(v, x[i]), 2)) - float64(max(v, x[i]))
		if !(off <= epsilon+rounding && v >= 0 && v <= 1) {
			t.Fatalf("pixel %d changed from %v to %v: %g beyond epsilon", i, x[i], v, off-epsilon)
		}
	}
}

// noise is a model whose gradients are random.
type noise struct{ *rand.Rand }

func (n noise) Gradient(_ context.Context, dx, _ []float32, _ []int) error {
	for i := range dx {
		dx[i] = float32(n.NormFloat64())
		if i%7 == 0 {
			dx[i] = 0
		}
	}
	return nil
}

func TestStaysInBall(t *testing.T) {
	g := noise{rand.New(rand.NewPCG(1, 2))}
	x, start, dst := make([]float32, 999), make([]float32, 999), make([]float32, 999)
	for i := range x {
		x[i], start[i] = min(max(g.Float32()*1.2-0.1, 0), 1), g.Float32()*2-1
	}
	for _, epsilon := range []float64{1e-6, 1.0 / 255, 0.03, 8.0 / 255, 0.09, 0.5, 1} {
		for _, from := range [][]float32{nil, start} {
			p := attack.PGD{Epsilon: epsilon, StepSize: epsilon / 3, Steps: 20}
			if err := p.Run(t.Context(), g, dst, x, make([]int, 9), from); err != nil {
				t.Fatal(err)
			}
			inBall(t, dst, x, epsilon)
			for i := 0; i < len(dst) && from == nil; i += 7 {
				if dst[i] != x[i] {
					t.Fatalf("a pixel without gradient changed from %v to %v", x[i], dst[i])
				}
			}
		}
	}
}

// TestLinear: for a linear model PGD moves every pixel to the boundary of the ball.
func TestLinear(t *testing.T) {
	x := []float32{0.5, 0.01, 0.99, 0.5}
	w := signs{1, -1, 1, 0}
	p := attack.PGD{Epsilon: 0.1, StepSize: 0.03, Steps: 10}
	got := make([]float32, 4)
	if err := p.Run(t.Context(), w, got, x, make([]int, 2), nil); err != nil {
		t.Fatal(err)
	}
	if want := []float32{0.6, 0, 1, 0.5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := p.Run(t.Context(), failing{}, got, x, make([]int, 2), nil); err == nil {
		t.Error("an error is lost")
	}
}

type signs []float32

func (s signs) Gradient(_ context.Context, dx, _ []float32, _ []int) error {
	copy(dx, s)
	return nil
}

type failing struct{}

func (failing) Gradient(context.Context, []float32, []float32, []int) error {
	return errors.New("no gradient")
}
