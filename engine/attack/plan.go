package attack

import "slices"

// series is one attack, or none, on the images one after the other, at one ρ.
type series struct {
	*trial
	rho     int     // number of it
	options Options // Method is "" without an attack
	images  int     // how many are attacked
	donor   *series // whose adversarial images are shown to the model instead; nil: its own are made
	gives   bool    // others show its images
}

// cellSource is where a Cell's figures come from.
type cellSource struct {
	method  string
	epsilon float64
	rho     int
	check   bool
	series  *series      // nil for Worst
	of      []cellSource // what Worst is the worst of; the first without an attack
}

// plan decides what is attacked how, in which order: one attack for every ρ before the next,
// so that images made for one ρ can be shown to the models with the others. trialOf finds
// what is known; donor is the number of the ρ that images are made for, or −1.
func (m *Measurement) plan(trialOf func(rho, donor int, o Options) *trial) {
	n := len(m.order)
	for i := range m.grid.Rhos {
		m.clean = append(m.clean, &series{trial: trialOf(i, -1, Options{}), rho: i, images: n})
	}
	m.all = slices.Clone(m.clean)
	planned := make(map[Options][]*series) // by ρ
	get := func(o Options, images int) []*series {
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
			own := get(m.grid.run(method, epsilon), n)
			for i, s := range own {
				c := cellSource{method: method, epsilon: epsilon, rho: i, series: s}
				m.cells, worst[i].of = append(m.cells, c), append(worst[i].of, c)
			}
			if m.grid.Transfer && iterated(method) && epsilon > 0 {
				m.planTransfer(epsilon, own, trialOf)
			}
		}
		if slices.Contains(m.grid.Methods, Worst) {
			m.cells = append(m.cells, worst...)
		}
		if m.grid.SquareImages > 0 && !slices.Contains(m.grid.Methods, SquareMethod) {
			for i, s := range get(m.grid.square(epsilon), min(n, m.grid.SquareImages)) {
				m.cells = append(m.cells, cellSource{SquareMethod, epsilon, i, true, s, nil})
			}
		}
	}
	m.sortCells()
}

// planTransfer has the images that were made for every ρ shown to the models with the others.
func (m *Measurement) planTransfer(epsilon float64, own []*series, trialOf func(rho, donor int, o Options) *trial) {
	for i, to := range own {
		for k, from := range own {
			if i == k {
				continue
			}
			from.gives = true
			s := &series{trial: trialOf(i, k, to.options), rho: i, options: to.options, images: to.images, donor: from}
			m.all = append(m.all, s)
			m.cells = append(m.cells, cellSource{to.options.Method, epsilon, i, true, s, nil})
		}
	}
}

// sortCells puts cells in the order a Robustness has them in.
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

// run are the options with which a method is run for its figure at an ε, without what it
// does not look at. Methods that look for the smallest ε do so once, up to 1.
func (g Grid) run(method string, epsilon float64) Options {
	o := Default(method, epsilon)
	o.Norm, o.Band = g.Options.Norm, g.Options.Band
	switch method {
	case FGSMMethod:
		return o
	case SquareMethod:
		o.Seed = g.Options.Seed
		if g.Queries != 0 {
			o.Steps = g.Queries
		}
		return o
	case MinimalFGSMMethod, MinimalPGDMethod:
		o.Epsilon = 1
	}
	if g.Options.Steps != 0 && method != MinimalFGSMMethod {
		o.Steps = g.Options.Steps
	}
	if method == PGDMethod || method == MinimalPGDMethod {
		o.StepSize = g.Options.StepSize
	}
	if !Minimal(method) && g.Options.RandomStart {
		o.RandomStart, o.Restarts, o.Seed = true, g.Options.Restarts, g.Options.Seed
	}
	return o
}

// square are the options of the check by Square at an ε.
func (g Grid) square(epsilon float64) Options {
	o := g.run(SquareMethod, epsilon)
	if g.Queries == 0 {
		o.Steps = squareQueries
	}
	return o
}

// squareQueries is how often the check by Square asks about an image, at most: a tenth of its
// usual number, enough to tell a hidden gradient from a robust
// model.
const squareQueries = 500

// minimalTries is about how many ε methods try that look for the smallest.
const minimalTries = 20

// cost is about how many times the model is asked about one image.
func (s *series) cost() int {
	o := s.options
	switch {
	case o.Method == "" || s.donor != nil:
		return 1
	case o.Method == SquareMethod:
		return o.Steps
	case o.Method == MinimalFGSMMethod:
		return minimalTries
	case o.Method == MinimalPGDMethod:
		return minimalTries * o.Steps
	}
	return 1 + 3*max(1, o.Steps)*max(1, o.Restarts) // an answer and a gradient take three times an answer
}
