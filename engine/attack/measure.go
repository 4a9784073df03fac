package attack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hfcui/engine/measure"
)

// Measurement evaluates a Grid. It takes the images batch by batch, each under every attack, so
// that after the first batch there is an estimate everywhere. It can be interrupted and resumed.
// It is not for concurrent use, but several with the same Known are.
type Measurement struct {
	src   measure.Source
	grid  Grid
	order []int     // of image indices
	clean []*series // by ρ
	all   []*series // in the order of evaluation
	cells []cellSource
}

// NewMeasurement prepares a measurement; nothing is computed yet. Outcomes are read from and added
// to known, under the key of the images and the model with one of the Grid's ρ.
func NewMeasurement(src measure.Source, g Grid, known *Known, key func(rho float64) ModelKey) (*Measurement, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	images, err := measure.Select(src, g.Limit)
	if err != nil {
		return nil, err
	}
	m := &Measurement{src: src, grid: g, order: images}
	order := 0
	if !slices.IsSorted(images) {
		order = len(images) // the order depends on how many there are
	}
	m.plan(func(rho, source int, o Options) *trial {
		k := trialKey{model: key(g.Rhos[rho]), source: key(g.Rhos[rho]), order: order, options: o}
		if source >= 0 {
			k.source = key(g.Rhos[source])
		}
		return known.get(k)
	})
	return m, nil
}

// Targets returns the model smoothed by one of the Grid's ρ. They are requested one at a time.
type Targets func(rho float64) (Target, error)

// updatePause is the shortest time between two updates that are not the last.
const updatePause = 100 * time.Millisecond

// Run completes the measurement, calling update, which may be nil, in between. It returns early
// with ctx's error; another Run then resumes.
func (m *Measurement) Run(ctx context.Context, targets Targets, update func(Robustness)) (Robustness, error) {
	memo := make([]*memoTarget, len(m.grid.Rhos))
	for i, rho := range m.grid.Rhos {
		t, err := targets(rho)
		if err != nil {
			return m.Result(), err
		}
		memo[i] = newMemoTarget(t)
	}
	b := newBatch(m, memo[0].Batch())
	var last time.Time
	for from := 0; from < len(m.order); from += b.most {
		b.choose(from)
		for _, s := range m.all {
			added, err := b.take(ctx, memo, s)
			if err != nil {
				return m.Result(), err
			}
			if added && update != nil && time.Since(last) > updatePause {
				update(m.Result())
				last = time.Now()
			}
		}
		if err := m.checkGradients(b.to); err != nil {
			return m.Result(), err
		}
	}
	result := m.Result()
	if update != nil {
		update(result)
	}
	return result, nil
}

// zeroGradientImages is the number of images without a gradient after which a measurement is
// given up.
const zeroGradientImages = 64

// checkGradients returns an error if none of the first images had a gradient, which makes robust
// accuracy meaningless.
func (m *Measurement) checkGradients(to int) error {
	if to < min(zeroGradientImages, len(m.order)) {
		return nil
	}
	for _, s := range m.all {
		o := s.first(to)
		if s.options.Method == "" || s.source != nil || !Lookup(s.options.Method).Gradient || s.options.Epsilon == 0 || len(o) < to {
			continue
		}
		if !slices.ContainsFunc(o, func(o outcome) bool { return !o.zeroGradient }) {
			return fmt.Errorf("zero gradient for all of %d images at rho %v: %s cannot make progress; use %s, which is gradient-free",
				to, m.grid.Rhos[s.rho], s.options.Method, strings.Join(namesOf(func(m Method) bool { return !m.Gradient }), " or "))
		}
	}
	return nil
}
