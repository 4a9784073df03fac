package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// byHand is a model with a layer's smoothed kernels as its own weights.
func byHand(t *testing.T, m *model.Model, s model.Smoothing) *model.Model {
	t.Helper()
	c := m.Clone()
	name, w, err := m.Smoothed(s)
	if err != nil {
		t.Fatal(err)
	}
	copy(c.Weights[name].Data, w)
	return c
}

// smoothings are of different layers, strengths and gains.
func smoothings(m *model.Model) []model.Smoothing {
	list := []model.Smoothing{{}}
	for i, layer := range m.Convolutions() {
		list = append(list, model.Smoothing{Rho: 0.25 * float64(1+i%3), Layer: layer, DivideGain: i%2 == 1})
	}
	return append(list, model.Smoothing{Rho: 0.25}, model.Smoothing{Rho: 0.25, DivideGain: true}, model.Smoothing{Rho: 1})
}

// The same program answers with one layer smoothed after the other, and as at first when
// it comes back to the first.
func TestEveryLayerIsSmoothedByItself(t *testing.T) {
	l := openSmall(t)
	now, end := l.begin()
	defer end()
	x := make([]float32, 3*3*32*32)
	if err := now.inputs.ReadBatch(x, make([]int, 3), []int{4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	list := smoothings(now.model)
	want := make([][]float32, len(list))
	for i, s := range list {
		e, err := byHand(t, now.model, s).NewEvaluator(l.device, 3, model.RunningStatistics)
		if err != nil {
			t.Fatal(err)
		}
		want[i] = make([]float32, 30)
		if err := e.Logits(t.Context(), want[i], x, 3); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for turn := range 3 {
		for k := range list {
			i := []int{k, len(list) - 1 - k, k * 5 % len(list)}[turn]
			c, err := now.panel.classifier(viewed, list[i])
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 30)
			if err := c.Logits(t.Context(), got, x, 3); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want[i]) {
				t.Errorf("turn %d, %+v: %v, want %v", turn, list[i], got[:3], want[i][:3])
			}
		}
	}
	if len(now.panel.seats) != 1 {
		t.Errorf("%d programs were compiled", len(now.panel.seats))
	}
}

// Measurements under one smoothing are not taken for those under another.
func TestMeasurementsKnowTheirSmoothing(t *testing.T) {
	l := openSmall(t)
	layer := l.Model().Convolutions()[3]
	measured := func(s model.Smoothing) bands.Result {
		r, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{4, 8}, Setting: Setting{Smoothing: s}}, nil)
		if err != nil || !r.Done {
			t.Fatalf("%+v: %+v, %v", s, r, err)
		}
		r.ImagesPerSecond = 0
		return r
	}
	plain := measured(model.Smoothing{})
	results := l.chosen.Load().results
	for i, s := range []model.Smoothing{{Rho: 2}, {Rho: 2, DivideGain: true}, {Rho: 2, Layer: layer}, {Rho: 2, Layer: layer, DivideGain: true}} {
		measured(s)
		if len(results.byKey) != i+2 || len(results.wholes) != i+2 {
			t.Errorf("%+v: %d measurements and %d of whole images are known", s, len(results.byKey), len(results.wholes))
		}
		other := s
		if other.Layer == "" {
			other.Layer = model.LayerName(l.Model().FirstConv())
		}
		if measured(other); len(results.byKey) != i+2 {
			t.Errorf("%+v is measured again as %+v", s, other)
		}
	}
	again := measured(model.Smoothing{Layer: layer, DivideGain: true})
	if len(results.byKey) != 5 || again.Whole != plain.Whole || !slices.Equal(again.Low, plain.Low) {
		t.Errorf("without smoothing: %+v, first %+v; %d measurements", again, plain, len(results.byKey))
	}
}

func TestSmoothingsThatCannotBe(t *testing.T) {
	l := openSmall(t)
	s := Setting{Smoothing: model.Smoothing{Rho: 1, Layer: "fc"}}
	_, view := l.View(t.Context(), ViewRequest{R: 4, Setting: s})
	_, measured := l.Bands(t.Context(), BandsRequest{Radii: []float64{4}, Setting: s}, nil)
	_, flips := l.Flips(t.Context(), FlipsRequest{R: 4, Setting: s}, nil)
	_, kernels := l.Kernels(t.Context(), KernelsRequest{Smoothing: s.Smoothing})
	for _, err := range []error{view, measured, flips, kernels} {
		if err == nil || !strings.Contains(err.Error(), "fc of small is no convolution: its convolutions are conv1, layer1.0.conv1") {
			t.Errorf("the error is %v", err)
		}
	}
}

