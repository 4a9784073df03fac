package attack

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Norm is the norm of a perturbation.
type Norm int

// The norms.
const (
	LInf Norm = iota // largest absolute change of a value
	L2               // Euclidean length over all pixels and channels
)

var normNames = [...]string{"linf", "l2"}

// String gives "linf" or "l2".
func (n Norm) String() string { return normNames[n] }

// ParseNorm is the inverse of String.
func ParseNorm(name string) (Norm, error) {
	if i := slices.Index(normNames[:], name); i >= 0 {
		return Norm(i), nil
	}
	return 0, fmt.Errorf("unknown norm %q: use %s", name, strings.Join(normNames[:], " or "))
}

// MarshalText returns the name.
func (n Norm) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText parses a name.
func (n *Norm) UnmarshalText(text []byte) (err error) {
	*n, err = ParseNorm(string(text))
	return err
}

// Band is the frequency band that a perturbation is limited to. Radii are those of package
// spectral: the distance from frequency 0, in cycles per image.
//
// Every step follows the gradient's component in the band (in L∞, the component in the band of
// that component's signs), scaled to the step size. The perturbation is then projected, in
// this order, onto the band, by removing all other frequencies of each channel; onto the ball,
// by scaling the perturbation as a whole where it exceeds ε, in L∞ too, so that it stays in
// the band; and onto [0,1], by clipping pixels. Adversarial examples are therefore within ε and
// within [0,1], and the perturbation has energy outside the band only where pixels have been
// clipped at 0 or 1.
type Band struct {
	Part string  `json:"part,omitempty"` // "": all frequencies; "low": radius < R; "high": radius ≥ R; "ring": R ≤ radius < To
	R    float64 `json:"r,omitempty"`
	To   float64 `json:"to,omitempty"` // outer radius of a ring
}

// The parts of a Band.
const (
	Low  = "low"
	High = "high"
	Ring = "ring"
)

// Whole reports whether b has all frequencies.
func (b Band) Whole() bool { return b.Part == "" }

// Check returns an error if b is not a band.
func (b Band) Check() error {
	switch {
	case b.Part != "" && b.Part != Low && b.Part != High && b.Part != Ring:
		return fmt.Errorf("unknown frequency band %q: use %s, %s or %s", b.Part, Low, High, Ring)
	case b.Part != "" && !(b.R >= 0 && b.R <= math.MaxFloat32):
		return fmt.Errorf("radius %v: use a number ≥ 0", b.R)
	case b.Part == Ring && !(b.To > b.R && b.To <= math.MaxFloat32):
		return fmt.Errorf("a ring from radius %v to %v: its outer radius must be larger than its inner one", b.R, b.To)
	}
	return nil
}

// Options configure an attack.
type Options struct {
	Method  string  `json:"method"` // one of Methods
	Norm    Norm    `json:"norm"`
	Epsilon float64 `json:"epsilon"` // perturbation budget; pixels are in [0,1]
	// Steps is the number of gradient steps, or of queries of gradient-free methods. Methods
	// whose Steps are 0 ignore it.
	Steps int `json:"steps"`
	// StepSize is the step size in the norm, for methods that let one choose it; 0 is the
	// default of the method. For minimal-pgd it is the step size at ε = 0.3.
	StepSize float64 `json:"step_size,omitempty"`
	// RandomStart starts at a random point of the ε-ball instead of the image; Restarts is the
	// number of runs, of which each image's worst case is kept (0: 1). Methods that do not
	// start at random ignore both.
	RandomStart bool   `json:"random_start,omitempty"`
	Restarts    int    `json:"restarts,omitempty"`
	Seed        uint64 `json:"seed,omitempty"` // of all random numbers
	// Band limits perturbations, for methods that support it.
	Band Band `json:"band"`
}

// Default returns the usual options of a method for an ε: the number of steps of its authors or
// of the paper. For minimal methods ε is the largest to try.
func Default(method string, epsilon float64) Options {
	return Options{Method: method, Epsilon: epsilon, Steps: Lookup(method).Steps}
}

// Limits on options: beyond them a typo is likelier than intent.
const (
	maxSteps    = 100_000
	maxRestarts = 1000
	maxL2       = 1000
)

// Check returns an error, in one line, if o is not valid.
func (o Options) Check() error {
	for _, check := range []func() error{o.checkMethod, o.checkSize, o.checkSteps, o.Band.Check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) checkMethod() error {
	m := Lookup(o.Method)
	switch {
	case m.Name == "":
		return fmt.Errorf("unknown attack %q: use one of %s", o.Method, strings.Join(Methods(), ", "))
	case o.Norm != LInf && o.Norm != L2:
		return fmt.Errorf("unknown norm %d", int(o.Norm))
	case !slices.Contains(m.Norms, o.Norm):
		return fmt.Errorf("%s does not support norm %s: use %s", o.Method, o.Norm, m.Norms[0])
	case !o.Band.Whole() && !m.Band:
		return fmt.Errorf("%s cannot be limited to a frequency band: use one of %s", o.Method, strings.Join(namesOf(func(m Method) bool { return m.Band }), ", "))
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
	case Lookup(o.Method).Steps > 0 && (o.Steps < 1 || o.Steps > maxSteps):
		return fmt.Errorf("%d steps: use 1 to %d", o.Steps, maxSteps)
	case !(o.StepSize >= 0 && o.StepSize <= maxL2):
		return fmt.Errorf("step size %v: use a number above 0, or 0 for the default", o.StepSize)
	case o.Restarts < 0 || o.Restarts > maxRestarts:
		return fmt.Errorf("%d restarts: use 1 to %d", o.Restarts, maxRestarts)
	case o.Restarts > 1 && !o.RandomStart:
		return fmt.Errorf("%d restarts need a random start: without one, all would be identical", o.Restarts)
	}
	return nil
}
