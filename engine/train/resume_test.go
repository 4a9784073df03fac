package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// readEvents decodes the events of a run, all of which must be whole.
func readEvents(t *testing.T, dir string) []Event {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	for line := range bytes.Lines(text) {
		e, err := Decode(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

// timeless are the events that a run's Config determines, without times and speeds.
func timeless(t *testing.T, dir string) []map[string]any {
	t.Helper()
	var list []map[string]any
	for _, e := range readEvents(t, dir) {
		if kind := e.At().Type; kind == "checkpoint" || kind == "pause" || kind == "resume" {
			continue
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"time", "seconds", "images_per_s", "cpu_cores", "memory_bytes"} {
			delete(m, key)
		}
		list = append(list, m)
	}
	return list
}

// sameRun checks that two folders contain the same run.
func sameRun(t *testing.T, got, want string) {
	t.Helper()
	a, err := fileDigest(filepath.Join(got, ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	b, err := fileDigest(filepath.Join(want, ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	if a != b {
		t.Error("the weights differ")
	}
	x, y := timeless(t, got), timeless(t, want)
	if len(x) != len(y) {
		t.Fatalf("%d events, want %d", len(x), len(y))
	}
	for i := range x {
		if !reflect.DeepEqual(x[i], y[i]) {
			t.Fatalf("event %d:\n%v, want\n%v", i, x[i], y[i])
		}
	}
}

// keptModels checks the models that a run of small keeps: after epochs 2 and 3.
func keptModels(t *testing.T, dir string) {
	t.Helper()
	var kept []string
	busy := false
	for _, e := range readEvents(t, dir) {
		switch e := e.(type) {
		case *EpochEvent:
			kept = append(kept, e.Checkpoint)
		case *StepEvent:
			busy = busy || e.Cores > 0
		}
	}
	if !reflect.DeepEqual(kept, []string{"", "checkpoints/epoch-0002.safetensors", "checkpoints/epoch-0003.safetensors"}) {
		t.Errorf("kept %q", kept)
	}
	if !busy {
		t.Error("no use of processors")
	}
	last, err := model.Load(filepath.Join(dir, kept[2]), "")
	if err != nil {
		t.Fatal(err)
	}
	end, err := loadModel(dir)
	if err != nil || !reflect.DeepEqual(last.Weights, end.Weights) {
		t.Errorf("the last kept model is another than that of the run: %v", err)
	}
	if files, _ := os.ReadDir(filepath.Join(dir, CheckpointsFolder)); len(files) != 2 {
		t.Errorf("%v", files)
	}
}

// The number of kept models never exceeds the option.
func TestKeeps(t *testing.T) {
	for epochs := 1; epochs < 60; epochs++ {
		for keep := range 20 {
			n := 0
			for e := 1; e <= epochs; e++ {
				if (Config{Keep: keep}).keeps(e, epochs) {
					n++
				}
			}
			if n > keep || keep > 0 && (n == 0 || !(Config{Keep: keep}).keeps(epochs, epochs)) {
				t.Errorf("%d of %d epochs, at most %d", n, epochs, keep)
			}
		}
	}
}

// small is a run of 3 epochs of 9 steps with everything that has a state.
func small() (Config, *dataset.Data) {
	c := Default("resnet8-w4", "shapes")
	c.Dropout, c.LabelNoise, c.Keep = 0.2, 0.1, 2
	c.Epochs, c.Batch, c.Limit, c.Threads, c.LearningRate, c.Crop, c.Flip = 3, 32, 300, 2, 0.05, 2, true
	c.Bands = &Bands{Radii: []float64{4, 12}, Every: 2, Limit: 40, Split: "test", Normalize: "none", BN: "batch"}
	return c, dataset.Shapes(dataset.ShapesOptions{Train: 320, Test: 64})
}

func testDevice(t testing.TB) plan.Device {
	t.Helper()
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return device
}

// TestStoppedAndTakenUp stops a run after every step, and takes it up again.
func TestStoppedAndTakenUp(t *testing.T) {
	c, data := small()
	device := testDevice(t)
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	if _, err := Run(t.Context(), whole, c, data, device, Options{}); err != nil {
		t.Fatal(err)
	}
	for starts := 1; ; starts++ {
		if starts > 100 {
			t.Fatal("the run does not get on")
		}
		ctx, cancel := context.WithCancel(t.Context())
		result, err := Run(ctx, parts, c, data, device, Options{Progress: func(p Progress) {
			if p.Doing == "train" || starts%2 == 0 {
				cancel()
			}
		}})
		cancel()
		var stopped *StoppedError
		if errors.As(err, &stopped) && errors.Is(err, context.Canceled) {
			if s, err := ReadStatus(parts); err != nil || s.End == nil || s.End.Reason != Stopped || s.End.Step != stopped.Step {
				t.Fatalf("%+v, %v", s.End, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if starts < 20 || result.Last == nil || result.Last.Epoch != 3 {
			t.Errorf("%d starts, %+v", starts, result.Last)
		}
		break
	}
	sameRun(t, parts, whole)
	keptModels(t, whole)
	before, _ := os.ReadFile(filepath.Join(parts, EventsFile))
	result, err := Run(t.Context(), parts, c, data, device, Options{})
	if err != nil || !result.Already || result.Last.Epoch != 3 || result.Model == nil {
		t.Errorf("finished: %+v, %v", result, err)
	}
	if after, _ := os.ReadFile(filepath.Join(parts, EventsFile)); !bytes.Equal(before, after) {
		t.Error("a finished run was changed")
	}
}

// TestKeptWhileMeasuring stops a run while it is tested: what was tested is not tested again.
func TestKeptWhileMeasuring(t *testing.T) {
	c, data := small()
	c.Epochs, c.Bands = 1, nil
	data.Test = dataset.Shapes(dataset.ShapesOptions{Train: 1, Test: 3*testPart - 100}).Test
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	if _, err := Run(t.Context(), whole, c, data, testDevice(t), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, last := range []int{testPart, 2 * testPart, data.Test.Len()} {
		ctx, cancel := context.WithCancel(t.Context())
		first := 0
		_, err := Run(ctx, parts, c, data, testDevice(t), Options{Progress: func(p Progress) {
			if p.Doing == "test" && first == 0 {
				first = p.Done
			}
			if p.Doing == "test" && p.Done == last {
				cancel()
			}
		}})
		cancel()
		if first <= last-testPart || first > last {
			t.Errorf("up to image %d: begun at %d", last, first)
		}
		if last < data.Test.Len() && !errors.As(err, new(*StoppedError)) {
			t.Fatal(err)
		}
	}
	if _, err := Run(t.Context(), parts, c, data, testDevice(t), Options{}); err != nil {
		t.Fatal(err)
	}
	sameRun(t, parts, whole)
}

func TestRunFolderRefused(t *testing.T) {
	c, data := small()
	c.Epochs = 1
	device := testDevice(t)
	dir := filepath.Join(t.TempDir(), "run")
	run := func() error {
		_, err := Run(t.Context(), dir, c, data, device, Options{})
		return err
	}
	refused := func(words ...string) {
		t.Helper()
		err := run()
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%v", err)
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q lacks %q", err, w)
			}
		}
	}
	inUse := false
	_, err := Run(t.Context(), dir, c, data, device, Options{Event: func(Event) {
		if !inUse {
			inUse = true
			refused("in use")
		}
	}})
	if err != nil || !inUse {
		t.Fatal(err)
	}
	c.Batch, c.Seed = 16, 7
	refused(dir, "batch 32, not 16", "seed 1, not 7")
	c, _ = small()
	c.Epochs = 1
	if err := os.Truncate(filepath.Join(dir, EventsFile), 10); err != nil {
		t.Fatal(err)
	}
	refused(EventsFile, "10 bytes")
	if err := os.WriteFile(filepath.Join(dir, StateFile), []byte("nonsense"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused(StateFile)
	if left, err := os.ReadFile(filepath.Join(dir, StateFile)); err != nil || string(left) != "nonsense" {
		t.Errorf("a run that could not be taken up left %.20q, %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	refused(ConfigFile)
}

func TestNothingIsOverwritten(t *testing.T) {
	c, data := small()
	for _, name := range []string{EventsFile, ModelFile, StateFile} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), dir, c, data, testDevice(t), Options{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a folder with %s was taken: %v", name, err)
		}
		if left, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(left) != "mine\n" {
			t.Errorf("%s: %q, %v", name, left, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("left: %v", entries)
		}
	}
}

// TestNothingTrainedLeavesNothing: the folder of a run canceled before its first step can be reused,
// and other files in it stay.
func TestNothingTrainedLeavesNothing(t *testing.T) {
	c, data := small()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "made")
	if _, err := Run(canceled, dir, c, data, testDevice(t), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
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
	Run(canceled, dir, c, data, testDevice(t), Options{})
	if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Errorf("left: %v", left)
	}
}

// TestDivergence: the error and the events state the step, the last good model is kept, and the run
// cannot be resumed.
func TestDivergence(t *testing.T) {
	c, data := small()
	c.LearningRate, c.Schedule = 1e30, "constant"
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Run(t.Context(), dir, c, data, testDevice(t), Options{})
	var diverged *DivergedError
	if !errors.As(err, &diverged) || diverged.Step < 1 || diverged.Step > 3 {
		t.Fatalf("%v", err)
	}
	s, err := ReadStatus(dir)
	if err != nil || s.End == nil || s.End.Reason != Diverged || s.End.Step != diverged.Step || s.End.Error != diverged.Error() {
		t.Errorf("%+v, %v", s.End, err)
	}
	if _, err := os.Stat(filepath.Join(dir, ModelFile)); err == nil {
		if _, err := loadModel(dir); err != nil {
			t.Error(err)
		}
	}
	if _, err := Run(t.Context(), dir, c, data, testDevice(t), Options{}); err == nil || !strings.Contains(err.Error(), "diverged at step") {
		t.Errorf("again: %v", err)
	}
}

// vanishing is images that cannot be read any more after some time.
type vanishing struct {
	dataset.Set
	left atomic.Int32 // batches
}

func vanishAfter(s dataset.Set, batches int32) *vanishing {
	v := &vanishing{Set: s}
	v.left.Store(batches)
	return v
}

func (v *vanishing) ReadBatch(dst []float32, labels []int, indices []int) error {
	if v.left.Add(-1) < 0 {
		return errors.New("the disk was taken away")
	}
	return v.Set.ReadBatch(dst, labels, indices)
}

// TestVanishedData: a run whose images vanish keeps its progress, and resumes to the same result
// when they are back.
func TestVanishedData(t *testing.T) {
	c, data := small()
	c.Epochs = 2
	whole, parts := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "parts")
	if _, err := Run(t.Context(), whole, c, data, testDevice(t), Options{}); err != nil {
		t.Fatal(err)
	}
	gone := *data
	gone.Train = vanishAfter(data.Train, 13)
	if _, err := Run(t.Context(), parts, c, &gone, testDevice(t), Options{}); err == nil || !strings.Contains(err.Error(), "taken away") {
		t.Fatal(err)
	}
	if s, err := ReadStatus(parts); err != nil || s.End == nil || s.End.Reason != Failed || s.End.Step < 11 || s.End.Step > 13 || // several are read at the same time
		!strings.Contains(s.End.Error, "taken away") {
		t.Fatalf("%+v, %v", s.End, err)
	}
	gone.Test = vanishAfter(data.Test, 1)
	gone.Train = data.Train
	if _, err := Run(t.Context(), parts, c, &gone, testDevice(t), Options{}); err == nil || !strings.Contains(err.Error(), "taken away") {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), parts, c, data, testDevice(t), Options{}); err != nil {
		t.Fatal(err)
	}
	sameRun(t, parts, whole)
}

// TestFullDisk lets every write fail: of events, of a checkpoint.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	f := &folder{dir: "run", events: full}
	err = f.append(&StepEvent{Stamp: Stamp{Type: "step"}})
	if err == nil || !f.broken || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "run folder run") {
		t.Errorf("%v", err)
	}
}

// TestUnwritableFolder takes the folder away while the run goes on.
func TestUnwritableFolder(t *testing.T) {
	c, data := small()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), filepath.Join(file, "run"), c, data, testDevice(t), Options{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("%v", err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Run(t.Context(), dir, c, data, testDevice(t), Options{Event: func(e Event) {
		if e.At().Type == "epoch" {
			os.RemoveAll(dir)
		}
	}})
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
}
