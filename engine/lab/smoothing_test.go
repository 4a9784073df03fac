package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/engine/view"
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
	now, end, err := l.model(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	x := make([]float32, 3*3*32*32)
	if err := now.Inputs.ReadBatch(x, make([]int, 3), []int{4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	list := smoothings(now.model)
	want := make([][]float32, len(list))
	for i, s := range list {
		e, err := byHand(t, now.model, s).NewEvaluator(l.compute.Load(), 3, model.RunningStatistics)
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
			c, err := now.programs.get(viewProgram, list[i])
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
	if len(now.programs.programs) != 1 {
		t.Errorf("%d programs were compiled", len(now.programs.programs))
	}
}

// Measurements under one smoothing are not taken for those under another.
func TestMeasurementsKnowTheirSmoothing(t *testing.T) {
	l := openSmall(t)
	layer := l.Model().Convolutions()[3]
	measured := func(s model.Smoothing) bands.Result {
		r, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{4, 8}, Setting: bands.Setting{Smoothing: s}}, nil)
		if err != nil || !r.Done {
			t.Fatalf("%+v: %+v, %v", s, r, err)
		}
		r.ImagesPerSecond = 0
		return r
	}
	plain := measured(model.Smoothing{})
	results, clean := l.selected.Load().bands, l.selected.Load().clean
	for i, s := range []model.Smoothing{{Rho: 2}, {Rho: 2, DivideGain: true}, {Rho: 2, Layer: layer}, {Rho: 2, Layer: layer, DivideGain: true}} {
		measured(s)
		if results.Len() != i+2 || clean.Len() != i+2 {
			t.Errorf("%+v: %d measurements and %d of whole images are known", s, results.Len(), clean.Len())
		}
		other := s
		if other.Layer == "" {
			other.Layer = model.LayerName(l.Model().FirstConv())
		}
		if measured(other); results.Len() != i+2 {
			t.Errorf("%+v is measured again as %+v", s, other)
		}
	}
	again := measured(model.Smoothing{Layer: layer, DivideGain: true})
	if results.Len() != 5 || again.Whole != plain.Whole || !slices.Equal(again.Low, plain.Low) {
		t.Errorf("without smoothing: %+v, first %+v; %d measurements", again, plain, results.Len())
	}
}

func TestSmoothingsThatCannotBe(t *testing.T) {
	l := openSmall(t)
	s := bands.Setting{Smoothing: model.Smoothing{Rho: 1, Layer: "fc"}}
	_, view := l.View(t.Context(), view.Request{R: 4, Setting: s})
	_, measured := l.Bands(t.Context(), BandsRequest{Radii: []float64{4}, Setting: s}, nil)
	_, flips := l.Flips(t.Context(), FlipsRequest{R: 4, Setting: s}, nil)
	_, kernels := l.Kernels(t.Context(), KernelsRequest{Smoothing: s.Smoothing})
	for _, err := range []error{view, measured, flips, kernels} {
		if err == nil || !strings.Contains(err.Error(), "fc of small is not a convolution: its convolutions are conv1, layer1.0.conv1") {
			t.Errorf("the error is %v", err)
		}
	}
}

// A model saved smoothed answers as the live one that is smoothed, says what was done to
// it, and is not written over.
func TestSavedSmoothedModels(t *testing.T) {
	l := openSmall(t)
	dir := t.TempDir()
	x := make([]float32, 3*3*32*32)
	now, end, err := l.model(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if err := now.Inputs.ReadBatch(x, make([]int, 3), []int{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	logits := func(p *programCache, s model.Smoothing) []float32 {
		t.Helper()
		c, err := p.get(viewProgram, s)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]float32, 30)
		if err := c.Logits(t.Context(), dst, x, 3); err != nil {
			t.Fatal(err)
		}
		return dst
	}
	path := filepath.Join(dir, "smooth.safetensors")
	done := model.Smoothing{Rho: 0.5, Layer: "layer1.0.conv1", DivideGain: true}
	if err := l.SaveSmoothed(t.Context(), path, KernelsRequest{Smoothing: done}); err != nil {
		t.Fatal(err)
	}
	other, leave, err := l.model(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	if got, want := logits(other.programs, model.Smoothing{}), logits(now.programs, done); !slices.Equal(got, want) {
		t.Errorf("saved %v, live %v", got[:5], want[:5])
	}
	done.Layer = "layer1.0.conv1.weight"
	if got := other.model.Smoothings(); !slices.Equal(got, []model.Smoothing{done}) {
		t.Errorf("its file says %+v", got)
	}
	if note := strings.Join(other.notes, ""); !strings.Contains(note, "smooth was saved with smoothed kernels: ρ 0.50 on layer1.0.conv1, gain-normalized") {
		t.Errorf("its note is %q", note)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = l.SaveSmoothed(t.Context(), path, KernelsRequest{Smoothing: model.Smoothing{Rho: 1}})
	if after, _ := os.ReadFile(path); !errors.Is(err, fs.ErrExist) || !slices.Equal(before, after) {
		t.Errorf("the error is %v; written over: %v", err, !slices.Equal(before, after))
	}
	twice := filepath.Join(dir, "twice.safetensors")
	if err := l.SaveSmoothed(t.Context(), twice, KernelsRequest{Model: path, Smoothing: model.Smoothing{Rho: 1}}); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(twice, "")
	if want := []model.Smoothing{done, {Rho: 1, Layer: "conv1.weight"}}; err != nil || !slices.Equal(m.Smoothings(), want) {
		t.Errorf("%+v, %v, want %+v", m.Smoothings(), err, want)
	}
	for _, s := range []model.Smoothing{{}, {Rho: -1}, {Rho: 1, Layer: "fc"}} {
		if err := l.SaveSmoothed(t.Context(), filepath.Join(dir, "none"), KernelsRequest{Smoothing: s}); err == nil {
			t.Errorf("%+v was saved", s)
		}
	}
	if found, _ := os.ReadDir(dir); len(found) != 2 {
		t.Errorf("files %v", found)
	}
	if err := l.Reopen(t.Context(), Choice{Model: path, Given: model.Description{Mean: []float32{0.3}}}); err != nil {
		t.Fatal(err)
	}
	if r, err := l.Check(t.Context(), nil); err != nil || r.Checked != 0 || r.Better != nil {
		t.Errorf("what smoothing changed is read as a wrong normalization: %+v, %v", r, err)
	}
}

// What a file says of its smoothing may be anything.
func TestSmoothingsOfHostileFiles(t *testing.T) {
	l := openSmall(t)
	m := l.Model().Clone()
	for _, given := range []string{"", "{", "[1]", `[{"rho":-1}]`, `[{"rho":1e300}]`, `[{"rho":1,"layer":"\u001b[31m"}]`, "null"} {
		m.Metadata["hfcui.smoothing"] = given
		if got := m.Smoothings(); len(got) != 0 {
			t.Errorf("%q: %+v", given, got)
		}
	}
}
