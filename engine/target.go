package engine

import (
	"context"
	"sync"

	"hfcui/engine/attack"
	"hfcui/engine/model"
)

// targetKey tells programs for attacks apart. Work in the foreground has its own, so that it
// never waits for one the background holds.
type targetKey struct {
	batch      int
	background bool
}

// targetSeat is a model under attack with the smoothing it has at the moment.
type targetSeat struct {
	mu       sync.Mutex
	target   *attack.Model
	smoother smoother
}

// target returns the model smoothed in a way, which the model can be, as something to attack.
func (p *panel) target(key targetKey, how model.Smoothing) (attack.Target, error) {
	how, err := p.model.Canonical(how)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.targets[key]
	if !ok {
		t, err := attack.NewTarget(p.model, p.on(key.background), key.batch)
		if err != nil {
			return nil, err
		}
		s = &targetSeat{target: t, smoother: smoother{model: p.model, program: t}}
		p.targets[key] = s
	}
	return smoothedTarget{s, how}, nil
}

// smoothedTarget is a seat attacked with a smoothing. Others may ask it with another in
// between.
type smoothedTarget struct {
	*targetSeat
	smoothing model.Smoothing
}

func (s smoothedTarget) Batch() int           { return s.target.Batch() }
func (s smoothedTarget) Classes() int         { return s.target.Classes() }
func (s smoothedTarget) Input() (c, h, w int) { return s.target.Input() }

// Each shares a loop over the device's threads. It needs no turn at the programs.
func (s smoothedTarget) Each(n int, body func(i int)) { s.target.Each(n, body) }

func (s smoothedTarget) Logits(ctx context.Context, dst, x []float32, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.smoother.set(s.smoothing); err != nil {
		return err
	}
	return s.target.Logits(ctx, dst, x, n)
}

func (s smoothedTarget) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss attack.Loss) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.smoother.set(s.smoothing); err != nil {
		return err
	}
	return s.target.Gradient(ctx, dx, logits, x, labels, loss)
}
