package attack

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The methods.
const (
	FGSMMethod        = "fgsm"         // one step of ε (Goodfellow et al. 2015)
	PGDMethod         = "pgd"          // projected steps (Madry et al. 2018)
	APGDCEMethod      = "apgd-ce"      // steps that choose their own size (Croce and Hein 2020), of cross-entropy
	APGDDLRMethod     = "apgd-dlr"     // the same of the difference-of-logits ratio: for 3 classes and more
	SquareMethod      = "square"       // random squares, without gradients (Andriushchenko et al. 2020)
	MinimalFGSMMethod = "minimal-fgsm" // the smallest ε at which a step along the gradient's signs succeeds
	MinimalPGDMethod  = "minimal-pgd"  // the smallest ε at which PGD succeeds
)

// Methods lists the methods there are.
func Methods() []string {
	return []string{FGSMMethod, PGDMethod, APGDCEMethod, APGDDLRMethod, SquareMethod, MinimalFGSMMethod, MinimalPGDMethod}
}

// Minimal tells whether a method looks for every image's smallest ε, up to the one asked for.
func Minimal(method string) bool { return method == MinimalFGSMMethod || method == MinimalPGDMethod }

// Norm is what a perturbation is measured by.
type Norm int

// The norms.
const (
	LInf Norm = iota // the largest change of a pixel's channel
	L2               // the root of the sum of squares over all pixels and channels
)

var normNames = [...]string{"linf", "l2"}

// String gives "linf" or "l2".
func (n Norm) String() string { return normNames[n] }

// ParseNorm is String's inverse.
func ParseNorm(name string) (Norm, error) {
	if i := slices.Index(normNames[:], name); i >= 0 {
		return Norm(i), nil
	}
	return 0, fmt.Errorf("unknown norm %q: use %s", name, strings.Join(normNames[:], " or "))
}

// MarshalText gives the name.
func (n Norm) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText takes a name.
func (n *Norm) UnmarshalText(text []byte) (err error) {
	*n, err = ParseNorm(string(text))
	return err
}

// Band is the part of the frequency plane that a perturbation is limited to. A frequency's
// radius is what package spectral says: its distance from frequency 0, in periods an image.
//
// Every step goes along the gradient's part in the band (of L∞, along the part in the band of
// that part's signs), made as long as the step is. Then, in this order, the perturbation is
// projected to the band, to the ball and to [0,1]: to the band, channel by channel, by leaving
// out all other frequencies; to the ball by shortening it as a whole where it is longer than
// ε, in L∞ too, so that it stays in the band; to [0,1] by cutting pixels off. What is returned
// is therefore within ε and within [0,1], and outside the band is only what cutting off at 0
// and 1 has put there: nothing where no pixel has come to 0 or 1.
type Band struct {
	Part string  `json:"part,omitempty"` // "" all of it; "low" below R; "high" from R on; "ring" from R on and below To
	R    float64 `json:"r,omitempty"`
	To   float64 `json:"to,omitempty"` // of a ring
}

// The parts of a Band.
const (
	Low  = "low"
	High = "high"
	Ring = "ring"
)

// Whole tells whether b limits nothing.
func (b Band) Whole() bool { return b.Part == "" }

// Check is an error unless b is a band.
func (b Band) Check() error {
	switch {
	case b.Part != "" && b.Part != Low && b.Part != High && b.Part != Ring:
		return fmt.Errorf("unknown part %q of the frequencies: use %s, %s or %s", b.Part, Low, High, Ring)
	case b.Part != "" && !(b.R >= 0 && b.R <= math.MaxFloat32):
		return fmt.Errorf("radius %v: use a number from 0 on", b.R)
	case b.Part == Ring && !(b.To > b.R && b.To <= math.MaxFloat32):
		return fmt.Errorf("a ring from radius %v to %v: its outer radius must be larger than its inner one", b.R, b.To)
	}
	return nil
}

