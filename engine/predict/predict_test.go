package predict

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// smallModel returns an untrained model with ten classes.
func smallModel(t *testing.T) *model.Model {
	t.Helper()
	classes := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	m, err := model.New("resnet20-w4", [3]int{3, 32, 32}, classes, nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func opened(t *testing.T) plan.Device {
	t.Helper()
	d, err := device.Open("cpu", plan.DeviceOptions{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// writePNG writes a random picture.
func writePNG(t *testing.T, path string, w, h int, gray bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	var im draw.Image = image.NewNRGBA(image.Rect(0, 0, w, h))
	if gray {
		im = image.NewGray(im.Bounds())
	}
	for i := range w * h {
		im.Set(i%w, i/w, color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255})
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, im); err != nil {
		t.Fatal(err)
	}
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

func TestFilesInOrder(t *testing.T) {
	m := smallModel(t)
	paths := images(t, maxBatch+3)
	got, err := Files(t.Context(), m, opened(t), Request{Images: paths})
	if err != nil || len(got) != len(paths) {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	oracle, err := m.NewEvaluator(plantest.Reference(), 1, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	for i, answer := range got {
		if answer.Image != paths[i] || answer.Part != "whole" || answer.R != nil || len(answer.Top) != topClasses {
			t.Errorf("answer %d: %+v", i, answer)
		}
		if i%9 != 0 && i != len(got)-1 {
			continue // the reference device is slow
		}
		set, err := dataset.OpenImages(paths[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		im, err := dataset.Resized(set, 3, 32, 32).Image(0)
		if err != nil {
			t.Fatal(err)
		}
		logits := make([]float32, 10)
		if err := oracle.Logits(t.Context(), logits, im.Pix, 1); err != nil {
			t.Fatal(err)
		}
		want := top(measure.NewPrediction(logits).Probabilities, m.Classes)
		for k := range want {
			if answer.Top[k].Class != want[k].Class || math.Abs(answer.Top[k].P-want[k].P) > 1e-4 {
				t.Errorf("image %d: %v, want %v", i, answer.Top, want)
				break
			}
		}
	}
}

func TestFilesOfParts(t *testing.T) {
	m := smallModel(t)
	paths := images(t, 2)
	ask := func(q Request) []Prediction {
		t.Helper()
		q.Images = paths
		got, err := Files(t.Context(), m, opened(t), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	same := func(a, b []Prediction) bool {
		for i := range a {
			for k := range a[i].Top {
				if a[i].Top[k].Class != b[i].Top[k].Class || math.Abs(a[i].Top[k].P-b[i].Top[k].P) > 1e-5 {
					return false
				}
			}
		}
		return true
	}
	whole := ask(Request{})
	if all := ask(Request{Part: bands.Low, R: 23}); !same(all, whole) || all[0].Part != "low" || *all[0].R != 23 {
		t.Errorf("everything kept: %+v, want %+v", all, whole)
	}
	if all := ask(Request{Part: bands.High, R: 0}); !same(all, whole) {
		t.Errorf("nothing taken away: %+v, want %+v", all, whole)
	}
	for name, q := range map[string]Request{
		"low part":          {Part: bands.Low, R: 3},
		"high part":         {Part: bands.High, R: 3},
		"smoothed":          {Smoothing: model.Smoothing{Rho: 1}},
		"smoothed low part": {Part: bands.Low, R: 3, Smoothing: model.Smoothing{Rho: 1}},
	} {
		if same(ask(q), whole) {
			t.Errorf("%s: the same answers as for the whole image", name)
		}
	}
}

func TestFilesRefuses(t *testing.T) {
	m := smallModel(t)
	for _, q := range []Request{
		{Images: []string{"nosuch.png"}},
		{Images: images(t, 1), Part: bands.Low, R: -1},
		{Images: images(t, 1), Part: bands.Low, R: math.NaN()},
		{Images: images(t, 1), Smoothing: model.Smoothing{Rho: math.Inf(1)}},
	} {
		if got, err := Files(t.Context(), m, opened(t), q); err == nil {
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
