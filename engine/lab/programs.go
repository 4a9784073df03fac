package lab

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

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
	model    *model.Model
	compute  *compute
	gate     *gate // for background work
	mu       sync.Mutex
	programs map[programKey]*program
}

func newProgramCache(m *model.Model, c *compute, g *gate) *programCache {
	return &programCache{model: m, compute: c, gate: g, programs: map[programKey]*program{}}
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
		e = &program{model: p.model, compute: p.compute, gate: p.gate, key: key}
		if key.background {
			e.turn = p.gate.turn
		}
		if err := e.compile(); err != nil {
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
	return target{c}, nil
}

func (p *programCache) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, e := range p.programs {
		e.mu.Lock()
		errs = append(errs, e.net().Close())
		e.mu.Unlock()
	}
	clear(p.programs)
	return errors.Join(errs...)
}

// program is a compiled model with the current smoothing of its weights, initially none.
type program struct {
	model   *model.Model
	compute *compute
	gate    *gate
	key     programKey
	turn    plan.Yield // before background work takes the program; nil in the foreground

	mu      sync.Mutex
	network atomic.Pointer[network] // changes with mu locked
	now     model.Smoothing
}

// compile compiles the program for the device there now is.
func (p *program) compile() error {
	var d plan.Device = p.compute
	if p.key.background {
		d = plan.Yielding(d, p.gate.yield)
	}
	var n network
	var err error
	if p.key.gradients {
		n, err = attack.NewTarget(p.model, d, p.key.batch)
	} else {
		n, err = p.model.NewEvaluator(d, p.key.batch, p.key.statistics)
	}
	if err != nil {
		return err
	}
	p.network.Store(&n)
	p.now = model.Smoothing{}
	return nil
}

func (p *program) net() network { return *p.network.Load() }

// run runs f on the network with a smoothing, with mu locked; once more, on the CPU, if the device
// is lost meanwhile.
func (p *program) run(how model.Smoothing, f func(network) error) error {
	attempt := func() error {
		if err := p.smooth(how); err != nil {
			return err
		}
		return f(p.net())
	}
	err := attempt()
	if !p.compute.lose(err) {
		return err
	}
	_ = p.net().Close() // nothing on the device can be freed
	if err := p.compile(); err != nil {
		return err
	}
	return attempt()
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
	return p.net().SetWeight(layer, w)
}

// classifier runs a program with a smoothing. Others may run it with another in between.
type classifier struct {
	*program
	smoothing model.Smoothing
}

func (c classifier) Batch() int   { return c.net().Batch() }
func (c classifier) Classes() int { return c.net().Classes() }

func (c classifier) Logits(ctx context.Context, dst, x []float32, n int) error {
	return c.take(ctx, func(net network) error { return net.Logits(ctx, dst, x, n) })
}

// Splits implements [model.Splitting].
func (c classifier) Splits() bool {
	s, ok := c.net().(model.Splitting)
	return ok && s.Splits()
}

// ComponentLogits implements [model.Splitting].
func (c classifier) ComponentLogits(ctx context.Context, dst []float32, parts *plan.Components, from, n int) (done bool, err error) {
	err = c.take(ctx, func(net network) error {
		if s, ok := net.(model.Splitting); ok {
			done, err = s.ComponentLogits(ctx, dst, parts, from, n)
		}
		return err
	})
	return done, err
}

// Distances implements [model.Splitting].
func (c classifier) Distances(ctx context.Context, dst []plan.Distance, parts *plan.Components) (done bool, err error) {
	err = c.take(ctx, func(net network) error {
		if s, ok := net.(model.Splitting); ok {
			done, err = s.Distances(ctx, dst, parts)
		}
		return err
	})
	return done, err
}

// take runs f on the network with the classifier's smoothing. Background jobs take turns before,
// since one that waits for another must not hold what the other needs.
func (c classifier) take(ctx context.Context, f func(network) error) error {
	if err := c.turn.Wait(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run(c.smoothing, f)
}

// target is a classifier with gradients: its network is an *attack.Model.
type target struct{ classifier }

func (t target) attacked() *attack.Model { return t.net().(*attack.Model) }

func (t target) Input() (c, h, w int) { return t.attacked().Input() }

// Each runs a loop on the device's threads. It does not need the program.
func (t target) Each(n int, body func(i int)) { t.attacked().Each(n, body) }

func (t target) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss attack.Loss) error {
	return t.take(ctx, func(net network) error {
		return net.(*attack.Model).Gradient(ctx, dx, logits, x, labels, loss)
	})
}

// Ascend takes an ascent's steps on the device, if it can.
func (t target) Ascend(ctx context.Context, a plan.Ascent, labels []int, loss attack.Loss) (done bool, err error) {
	err = t.take(ctx, func(net network) error {
		done, err = net.(*attack.Model).Ascend(ctx, a, labels, loss)
		return err
	})
	return done, err
}
