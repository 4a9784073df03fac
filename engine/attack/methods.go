package attack

import "context"

// table lists every method, in the order in which they are offered. An attack is added by its
// own file, which defines its entry, and a line here.
var table = []Method{fgsm, pgd, apgdCE, apgdDLR, square, minimalFGSM, minimalPGD}

// Method describes an attack.
type Method struct {
	Name        string
	Description string // noun phrase with its source, for help texts
	Norms       []Norm // that Options.Norm may ask for
	Gradient    bool   // uses gradients; without, Options.Steps counts queries and Seed matters
	// Iterated methods are strong enough that FGSM, a transferred example or a gradient-free
	// attack should not do better: sanity checks compare them.
	Iterated bool
	Minimal  bool // searches for each image's smallest ε, up to Options.Epsilon
	Band     bool // can limit perturbations to a frequency band
	// RandomStart is set if runs can start at random points of the ε-ball, and be restarted.
	RandomStart bool
	// Steps is the default number of steps, or queries; 0 if Options.Steps is ignored.
	Steps int
	// QuickSteps is a smaller number that is enough for a preview or a sanity check; 0: Steps.
	QuickSteps int
	// StepSize is the default step size, in units of the norm, as a function of ε, norm and
	// steps; nil if the method adapts it.
	StepSize func(Options) float64
	// ChoosesStepSize is set if Options.StepSize overrides StepSize.
	ChoosesStepSize bool
	// Cost estimates the passes for one image, in forward passes; a gradient counts as three.
	Cost func(Options) int

	// attacker returns the attack's state, which is kept from run to run.
	attacker func() attacker
}

// attacker runs one method for an Attack.
type attacker interface {
	// run writes adversarial examples for all images of j, of which there may be more than t
	// takes in a batch, and their ZeroGradient. ε is above 0.
	run(ctx context.Context, a *Attack, t Target, j job) error
}

// Methods lists the names of the methods.
func Methods() []string { return namesOf(func(Method) bool { return true }) }

// namesOf lists the names of the methods with a property.
func namesOf(has func(Method) bool) []string {
	var names []string
	for _, m := range table {
		if has(m) {
			names = append(names, m.Name)
		}
	}
	return names
}

// Lookup returns the method of a name, or the zero Method if there is none.
func Lookup(name string) Method {
	for _, m := range table {
		if m.Name == name {
			return m
		}
	}
	return Method{}
}

// Minimal reports whether a method searches for each image's smallest ε.
func Minimal(name string) bool { return Lookup(name).Minimal }

// Preview is the number of steps for a preview or a sanity check.
func (m Method) Preview() int {
	if m.QuickSteps > 0 {
		return m.QuickSteps
	}
	return m.Steps
}

// stepSize is the step size that o results in; 0 if the method adapts it.
func (m Method) stepSize(o Options) float64 {
	switch {
	case m.StepSize == nil:
		return 0
	case m.ChoosesStepSize && o.StepSize > 0:
		return o.StepSize
	}
	return m.StepSize(o)
}

// steps is the number of steps of a method that takes gradient steps.
func (m Method) steps(o Options) int {
	if m.Steps == 0 {
		return 1
	}
	return o.Steps
}

// gradientCost is Cost for attacks that compute one gradient per step of every restart, and
// the final prediction.
func gradientCost(o Options) int { return 1 + 3*max(1, o.Steps)*max(1, o.Restarts) }

var bothNorms = []Norm{LInf, L2}
