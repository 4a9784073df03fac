package train

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/cpu"
	"hfcui/engine/dataset"
	"hfcui/engine/model"
)

func smallRun(t *testing.T, change func(*Config)) (string, []Event, *model.Model, error) {
	t.Helper()
	c := Default("resnet8-w8", "shapes")
	c.Epochs, c.Batch, c.Limit, c.Threads, c.LearningRate, c.Crop, c.Flip = 2, 32, 300, 2, 0.05, 2, true
	if change != nil {
		change(&c)
	}
	device, err := cpu.New(cpu.Options{Threads: c.Threads})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	var events []Event
	data := dataset.Shapes(dataset.ShapesOptions{Train: 320, Test: 64})
	m, err := Run(t.Context(), dir, c, data, device, func(e Event) { events = append(events, e) })
	return dir, events, m, err
}

func TestRunKeepsWhatHappened(t *testing.T) {
	dir, events, m, err := smallRun(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || events[1].Step != 18 || events[1].Train.N != 288 || events[1].Test.N != 64 {
		t.Errorf("%+v", events)
	}
	if !(events[1].Loss < events[0].Loss) {
		t.Errorf("the loss went from %v to %v", events[0].Loss, events[1].Loss)
	}
	file, err := os.Open(filepath.Join(dir, EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := 0
	for s := bufio.NewScanner(file); s.Scan(); lines++ {
		var e Event
		if err := json.Unmarshal(s.Bytes(), &e); err != nil || e.Epoch != lines+1 {
			t.Errorf("line %d: %+v, %v", lines, e, err)
		}
	}
	if lines != 2 {
		t.Errorf("%d lines of events", lines)
	}
	loaded, err := model.Load(filepath.Join(dir, ModelFile), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range m.Weights {
		for i, v := range w.Data {
			if loaded.Weights[name].Data[i] != v {
				t.Fatalf("%s was not written as it was", name)
			}
		}
	}
}

func TestSameConfigSameWeights(t *testing.T) {
	var files [2][]byte
	for i := range files {
		dir, _, _, err := smallRun(t, func(c *Config) { c.Epochs, c.ShuffleLabels = 1, true })
		if err != nil {
			t.Fatal(err)
		}
		if files[i], err = os.ReadFile(filepath.Join(dir, ModelFile)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same training gave other weights")
	}
}

func TestRefused(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"epochs":   func(c *Config) { c.Epochs = 0 },
		"batch":    func(c *Config) { c.Batch = 301 },
		"rate":     func(c *Config) { c.LearningRate = -1 },
		"schedule": func(c *Config) { c.Schedule = "square" },
		"net":      func(c *Config) { c.Net = "resnet" },
		"momentum": func(c *Config) { c.Momentum = 1 },
		"nesterov": func(c *Config) { c.Momentum = 0 },
		"beta1":    func(c *Config) { c.Beta1 = 0.9 },
		"rule":     func(c *Config) { c.Optimizer.Name = "lion" },
	} {
		if _, events, _, err := smallRun(t, change); err == nil || len(events) > 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, _, err := smallRun(t, func(c *Config) { c.LearningRate = 1e30 }); err == nil || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("divergence: %v", err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	for _, name := range []string{EventsFile, ModelFile, ConfigFile} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := newFolder(dir, Config{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a folder with %s was taken: %v", name, err)
		}
		if left, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(left) != "{}\n" {
			t.Errorf("%s: %q, %v", name, left, err)
		}
	}
}

// TestNothingTrainedLeavesNothing wants the folder of a run that failed or was cancelled in
// its first epoch free for another try, and files that are not the run's left alone.
func TestNothingTrainedLeavesNothing(t *testing.T) {
	data := dataset.Shapes(dataset.ShapesOptions{Train: 320, Test: 64})
	c := Default("resnet8-w8", "shapes")
	c.Batch, c.Threads = 32, 1
	device, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	diverging := c
	diverging.LearningRate = 1e30
	dir := filepath.Join(t.TempDir(), "made")
	if _, err := Run(cancelled, dir, c, data, device, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder stayed")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), dir, diverging, data, device, nil); err == nil {
		t.Error("1e30 is a learning rate")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Errorf("left: %v", left)
	}
	c.Epochs = 1
	if _, err := Run(t.Context(), dir, c, data, device, nil); err != nil {
		t.Errorf("the folder cannot be used again: %v", err)
	}
}

func TestLoaderStops(t *testing.T) {
	data := dataset.Shapes(dataset.ShapesOptions{Train: 320, Test: 64})
	c := Default("resnet8-w8", "shapes")
	l := newLoader(data.Train, c)
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan struct{})
	go func() { l.run(ctx, 0); close(done) }()
	<-l.ready
	cancel(errors.New("enough"))
	for range l.ready {
	}
	<-done
}

// TestLoaderTakesUpAnywhere wants the same batches from a loader that begins in the middle.
func TestLoaderTakesUpAnywhere(t *testing.T) {
	data := dataset.Shapes(dataset.ShapesOptions{Train: 100, Test: 64})
	c := Default("resnet8-w8", "shapes")
	c.Epochs, c.Batch, c.Crop, c.Flip = 3, 32, 2, true
	read := func(from int) (batches []batch) {
		l := newLoader(data.Train, c)
		go l.run(t.Context(), from)
		for b := range l.ready {
			batches = append(batches, batch{x: slices.Clone(b.x), labels: slices.Clone(b.labels)})
			l.use <- b
		}
		return batches
	}
	whole := read(0)
	if len(whole) != 9 {
		t.Fatalf("%d batches", len(whole))
	}
	for _, from := range []int{1, 3, 5, 8, 9} {
		for i, b := range read(from) {
			if !equal(b.x, whole[from+i].x) || !slices.Equal(b.labels, whole[from+i].labels) {
				t.Errorf("from step %d on: step %d differs", from, from+i)
			}
		}
	}
}

func TestMovedIsShiftAndMirror(t *testing.T) {
	source := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
	dst := make([]float32, 9)
	moved(dst, source, 1, 3, 3, 1, 1, false)
	if want := []float32{5, 6, 0, 8, 9, 0, 0, 0, 0}; !equal(dst, want) {
		t.Errorf("shift: %v, want %v", dst, want)
	}
	moved(dst, source, 1, 3, 3, 0, 0, true)
	if want := []float32{3, 2, 1, 6, 5, 4, 9, 8, 7}; !equal(dst, want) {
		t.Errorf("mirror: %v, want %v", dst, want)
	}
}

func equal(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}
