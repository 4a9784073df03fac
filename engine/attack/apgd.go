package attack

import (
	"context"

	"hfcui/engine/measure"
)

// The methods of Auto-PGD (Croce and Hein 2020), which adapts its step size.
const (
	APGDCEMethod  = "apgd-ce"  // on cross-entropy
	APGDDLRMethod = "apgd-dlr" // on the difference-of-logits ratio, which needs 3 classes or more
)

var (
	apgdCE  = apgd(APGDCEMethod, "Auto-PGD on cross-entropy (Croce and Hein 2020)", CrossEntropy)
	apgdDLR = apgd(APGDDLRMethod, "Auto-PGD on the difference-of-logits ratio, for 3 classes or more (Croce and Hein 2020)", DLR)
)

func apgd(name, description string, loss Loss) Method {
	return Method{
		Name:        name,
		Description: description,
		Norms:       bothNorms,
		Gradient:    true,
		Iterated:    true,
		Band:        true,
		RandomStart: true,
		Steps:       100,
		Cost:        gradientCost,
		attacker:    func() attacker { return &autoPGD{loss: loss} },
	}
}

// The step size schedule, in fractions of all steps.
const (
	firstCheck    = 0.22 // length of the first period, which ends at a checkpoint
	checkDecrease = 0.03 // by which each period is shorter than the one before
	shortestCheck = 0.06
	enoughGains   = 0.75 // of the steps of a period must have increased the loss
	momentum      = 0.25 // weight of the last update
)

// autoPGD is Auto-PGD (Croce and Hein 2020, algorithm 1): steps with momentum whose size, 2ε at
// first, is halved at checkpoints where too few steps have increased the loss, or where neither
// step size nor best loss has changed since the last checkpoint; the run then continues from
// its best point. Periods between checkpoints are as long as in the authors' code.
type autoPGD struct {
	loss Loss

	previous, best, bestDx, target []float32 // images
	images                         []trajectory
}

// trajectory is the state of the run on one image.
type trajectory struct {
	worst worstCase // of all restarts: what is returned

	best, last float64 // losses: the run's largest, the last step's
	gains      int     // steps of this period that have increased the loss
	checked    float64 // best at the last checkpoint
	reduced    bool    // the step size was halved at the last checkpoint
}

// run keeps the worst case of all points of all restarts for each image: among misclassified
// ones, or else among all, the one with the largest loss.
func (p *autoPGD) run(ctx context.Context, a *Attack, t Target, all job) error {
	return all.batches(t.Batch(), func(j job) error {
		n := len(j.x)
		p.previous, p.best, p.bestDx = measure.Resize(p.previous, n), measure.Resize(p.best, n), measure.Resize(p.bestDx, n)
		p.target, p.images = measure.Resize(p.target, n), measure.Resize(p.images, len(j.labels))
		for run := range a.restarts() {
			if err := p.restart(ctx, a, t, j, run); err != nil {
				return err
			}
		}
		return nil
	})
}

// restart takes the steps of one run.
func (p *autoPGD) restart(ctx context.Context, a *Attack, t Target, j job, run int) error {
	steps := a.options.Steps
	v, dx, logits := a.current[:len(j.x)], a.dx[:len(j.x)], a.logits[:len(j.labels)*t.Classes()]
	a.start(v, j, run)
	copy(p.previous, v)
	clear(a.zero)
	if err := a.gradient(ctx, t, dx, v, j, p.loss); err != nil {
		return err
	}
	a.setStep(2*a.epsilon, len(j.labels))
	a.each(len(j.labels), func(i int) {
		s := p.caseOf(j, logits, i)
		p.images[i] = trajectory{worst: p.images[i].worst, best: s.loss, last: s.loss, checked: s.loss, reduced: true}
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
		a.each(len(j.labels), func(i int) { p.record(a, j, i, p.caseOf(j, logits, i), check, period) })
		if check {
			period = max(period-share(checkDecrease, steps), share(shortestCheck, steps))
			left = period
		}
	}
	return nil
}

// share is a fraction of the steps, at least one.
func share(of float64, steps int) int { return max(1, int(of*float64(steps))) }

// caseOf is the case of image i.
func (p *autoPGD) caseOf(j job, logits []float32, i int) worstCase {
	classes := len(logits) / len(j.labels)
	return caseOf(logits[i*classes:][:classes], j.labels[i], p.loss)
}

// gradient computes the gradient at the current point; after the last step, only logits.
func (p *autoPGD) gradient(ctx context.Context, a *Attack, t Target, j job, last bool) error {
	v := a.current[:len(j.x)]
	if last {
		return t.Logits(ctx, a.logits[:len(j.labels)*t.Classes()], v, len(j.labels))
	}
	return a.gradient(ctx, t, a.dx[:len(j.x)], v, j, p.loss)
}

// move updates v to x(k+1) = P(x(k) + ¾·(z − x(k)) + ¼·(x(k) − x(k−1))), where z is the gradient
// step and P is ball.project; the first move is to z.
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
	a.project(v, j)
}

// record records the result of a step for image i, and at a checkpoint adapts the step size.
func (p *autoPGD) record(a *Attack, j job, i int, s worstCase, check bool, period int) {
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

// keep keeps image i's current point if it is the worst case.
func (p *autoPGD) keep(a *Attack, j job, i int, s worstCase, first bool) {
	if c := &p.images[i]; first || s.worse(c.worst) {
		c.worst = s
		j.outcomes[i].ZeroGradient = a.zero[i]
		copy(j.image(j.dst, i), j.image(a.current, i))
	}
}

// keepBest stores the run's point of largest loss and the gradient there.
func (p *autoPGD) keepBest(a *Attack, j job, i int) {
	copy(j.image(p.best, i), j.image(a.current, i))
	copy(j.image(p.bestDx, i), j.image(a.dx, i))
}
