package engine

import (
	"context"
	"errors"
	"sync"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// evaluatorKey tells evaluators apart. Work in the foreground has its own, so that it
// never waits for one the background holds.
type evaluatorKey struct {
	batch      int
	statistics bands.Statistics
	background bool
}

// panel keeps a model's compiled evaluation programs, made when first asked for.
type panel struct {
	model  *model.Model
	device plan.Device
	mu     sync.Mutex
	seats  map[evaluatorKey]*seat
}

func newPanel(m *model.Model, d plan.Device) *panel {
	return &panel{model: m, device: d, seats: map[evaluatorKey]*seat{}}
}

// classifier returns the model smoothed by rho, as something that answers batches.
func (p *panel) classifier(key evaluatorKey, rho float64) (bands.Classifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.seats[key]
	if !ok {
		statistics := model.RunningStatistics
		if key.statistics == bands.BatchStatistics {
			statistics = model.BatchStatistics
		}
		e, err := p.model.NewEvaluator(p.device, key.batch, statistics)
		if err != nil {
			return nil, err
		}
		s = &seat{evaluator: e, model: p.model}
		p.seats[key] = s
	}
	return smoothed{s, key.batch, rho}, nil
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
	return errors.Join(errs...)
}

// seat is one evaluator and the smoothing its first convolution has at the moment.
type seat struct {
	mu        sync.Mutex
	evaluator *model.Evaluator
	model     *model.Model
	rho       float64
}

// smoothed is a seat asked with the first convolution smoothed by rho.
type smoothed struct {
	*seat
	batch int
	rho   float64
}

func (s smoothed) Batch() int   { return s.batch }
func (s smoothed) Classes() int { return s.model.Net.Classes }

func (s smoothed) Logits(ctx context.Context, dst, x []float32, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat.rho != s.rho {
		name := s.model.FirstConv()
		if err := s.evaluator.SetWeight(name, smoothedKernels(s.model, s.rho)); err != nil {
			return err
		}
		s.seat.rho = s.rho
	}
	return s.evaluator.Logits(ctx, dst, x, n)
}

// smoothedKernels returns the first convolution's weights (OIHW) smoothed by rho.
func smoothedKernels(m *model.Model, rho float64) []float32 {
	w := m.Weights[m.FirstConv()]
	out := make([]float32, len(w.Data))
	spectral.Smooth(out, w.Data, w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3], rho)
	return out
}
