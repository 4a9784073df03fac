package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hfcui/engine/experiment"
	"hfcui/engine/train"
	"hfcui/engine/view"
)

// brief is an experiment of two short runs.
func brief(epochs int) experiment.Experiment {
	return experiment.Experiment{Name: "brief", About: "two rates", Grid: func(experiment.Size) experiment.Plan {
		c := train.Default("resnet8-w4", "")
		c.Epochs, c.Batch = epochs, 25
		fast := c
		fast.LearningRate *= 2
		return experiment.Plan{Seeds: []uint64{1}, Settings: []experiment.Setting{{Name: "slow", Config: c}, {Name: "fast", Config: fast}}}
	}}
}

// An experiment is stopped, taken up and reported, while the Lab answers and nothing else of
// its kind begins.
func TestReproduction(t *testing.T) {
	l, dir := openSmall(t), filepath.Join(t.TempDir(), "brief-quick")
	start := func(e experiment.Experiment) *Reproduction {
		t.Helper()
		r, err := l.Reproduce(t.Context(), e, experiment.Quick, dir)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const epochs = 20
	r := start(brief(epochs))
	for r.Progress() == nil {
		select {
		case <-r.Done():
			t.Fatal(r.Err())
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := l.View(t.Context(), view.Request{R: 4}); err != nil {
		t.Error(err)
	}
	if _, err := l.Train(t.Context(), smallTraining(), filepath.Join(t.TempDir(), "run")); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a training beside it: %v", err)
	}
	if _, err := l.Reproduce(t.Context(), brief(epochs), experiment.Quick, dir); err == nil {
		t.Error("two at a time")
	}
	r.Stop()
	<-r.Done()
	var stopped *train.StoppedError
	if err := r.Err(); !errors.As(err, &stopped) && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r = start(brief(epochs))
	<-r.Done()
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	var look experiment.Scanner
	if f := look.Scan(dir, time.Now()); f.Done != 2 || f.Summary == nil || f.Stale || r.Progress().Part != 1 {
		t.Fatalf("%+v", f)
	}

	// A run that is another now makes the report an old one.
	if err := os.RemoveAll(filepath.Join(dir, "fast-seed1")); err != nil {
		t.Fatal(err)
	}
	if f := look.Scan(dir, time.Now()); !f.Stale {
		t.Errorf("not stale without a run: %+v", f)
	}
	p := brief(epochs).Plan(experiment.Quick, l.selected.Load().data.origin, l.threads)
	if _, err := experiment.Reproduce(t.Context(), dir, p, l.selected.Load().data.Data, nil, nil); err != nil {
		t.Fatal(err)
	}
	if f := look.Scan(dir, time.Now()); f.Done != 2 || f.Stale {
		t.Errorf("stale, though the run came to the same: %+v", f)
	}
	if err := os.RemoveAll(filepath.Join(dir, "fast-seed1")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "fast-seed1"), os.DirFS(filepath.Join(dir, "slow-seed1"))); err != nil {
		t.Fatal(err)
	}
	if f := look.Scan(dir, time.Now()); f.Done != 2 || !f.Stale {
		t.Errorf("not stale with another run: %+v", f)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	r = start(brief(epochs))
	r.Stop()
	<-r.Done()

	for name, e := range map[string]experiment.Experiment{"other settings": brief(epochs + 1)} {
		r := start(e)
		if <-r.Done(); r.Err() == nil || !strings.Contains(r.Err().Error(), name) {
			t.Errorf("%s: %v", name, r.Err())
		}
	}
}

func TestReproductionRefused(t *testing.T) {
	l, root := openSmall(t), t.TempDir()
	dir := filepath.Join(root, "brief-quick")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := `{"settings":[{"name":"slow","config":{"data":"cifar10"}}],"seeds":[1]}`
	if err := os.WriteFile(filepath.Join(dir, experiment.PlanFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Reproduce(t.Context(), brief(1), experiment.Quick, dir); err == nil || !strings.Contains(err.Error(), "open cifar10") {
		t.Errorf("on other data: %v", err)
	}
	cost, err := l.Expect(t.Context(), brief(10), experiment.Quick, filepath.Join(root, "other"))
	if err != nil || cost.Images != 2*10*50 || cost.Time <= 0 || cost.Speed <= 0 {
		t.Errorf("%+v, %v", cost, err)
	}
	l.selected.Load().data.Train = nil
	if _, err := l.Expect(t.Context(), brief(1), experiment.Quick, filepath.Join(root, "other")); err == nil {
		t.Error("nothing to train on")
	}
}
