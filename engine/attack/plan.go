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
			if m.grid.Transfer && Lookup(method).Iterated && epsilon > 0 {
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

// run returns the options of a method at an ε, without those it ignores. Minimal methods run
// once, up to ε = 1.
func (g Grid) run(method string, epsilon float64) Options {
	o, m := Default(method, epsilon), Lookup(method)
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

// cost estimates the forward passes for one image.
func (s *series) cost() int {
	if s.options.Method == "" || s.donor != nil {
		return 1
	}
	return Lookup(s.options.Method).Cost(s.options)
}
