package engine

import (
	"context"
	"errors"
	"sync"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// evaluatorKey tells evaluators apart. Work in the foreground has its own, so that it
// never waits for one the background holds.
type evaluatorKey struct {
	batch      int
	statistics model.Statistics
	background bool
}

// panel keeps a model's compiled programs, made when first asked for.
type panel struct {
	model      *model.Model
	device     plan.Device
	background plan.Device // the same, for work that yields
	mu         sync.Mutex
	seats      map[evaluatorKey]*seat

	targets map[targetKey]*targetSeat
}

func newPanel(m *model.Model, d plan.Device, yield plan.Yield) *panel {
	return &panel{model: m, device: d, background: plan.Yielding(d, yield), seats: map[evaluatorKey]*seat{}, targets: map[targetKey]*targetSeat{}}
}

// classifier returns the model smoothed in a way, which the model can be, as something that
// answers batches.
func (p *panel) classifier(key evaluatorKey, how model.Smoothing) (measure.Classifier, error) {
	how, err := p.model.Canonical(how)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.seats[key]
	if !ok {
		statistics := model.RunningStatistics
		if key.statistics == model.BatchStatistics {
			statistics = model.BatchStatistics
		}
		e, err := p.model.NewEvaluator(p.on(key.background), key.batch, statistics)
		if err != nil {
			return nil, err
		}
		s = &seat{evaluator: e, smoother: smoother{model: p.model, program: e}}
		p.seats[key] = s
	}
	return smoothed{s, key.batch, how}, nil
}

// on is the device that work is compiled for.
func (p *panel) on(background bool) plan.Device {
	if background {
		return p.background
	}
	return p.device
}

func (p *panel) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for key, s := range p.seats {
		s.mu.Lock()
		errs = append(errs, s.evaluator.Close())
		s.mu.Unlock()
		delete(p.seats, key)
	}
	for key, s := range p.targets {
		s.mu.Lock()
		errs = append(errs, s.target.Close())
		s.mu.Unlock()
		delete(p.targets, key)
	}
	return errors.Join(errs...)
}

// seat is one evaluator with the smoothing it has at the moment.
type seat struct {
	mu        sync.Mutex
	evaluator *model.Evaluator
	smoother  smoother
}

// smoothed is a seat asked with a smoothing.
type smoothed struct {
	*seat
	batch     int
	smoothing model.Smoothing
}

func (s smoothed) Batch() int   { return s.batch }
func (s smoothed) Classes() int { return s.smoother.model.Net.Classes }

func (s smoothed) Logits(ctx context.Context, dst, x []float32, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.smoother.set(s.smoothing); err != nil {
		return err
	}
	return s.evaluator.Logits(ctx, dst, x, n)
}