// saved writes an untrained model of a net into a file.
func saved(t *testing.T, path, net string, input [3]int, seed uint64) string {
	t.Helper()
	m, err := model.New(net, input, slices.Repeat([]string{"class"}, 10), nets.He, seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestModelsBeside(t *testing.T) {
	l := openSmall(t)
	dir := t.TempDir()
	var paths []string
	for i := range 4 {
		paths = append(paths, saved(t, filepath.Join(dir, string(rune('a'+i))+".safetensors"), "resnet8-w8", [3]int{3, 32, 32}, uint64(10+i)))
	}
	subjects := map[*subject]bool{}
	look := func(path, want string) *subject {
		t.Helper()
		now, end, err := l.beside(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		if now.model.Name != want || now.users != 1 || now.set != l.chosen.Load().set || now.inputs != l.chosen.Load().inputs {
			t.Errorf("%s: %s with %d users", path, now.model.Name, now.users)
		}
		subjects[now.subject] = true
		return now.subject
	}
	open := look("", "small")
	first := look(paths[0], "a")
	if look(paths[1], "b"); look(paths[0], "a") != first || look("demo", "demo") == open {
		t.Error("a model was loaded twice, or not at all")
	}
	look(paths[2], "c")
	if len(l.others.list) != mostBeside || len(subjects) != 5 {
		t.Errorf("%d models are kept of %d", len(l.others.list), len(subjects))
	}
	saved(t, paths[0], "resnet8-w8", [3]int{3, 32, 32}, 20) // another under the same name
	second := look(paths[0], "a")
	if second == first || !first.retired || second.model.Weights["conv1.weight"].Data[0] == first.model.Weights["conv1.weight"].Data[0] {
		t.Error("the file is another, the model is not")
	}
	l.CloseBeside(paths[0])
	if l.CloseBeside("nothing"); !second.retired || len(l.others.list) != mostBeside-1 {
		t.Errorf("%d models are kept", len(l.others.list))
	}
	info, err := l.OpenBeside(t.Context(), paths[3])
	if err != nil || info.Model != "d" || info.Net != "resnet8-w8" || info.Split != "test" || !slices.Equal(info.Convs, l.Model().Convolutions()) {
		t.Errorf("%+v, %v", info, err)
	}
}

// A model that leaves while it computes ends first.
func TestModelBesideLeavesWithItsLastUser(t *testing.T) {
	l := openSmall(t)
	now, end, err := l.beside(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := now.panel.classifier(viewed, model.Smoothing{Rho: 1})
	if err != nil {
		t.Fatal(err)
	}
	l.CloseBeside("demo")
	if err := c.Logits(t.Context(), make([]float32, 30), make([]float32, 3*3*32*32), 3); err != nil || len(now.panel.seats) != 1 {
		t.Errorf("%v, %d programs", err, len(now.panel.seats))
	}
	if end(); len(now.panel.seats) != 0 {
		t.Errorf("%d programs are kept", len(now.panel.seats))
	}
}

func TestModelsThatCannotBeBeside(t *testing.T) {
	l := openSmall(t)
	dir := t.TempDir()
	grey := saved(t, filepath.Join(dir, "grey.safetensors"), "lenet5", [3]int{1, 28, 28}, 1)
	text := filepath.Join(dir, "text.safetensors")
	if err := os.WriteFile(text, []byte("no tensors"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		grey:   "grey takes images of 28×28 grey and small takes 32×32 RGB: they cannot be looked at side by side",
		text:   text,
		"demu": "embedded models are demo",
	} {
		if _, err := l.OpenBeside(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want %q", path, err, want)
		}
	}
	if _, err := l.Kernels(t.Context(), KernelsRequest{Model: filepath.Join(dir, "nothing.pt")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
	if len(l.others.list) != 0 {
		t.Errorf("%d models are kept", len(l.others.list))
	}
}

func TestManyAskAboutModelsBeside(t *testing.T) {
	l := openSmall(t)
	dir := t.TempDir()
	var paths []string
	for i := range 5 {
		paths = append(paths, saved(t, filepath.Join(dir, string(rune('a'+i))+".safetensors"), "resnet8-w4", [3]int{3, 32, 32}, uint64(i)))
	}
	var wait sync.WaitGroup
	for k := range 4 {
		wait.Go(func() {
			for i := range 10 {
				now, end, err := l.beside(t.Context(), paths[(i*(k+1))%5])
				if err != nil {
					t.Error(err)
					return
				}
				c, err := now.panel.classifier(viewed, model.Smoothing{Rho: float64(k)})
				if err == nil {
					err = c.Logits(t.Context(), make([]float32, 30), make([]float32, 3*3*32*32), 3)
				}
				if err != nil {
					t.Error(err)
				}
				if end(); i == 5 {
					l.CloseBeside(paths[k])
				}
			}
		})
	}
	wait.Wait()
}
