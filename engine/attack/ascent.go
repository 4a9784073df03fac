package attack

import (
	"context"
	"math"
)

// batch attacks a batch by steps of the gradient, as often as asked for, and keeps the worst
// for every image: of runs after which it is taken for another class, else of all, the one
// with the largest loss.
func (a *Attack) batch(ctx context.Context, t Target, j job) error {
	if a.options.Epsilon == 0 {
		copy(j.dst, j.x)
		return nil
	}
	runs := max(1, a.options.Restarts)
	if runs == 1 {
		return a.ascend(ctx, t, j, j.dst, 0, func(i int, zero bool) { j.outcomes[i].ZeroGradient = zero })
	}
	n, classes := len(j.labels), t.Classes()
	worst := make([]standing, n)
	for run := range runs {
		current := a.current[:len(j.x)]
		if err := a.ascend(ctx, t, j, current, run, func(i int, zero bool) { a.zero[i] = zero }); err != nil {
			return err
		}
		if err := t.Logits(ctx, a.logits, current, n); err != nil {
			return err
		}
		for i := range n {
			s := stand(a.logits[i*classes:][:classes], j.labels[i])
			if run == 0 || s.worse(worst[i]) {
				worst[i], j.outcomes[i].ZeroGradient = s, a.zero[i]
				copy(j.image(j.dst, i), j.image(current, i))
			}
		}
	}
	return nil
}

// standing is how a model does on an image.
type standing struct {
	wrong bool
	loss  float64
}

// worse tells whether s is worse for the model than o.
func (s standing) worse(o standing) bool {
	if s.wrong != o.wrong {
		return s.wrong
	}
	return s.loss > o.loss
}

// stand is what logits say of an image of the class label; the loss is cross-entropy.
func stand(logits []float32, label int) standing {
	best := largest(logits)
	top := float64(logits[best])
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z) - top)
	}
	return standing{best != label, math.Log(sum) + top - float64(logits[label])}
}

// ascend makes the steps of one run from its start to v, and tells of every image whether a
// gradient was 0 throughout.
func (a *Attack) ascend(ctx context.Context, t Target, j job, v []float32, run int, zero func(i int, zero bool)) error {
	steps, size := a.options.Steps, a.options.stepSize()
	if a.options.Method == FGSMMethod {
		steps = 1
	}
	a.start(v, j, run)
	clear(a.zero)
	dx := a.dx[:len(v)]
	for range steps {
		if err := t.Gradient(ctx, dx, a.logits[:len(j.labels)*t.Classes()], v, j.labels, CrossEntropy); err != nil {
			return err
		}
		for i := range j.labels {
			a.zero[i] = blind(j.image(dx, i)) || a.zero[i]
		}
		if a.limit != nil {
			a.stepInBand(v, j, size)
			continue
		}
		for i := range j.labels {
			if a.options.Norm == L2 {
				stepL2(j.image(v, i), j.image(dx, i), j.image(j.x, i), size, a.options.Epsilon)
			} else {
				stepSigns(j.image(v, i), j.image(dx, i), j.image(j.x, i), float32(size), float32(a.options.Epsilon))
			}
		}
	}
	for i := range j.labels {
		zero(i, a.zero[i])
	}
	return nil
}

// stepSize is how far a step goes.
func (o Options) stepSize() float64 {
	switch {
	case o.Method == FGSMMethod:
		return o.Epsilon
	case o.StepSize > 0:
		return o.StepSize
	}
	return 2.5 * o.Epsilon / float64(o.Steps)
}

// start puts v where a run begins: at x, or anywhere in its ball, evenly.
func (a *Attack) start(v []float32, j job, run int) {
	copy(v, j.x)
	if !a.options.RandomStart {
		return
	}
	for i, index := range j.indices {
		random := stream(a.options.Seed, forStart, index, run)
		randomPerturbation(j.image(a.delta, i), random, a.options.Norm, a.options.Epsilon)
	}
	a.land(v, j)
}

// land limits the perturbations in a.delta to the band, to the ball and to [0,1], in this
// order, and puts v there.
func (a *Attack) land(v []float32, j job) {
	delta := a.delta[:len(v)]
	if a.limit != nil {
		a.limit.project(delta)
	}
	for i := range j.labels {
		d := j.image(delta, i)
		if a.options.Norm == L2 {
			landL2(j.image(v, i), d, j.image(j.x, i), a.options.Epsilon)
		} else {
			landSigns(j.image(v, i), d, j.image(j.x, i), a.options.Epsilon)
		}
	}
}

// stepInBand makes a step inside the band. The direction is, of the gradient's part in the
// band, the signs' part in the band (L∞) or itself (L2), as long as the norm says. Then what
// [0,1] has cut off before is taken out of the band again by projecting the perturbation, it
// is shortened to ε where it is longer, and cut off at [0,1].
func (a *Attack) stepInBand(v []float32, j job, size float64) {
	direction, delta := a.dx[:len(v)], a.delta[:len(v)]
	a.limit.project(direction)
	if a.options.Norm == LInf {
		for i, d := range direction {
			switch {
			case d > 0:
				direction[i] = 1
			case d < 0:
				direction[i] = -1
			default:
				direction[i] = 0
			}
		}
		a.limit.project(direction)
	}
	for i := range j.labels {
		d, e, w, x := j.image(direction, i), j.image(delta, i), j.image(v, i), j.image(j.x, i)
		factor := float32(size / max(lengthOf(d, a.options.Norm), tiny))
		for k := range e {
			e[k] = w[k] - x[k] + factor*d[k]
		}
	}
	a.land(v, j)
}
