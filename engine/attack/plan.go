package attack

import "slices"

// series is the evaluation of one attack, or of clean images, at one ρ, image by image.
type series struct {
	*trial
	rho         int     // index in the grid
	options     Options // Method is "" for clean images
	images      int     // how many are evaluated
	source      *series // transfer source: the adversarial examples evaluated here are its; nil: they are computed here
	transferred bool    // it is the transfer source of others
}

// cellSource is what a Cell is computed from.
type cellSource struct {
	method  string
	epsilon float64
	rho     int
	check   bool
	series  *series      // nil for Worst
	of      []cellSource // what Worst is the worst of; the first is clean
}

// plan lists what to evaluate, in order: one attack at every ρ before the next, so that
// adversarial examples of one ρ can be transferred to the others. trialOf finds earlier
// outcomes; source is the index of the ρ that adversarial examples were computed at, −1 if they
// are computed at rho itself.
func (m *Measurement) plan(trialOf func(rho, source int, o Options) *trial) {
	n := len(m.order)
	for i := range m.grid.Rhos {
		m.clean = append(m.clean, &series{trial: trialOf(i, -1, Options{}), rho: i, images: n})
	}
	m.all = slices.Clone(m.clean)
	planned := make(map[Options][]*series) // by ρ
	evaluate := func(o Options, images int) []*series {
		if planned[o] == nil {
			for i := range m.grid.Rhos {
				planned[o] = append(planned[o], &series{trial: trialOf(i, -1, o), rho: i, options: o, images: images})
			}
			m.all = append(m.all, planned[o]...)
		}
		return planned[o]
	}
	for _, epsilon := range m.grid.Epsilons {
		worst := make([]cellSource, len(m.grid.Rhos))
		for i, s := range m.clean {
			worst[i] = cellSource{method: Worst, epsilon: epsilon, rho: i, of: []cellSource{{series: s}}}
		}
		for _, method := range m.grid.Methods {
			if method == Worst {
				continue
			}
			own := evaluate(m.grid.run(method, epsilon), n)
			for i, s := range own {
				c := cellSource{method: method, epsilon: epsilon, rho: i, series: s}
				m.cells, worst[i].of = append(m.cells, c), append(worst[i].of, c)
			}
			if m.grid.Transfer && Lookup(method).Iterated && epsilon > 0 {
				m.planTransfer(epsilon, own, trialOf)
			}
		}
		if slices.Contains(m.grid.Methods, Worst) {
			m.cells = append(m.cells, worst...)
		}
		if m.grid.SquareImages > 0 && !slices.Contains(m.grid.Methods, SquareMethod) {
			for i, s := range evaluate(m.grid.square(epsilon), min(n, m.grid.SquareImages)) {
				m.cells = append(m.cells, cellSource{SquareMethod, epsilon, i, true, s, nil})
			}
		}
	}
	m.sortCells()
}

// planTransfer evaluates the adversarial examples of every ρ at the others.
func (m *Measurement) planTransfer(epsilon float64, own []*series, trialOf func(rho, source int, o Options) *trial) {
	for i, to := range own {
		for k, from := range own {
			if i == k {
				continue
			}
			from.transferred = true
			s := &series{trial: trialOf(i, k, to.options), rho: i, options: to.options, images: to.images, source: from}
			m.all = append(m.all, s)
			m.cells = append(m.cells, cellSource{to.options.Method, epsilon, i, true, s, nil})
		}
	}
}

// sortCells sorts cells as in a Robustness.
func (m *Measurement) sortCells() {
	rank := func(c cellSource) int {
		if c.check {
			return len(m.grid.Methods)
		}
		return slices.Index(m.grid.Methods, c.method)
	}
	slices.SortStableFunc(m.cells, func(a, b cellSource) int { // they are by ε
		if r := rank(a) - rank(b); r != 0 || a.check {
			return r
		}
		return a.rho - b.rho
	})
}

// run returns the options for evaluating a method at an ε, without those that have no effect on
// it. Minimal methods search once, up to 1.
func (g Grid) run(method string, epsilon float64) Options {
	m, o := Lookup(method), Default(method, epsilon)
	o.Norm, o.Band = g.Options.Norm, g.Options.Band
	if m.Minimal {
		o.Epsilon = 1
	}
	steps := g.Options.Steps
	if !m.Gradient {
		steps, o.Seed = g.Queries, g.Options.Seed
	}
	if m.Steps > 0 && steps != 0 {
		o.Steps = steps
	}
	if m.ChoosesStepSize {
		o.StepSize = g.Options.StepSize
	}
	if m.RandomStart && g.Options.RandomStart {
		o.RandomStart, o.Restarts, o.Seed = true, g.Options.Restarts, g.Options.Seed
	}
	return o
}

// square returns the options of the check by Square at an ε.
func (g Grid) square(epsilon float64) Options {
	o := g.run(SquareMethod, epsilon)
	if g.Queries == 0 {
		o.Steps = square.Preview()
	}
	return o
}

// cost estimates the compute per image in forward passes.
func (s *series) cost() int {
	if s.options.Method == "" || s.source != nil {
		return 1
	}
	return Lookup(s.options.Method).Cost(s.options)
}
