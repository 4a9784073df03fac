package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/train"
)

// Measurement is something measured of a run that has ended. One of its fields is set.
type Measurement struct {
	*train.Bands          // accuracy on parts
	Attacks      *Attacks `json:"attacks,omitempty"`
	Flips        *Flips   `json:"flips,omitempty"`
	Kernels      *Kernels `json:"kernels,omitempty"`
}

// Found is what a Measurement came to: the field of the same kind is set.
type Found struct {
	*train.BandsEvent
	Attacks *AttacksFound `json:"attacks,omitempty"`
	Flips   *FlipsFound   `json:"flips,omitempty"`
	Kernels *KernelsFound `json:"kernels,omitempty"`
}

// Check says in one line what cannot be measured.
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
	return errors.New("nothing to measure")
}

// what names the kind of m.
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

// cost is roughly how long m takes where there are so many test images, in images' forward
// and backward passes.
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
		return 3 * answerCost * of(m.Flips.Limit)
	case m.Bands != nil:
		return float64(1+2*len(m.Radii)) * answerCost * of(m.Limit)
	}
	return 0
}

// answerCost is what an answer takes, of what training on an image does.
const answerCost = 0.3

// measuredFile is where a run's folder has what was measured when it had ended.
const measuredFile = "measured.json"

// measured is its content: what was asked so far, and found.
type measured struct {
	Asked []Measurement `json:"asked"`
	Found []Found       `json:"found"`
}

// readMeasured gives what of a plan's measurements a run's folder has, the first ones.
func readMeasured(dir string, asked []Measurement) []Found {
	var saved measured
	text, err := os.ReadFile(filepath.Join(dir, measuredFile))
	if err != nil || json.Unmarshal(text, &saved) != nil {
		return nil
	}
	for i := range min(len(asked), len(saved.Asked), len(saved.Found)) {
		want, err := json.Marshal(asked[i])
		had, errHad := json.Marshal(saved.Asked[i])
		if err != nil || errHad != nil || !bytes.Equal(want, had) {
			return saved.Found[:i]
		}
	}
	return saved.Found[:min(len(asked), len(saved.Asked), len(saved.Found))]
}

// subject is a trained model that is measured.
type subject struct {
	model  *model.Model
	device plan.Device
	yield  plan.Yield
	data   *dataset.Data
}

// after measures what the plan wants of a run that has ended, as far as its folder does not
// have it. tell is called with what is measured and how far that is, 0 to 1.
func (c *carrier) after(ctx context.Context, dir string, s subject, tell func(what string, part float64)) ([]Found, error) {
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

// measure measures one thing.
func (s subject) measure(ctx context.Context, m Measurement, tell func(part float64)) (f Found, err error) {
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
