package attack

import (
	"context"

	"hfcui/engine/measure"
)

// PGDMethod is projected gradient descent (Madry et al. 2018).
const PGDMethod = "pgd"

var pgd = Method{
	Name:            PGDMethod,
	Description:     "projected gradient descent (Madry et al. 2018)",
	Norms:           bothNorms,
	Gradient:        true,
	Iterated:        true,
	Band:            true,
	RandomStart:     true,
	Steps:           10,
	StepSize:        func(o Options) float64 { return 2.5 * o.Epsilon / float64(o.Steps) },
	ChoosesStepSize: true,
	Cost:            gradientCost,
	attacker:        func() attacker { return &restarts{} },
}

// Gradient is a differentiable model, such as a model.Differentiator with running statistics.
type Gradient interface {
	// Gradient computes dx [n,C,H,W], the gradient with respect to x [n,C,H,W] of the loss for
	// the n labels. Attacks here use its direction, not its scale.
	Gradient(ctx context.Context, dx, x []float32, labels []int) error
}

// gradientFunc is a function as a Gradient.
type gradientFunc func(ctx context.Context, dx, x []float32, labels []int) error

func (f gradientFunc) Gradient(ctx context.Context, dx, x []float32, labels []int) error {
	return f(ctx, dx, x, labels)
}

// PGD is projected gradient descent in L∞ (Madry et al. 2018) on its own, as adversarial
// training uses it: steps along the sign of the gradient, each projected onto the ε-ball and
// onto [0,1]. It keeps its memory from run to run and is not for concurrent use.
type PGD struct {
	Epsilon, StepSize float64 // pixels are in [0,1]
	Steps             int

	ball ball
	dx   []float32
}

// Run writes the adversarial examples of x [n,C,H,W], whose n true classes are labels, to dst;
// no two slices may overlap. start is the starting perturbation in units of ε, every pixel −1
// to 1; nil starts from x itself.
//
// Arithmetic is float32: perturbations exceed ε by one rounding at most.
func (p *PGD) Run(ctx context.Context, g Gradient, dst, x []float32, labels []int, start []float32) error {
	j := job{x: x, dst: dst, labels: labels, size: len(x) / max(1, len(labels))}
	p.ball.epsilon, p.ball.each = p.Epsilon, inTurn
	p.dx = measure.Resize(p.dx, len(x))
	p.ball.setStep(p.StepSize, len(labels))
	copy(dst, x)
	if start != nil {
		p.ball.delta = measure.Resize(p.ball.delta, len(x))
		for i, s := range start {
			p.ball.delta[i] = s * float32(p.Epsilon)
		}
		p.ball.apply(dst, j)
	}
	if g, ok := g.(ascender); ok {
		done, err := g.Ascend(ctx, p.ball.ascent(dst, j, p.Steps), labels)
		if done || err != nil {
			return err
		}
	}
	return p.ball.ascend(ctx, g, dst, p.dx, j, p.Steps)
}

// ascend takes gradient steps from v [n,C,H,W], with dx of that size as work space.
func (b *ball) ascend(ctx context.Context, g Gradient, v, dx []float32, j job, steps int) error {
	for range steps {
		if err := g.Gradient(ctx, dx, v, j.labels); err != nil {
			return err
		}
		b.step(v, dx, j)
	}
	return nil
}

// restarts runs FGSM and PGD and keeps the worst case of all restarts for each image: among
// misclassified ones, or else among all, the one with the largest loss.
type restarts struct{ worst []worstCase }

func (r *restarts) run(ctx context.Context, a *Attack, t Target, all job) error {
	if a.restarts() == 1 {
		return all.batches(t.Batch(), func(j job) error {
			err := a.restart(ctx, t, j, j.dst, 0)
			for i := range j.labels {
				j.outcomes[i].ZeroGradient = a.zero[i]
			}
			return err
		})
	}
	return all.batches(t.Batch(), func(j job) error { return r.batch(ctx, a, t, j) })
}

func (r *restarts) batch(ctx context.Context, a *Attack, t Target, j job) error {
	n, classes := len(j.labels), t.Classes()
	r.worst = measure.Resize(r.worst, n)
	for run := range a.restarts() {
		current := a.current[:len(j.x)]
		if err := a.restart(ctx, t, j, current, run); err != nil {
			return err
		}
		if err := t.Logits(ctx, a.logits, current, n); err != nil {
			return err
		}
		for i := range n {
			w := caseOf(a.logits[i*classes:][:classes], j.labels[i], CrossEntropy)
			if run == 0 || w.worse(r.worst[i]) {
				r.worst[i], j.outcomes[i].ZeroGradient = w, a.zero[i]
				copy(j.image(j.dst, i), j.image(current, i))
			}
		}
	}
	return nil
}

// restart takes the steps of one run, which end in v.
func (a *Attack) restart(ctx context.Context, t Target, j job, v []float32, run int) error {
	a.setStep(a.method.stepSize(a.options), len(j.labels))
	a.start(v, j, run)
	clear(a.zero)
	if t, ok := t.(ascendingTarget); ok && a.limit == nil {
		ascent := a.ascent(v, j, a.method.steps(a.options))
		done, err := t.Ascend(ctx, ascent, j.labels, CrossEntropy)
		if done || err != nil {
			copy(a.zero, ascent.Stuck)
			return err
		}
	}
	g := gradientFunc(func(ctx context.Context, dx, v []float32, _ []int) error {
		return a.gradient(ctx, t, dx, v, j, CrossEntropy)
	})
	return a.ascend(ctx, g, v, a.dx[:len(v)], j, a.method.steps(a.options))
}

// gradient computes dx at v and records which images have a zero gradient.
func (a *Attack) gradient(ctx context.Context, t Target, dx, v []float32, j job, loss Loss) error {
	n := len(j.labels)
	if err := t.Gradient(ctx, dx, a.logits[:n*t.Classes()], v, j.labels, loss); err != nil {
		return err
	}
	a.each(n, func(i int) { a.zero[i] = zeroGradient(j.image(dx, i)) || a.zero[i] })
	return nil
}

// start puts v where a run starts: at x, or uniformly in its ε-ball.
func (a *Attack) start(v []float32, j job, run int) {
	copy(v, j.x)
	if !a.startsAtRandom() {
		return
	}
	a.each(len(j.labels), func(i int) {
		random := stream(a.options.Seed, forStart, j.indices[i], run)
		randomPerturbation(j.image(a.delta, i), random, a.norm, a.epsilon)
	})
	a.apply(v, j)
}

// startsAtRandom reports whether runs start at random points.
func (a *Attack) startsAtRandom() bool { return a.options.RandomStart && a.method.RandomStart }

// restarts is the number of runs, of which each image's worst case is kept. Without random
// starts all would be the same.
func (a *Attack) restarts() int {
	if !a.startsAtRandom() {
		return 1
	}
	return max(1, a.options.Restarts)
}
