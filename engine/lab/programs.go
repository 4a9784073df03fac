package lab

import (
	"context"
	"errors"
	"sync"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// programKey identifies a compiled program. Foreground requests have their own, so that they
// never wait for one in use by background work.
type programKey struct {
	batch      int
	statistics model.Statistics
	gradients  bool // for attacks; running statistics
	background bool
}

// programCache holds the compiled programs of a model, compiled on first use.
type programCache struct {
	model      *model.Model
	device     plan.Device
	background plan.Device // the same, for work that yields
	turn       plan.Yield  // before background work takes a program
	mu         sync.Mutex
	programs   map[programKey]*program
}

func newProgramCache(m *model.Model, d plan.Device, g *gate) *programCache {
	return &programCache{model: m, device: d, background: plan.Yielding(d, g.yield), turn: g.turn, programs: map[programKey]*program{}}
}

// network is a compiled model: a *model.Evaluator or an *attack.Model.
type network interface {
	measure.Classifier
	SetWeight(name string, w []float32) error
	Close() error
}

// get returns a program that runs with a smoothing.
func (p *programCache) get(key programKey, how model.Smoothing) (classifier, error) {
	how, err := p.model.Canonical(how)
	if err != nil {
		return classifier{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.programs[key]
	if !ok {
		e = &program{model: p.model}
		device := p.device
		if key.background {
			device, e.turn = p.background, p.turn
		}
		if key.gradients {
			e.network, err = attack.NewTarget(p.model, device, key.batch)
		} else {
			e.network, err = p.model.NewEvaluator(device, key.batch, key.statistics)
		}
		if err != nil {
			return classifier{}, err
		}
		p.programs[key] = e
	}
	return classifier{e, how}, nil
}

// target returns a program with gradients that runs with a smoothing.
func (p *programCache) target(batch int, background bool, how model.Smoothing) (attack.Target, error) {
	c, err := p.get(programKey{batch: batch, gradients: true, background: background}, how)
	if err != nil {
		return nil, err
	}
	return target{c, c.network.(*attack.Model)}, nil
}

func (p *programCache) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, e := range p.programs {
		e.mu.Lock()
		errs = append(errs, e.network.Close())
		e.mu.Unlock()
	}
	clear(p.programs)
	return errors.Join(errs...)
}

// program is a compiled model with the current smoothing of its weights, initially none.
type program struct {
	model *model.Model
	turn  plan.Yield // nil in the foreground

	mu      sync.Mutex
	network network
	now     model.Smoothing
}

// smooth applies a smoothing in canonical form and restores the weights of a layer that is no
// longer smoothed. mu must be locked.
func (p *program) smooth(to model.Smoothing) error {
	if p.now == to {
		return nil
	}
	if p.now.Rho > 0 && (to.Rho == 0 || p.now.Layer != to.Layer) {
		if err := p.setKernels(model.Smoothing{Layer: p.now.Layer}); err != nil {
			return err
		}
		p.now = model.Smoothing{}
	}
	if to.Rho > 0 {
		if err := p.setKernels(to); err != nil {
			return err
		}
		p.now = to
	}
	return nil
}

func (p *program) setKernels(s model.Smoothing) error {
	layer, w, err := p.model.Smoothed(s)
	if err != nil {
		return err
	}
	return p.network.SetWeight(layer, w)
}

// classifier runs a program with a smoothing. Others may run it with another in between.
type classifier struct {
	*program
	smoothing model.Smoothing
}

func (c classifier) Batch() int   { return c.network.Batch() }
func (c classifier) Classes() int { return c.network.Classes() }

func (c classifier) Logits(ctx context.Context, dst, x []float32, n int) error {
	if err := c.take(ctx); err != nil {
		return err
	}
	defer c.mu.Unlock()
	return c.network.Logits(ctx, dst, x, n)
}

// take locks the program with its smoothing. Background jobs take turns before, since one that
// waits for another must not hold what the other needs.
func (c classifier) take(ctx context.Context) error {
	if err := c.turn.Wait(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	err := c.smooth(c.smoothing)
	if err != nil {
		c.mu.Unlock()
	}
	return err
}

// target is a classifier with gradients.
type target struct {
	classifier
	attacked *attack.Model
}

func (t target) Input() (c, h, w int) { return t.attacked.Input() }

// Each runs a loop on the device's threads. It does not need the program.
func (t target) Each(n int, body func(i int)) { t.attacked.Each(n, body) }

func (t target) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss attack.Loss) error {
	if err := t.take(ctx); err != nil {
		return err
	}
	defer t.mu.Unlock()
	return t.attacked.Gradient(ctx, dx, logits, x, labels, loss)
}
