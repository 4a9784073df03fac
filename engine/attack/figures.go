package attack

import "slices"

// Result returns what has been measured so far.
func (m *Measurement) Result() Robustness {
	n := len(m.order)
	r := Robustness{Images: n}
	clean := make(map[float64][]outcome)
	done, all := 0, 0
	for _, s := range m.all {
		done += s.cost() * len(s.first(s.images))
		all += s.cost() * s.images
	}
	r.Done, r.Progress = done == all, float64(done)/float64(all)
	for i, s := range m.clean {
		rho := m.grid.Rhos[i]
		clean[rho] = s.first(n)
		r.Clean = append(r.Clean, Clean{rho, score(clean[rho])})
	}
	outcomes := make([][]outcome, len(m.cells))
	for i, c := range m.cells {
		outcomes[i] = c.outcomes()
		cell := Cell{Method: c.method, Epsilon: c.epsilon, Rho: m.grid.Rhos[c.rho], Score: score(outcomes[i]), Check: c.check}
		if c.series != nil && c.series.source != nil {
			cell.TransferFrom = &m.grid.Rhos[c.series.source.rho]
		}
		if c.series != nil {
			cell.Steps, cell.StepSize = c.series.options.shown()
		}
		for _, o := range outcomes[i] {
			if o.zeroGradient {
				cell.ZeroGradients++
			}
		}
		r.Cells = append(r.Cells, cell)
	}
	mark(r.Cells, outcomes, clean)
	r.Smallest = m.smallest()
	return r
}

// shown are the steps and the step size to report; 0 where there are none or they vary.
func (o Options) shown() (steps int, size float64) {
	m := Lookup(o.Method)
	if m.Minimal || !m.Gradient {
		return o.Steps, 0
	}
	return m.steps(o), m.stepSize(o)
}

// outcomes returns the cell's outcomes image by image.
func (c cellSource) outcomes() []outcome {
	if c.method == Worst {
		return worstOf(c.of)
	}
	o := c.series.first(c.series.images)
	if Lookup(c.method).Minimal {
		o = slices.Clone(o)
		for i := range o {
			o[i].correct = float64(o[i].smallest) > c.epsilon+rounding
		}
	}
	return o
}

// worstOf combines outcomes: an image is correct if it is in all of them, and has a zero
// gradient if it has in all of them.
func worstOf(of []cellSource) []outcome {
	worst := slices.Clone(of[0].outcomes())
	for _, c := range of[1:] {
		o := c.outcomes()
		worst = worst[:min(len(worst), len(o))]
		for i := range worst {
			worst[i].correct = worst[i].correct && o[i].correct
			worst[i].zeroGradient = worst[i].zeroGradient && o[i].zeroGradient
		}
	}
	return worst
}

// smallest returns the median ε of minimal methods.
func (m *Measurement) smallest() []Smallest {
	var found []Smallest
	for _, c := range m.cells {
		if !Lookup(c.method).Minimal || c.epsilon != m.grid.Epsilons[0] {
			continue
		}
		var values []float32
		for _, o := range c.series.first(len(m.order)) {
			values = append(values, o.smallest)
		}
		found = append(found, Smallest{c.method, m.grid.Rhos[c.rho], median(values), len(values)})
	}
	return found
}
