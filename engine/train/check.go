package train

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// Check returns an error, in one line, unless c is valid.
func (c Config) Check() error {
	for _, check := range []func() error{c.checkLength, c.checkRate, c.checkInput, c.checkLabels, c.checkNet, c.checkDevice, c.checkAdversarial, c.Bands.Check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// MaxKept is the maximum of Config.Keep.
const MaxKept = 1000

func (c Config) checkLength() error {
	switch {
	case c.Steps < 0:
		return fmt.Errorf("%d steps: use at least 1", c.Steps)
	case c.Steps > 0 && c.Epochs != 0:
		return fmt.Errorf("%d epochs and %d steps: set one of them", c.Epochs, c.Steps)
	case c.Steps == 0 && c.Epochs < 1:
		return fmt.Errorf("%d epochs: use at least 1", c.Epochs)
	case c.Batch < 2:
		return fmt.Errorf("batch size %d: batch norm needs at least 2", c.Batch)
	case c.Keep < 0 || c.Keep > MaxKept:
		return fmt.Errorf("%d checkpoints to keep: use 0 to %d", c.Keep, MaxKept)
	case c.Size < 0 || c.Size > MaxSide:
		return fmt.Errorf("size %d: use 1 to %d pixels, or 0 for that of the images", c.Size, MaxSide)
	case c.Fit != "" && !slices.Contains(dataset.Fits(), string(c.Fit)):
		return fmt.Errorf("fit %q: use %s", c.Fit, strings.Join(dataset.Fits(), " or "))
	case c.Limit < 0:
		return fmt.Errorf("limit of %d images: use 0 for all", c.Limit)
	}
	return nil
}

func (c Config) checkDevice() error { return device.Check(c.Device) }

// between0 reports whether 0 ≤ v < top.
func between0(v, top float64) bool { return v >= 0 && v < top }

func (c Config) checkRate() error {
	if _, err := plan.ParseDType(c.DType); err != nil {
		return err
	}
	if _, err := c.rule(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(schedules, c.Schedule):
		return fmt.Errorf("unknown schedule %q: use constant, step, cosine or onecycle", c.Schedule)
	case !between0(c.LearningRate, math.Inf(1)) || c.LearningRate == 0:
		return fmt.Errorf("learning rate %v: use a finite number above 0", c.LearningRate)
	case c.Schedule != "step" && len(c.Milestones) > 0:
		return fmt.Errorf("milestones %v: only for schedule step, not %s", c.Milestones, c.Schedule)
	case c.Schedule != "step":
		return nil
	case len(c.Milestones) == 0:
		return fmt.Errorf("schedule step without milestones: set the epochs after which to lower the learning rate")
	case c.Milestones[0] < 1 || !slices.IsSorted(c.Milestones) || len(slices.Compact(slices.Clone(c.Milestones))) < len(c.Milestones):
		return fmt.Errorf("milestones %v: use increasing epochs from 1", c.Milestones)
	case c.Epochs > 0 && c.Milestones[len(c.Milestones)-1] >= c.Epochs:
		return fmt.Errorf("milestones %v: the last one must be before the end, epoch %d", c.Milestones, c.Epochs)
	case !between0(c.Factor, math.Inf(1)) || c.Factor == 0:
		return fmt.Errorf("factor %v: use a finite number above 0, e.g. 0.1", c.Factor)
	}
	return nil
}

func (c Config) checkInput() error {
	if _, err := bands.ParseNormalization(c.Normalize); err != nil {
		return err
	}
	switch {
	case c.Input != Whole && c.Input != Low && c.Input != High:
		return fmt.Errorf("unknown input %q: use whole, low or high", c.Input)
	case spectral.CheckRadius(c.Radius) != nil:
		return fmt.Errorf("radius %v: use a finite number, 0 or more", c.Radius)
	case c.Input == Whole && c.Radius != 0:
		return fmt.Errorf("radius %v: only for input low or high, not for whole images", c.Radius)
	case c.Input == Low && c.Radius == 0:
		return fmt.Errorf("input low at radius 0 is empty: use a radius above 0")
	case c.Input == Whole && c.Normalize == bands.NormalizeStd.String():
		return fmt.Errorf("input whole with normalize std: test images, which are not normalized, would be out of distribution; use none or max")
	case c.Crop < 0 || c.Crop > 64:
		return fmt.Errorf("crop %d: use 0 to 64 pixels of padding", c.Crop)
	case c.Mixup != 0 && !(c.Mixup >= 0.01 && c.Mixup <= 100):
		return fmt.Errorf("mixup %v: use 0 for none, or 0.01 to 100", c.Mixup)
	}
	return nil
}

func (c Config) checkLabels() error {
	switch {
	case !(c.LabelNoise >= 0 && c.LabelNoise <= 1):
		return fmt.Errorf("label noise %v: use a fraction from 0 to 1", c.LabelNoise)
	case c.ShuffleLabels && c.LabelNoise > 0:
		return fmt.Errorf("label noise %v on shuffled labels: use one of them", c.LabelNoise)
	}
	return nil
}

func (c Config) checkNet() error {
	switch {
	case c.Model == "" && (c.Mean != nil || c.Std != nil):
		return errors.New("mean and std without a model to start from: an untrained network learns on pixels in [0,1]; use --model, or omit them")
	case !between0(c.Dropout, 1):
		return fmt.Errorf("dropout %v: use at least 0 and below 1", c.Dropout)
	case c.Freeze != "" && c.Adversarial != nil && c.Adversarial.BatchNorm == "batch":
		return errors.New("freeze with batch statistics during PGD: frozen batch norm uses running statistics; use running in PGD, too")
	}
	if _, err := ParseFreeze(c.Freeze); err != nil {
		return fmt.Errorf("freeze %w", err)
	}
	if _, ok := schemes[c.Init]; !ok {
		return fmt.Errorf("unknown initialization %q: use he or xavier", c.Init)
	}
	return nil
}

func (c Config) checkAdversarial() error {
	a := c.Adversarial
	if a == nil {
		return nil
	}
	switch {
	case !(a.Epsilon > 0 && a.Epsilon <= 1):
		return fmt.Errorf("epsilon %v: use a number above 0 and at most 1 (pixels are in [0,1]), e.g. 8/255", a.Epsilon)
	case a.Steps < 1 || a.Steps > 1000:
		return fmt.Errorf("%d attack steps: use 1 to 1000", a.Steps)
	case !(a.StepSize > 0 && a.StepSize <= 1):
		return fmt.Errorf("attack step size %v: use a number above 0 and at most 1", a.StepSize)
	case a.WarmUp < 0 || c.Epochs > 0 && a.WarmUp > c.Epochs:
		return fmt.Errorf("attack warm-up of %d epochs: use 0 to %d", a.WarmUp, c.Epochs)
	case c.Input != Whole:
		return fmt.Errorf("adversarial training requires pixels in [0,1]: use input whole, not %s", c.Input)
	case c.Mixup > 0:
		return fmt.Errorf("adversarial training with mixup: the attack needs hard labels; use one of them")
	}
	_, err := model.ParseStatistics(a.BatchNorm)
	return err
}
