package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// Measurement is something to measure of a trained model. One of its fields is set.
type Measurement struct {
	*train.Bands          // accuracy on low- and high-pass images
	Attacks      *Attacks `json:"attacks,omitempty"`
	Flips        *Flips   `json:"flips,omitempty"`
	Kernels      *Kernels `json:"kernels,omitempty"`
}

// MeasurementResult is the result of a Measurement: the field of the same kind is set.
type MeasurementResult struct {
	*train.BandsEvent
	Attacks *AttackResults `json:"attacks,omitempty"`
	Flips   *FlipResults   `json:"flips,omitempty"`
	Kernels *KernelResults `json:"kernels,omitempty"`
}

// Check returns an error, in one line, unless m is valid.
func (m Measurement) Check() error {
	switch {
	case m.Attacks != nil:
		return m.Attacks.check()
	case m.Flips != nil:
		return m.Flips.check()
	case m.Kernels != nil:
		return m.Kernels.check()
	case m.Bands != nil:
		return m.Bands.Check()
	}
	return errors.New("no measurement is set")
}

// what returns the kind of m, for progress.
func (m Measurement) what() string {
	switch {
	case m.Attacks != nil:
		return "attacks"
	case m.Flips != nil:
		return "flips"
	case m.Kernels != nil:
		return "kernels"
	}
	return "bands"
}

// cost estimates the compute of m for that many test images, in training passes of an image.
func (m Measurement) cost(test int) float64 {
	of := func(limit int) float64 {
		if limit <= 0 || limit > test {
			limit = test
		}
		return float64(limit)
	}
	switch {
	case m.Attacks != nil:
		return m.Attacks.cost(of)
	case m.Flips != nil:
		return 3 * inferenceCost * of(m.Flips.Limit)
	case m.Bands != nil:
		return float64(1+2*len(m.Radii)) * inferenceCost * of(m.Limit)
	}
	return 0
}

// inferenceCost is the cost of inference relative to training on an image.
const inferenceCost = 0.3

// measuredFile holds the measurements of a trained model in a run's folder.
const measuredFile = "measured.json"

// measured is its content.
type measured struct {
	Asked   []Measurement       `json:"asked"`
	Results []MeasurementResult `json:"found"`
}

// readMeasured returns the results of a plan's measurements in a run's folder: a prefix of them.
func readMeasured(dir string, asked []Measurement) []MeasurementResult {
	var saved measured
	text, err := checkpoints.ReadRegular(filepath.Join(dir, measuredFile))
	if err != nil || json.Unmarshal(text, &saved) != nil {
		return nil
	}
	for i := range min(len(asked), len(saved.Asked), len(saved.Results)) {
		want, err := json.Marshal(asked[i])
		had, errHad := json.Marshal(saved.Asked[i])
		if err != nil || errHad != nil || !bytes.Equal(want, had) {
			return saved.Results[:i]
		}
	}
	return saved.Results[:min(len(asked), len(saved.Asked), len(saved.Results))]
}

// subject is a trained model to measure.
type subject struct {
	model  *model.Model
	device plan.Device
	yield  plan.Yield
	data   *dataset.Data
}

// after completes the plan's measurements of a trained model. tell is called with the name of
// the current one and its progress, 0 to 1.
func (c *runner) after(ctx context.Context, dir string, s subject, tell func(what string, part float64)) ([]MeasurementResult, error) {
	found := slices.Clone(readMeasured(dir, c.plan.After))
	for _, m := range c.plan.After[len(found):] {
		tell(m.what(), 0)
		f, err := s.measure(ctx, m, func(part float64) { tell(m.what(), part) })
		if err != nil {
			return nil, err
		}
		found = append(found, f)
		text, err := json.MarshalIndent(measured{c.plan.After[:len(found)], found}, "", "  ")
		if err != nil {
			return nil, err
		}
		if err := write(filepath.Join(dir, measuredFile), append(text, '\n')); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// measure runs one measurement.
func (s subject) measure(ctx context.Context, m Measurement, tell func(part float64)) (f MeasurementResult, err error) {
	switch {
	case m.Attacks != nil:
		f.Attacks, err = s.attacks(ctx, *m.Attacks, tell)
	case m.Flips != nil:
		f.Flips, err = s.flips(ctx, *m.Flips, tell)
	case m.Kernels != nil:
		f.Kernels, err = s.kernels(*m.Kernels)
	default:
		f.BandsEvent, err = train.Measure(ctx, s.model, s.device, s.data, *m.Bands, s.yield)
	}
	return f, err
}
