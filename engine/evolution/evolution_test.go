package evolution

import (
	"path/filepath"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/train"
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

func TestEvolutionWithoutData(t *testing.T) {
	e := New(nil, func() dataset.Set { return nil }, nil)
	path := filepath.Join(t.TempDir(), train.ModelFile)
	save(t, "demo", path)
	v, err := e.View(t.Context(), Request{Run: "run", Checkpoints: []Checkpoint{{Path: path}}})
	if err != nil || len(v.Points) != 1 || v.Image != nil || v.Points[0].Probabilities != nil || len(v.Points[0].Kernels) == 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Weights are forgotten where they take too much, the newest last.
func TestEvolutionForgets(t *testing.T) {
	e := New(nil, func() dataset.Set { return nil }, nil)
	large := &model.Model{}
	m, err := model.Load("demo", "")
	if err != nil {
		t.Fatal(err)
	}
	*large = *m
	n := maxBytes/(4*large.Params()) + 50
	r, other := &run{}, &run{}
	e.runs.Put("run", r)
	e.runs.Put("other", other)
	for i := range n {
		r.points = append(r.points, point{Point: Point{At: train.Stamp{Step: i}}, model: large})
	}
	other.points = []point{{model: large}}
	e.freeMemory()
	held := 0
	for _, p := range r.points {
		if p.model != nil {
			held++
		}
	}
	if total := (held + 1) * 4 * large.Params(); total > maxBytes || held < n/3 || r.points[n-1].model == nil || other.points[0].model == nil {
		t.Errorf("%d of %d are held", held, n)
	}
}
