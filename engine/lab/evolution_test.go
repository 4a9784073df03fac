package lab

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/evolution"
	"hfcui/engine/model"
	"hfcui/engine/train"
	"hfcui/engine/view"
)

// save writes an embedded model into a file.
func save(t *testing.T, name, path string) {
	t.Helper()
	m, err := model.Load(name, "")
	if err == nil {
		err = m.Save(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What a checkpoint makes of an image is what the explorer shows of the same model.
func TestEvolution(t *testing.T) {
	l, err := Open(t.Context(), Options{Data: "shapes:test=20,train=20"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := l.Evolution()
	defer e.Close()
	path := filepath.Join(t.TempDir(), train.ModelFile)
	look := func(step, index int) *evolution.View {
		t.Helper()
		q := evolution.Request{Run: "run", Index: index}
		if step > 0 {
			q.Checkpoints = []evolution.Checkpoint{{Path: path, At: train.Stamp{Step: step, Epoch: step}}}
		}
		v, err := e.View(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := look(0, 3); len(v.Points) != 0 || v.Fault != nil {
		t.Errorf("%+v", v)
	}
	if v := look(1, 3); len(v.Points) != 0 || v.Fault == nil {
		t.Errorf("no file: %+v", v)
	}
	names := []string{"demo", "demo-shuffled"}
	for i, name := range names {
		save(t, name, path)
		look(i+1, 3)
	}
	v := look(2, 5)
	if len(v.Points) != 2 || v.Fault != nil || v.Image.Title != l.Title(5) || v.Image.Label != l.Label(5) || len(v.Image.Classes) != 10 {
		t.Fatalf("%+v", v)
	}
	for i, name := range names {
		if err := l.UseModel(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		view, err := l.View(t.Context(), view.Request{Index: 5, R: 8})
		if err != nil {
			t.Fatal(err)
		}
		kernels, err := l.Kernels(t.Context(), KernelsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		p := v.Points[i]
		if p.At.Step != i+1 || p.Roughness != kernels.RoughnessBefore {
			t.Errorf("%s: %+v, roughness %v", name, p, kernels.RoughnessBefore)
		}
		for class, want := range view.Predictions[bands.Whole].Probabilities {
			if got := p.Probabilities[class]; math.Abs(got-want) > 1e-4 {
				t.Errorf("%s: class %d with %v, the explorer says %v", name, class, got, want)
			}
		}
		if p.Kernels[0] != kernels.Before[0] || p.Shape != kernels.Shape || p.Layer != kernels.Layer {
			t.Errorf("%s: not its kernels", name)
		}
	}
	if err := os.WriteFile(path, []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	if v := look(3, 5); len(v.Points) != 2 || v.Fault == nil {
		t.Errorf("torn: %+v", v)
	}
	save(t, "demo", path)
	if v := look(2, 5); len(v.Points) != 2 || v.Points[0].Roughness != v.Points[1].Roughness {
		t.Errorf("replaced: %+v", v.Points)
	}
}
