package attack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hfcui/engine/bands"
)

// Measurement measures a Grid. It goes through the images batch by batch, each under every
// attack, so that after the first batch there is a rough figure everywhere. Interrupted, it
// goes on where it stopped. It is not for concurrent use, but several with the same Known
// are.
type Measurement struct {
	src   bands.Source
	grid  Grid
	order []int     // of images
	clean []*series // by ρ
	all   []*series // by ρ, of each the clean ones first
	cells []cellSource
}

// series is one attack, or none, on the images one after the other, at one ρ.
type series struct {
	*trial
	rho     int     // number of it
	options Options // Method is "" without an attack
	images  int     // how many are attacked
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

// NewMeasurement prepares a measurement; nothing is computed yet. known holds what is known
// already, key naming the images and the model with one of the Grid's ρ; what is found out
// is added to it.
func NewMeasurement(src bands.Source, g Grid, known *Known, key func(rho float64) string) (*Measurement, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	n := src.Len()
	if g.Limit > 0 {
		n = min(n, g.Limit)
	}
	if n == 0 {
		return nil, fmt.Errorf("no images to measure")
	}
	m := &Measurement{src: src, grid: g, order: bands.Order(src, n)}
	order := 0
	if !slices.IsSorted(m.order) {
		order = n // the order depends on how many there are
	}
	for i, rho := range g.Rhos {
		m.plan(i, func(o Options) *trial { return known.get(fmt.Sprintf("%s %d %+v", key(rho), order, o)) })
	}
	m.sortCells()
	return m, nil
}

// plan adds what there is to do at one ρ.
func (m *Measurement) plan(rho int, trialOf func(Options) *trial) {
	n := len(m.order)
	clean := &series{trialOf(Options{}), rho, Options{}, n}
	m.clean, m.all = append(m.clean, clean), append(m.all, clean)
	planned := make(map[Options]*series)
	get := func(o Options, images int) *series {
		s := planned[o]
		if s == nil {
			s = &series{trialOf(o), rho, o, 0}
			planned[o] = s
			m.all = append(m.all, s)
		}
		s.images = max(s.images, images)
		return s
	}
	for _, epsilon := range m.grid.Epsilons {
		worst := cellSource{method: Worst, epsilon: epsilon, rho: rho, of: []cellSource{{series: clean}}}
		for _, method := range m.grid.Methods {
			if method == Worst {
				continue
			}
			s := get(m.grid.run(method, epsilon), n)
			c := cellSource{method: method, epsilon: epsilon, rho: rho, series: s}
			m.cells, worst.of = append(m.cells, c), append(worst.of, c)
		}
		if slices.Contains(m.grid.Methods, Worst) {
			m.cells = append(m.cells, worst)
		}
		if m.grid.SquareImages > 0 && !slices.Contains(m.grid.Methods, squareMethod) {
			s := get(m.grid.square(epsilon), min(n, m.grid.SquareImages))
			m.cells = append(m.cells, cellSource{squareMethod, epsilon, rho, true, s, nil})
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
	slices.SortStableFunc(m.cells, func(a, b cellSource) int { // they are by ρ, by ε, by method
		return rank(a) - rank(b)
	})
}

// run are the options with which a method is run for its figure at an ε: those that look for
// the smallest ε are run once for all.
func (g Grid) run(method string, epsilon float64) Options {
	o := g.options(method, epsilon)
	if searchesSmallest(method) {
		o.Epsilon = slices.Max(g.Epsilons)
	}
	return o
}

// square are the options of the check by Square at an ε.
func (g Grid) square(epsilon float64) Options {
	return Options{Method: squareMethod, Norm: g.Options.Norm, Epsilon: epsilon, Steps: squareQueries, Seed: g.Options.Seed}
}

// squareQueries is how often the check by Square asks about an image: a tenth of what
// Andriushchenko et al. (2020) report with, enough to tell a hidden gradient from a robust
// model.
const squareQueries = 500

// Targets gives the model as smoothed by one of the Grid's ρ. It is asked for one at a time.
type Targets func(rho float64) (Target, error)

// updatePause is the shortest time between two updates that are not the last.
const updatePause = 100 * time.Millisecond

// Run measures until all is, calling update, which may be nil, in between. It returns early
// with ctx's error; another Run then goes on where this one stopped.
func (m *Measurement) Run(ctx context.Context, targets Targets, update func(Robustness)) (Robustness, error) {
	asked := make([]*spared, len(m.grid.Rhos))
	for i, rho := range m.grid.Rhos {
		t, err := targets(rho)
		if err != nil {
			return m.Result(), err
		}
		asked[i] = newSpared(t)
	}
	b := newBatch(m, asked[0].Batch())
	var last time.Time
	for from := 0; from < len(m.order); from += b.most {
		b.choose(from)
		for _, s := range m.all {
			added, err := b.take(ctx, asked, s)
			if err != nil {
				return m.Result(), err
			}
			if added && update != nil && time.Since(last) > updatePause {
				update(m.Result())
				last = time.Now()
			}
		}
		if err := m.checkGradients(b.to); err != nil {
			return m.Result(), err
		}
	}
	result := m.Result()
	if update != nil {
		update(result)
	}
	return result, nil
}

// blindImages is after how many images without a gradient a measurement is given up.
const blindImages = 64

// checkGradients is an error when no image so far, up to one, had a gradient: what attacks
// leave right says nothing then.
func (m *Measurement) checkGradients(to int) error {
	if to < min(blindImages, len(m.order)) {
		return nil
	}
	for _, s := range m.all {
		o := s.first(to)
		if s.options.Method == "" || !followsGradient(s.options.Method) || s.options.Epsilon == 0 || len(o) < to {
			continue
		}
		if !slices.ContainsFunc(o, func(o outcome) bool { return !o.zeroGradient }) {
			return fmt.Errorf("the model has no gradient for its input: it is zero for all of %d images at rho %v, so that %s cannot attack it; use square, which needs none",
				to, m.grid.Rhos[s.rho], s.options.Method)
		}
	}
	return nil
}