// Options say how to attack.
type Options struct {
	Method  string  `json:"method"` // one of Methods
	Norm    Norm    `json:"norm"`
	Epsilon float64 `json:"epsilon"` // size of the perturbation, pixels being 0 to 1
	// Steps is how many steps of the gradient, and of Square how many questions. FGSM, which
	// makes one, and minimal-fgsm do not look at it.
	Steps int `json:"steps"`
	// StepSize is how far a step of PGD goes, in the norm; 0 is 2.5·Epsilon/Steps. Of
	// minimal-pgd it is that at ε = 0.3, and 0 is 0.01. Other methods do not look at it.
	StepSize float64 `json:"step_size,omitempty"`
	// RandomStart starts PGD and Auto-PGD at a random point of the ball, else at the image.
	// Restarts is how many runs there are, of which each image's worst is kept; 0 is 1. Other
	// methods do not look at them.
	RandomStart bool   `json:"random_start,omitempty"`
	Restarts    int    `json:"restarts,omitempty"`
	Seed        uint64 `json:"seed,omitempty"` // of all that is random
	// Band is what perturbations are limited to by FGSM, PGD and Auto-PGD; others refuse.
	Band Band `json:"band"`
}

// startsAnywhere tells whether runs begin at random points.
func (o Options) startsAnywhere() bool { return o.RandomStart && o.Method != FGSMMethod }

// runs is how many runs an image's worst is kept of. From one place all would be the same.
func (o Options) runs() int {
	if !o.startsAnywhere() {
		return 1
	}
	return max(1, o.Restarts)
}

// Default are a method's usual options, as its authors or the paper have them, for an ε: ten
// steps of PGD, a hundred of Auto-PGD, 5000 questions of Square, forty steps of minimal-pgd.
// Of minimal methods ε is the largest to look at.
func Default(method string, epsilon float64) Options {
	steps := map[string]int{PGDMethod: 10, APGDCEMethod: 100, APGDDLRMethod: 100, SquareMethod: 5000, MinimalPGDMethod: 40}
	return Options{Method: method, Epsilon: epsilon, Steps: steps[method]}
}

// Bounds of what can be asked for: beyond them a slip is likelier than a purpose.
const (
	maxSteps    = 100_000
	maxRestarts = 1000
	maxL2       = 1000
)

// Check is an error, in one line, unless o can be done.
func (o Options) Check() error {
	for _, check := range []func() error{o.checkMethod, o.checkSize, o.checkSteps, o.Band.Check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) checkMethod() error {
	switch {
	case !slices.Contains(Methods(), o.Method):
		return fmt.Errorf("unknown attack %q: there are %s", o.Method, strings.Join(Methods(), ", "))
	case o.Norm != LInf && o.Norm != L2:
		return fmt.Errorf("unknown norm %d", int(o.Norm))
	case Minimal(o.Method) && o.Norm != LInf:
		return fmt.Errorf("%s searches the smallest epsilon in %s, not in %s", o.Method, LInf, o.Norm)
	case !o.Band.Whole() && (Minimal(o.Method) || o.Method == SquareMethod):
		return fmt.Errorf("%s cannot be limited to a band of frequencies: use %s, %s or %s", o.Method, FGSMMethod, PGDMethod, APGDCEMethod)
	}
	return nil
}

func (o Options) checkSize() error {
	largest := 1.0
	if o.Norm == L2 {
		largest = maxL2
	}
	if !(o.Epsilon >= 0 && o.Epsilon <= largest) { // NaN too
		return fmt.Errorf("epsilon %v: use a number from 0 to %v; pixels are 0 to 1, so that 8/255 is %.4g", o.Epsilon, largest, 8.0/255)
	}
	return nil
}

func (o Options) checkSteps() error {
	switch {
	case o.Method != FGSMMethod && o.Method != MinimalFGSMMethod && (o.Steps < 1 || o.Steps > maxSteps):
		return fmt.Errorf("%d steps: use 1 to %d", o.Steps, maxSteps)
	case !(o.StepSize >= 0 && o.StepSize <= maxL2):
		return fmt.Errorf("step size %v: use a number above 0, or 0 for the usual one", o.StepSize)
	case o.Restarts < 0 || o.Restarts > maxRestarts:
		return fmt.Errorf("%d restarts: use 1 to %d", o.Restarts, maxRestarts)
	case o.Restarts > 1 && !o.RandomStart:
		return fmt.Errorf("%d restarts without a random start would all be the same", o.Restarts)
	}
	return nil
}
