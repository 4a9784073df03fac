package attack

import (
	"fmt"
	"math"
	"slices"

	"hfcui/engine/measure"
)

// Worst is a method that makes no images of its own: an image counts as right when it is
// right as it is and after all other methods of the Grid at the same ε.
const Worst = "worst"

// Grid is what there is to measure: the images a model still gets right under every method,
// at every ε, for every smoothing ρ.
type Grid struct {
	Methods        []string  // of Options, or Worst
	Epsilons, Rhos []float64 // each at least one, without repetition
	// Options are those of all methods, as far as they look at them. Method and Epsilon do not
	// matter, nor does Steps to Square. Steps 0 is each method's usual number.
	Options Options
	Queries int // how often Square asks about an image; 0: its usual number
	Limit   int // only the first Limit images; 0: all
	// Transfer has the images that iterated methods make for the model with one ρ shown to
	// the model with every other, too: what works there should have been found here.
	Transfer bool
	// SquareImages is on how many images the iterated methods are held against Square,
	// which needs no gradient; 0: none.
	SquareImages int
}

// Check is an error, in one line, unless g can be measured.
func (g Grid) Check() error {
	switch {
	case len(g.Methods) == 0 || len(g.Epsilons) == 0 || len(g.Rhos) == 0:
		return fmt.Errorf("nothing to measure: name methods, epsilons and rhos")
	case slices.Contains(g.Methods, Worst) && len(g.Methods) == 1:
		return fmt.Errorf("method %s is the worst of others: name them too", Worst)
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
		return fmt.Errorf("%s cannot be limited to a band of frequencies, so that nothing limited to one can be held against it", SquareMethod)
	}
	return nil
}

// Robustness is how many images a model gets right as they are and under attack, so far.
//
// Counted is f(x') = y over all images, x' being what the attack made of x, as evaluations
// of attacks count: also over those the model gets wrong as they are, which an attack of one
// step may turn into right ones.
type Robustness struct {
	Clean []Clean // by ρ
	// Cells are the figures: by method, of each by ρ, of each by ε, in the Grid's order. The
	// check's, if asked for, are last.
	Cells    []Cell
	Smallest []Smallest // of methods that look for the smallest ε: by method, of each by ρ
	Images   int        // how many there are to measure
	Done     bool
	// Progress goes from 0 to 1.
	Progress float64
}

// Clean is the accuracy without an attack.
type Clean struct {
	Rho float64
	measure.Score
}

// Cell is the accuracy under one attack.
type Cell struct {
	Method       string
	Epsilon, Rho float64
	// Steps and StepSize are the method's; 0 where it has none or where they differ. Steps of
	// Square are how often it may ask.
	Steps    int
	StepSize float64
	measure.Score
	// ZeroGradients counts images whose gradient was zero in every pixel at some step: such an
	// image stays where it was.
	ZeroGradients int
	// Check tells that this is no figure that was asked for, but what others are held
	// against.
	Check bool
	// MadeFor is the ρ of the model that the images were made for, where it is another.
	MadeFor *float64
	// Marks say why the figure is not to be relied on; none are good news.
	Marks []Mark
}

// Smallest is how large a perturbation has to be.
type Smallest struct {
	Method string
	Rho    float64
	// Median of the smallest ε by image, those the model gets wrong as they are being 0;
	// infinite when more than half resist.
	Median float64
	N      int
}

// Cell returns the figure of a method at an ε and a ρ, if there is one.
func (r Robustness) Cell(method string, epsilon, rho float64) (Cell, bool) {
	for _, c := range r.Cells {
		if c.Method == method && c.Epsilon == epsilon && c.Rho == rho && !c.Check {
			return c, true
		}
	}
	return Cell{}, false
}

// CleanAt returns the accuracy without an attack at a ρ.
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
