package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/view"
)

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

func TestComparisons(t *testing.T) {
	l := openSmall(t)
	dir := t.TempDir()
	var paths []string
	for i := range 4 {
		paths = append(paths, saved(t, filepath.Join(dir, string(rune('a'+i))+".safetensors"), "resnet8-w8", [3]int{3, 32, 32}, uint64(10+i)))
	}
	studies := map[*study]bool{}
	look := func(path, want string) *study {
		t.Helper()
		now, end, err := l.model(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		if now.model.Name != want || now.users != 1 || now.Set != l.selected.Load().Set || now.Inputs != l.selected.Load().Inputs {
			t.Errorf("%s: %s with %d users", path, now.model.Name, now.users)
		}
		studies[now.study] = true
		return now.study
	}
	open := look("", "small")
	first := look(paths[0], "a")
	if look(paths[1], "b"); look(paths[0], "a") != first || look("demo", "demo") == open {
		t.Error("a model was loaded twice, or not at all")
	}
	look(paths[2], "c")
	if l.compared.models.Len() != comparisonsKept || len(studies) != 5 {
		t.Errorf("%d models are kept of %d", l.compared.models.Len(), len(studies))
	}
	saved(t, paths[0], "resnet8-w8", [3]int{3, 32, 32}, 20) // another under the same name
	second := look(paths[0], "a")
	if second == first || !first.retired || second.model.Weights["conv1.weight"].Data[0] == first.model.Weights["conv1.weight"].Data[0] {
		t.Error("the file is another, the model is not")
	}
	l.CloseComparison(paths[0])
	if l.CloseComparison("nothing"); !second.retired || l.compared.models.Len() != comparisonsKept-1 {
		t.Errorf("%d models are kept", l.compared.models.Len())
	}
	info, err := l.OpenComparison(t.Context(), paths[3])
	if err != nil || info.Model != "d" || info.Net != "resnet8-w8" || info.Split != "test" || !slices.Equal(info.Convs, l.Model().Convolutions()) {
		t.Errorf("%+v, %v", info, err)
	}
}

// A model that is closed while it computes ends first.
func TestComparisonClosesWithItsLastUser(t *testing.T) {
	l := openSmall(t)
	now, end, err := l.model(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := now.programs.get(viewProgram, model.Smoothing{Rho: 1})
	if err != nil {
		t.Fatal(err)
	}
	l.CloseComparison("demo")
	if err := c.Logits(t.Context(), make([]float32, 30), make([]float32, 3*3*32*32), 3); err != nil || len(now.programs.programs) != 1 {
		t.Errorf("%v, %d programs", err, len(now.programs.programs))
	}
	if end(); len(now.programs.programs) != 0 {
		t.Errorf("%d programs are kept", len(now.programs.programs))
	}
}

func TestModelsThatCannotBeCompared(t *testing.T) {
	l := openSmall(t)
	dir := t.TempDir()
	gray := saved(t, filepath.Join(dir, "gray.safetensors"), "lenet5", [3]int{1, 28, 28}, 1)
	text := filepath.Join(dir, "text.safetensors")
	if err := os.WriteFile(text, []byte("no tensors"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		gray:   "the input of gray is 28×28 gray, that of small is 32×32 RGB: they cannot be compared",
		text:   text,
		"demu": "embedded models are demo",
	} {
		if _, err := l.OpenComparison(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want %q", path, err, want)
		}
	}
	if _, err := l.Kernels(t.Context(), KernelsRequest{Model: filepath.Join(dir, "nothing.pt")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
	if l.compared.models.Len() != 0 {
		t.Errorf("%d models are kept", l.compared.models.Len())
	}
}

func TestConcurrentComparisons(t *testing.T) {
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
				now, end, err := l.model(t.Context(), paths[(i*(k+1))%5])
				if err != nil {
					t.Error(err)
					return
				}
				c, err := now.programs.get(viewProgram, model.Smoothing{Rho: float64(k)})
				if err == nil {
					err = c.Logits(t.Context(), make([]float32, 30), make([]float32, 3*3*32*32), 3)
				}
				if err != nil {
					t.Error(err)
				}
				if end(); i == 5 {
					l.CloseComparison(paths[k])
				}
			}
		})
	}
	wait.Wait()
}

// A comparison model predicts and is measured as the same model is when it is the open one.
func TestComparisonsAgreeWithTheOpenModel(t *testing.T) {
	l := openSmall(t)
	other, err := model.New("resnet8-w8", [3]int{3, 32, 32}, l.Info().Classes, nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "other.safetensors")
	if err := other.Save(path); err != nil {
		t.Fatal(err)
	}
	q := PredictionsRequest{Model: path, Request: view.Request{Index: 3, R: 5, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 0.5}}}}
	b := BandsRequest{Model: path, Radii: []float64{2, 5}, Limit: 40}
	f := FlipsRequest{Model: path, R: 5, Limit: 40}
	beside, err := l.Predict(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := l.Bands(t.Context(), b, nil)
	if err != nil {
		t.Fatal(err)
	}
	flips, err := l.Flips(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(flips.Counts, curve.Flips[1]) {
		t.Errorf("flips %+v, in the curve %+v", flips.Counts, curve.Flips[1])
	}
	own, err := l.Bands(t.Context(), BandsRequest{Radii: b.Radii, Limit: 40}, nil)
	if err != nil || bands.Subtract(own, curve).Whole.N() != 40 {
		t.Errorf("%+v, %v", bands.Subtract(own, curve), err)
	}
	if err := l.UseModel(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	v, err := l.View(t.Context(), q.Request)
	if err != nil || !reflect.DeepEqual(v.Predictions, [3]measure.Prediction(beside)) {
		t.Errorf("%+v beside, %+v open (%v)", beside, v.Predictions, err)
	}
	b.Model = ""
	alone, err := l.Bands(t.Context(), b, nil)
	if alone.ImagesPerSecond = curve.ImagesPerSecond; err != nil || !reflect.DeepEqual(alone, curve) {
		t.Errorf("%+v beside, %+v open (%v)", curve, alone, err)
	}
	if _, err := l.Predict(t.Context(), PredictionsRequest{Request: view.Request{Index: 1 << 20, R: 5}}); err == nil {
		t.Error("an image that does not exist is predicted")
	}
}
