package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/kernels"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/train"
	"hfcui/engine/view"
)

// smallTraining is a training of many short steps.
func smallTraining() train.Config {
	c := train.Default("resnet8-w4", "")
	c.Epochs, c.Batch = 100, 25
	return c
}

// waitFor waits until something holds, which the training has to come to.
func waitFor(t *testing.T, training *Training, holds func() bool) {
	t.Helper()
	for !holds() {
		select {
		case <-training.Done():
			t.Fatalf("the training ended: %v", training.Err())
		case <-t.Context().Done():
			t.Fatal("it did not come to it")
		case <-time.After(time.Millisecond):
		}
	}
}

func startTraining(t *testing.T, l *Lab, dir string) *Training {
	t.Helper()
	training, err := l.Train(t.Context(), smallTraining(), dir)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, training, func() bool { return training.Progress() != nil })
	return training
}

func modelFile(dir string) string { return filepath.Join(dir, train.ModelFile) }

func written(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// events are those of a type in a run folder.
func events[E train.Event](t testing.TB, dir string) (found []E) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, train.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if e, err := train.Decode([]byte(line)); err == nil {
			if e, ok := e.(E); ok {
				found = append(found, e)
			}
		}
	}
	return found
}

// A training is stopped, taken up and comes to the weights it would have come to at once.
func TestTrainingGoesOnWhereItWasStopped(t *testing.T) {
	l, dir := openSmall(t), filepath.Join(t.TempDir(), "run")
	c := smallTraining()
	c.Epochs = 20
	for range 3 {
		training, err := l.Train(t.Context(), c, dir)
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, training, func() bool { return training.Progress() != nil })
		training.Stop()
		<-training.Done()
		var stopped *train.StoppedError
		if !errors.As(training.Err(), &stopped) || stopped.Step == 0 {
			t.Fatalf("stopped: %v", training.Err())
		}
	}
	last, err := l.Train(t.Context(), train.Config{}, dir) // as the folder has it
	if err != nil {
		t.Fatal(err)
	}
	straight := filepath.Join(t.TempDir(), "straight")
	if _, err := l.Train(t.Context(), c, straight); err == nil {
		t.Error("two trainings at a time")
	}
	<-last.Done()
	at, err := l.Train(t.Context(), c, straight)
	if err != nil {
		t.Fatal(err)
	}
	<-at.Done()
	if last.Err() != nil || at.Err() != nil {
		t.Fatal(last.Err(), at.Err())
	}
	a, b := events[*train.EndEvent](t, dir), events[*train.EndEvent](t, straight)
	if len(a) != 1 || len(b) != 1 || a[0].Weights != b[0].Weights || a[0].Weights == "" {
		t.Errorf("interrupted %+v, at once %+v", a, b)
	}
}

func TestPausedTrainingStandsStill(t *testing.T) {
	l, dir := openSmall(t), filepath.Join(t.TempDir(), "run")
	training := startTraining(t, l, dir)
	training.Pause()
	training.Pause()
	time.Sleep(50 * time.Millisecond) // the instruction under way ends
	before := training.Progress()
	time.Sleep(300 * time.Millisecond)
	if now := training.Progress(); now != before || !training.Paused() {
		t.Errorf("paused at %+v, it goes on to %+v", before, now)
	}
	training.Checkpoint()
	waitFor(t, training, func() bool { return len(events[*train.CheckpointEvent](t, dir)) > 0 })
	if !written(modelFile(dir)) || !training.Paused() {
		t.Error("a checkpoint in a pause")
	}
	time.Sleep(50 * time.Millisecond)
	before = training.Progress()
	time.Sleep(100 * time.Millisecond)
	if now := training.Progress(); now != before {
		t.Error("it goes on after a checkpoint")
	}
	if n := len(events[*train.PauseEvent](t, dir)); n != 2 { // before the checkpoint and after
		t.Errorf("%d pauses", n)
	}
	training.Resume()
	training.Resume()
	waitFor(t, training, func() bool { return training.Progress() != before })
	training.Pause()
	training.Stop()
	<-training.Done()
	if end := events[*train.EndEvent](t, dir); len(end) != 1 || end[0].Reason != train.Stopped {
		t.Errorf("stopped in a pause: %+v", end)
	}
	steps := events[*train.StepEvent](t, dir)
	for _, e := range steps {
		if clock := e.Seconds; clock > e.Time.Sub(steps[0].Time).Seconds()+steps[0].Seconds+1e-3 {
			t.Errorf("step %d after %v s", e.Step, clock)
		}
	}
	last := steps[len(steps)-1]
	if wall := last.Time.Sub(steps[0].Time).Seconds(); last.Seconds-steps[0].Seconds > wall-0.3 {
		t.Errorf("%v s went by on the run's clock and %v s on the wall's, with pauses of 0.4 s", last.Seconds-steps[0].Seconds, wall)
	}
}

