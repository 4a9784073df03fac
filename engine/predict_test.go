package engine

import (
	"math"
	"path/filepath"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan/plantest"
)

// smallModel saves an untrained model with ten classes and returns it and its path.
func smallModel(t *testing.T) (*model.Model, string) {
	t.Helper()
	classes := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	m, err := model.New("resnet20-w4", [3]int{3, 32, 32}, classes, nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "small.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return m, path
}

// images writes n pictures, only some of them of the model's size.
func images(t *testing.T, n int) []string {
	t.Helper()
	dir := t.TempDir()
	paths := make([]string, n)
	for i := range paths {
		paths[i] = filepath.Join(dir, string(rune('a'+i%26))+string(rune('a'+i/26))+".png")
		writePNG(t, paths[i], 32+i%3, 32+i%2, i%4 == 3)
	}
	return paths
}

func TestPredictFilesAsksAboutEveryFileInOrder(t *testing.T) {
	m, path := smallModel(t)
	paths := images(t, predictBatch+3)
	got, err := PredictFiles(t.Context(), Options{Model: path, Threads: 1}, PredictRequest{Images: paths})
	if err != nil || len(got) != len(paths) {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	oracle, err := m.NewEvaluator(plantest.Reference(), 1, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	for i, answer := range got {
		if answer.Image != paths[i] || answer.Part != "whole" || answer.R != nil || len(answer.Top) != predictTop {
			t.Errorf("answer %d: %+v", i, answer)
		}
		if i%9 != 0 && i != len(got)-1 {
			continue // the reference device is slow
		}
		im, err := dataset.ReadImage(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		logits := make([]float32, 10)
		if err := oracle.Logits(t.Context(), logits, im.Resize(3, 32, 32).Pix, 1); err != nil {
			t.Fatal(err)
		}
		want := top(predictionOf(logits).Probabilities, m.Classes)
		for k := range want {
			if answer.Top[k].Class != want[k].Class || math.Abs(answer.Top[k].P-want[k].P) > 1e-4 {
				t.Errorf("image %d: %v, want %v", i, answer.Top, want)
				break
			}
		}
	}
}

func TestPredictFilesShowsTheModelParts(t *testing.T) {
	_, path := smallModel(t)
	paths := images(t, 2)
	ask := func(q PredictRequest) []FilePrediction {
		t.Helper()
		q.Images = paths
		got, err := PredictFiles(t.Context(), Options{Model: path, Threads: 1}, q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	same := func(a, b []FilePrediction) bool {
		for i := range a {
			for k := range a[i].Top {
				if a[i].Top[k].Class != b[i].Top[k].Class || math.Abs(a[i].Top[k].P-b[i].Top[k].P) > 1e-5 {
					return false
				}
			}
		}
		return true
	}
	whole := ask(PredictRequest{})
	if all := ask(PredictRequest{Part: Low, R: 23}); !same(all, whole) || all[0].Part != "low" || *all[0].R != 23 {
		t.Errorf("everything kept: %+v, want %+v", all, whole)
	}
	if all := ask(PredictRequest{Part: High, R: 0}); !same(all, whole) {
		t.Errorf("nothing taken away: %+v, want %+v", all, whole)
	}
	for name, q := range map[string]PredictRequest{
		"low part":          {Part: Low, R: 3},
		"high part":         {Part: High, R: 3},
		"smoothed":          {Setting: Setting{Smoothing: model.Smoothing{Rho: 1}}},
		"normalised part":   {Part: High, R: 3, Setting: Setting{Normalize: 2}},
		"smoothed low part": {Part: Low, R: 3, Setting: Setting{Smoothing: model.Smoothing{Rho: 1}}},
	} {
		if same(ask(q), whole) {
			t.Errorf("%s: the same answers as for the whole image", name)
		}
	}
}

func TestPredictFilesRefuses(t *testing.T) {
	_, path := smallModel(t)
	for _, q := range []PredictRequest{
		{Images: []string{"nosuch.png"}},
		{Images: images(t, 1), Part: Low, R: -1},
		{Images: images(t, 1), Part: Low, R: math.NaN()},
		{Images: images(t, 1), Setting: Setting{Smoothing: model.Smoothing{Rho: math.Inf(1)}}},
	} {
		if got, err := PredictFiles(t.Context(), Options{Model: path, Threads: 1}, q); err == nil {
			t.Errorf("%+v gives %+v", q, got)
		}
	}
}

func TestTopKeepsTheOrderOfEquals(t *testing.T) {
	got := top([]float64{0.2, 0.3, 0.2, 0.3}, []string{"a", "b", "c", "d"})
	for i, want := range []string{"b", "d", "a", "c"} {
		if got[i].Class != want {
			t.Fatalf("%v", got)
		}
	}
}
