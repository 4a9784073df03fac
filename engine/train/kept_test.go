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

// counting counts steps by where their images are from. Its device keeps images; programs are compiled
// for another.
type counting struct {
	plan.Device
	programs      plan.Device
	picked, given *int
}

type counter struct {
	plan.ImageKeeper
	counting
}

func (d counting) Learn(t *plan.Training, yield plan.Yield) (plan.Learner, error) {
	l, err := plan.Learn(plan.Yielding(d.Device, yield), t)
	if err != nil {
		return nil, err
	}
	return counter{l.(plan.ImageKeeper), d}, nil
}

func (d counting) Compile(p *plan.Program, yield plan.Yield) (plan.Executable, error) {
	return d.programs.Compile(p, yield)
}

func (c counter) Step(ctx context.Context, b *plan.Batch) error {
	if b.Images == nil {
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
	attacked := func(c *Config) {
		c.Crop = 1
		c.Adversarial = &Adversarial{Epsilon: 0.02, StepSize: 0.01, Steps: 2, RandomStart: true, WarmUp: 1, BatchNorm: "batch"}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		kept   bool
	}{
		"augmented":           {func(c *Config) { c.Crop, c.Flip, c.Dropout = 2, true, 0.1 }, true},
		"mixup":               {func(c *Config) { c.Mixup, c.Flip = 0.4, true }, true},
		"relabeled":           {func(c *Config) { c.LabelNoise, c.Balance = 0.3, true }, true},
		"low-pass":            {func(c *Config) { c.Input, c.Radius, c.Crop = Low, 6, 1 }, true},
		"adversarial":         {attacked, true},
		"adversarial by host": {attacked, false},
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
		keeping := plantest.Keeping(cpu)
		d := counting{keeping, keeping, &picked, &given}
		if !c.kept {
			d.programs = cpu
		}
		if !bytes.Equal(digest(cpu), digest(d)) {
			t.Errorf("%s: other weights where images are kept", name)
		}
		if picked > 0 != c.kept || given > 0 == c.kept {
			t.Errorf("%s: %d steps on kept images, %d on others", name, picked, given)
		}
	}
}
