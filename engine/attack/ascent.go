package attack

import "context"

// climb attacks a batch by steps of the gradient, as often as asked for, and keeps the worst
// for every image: of runs after which it is taken for another class, else of all, the one
// with the largest loss.
func (a *Attack) climb(ctx context.Context, t Target, j job) error {
	runs := a.options.runs()
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
			s := stand(a.logits[i*classes:][:classes], j.labels[i], CrossEntropy)
			if run == 0 || s.worse(worst[i]) {
				worst[i], j.outcomes[i].ZeroGradient = s, a.zero[i]
				copy(j.image(j.dst, i), j.image(current, i))
			}
		}
	}
	return nil
}

// ascend makes the steps of one run from its start to v, and tells of every image whether a
// gradient was 0 throughout.
func (a *Attack) ascend(ctx context.Context, t Target, j job, v []float32, run int, zero func(i int, zero bool)) error {
	steps := a.options.Steps
	if a.options.Method == FGSMMethod {
		steps = 1
	}
	for i := range j.labels {
		a.sizes[i] = a.options.stepSize()
	}
	a.start(v, j, run)
	clear(a.zero)
	dx := a.dx[:len(v)]
	for range steps {
		if err := t.Gradient(ctx, dx, a.logits[:len(j.labels)*t.Classes()], v, j.labels, CrossEntropy); err != nil {
			return err
		}
		a.look(j, dx)
		a.step(v, dx, j)
	}
	for i := range j.labels {
		zero(i, a.zero[i])
	}
	return nil
}

// look notes which gradients are 0 throughout.
func (a *Attack) look(j job, dx []float32) {
	a.each(len(j.labels), func(i int) { a.zero[i] = blind(j.image(dx, i)) || a.zero[i] })
}

// stepSize is how far a step goes; 0 for methods that choose that themselves.
func (o Options) stepSize() float64 {
	switch {
	case o.Method == FGSMMethod:
		return o.Epsilon
	case o.Method != PGDMethod && o.Method != MinimalPGDMethod:
		return 0
	case o.StepSize > 0:
		return o.StepSize
	case o.Method == MinimalPGDMethod:
		return firstStep
	}
	return 2.5 * o.Epsilon / float64(o.Steps)
}

// start puts v where a run begins: at x, or anywhere in its ball, evenly.
func (a *Attack) start(v []float32, j job, run int) {
	copy(v, j.x)
	if !a.options.startsAnywhere() {
		return
	}
	a.each(len(j.labels), func(i int) {
		random := stream(a.options.Seed, forStart, j.indices[i], run)
		randomPerturbation(j.image(a.delta, i), random, a.options.Norm, a.options.Epsilon)
	})
	a.land(v, j)
}

// step moves v by a.sizes along gradients, which it uses up.
func (a *Attack) step(v, dx []float32, j job) {
	if a.options.Norm == LInf && a.limit == nil {
		a.each(len(j.labels), func(i int) {
			stepSigns(j.image(v, i), j.image(dx, i), j.image(j.x, i), float32(a.sizes[i]), float32(a.options.Epsilon))
		})
		return
	}
	a.aim(dx, j)
	a.each(len(j.labels), func(i int) {
		v, size := j.image(v, i), float32(a.sizes[i])
		for k, d := range j.image(dx, i) {
			v[k] += size * d
		}
	})
	a.limitTo(v, j)
}

// limitTo moves v to where land puts what it is off by.
func (a *Attack) limitTo(v []float32, j job) {
	if a.options.Norm == LInf && a.limit == nil {
		a.each(len(j.labels), func(i int) { clip(j.image(v, i), j.image(j.x, i), float32(a.options.Epsilon)) })
		return
	}
	a.each(len(j.labels), func(i int) {
		d, v, x := j.image(a.delta, i), j.image(v, i), j.image(j.x, i)
		for k := range d {
			d[k] = v[k] - x[k]
		}
	})
	a.land(v, j)
}

// aim makes of gradients the directions to go, of length 1 in the norm: for L2 the gradient's,
// for L∞ that of its signs. Limited to a band, it is the gradient's part in the band for L2,
// and for L∞ the part in the band of that part's signs.
func (a *Attack) aim(dx []float32, j job) {
	if a.limit != nil {
		a.limit.project(dx)
	}
	if a.options.Norm == LInf {
		a.each(len(j.labels), func(i int) { signs(j.image(dx, i)) })
		if a.limit == nil {
			return
		}
		a.limit.project(dx)
	}
	a.each(len(j.labels), func(i int) {
		d := j.image(dx, i)
		factor := float32(1 / max(lengthOf(d, a.options.Norm), tiny))
		for k := range d {
			d[k] *= factor
		}
	})
}

// land limits the perturbations in a.delta to the band, to the ball and to [0,1], in this
// order, and puts v there.
//
// To the ball means: for L∞ without a band every pixel on its own, and else the perturbation
// as a whole, which is shortened where it is too long and so stays in the band. What is outside
// the band in the end is due to pixels cut off at 0 and 1 alone; the next step takes it away
// before it cuts off anew.
func (a *Attack) land(v []float32, j job) {
	delta := a.delta[:len(v)]
	if a.limit != nil {
		a.limit.project(delta)
	}
	a.each(len(j.labels), func(i int) {
		v, d, x := j.image(v, i), j.image(delta, i), j.image(j.x, i)
		switch {
		case a.options.Norm == L2:
			landL2(v, d, x, a.options.Epsilon)
		case a.limit != nil:
			landWhole(v, d, x, a.options.Epsilon)
		default:
			landEach(v, d, x, float32(a.options.Epsilon))
		}
	})
}
