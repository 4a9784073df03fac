package attack

import "context"

// What step sizes of Auto-PGD go by, as shares of all steps.
const (
	firstCheck    = 0.22 // until the first checkpoint
	checkDecrease = 0.03 // how much shorter every next period is
	shortestCheck = 0.06
	enoughGains   = 0.75 // of a period's steps must have raised the loss
	momentum      = 0.25 // of the last move, in every move after the first
)

// autoPGD is Auto-PGD (Croce and Hein 2020, algorithm 1): steps with momentum whose size, at
// first 2ε, is halved at checkpoints where the loss has risen too seldom, or where neither
// size nor best loss has changed since the last one; then the run goes on from its best point.
// Periods between checkpoints have the lengths of the authors' code.
type autoPGD struct {
	loss Loss

	previous, best, bestDx, target []float32 // images
	images                         []climber
}

// climber is how far one image is.
type climber struct {
	worst standing // of what is returned

	best, last float64 // losses: the run's largest, the one of the step before
	gains      int     // steps of this period that have raised the loss
	checked    float64 // best at the last checkpoint
	reduced    bool    // at the last checkpoint
}

// run attacks a batch and keeps the worst point of all runs for every image: of those it is
// taken for another class at, else of all, the one with the largest loss.
func (p *autoPGD) run(ctx context.Context, a *Attack, t Target, j job) error {
	n := len(j.x)
	p.previous, p.best, p.bestDx = grow(p.previous, n), grow(p.best, n), grow(p.bestDx, n)
	p.target, p.images = grow(p.target, n), grow(p.images, len(j.labels))
	for run := range a.options.runs() {
		if err := p.ascend(ctx, a, t, j, run); err != nil {
			return err
		}
	}
	return nil
}

// ascend is one run.
func (p *autoPGD) ascend(ctx context.Context, a *Attack, t Target, j job, run int) error {
	steps := a.options.Steps
	v, dx, logits := a.current[:len(j.x)], a.dx[:len(j.x)], a.logits[:len(j.labels)*t.Classes()]
	a.start(v, j, run)
	copy(p.previous, v)
	clear(a.zero)
	if err := t.Gradient(ctx, dx, logits, v, j.labels, p.loss); err != nil {
		return err
	}
	a.look(j, dx)
	a.each(len(j.labels), func(i int) {
		s := p.stand(j, logits, i)
		p.images[i] = climber{worst: p.images[i].worst, best: s.loss, last: s.loss, checked: s.loss, reduced: true}
		a.sizes[i] = 2 * a.options.Epsilon
		p.keep(a, j, i, s, run == 0)
		p.keepBest(a, j, i)
	})
	period, left := share(firstCheck, steps), share(firstCheck, steps)
	for step := range steps {
		p.move(a, j, v, dx, step > 0)
		if err := p.gradient(ctx, a, t, j, step == steps-1); err != nil {
			return err
		}
		left--
		check := left == 0
		a.each(len(j.labels), func(i int) { p.look(a, j, i, p.stand(j, logits, i), check, period) })
		if check {
			period = max(period-share(checkDecrease, steps), share(shortestCheck, steps))
			left = period
		}
	}
	return nil
}

// share is a share of so many steps, at least one.
func share(of float64, steps int) int { return max(1, int(of*float64(steps))) }

// stand is how the model does on image i.
func (p *autoPGD) stand(j job, logits []float32, i int) standing {
	classes := len(logits) / len(j.labels)
	return stand(logits[i*classes:][:classes], j.labels[i], p.loss)
}

// gradient computes the gradient where the run is; after the last step, only logits.
func (p *autoPGD) gradient(ctx context.Context, a *Attack, t Target, j job, last bool) error {
	v, logits := a.current[:len(j.x)], a.logits[:len(j.labels)*t.Classes()]
	if last {
		return t.Logits(ctx, logits, v, len(j.labels))
	}
	dx := a.dx[:len(j.x)]
	if err := t.Gradient(ctx, dx, logits, v, j.labels, p.loss); err != nil {
		return err
	}
	a.look(j, dx)
	return nil
}

// move goes from v to x(k+1) = P(x(k) + ¾·(z − x(k)) + ¼·(x(k) − x(k−1))), where z is the step
// along the gradient and P what Attack.land does; to z itself at first.
func (p *autoPGD) move(a *Attack, j job, v, dx []float32, moved bool) {
	z := p.target[:len(v)]
	copy(z, v)
	a.step(z, dx, j)
	if !moved {
		copy(p.previous, v)
		copy(v, z)
		return
	}
	a.each(len(j.labels), func(i int) {
		z, v, previous := j.image(z, i), j.image(v, i), j.image(p.previous, i)
		for k, at := range v {
			v[k] = at + (z[k]-at)*(1-momentum) + (at-previous[k])*momentum
			previous[k] = at
		}
	})
	a.limitTo(v, j)
}

// look takes notice of what a step has come to for image i, and at a checkpoint decides about
// the size of the next ones.
func (p *autoPGD) look(a *Attack, j job, i int, s standing, check bool, period int) {
	c := &p.images[i]
	p.keep(a, j, i, s, false)
	if s.loss > c.last {
		c.gains++
	}
	c.last = s.loss
	if s.loss > c.best {
		c.best = s.loss
		p.keepBest(a, j, i)
	}
	if !check {
		return
	}
	c.reduced = float64(c.gains) <= enoughGains*float64(period) || !c.reduced && c.checked >= c.best
	c.checked, c.gains = c.best, 0
	if c.reduced {
		a.sizes[i] /= 2
		copy(j.image(a.current, i), j.image(p.best, i))
		copy(j.image(a.dx, i), j.image(p.bestDx, i))
	}
}

// keep keeps image i's point if there is no worse one.
func (p *autoPGD) keep(a *Attack, j job, i int, s standing, first bool) {
	if c := &p.images[i]; first || s.worse(c.worst) {
		c.worst = s
		j.outcomes[i].ZeroGradient = a.zero[i]
		copy(j.image(j.dst, i), j.image(a.current, i))
	}
}

// keepBest keeps the run's best point and the gradient there.
func (p *autoPGD) keepBest(a *Attack, j job, i int) {
	copy(j.image(p.best, i), j.image(a.current, i))
	copy(j.image(p.bestDx, i), j.image(a.dx, i))
}
