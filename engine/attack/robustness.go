package attack

import (
	"fmt"
	"math"
	"slices"

	"hfcui/engine/measure"
)

// Worst combines the other methods of a Grid: an image counts as correct if it is correct clean
// and under all of them at the same ε.
const Worst = "worst"

// Grid is what to measure: robust accuracy under every method, at every ε, for every smoothing
// ρ.
type Grid struct {
	Methods        []string  // of Options, or Worst
	Epsilons, Rhos []float64 // each at least one, without repetition
	// Options apply to every method that they have an effect on, but Method and Epsilon. Steps 0
	// is each method's default; methods that count queries have Queries instead.
	Options Options
	Queries int // per image; 0: the method's default
	Limit   int // evaluate the first Limit images; 0: all
	// Transfer evaluates the adversarial examples of iterated methods computed at one ρ at every
	// other, too: an attack should not be weaker than a transferred one.
	Transfer bool
	// SquareImages is the number of images on which iterated methods are checked against
	// Square, which is gradient-free; 0: no check.
	SquareImages int
}

// Check returns an error, in one line, unless g is valid.
func (g Grid) Check() error {
	switch {
	case len(g.Methods) == 0 || len(g.Epsilons) == 0 || len(g.Rhos) == 0:
		return fmt.Errorf("nothing to measure: set methods, epsilons and rhos")
	case slices.Contains(g.Methods, Worst) && len(g.Methods) == 1:
		return fmt.Errorf("method %s is the worst case of others: add at least one other method", Worst)
	}
	for _, e := range g.Epsilons {
		for _, m := range g.Methods {
			if m == Worst {
				continue
			}
			o := g.run(m, e)
			o.Epsilon, o.StepSize, o.RandomStart, o.Restarts = e, g.Options.StepSize, g.Options.RandomStart, g.Options.Restarts
			if err := o.Check(); err != nil {
				return err
			}
		}
	}
	if g.SquareImages > 0 && !g.Options.Band.Whole() {
		return fmt.Errorf("%s cannot be limited to a frequency band: omit the check", SquareMethod)
	}
	return nil
}

// Robustness is the clean and robust accuracy of a model, so far.
//
// Robust accuracy counts f(x+δ) = y over all images, as is customary: also over images that the
// model misclassifies clean, which an attack of one step may turn into correct ones.
type Robustness struct {
	Clean []Clean // by ρ
	// Cells are robust accuracies by method, of each by ρ, of each by ε, in the Grid's order.
	// Those of checks are last.
	Cells    []Cell
	Smallest []Smallest // of minimal methods: by method, of each by ρ
	Images   int        // to evaluate
	Done     bool
	// Progress goes from 0 to 1.
	Progress float64
}

// Clean is clean accuracy at a ρ.
type Clean struct {
	Rho float64
	measure.Score
}

// Cell is robust accuracy under one attack.
type Cell struct {
	Method       string
	Epsilon, Rho float64
	// Steps, or queries, and StepSize are the method's; 0 where it has none or where they vary.
	Steps    int
	StepSize float64
	measure.Score
	// ZeroGradients counts images whose gradient was zero in every pixel at some step.
	ZeroGradients int
	Check         bool     // not a result: others are compared with it
	TransferFrom  *float64 // ρ of the transfer source; nil: the same as Rho
	Marks         []Mark   // failed sanity checks
}

// Smallest is the perturbation that a minimal method needs.
type Smallest struct {
	Method string
	Rho    float64
	// Median over images of the smallest ε, which is 0 for images misclassified clean; infinite
	// if more than half resist.
	Median float64
	N      int
}

// Cell returns the robust accuracy under a method at an ε and a ρ, if there is one.
func (r Robustness) Cell(method string, epsilon, rho float64) (Cell, bool) {
	for _, c := range r.Cells {
		if c.Method == method && c.Epsilon == epsilon && c.Rho == rho && !c.Check {
			return c, true
		}
	}
	return Cell{}, false
}

// CleanAt returns clean accuracy at a ρ.
func (r Robustness) CleanAt(rho float64) measure.Score {
	for _, c := range r.Clean {
		if c.Rho == rho {
			return c.Score
		}
	}
	return measure.Score{}
}

// median of v, the mean of the middle two of an even number. v is sorted by it.
func median(v []float32) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	low, high := v[(len(v)-1)/2], v[len(v)/2]
	return (float64(low) + float64(high)) / 2
}