// What a person waits for goes before training.
func TestTrainingStandsBack(t *testing.T) {
	l := openSmall(t)
	training := startTraining(t, l, filepath.Join(t.TempDir(), "run"))
	leave := l.Foreground()
	time.Sleep(50 * time.Millisecond)
	before := training.Progress()
	time.Sleep(100 * time.Millisecond)
	if training.Progress() != before {
		t.Error("it goes on while somebody waits for something else")
	}
	leave()
	waitFor(t, training, func() bool { return training.Progress() != before })
}

// A closed Lab has no training left, and no goroutine of one.
func TestCloseKeepsTheTraining(t *testing.T) {
	before := runtime.NumGoroutine()
	dir := filepath.Join(t.TempDir(), "run")
	t.Run("", func(t *testing.T) {
		training, err := openSmall(t).Train(context.Background(), smallTraining(), dir)
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, training, func() bool { return training.Progress() != nil })
	})
	if end := events[*train.EndEvent](t, dir); len(end) != 1 || end[0].Reason != train.Stopped || !written(modelFile(dir)) {
		t.Errorf("%+v", end)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestTrainingsThatCannotBe(t *testing.T) {
	l, dir := openSmall(t), t.TempDir()
	for name, change := range map[string]func(c *train.Config){
		"open cifar10":  func(c *train.Config) { c.Data = "cifar10" },
		"batch":         func(c *train.Config) { c.Batch = 1 },
		"unknown input": func(c *train.Config) { c.Input = "left" },
	} {
		c := smallTraining()
		change(&c)
		if _, err := l.Train(t.Context(), c, filepath.Join(dir, "run")); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := smallTraining()
	c.Batch = 1000
	training, err := l.Train(t.Context(), c, filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if <-training.Done(); training.Err() == nil {
		t.Error("50 images filled a batch of 1000")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	training, err = l.Train(gone, smallTraining(), filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if <-training.Done(); !errors.Is(training.Err(), context.Canceled) || written(filepath.Join(dir, "run")) {
		t.Errorf("stopped before it began: %v", training.Err())
	}
}

// brokenSet panics when it is read.
type brokenSet struct{ dataset.Set }

func (brokenSet) ReadBatch([]float32, []int, []int) error { panic("no such page") }

func TestPanicEndsTheTrainingOnly(t *testing.T) {
	l := openSmall(t)
	l.selected.Load().data.Train = brokenSet{l.selected.Load().data.Train}
	training, err := l.Train(t.Context(), smallTraining(), filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	if <-training.Done(); training.Err() == nil || !strings.Contains(training.Err().Error(), "no such page") {
		t.Errorf("%v", training.Err())
	}
	data := l.selected.Load().data
	data.Train, data.Test = nil, named{Set: data.Test} // without labels, it cannot be divided
	if training, err = l.Train(t.Context(), smallTraining(), filepath.Join(t.TempDir(), "run")); err != nil {
		t.Fatal(err)
	}
	if <-training.Done(); training.Err() == nil {
		t.Error("trained on nothing")
	}
}

// Everything the Lab shows is the new model's.
func TestUseModelFollowsTraining(t *testing.T) {
	l, dir := openSmall(t), filepath.Join(t.TempDir(), "first run")
	view := func() *view.View {
		v, err := l.View(t.Context(), view.Request{Index: 3, R: 5})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	q := BandsRequest{Radii: []float64{5}}
	whole := func() measure.Score {
		r, err := l.Bands(t.Context(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Whole
	}
	old, kernels, was := view(), kernelsOf(t, l), whole()
	training := startTraining(t, l, dir)
	waitFor(t, training, func() bool { p := training.Progress(); return p != nil && p.Epoch > 8 })
	training.Stop()
	<-training.Done()
	if err := l.UseModel(t.Context(), modelFile(dir)); err != nil {
		t.Fatal(err)
	}
	if info := l.Info(); info.Model != "first run" || !info.Labeled {
		t.Errorf("%+v", info)
	}
	fresh := view()
	if fresh.Predictions[bands.Whole].Probabilities[0] == old.Predictions[bands.Whole].Probabilities[0] || kernelsOf(t, l).Before[0] == kernels.Before[0] {
		t.Error("the old model answers")
	}
	if whole() == was {
		t.Error("the old model's accuracy is remembered")
	}
	want := measure.NewPrediction(reference(t, l, 0)(fresh.Pictures[bands.Whole].Pix))
	if d := want.Probabilities[0] - fresh.Predictions[bands.Whole].Probabilities[0]; d > 1e-4 || d < -1e-4 {
		t.Errorf("off by %v", d)
	}
	if err := l.SetSplit("train"); err != nil || l.Info().Model != "first run" {
		t.Errorf("another split brings back the old model: %v", err)
	}
}

func TestUseModelRefusesAndKeeps(t *testing.T) {
	l := openSmall(t)
	torn := filepath.Join(t.TempDir(), "torn.safetensors")
	if err := os.WriteFile(torn, []byte("\x08\x00\x00\x00\x00\x00\x00\x00{"), 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for path, ctx := range map[string]context.Context{torn: t.Context(), filepath.Join(t.TempDir(), "none.safetensors"): t.Context(), "demo": ended} {
		if err := l.UseModel(ctx, path); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
	if l.Info().Model != "small" {
		t.Errorf("%+v", l.Info())
	}
	if _, err := l.View(t.Context(), view.Request{R: 5}); err != nil {
		t.Error(err)
	}
	if c, scratch, err := l.Recipe(); err != nil || !scratch || c.Net != l.Info().Net || c.Threads != 2 || c.Check() != nil {
		t.Errorf("recipe %+v, %v", c, err)
	}
	if err := l.UseModel(t.Context(), "demo"); err != nil || l.Info().Net == "resnet8-w8" {
		t.Errorf("another net of the same input: %v", err)
	}
	if err := l.UseModel(t.Context(), ""); err != nil || l.Info().Model != "small" {
		t.Errorf("back to the first model: %v, %+v", err, l.Info())
	}
}

// Models change while everything is used and a training writes them.
func TestModelsChangeMeanwhile(t *testing.T) {
	l, dir := openSmall(t), filepath.Join(t.TempDir(), "run")
	training := startTraining(t, l, dir)
	training.Checkpoint()
	waitFor(t, training, func() bool { return written(modelFile(dir)) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20 {
			training.Checkpoint()
			if err := l.UseModel(t.Context(), []string{modelFile(dir), "demo"}[i%2]); err != nil {
				t.Error(err)
			}
			if err := l.SetSplit([]string{"train", "test"}[i%2]); err != nil {
				t.Error(err)
			}
		}
	}()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		if _, err := l.View(t.Context(), view.Request{Index: i % 50, R: 3}); err != nil {
			t.Error(err)
		}
		if _, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{3}, Limit: 20}, nil); err != nil {
			t.Error(err)
		}
		kernelsOf(t, l)
		l.Info()
	}
}

// kernelsOf is the first convolution as it is.
func kernelsOf(t *testing.T, l *Lab) *kernels.View {
	t.Helper()
	v, err := l.Kernels(t.Context(), KernelsRequest{})
	if err != nil {
		t.Error(err)
	}
	return v
}

// A run that starts from an imported model takes its network and the description it was opened with.
func TestTrainsOpenModel(t *testing.T) {
	l := openSmall(t)
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := l.Model().SaveONNX(path, false); err != nil {
		t.Fatal(err)
	}
	given := model.Description{Mean: []float32{0.25}, Std: []float32{0.5}}
	if err := l.Reopen(t.Context(), Choice{Model: path, Given: given}); err != nil {
		t.Fatal(err)
	}
	c, scratch, err := l.Recipe()
	if err != nil || scratch || c.Model != path {
		t.Fatalf("recipe %+v, from scratch %v, %v", c, scratch, err)
	}
	c.Epochs, c.Steps, c.Batch, c.Freeze = 0, 2, 8, train.FreezeBackbone
	dir := filepath.Join(t.TempDir(), "run")
	training, err := l.Train(t.Context(), c, dir)
	if err != nil {
		t.Fatal(err)
	}
	if <-training.Done(); training.Err() != nil {
		t.Fatal(training.Err())
	}
	m, err := model.Load(modelFile(dir), "")
	if err != nil {
		t.Fatal(err)
	}
	if m.Net.Described() == nil || m.Mean[0] != 0.25 || m.Std[2] != 0.5 {
		t.Errorf("net %s, mean %v, std %v", m.Net.Name, m.Mean, m.Std)
	}
}
