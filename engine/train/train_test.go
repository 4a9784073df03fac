package train

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan"
)

// smallRun trains a little and gives the run folder and the epochs' events.
func smallRun(t *testing.T, change func(*Config)) (string, []*EpochEvent, *model.Model, error) {
	t.Helper()
	c := Default("resnet8-w4", "shapes")
	c.Epochs, c.Batch, c.Limit, c.Threads, c.LearningRate, c.Crop, c.Flip = 2, 32, 300, 2, 0.05, 2, true
	if change != nil {
		change(&c)
	}
	device, err := device.Open("cpu", plan.DeviceOptions{Threads: c.Threads})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	var events []*EpochEvent
	data := dataset.Shapes(dataset.ShapesOptions{Train: 320, Test: 64})
	result, err := Run(t.Context(), dir, c, data, device, Options{Event: func(e Event) {
		if e, ok := e.(*EpochEvent); ok {
			events = append(events, e)
		}
	}})
	if err != nil {
		return dir, events, nil, err
	}
	return dir, events, result.Model, nil
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
	kinds := map[string]int{}
	for _, e := range readEvents(t, dir) {
		kinds[e.At().Type]++
	}
	if kinds["step"] != 18 || kinds["epoch"] != 2 || kinds["checkpoint"] < 1 || kinds["end"] != 1 {
		t.Errorf("%v", kinds)
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

		"epochs and steps": func(c *Config) { c.Steps = 3 },
		"steps":            func(c *Config) { c.Epochs, c.Steps = 0, -3 },
		"initialization":   func(c *Config) { c.Init = "zero" },
		"no milestones":    func(c *Config) { c.Schedule = "step" },
		"milestones":       func(c *Config) { c.Milestones = []int{1} },
		"late milestones":  func(c *Config) { c.Schedule, c.Milestones = "step", []int{1, 2} },
		"milestones past steps": func(c *Config) {
			c.Epochs, c.Steps, c.Schedule, c.Milestones = 0, 18, "step", []int{1, 2}
		},
		"milestones mixed up": func(c *Config) { c.Epochs, c.Schedule, c.Milestones = 9, "step", []int{5, 2} },
		"factor":              func(c *Config) { c.Schedule, c.Milestones, c.Factor = "step", []int{1}, 0 },
		"input":               func(c *Config) { c.Input = "middle" },
		"radius of nothing":   func(c *Config) { c.Input = Low },
		"radius of whole":     func(c *Config) { c.Radius = 4 },
		"radius":              func(c *Config) { c.Input, c.Radius = High, math.NaN() },
		"normalization":       func(c *Config) { c.Normalize = "min" },
		"mixup":               func(c *Config) { c.Mixup = -1 },
		"noise":               func(c *Config) { c.LabelNoise = 1.5 },
		"noise on noise":      func(c *Config) { c.LabelNoise, c.ShuffleLabels = 0.5, true },
		"dropout":             func(c *Config) { c.Dropout = 1 },
		"freeze":              func(c *Config) { c.Freeze = "head" },
		"freeze all":          func(c *Config) { c.Freeze = "20" },
		"freeze, batch statistics": func(c *Config) {
			c.Freeze, c.Adversarial = "1", PGD(0.1)
			c.Adversarial.BatchNorm = "batch"
		},
		"no norms":            func(c *Config) { c.Net, c.FixedNorms = "lenet5", true },
		"epsilon":             func(c *Config) { c.Adversarial = PGD(0) },
		"epsilon in bytes":    func(c *Config) { c.Adversarial = PGD(8) },
		"attack's steps":      func(c *Config) { c.Adversarial = PGD(0.1); c.Adversarial.Steps = 0 },
		"attack's step size":  func(c *Config) { c.Adversarial = PGD(0.1); c.Adversarial.StepSize = 0 },
		"attack's statistics": func(c *Config) { c.Adversarial = PGD(0.1); c.Adversarial.BatchNorm = "none" },
		"attack's warm-up":    func(c *Config) { c.Adversarial = PGD(0.1); c.Adversarial.WarmUp = c.Epochs + 1 },
		"attack on parts":     func(c *Config) { c.Adversarial = PGD(0.1); c.Input, c.Radius = High, 4 },
		"attack on mixed":     func(c *Config) { c.Adversarial = PGD(0.1); c.Mixup = 1 },
		"whole normalized":    func(c *Config) { c.Normalize = "std" },
	} {
		if _, events, _, err := smallRun(t, change); err == nil || len(events) > 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, _, err := smallRun(t, func(c *Config) { c.LearningRate = 1e30 }); err == nil || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("divergence: %v", err)
	}
}

// TestRecipes trains a little in every way there is: losses fall, and what must stay stays.
func TestRecipes(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"xavier":      func(c *Config) { c.Init = "xavier" },
		"dropout":     func(c *Config) { c.Dropout = 0.5 },
		"fixed norms": func(c *Config) { c.FixedNorms = true },
		"mixup":       func(c *Config) { c.Mixup = 0.5 },
		"balance":     func(c *Config) { c.Balance = true },
		"low":         func(c *Config) { c.Input, c.Radius, c.Normalize = Low, 8, "max" },
		"high":        func(c *Config) { c.Input, c.Radius, c.Normalize = High, 4, "std" },
		"step":        func(c *Config) { c.Schedule, c.Milestones = "step", []int{1} },
		"cosine":      func(c *Config) { c.Schedule = "cosine" },
		"adversarial": func(c *Config) { c.Adversarial = PGD(4.0 / 255); c.Adversarial.Steps = 2 },
		"adversarial with batch statistics, from anywhere": func(c *Config) {
			c.Adversarial = &Adversarial{Epsilon: 0.01, Steps: 1, StepSize: 0.01, RandomStart: true, BatchNorm: "batch"}
		},
		"pre-activation": func(c *Config) { c.Net = "preact-resnet8-w4" },
		"no norms":       func(c *Config) { c.Net, c.LearningRate = "preact-resnet8-w4-nobn", 0.02 },
	} {
		t.Run(name, func(t *testing.T) {
			dir, events, m, err := smallRun(t, func(c *Config) { c.Epochs = 2; change(c) })
			if err != nil {
				t.Fatal(err)
			}
			if len(events) != 2 || !(events[1].Loss < events[0].Loss) {
				t.Errorf("%+v", events)
			}
			if (events[1].Train == nil) != (name == "mixup") {
				t.Errorf("accuracy in training: %v", events[1].Train)
			}
			for _, p := range m.Net.Params {
				if p.OfNorm() && name == "fixed norms" {
					for _, v := range m.Weights[p.Name].Data {
						if want := map[nets.Role]float32{nets.Scale: 1}[p.Role]; v != want {
							t.Fatalf("%s is %v", p.Name, v)
						}
					}
				}
			}
			if _, err := model.Load(filepath.Join(dir, ModelFile), ""); err != nil {
				t.Error(err)
			}
		})
	}
}
