package train

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/plan"
	"hfcui/engine/plan/plantest"
)

// counting counts steps by where their images are from.
type counting struct {
	plan.Device
	picked, given *int
}

type counter struct {
	plan.ImageKeeper
	counting
}

func (d counting) Learn(t *plan.Training, yield plan.Yield) (plan.Learner, error) {
	l, err := plan.Learn(plan.Yielding(plantest.Keeping(d.Device), yield), t)
	if err != nil {
		return nil, err
	}
	return counter{l.(plan.ImageKeeper), d}, nil
}

func (c counter) Step(ctx context.Context, b *plan.Batch) error {
	if b.Picks != nil {
		*c.picked++
	} else {
		*c.given++
	}
	return c.ImageKeeper.Step(ctx, b)
}

// TestKeptImagesTrainTheSame: a device that keeps the training images comes to the same weights, bit
// for bit, and gets images only where it must.
func TestKeptImagesTrainTheSame(t *testing.T) {
	cpu, err := device.Open("cpu", plan.DeviceOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		kept   bool
	}{
		"augmented": {func(c *Config) { c.Crop, c.Flip, c.Dropout = 2, true, 0.1 }, true},
		"mixup":     {func(c *Config) { c.Mixup, c.Flip = 0.4, true }, true},
		"relabeled": {func(c *Config) { c.LabelNoise, c.Balance = 0.3, true }, true},
		"low-pass":  {func(c *Config) { c.Input, c.Radius = Low, 6 }, false},
		"adversarial": {func(c *Config) {
			c.Adversarial = &Adversarial{Epsilon: 0.02, StepSize: 0.01, Steps: 1, BatchNorm: "running"}
		}, false},
	} {
		config := Default("lenet5", "shapes")
		config.Epochs, config.Batch, config.LearningRate = 2, 16, 0.05
		c.change(&config)
		digest := func(d plan.Device) []byte {
			dir := filepath.Join(t.TempDir(), "run")
			if _, err := Run(t.Context(), dir, config, dataset.Shapes(dataset.ShapesOptions{Train: 80, Test: 16}), d, Options{}); err != nil {
				t.Fatal(name, err)
			}
			data, err := os.ReadFile(filepath.Join(dir, ModelFile))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		var picked, given int
		if !bytes.Equal(digest(cpu), digest(counting{cpu, &picked, &given})) {
			t.Errorf("%s: other weights where images are kept", name)
		}
		if picked > 0 != c.kept || given > 0 == c.kept {
			t.Errorf("%s: %d steps on kept images, %d on others", name, picked, given)
		}
	}
}
