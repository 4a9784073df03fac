package experiment

import (
	"context"
	"errors"
	"math"
	"strings"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Attacks measures robust accuracy on test images under every method, at every ε, with the first
// layer's kernels smoothed by every ρ.
type Attacks struct {
	Methods    []string  `json:"methods"`
	Epsilons   []float64 `json:"epsilons"`
	Rhos       []float64 `json:"rhos"`
	DivideGain bool      `json:"gain_divided,omitempty"` // of smoothed kernels
	Steps      int       `json:"steps"`                  // of PGD, of size 2.5·ε/steps, without random start
	Limit      int       `json:"n,omitempty"`            // only the first Limit images; 0: all
	// Square is the number of images on which iterated methods are compared with the Square
	// attack; 0: none.
	Square int `json:"square,omitempty"`
}

// AttackResults is the result of Attacks.
type AttackResults struct {
	Clean []CleanResult  `json:"clean"`
	Cells []AttackResult `json:"cells"`
}

// CleanResult is clean accuracy at a ρ.
type CleanResult struct {
	Rho   float64       `json:"rho"`
	Score measure.Score `json:"score"`
}

// AttackResult is robust accuracy under one attack.
type AttackResult struct {
	Method        string        `json:"method"`
	Epsilon       float64       `json:"epsilon"`
	Rho           float64       `json:"rho"`
	Score         measure.Score `json:"score"`
	ZeroGradients int           `json:"zero_gradients"`
	Check         bool          `json:"check,omitempty"` // of Square, for comparison
	Marks         []string      `json:"marks,omitempty"` // failed sanity checks
}

func (a Attacks) grid() attack.Grid {
	return attack.Grid{Methods: a.Methods, Epsilons: a.Epsilons, Rhos: a.Rhos, Options: attack.Options{Steps: a.Steps}, Limit: a.Limit, SquareImages: a.Square}
}

func (a Attacks) check() error {
	for _, rho := range a.Rhos {
		if err := model.CheckRho(rho); err != nil {
			return err
		}
	}
	return a.grid().Check()
}

func (a Attacks) cost(of func(limit int) float64) float64 {
	sum := inferenceCost * of(a.Limit)
	for _, epsilon := range a.Epsilons {
		if epsilon == 0 {
			continue // the clean images
		}
		for _, m := range a.Methods {
			steps := 1
			if attack.Lookup(m).Steps > 0 {
				steps = a.Steps
			}
			sum += attackCost * float64(steps) * of(a.Limit)
		}
		if a.Square > 0 {
			sum += inferenceCost * float64(attack.Lookup(attack.SquareMethod).Preview()) * of(a.Square)
		}
	}
	return sum * float64(len(a.Rhos))
}

// attacks measures robust accuracy.
func (s subject) attacks(ctx context.Context, a Attacks, tell func(part float64)) (*AttackResults, error) {
	if s.data.Test == nil {
		return nil, errors.New("no test images to attack")
	}
	set := s.data.Test
	m, err := attack.NewMeasurement(set, a.grid(), attack.NewKnown(), func(rho float64) attack.ModelKey { return attack.ModelKey{Smoothing: model.Smoothing{Rho: rho}} })
	if err != nil {
		return nil, err
	}
	t, err := attack.NewTarget(s.model, s.device, attackedBatch)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	shared := &smoothTarget{Model: t}
	result, err := m.Run(ctx, func(rho float64) (attack.Target, error) {
		layer, w, err := s.model.Smoothed(model.Smoothing{Rho: rho, DivideGain: a.DivideGain})
		return smoothedTarget{shared, rho, layer, w}, err
	}, func(r attack.Robustness) { tell(r.Progress) })
	if err != nil {
		return nil, err
	}
	return attackResults(result), nil
}

// attackedBatch is the batch size of attacks.
const attackedBatch = 50

// smoothTarget is the model under attack with its current smoothing.
type smoothTarget struct {
	*attack.Model
	rho float64
}

// smoothedTarget is the model with one smoothing.
type smoothedTarget struct {
	*smoothTarget
	want  float64
	layer string
	w     []float32
}

func (t smoothedTarget) smooth() error {
	if t.rho == t.want {
		return nil
	}
	if err := t.SetWeight(t.layer, t.w); err != nil {
		return err
	}
	t.smoothTarget.rho = t.want
	return nil
}

func (t smoothedTarget) Logits(ctx context.Context, dst, x []float32, n int) error {
	if err := t.smooth(); err != nil {
		return err
	}
	return t.Model.Logits(ctx, dst, x, n)
}

func (t smoothedTarget) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, loss attack.Loss) error {
	if err := t.smooth(); err != nil {
		return err
	}
	return t.Model.Gradient(ctx, dx, logits, x, labels, loss)
}

func attackResults(r attack.Robustness) *AttackResults {
	f := &AttackResults{}
	for _, c := range r.Clean {
		f.Clean = append(f.Clean, CleanResult{c.Rho, c.Score})
	}
	for _, c := range r.Cells {
		cell := AttackResult{Method: c.Method, Epsilon: c.Epsilon, Rho: c.Rho, Score: c.Score, ZeroGradients: c.ZeroGradients, Check: c.Check}
		for _, m := range c.Marks {
			cell.Marks = append(cell.Marks, m.Text)
		}
		f.Cells = append(f.Cells, cell)
	}
	return f
}

// attacked is the result of the i-th measurement, empty if there is none.
func attacked(r Run, i int) AttackResults {
	if i >= len(r.After) || r.After[i].Attacks == nil {
		return AttackResults{}
	}
	return *r.After[i].Attacks
}

// cell is the result of a method, if there is one.
func (f AttackResults) cell(method string, epsilon, rho float64) (AttackResult, bool) {
	for _, c := range f.Cells {
		if c.Method == method && c.Epsilon == epsilon && c.Rho == rho {
			return c, true
		}
	}
	return AttackResult{}, false
}

// clean is clean accuracy with kernels smoothed by ρ, of the i-th measurement.
func clean(i int, rho float64) Quantity {
	return func(r Run) float64 {
		for _, c := range attacked(r, i).Clean {
			if c.Rho == rho {
				return accuracy(&c.Score)
			}
		}
		return math.NaN()
	}
}

// under is robust accuracy under a method, of the i-th measurement.
func under(i int, method string, epsilon, rho float64) Quantity {
	return func(r Run) float64 {
		if c, ok := attacked(r, i).cell(method, epsilon, rho); ok {
			return accuracy(&c.Score)
		}
		return math.NaN()
	}
}

// marked returns the sanity checks that robust accuracy fails.
func marked(i int, method string, epsilon, rho float64) func(Run) []string {
	return func(r Run) []string {
		c, _ := attacked(r, i).cell(method, epsilon, rho)
		return c.Marks
	}
}

// breaches counts the inconsistent results of a measurement.
func breaches(i int, wrong func(f AttackResults, c AttackResult) bool) Quantity {
	return func(r Run) float64 {
		f, n := attacked(r, i), 0
		if len(f.Cells) == 0 {
			return math.NaN()
		}
		for _, c := range f.Cells {
			if wrong(f, c) {
				n++
			}
		}
		return float64(n)
	}
}

// rises reports whether accuracy is above that at a smaller ε, or clean accuracy.
func rises(f AttackResults, c AttackResult) bool {
	for _, other := range f.Cells {
		if other.Method == c.Method && other.Rho == c.Rho && other.Epsilon < c.Epsilon && c.Score.Correct > other.Score.Correct {
			return true
		}
	}
	return c.Score.Correct > f.cleanAt(c.Rho)
}

// aboveFGSM reports whether accuracy under PGD is above that under FGSM.
func aboveFGSM(f AttackResults, c AttackResult) bool {
	one, ok := f.cell(attack.FGSMMethod, c.Epsilon, c.Rho)
	return ok && c.Method == attack.PGDMethod && c.Score.Correct > one.Score.Correct
}

// unclean reports whether accuracy at ε = 0 differs from clean accuracy.
func unclean(f AttackResults, c AttackResult) bool {
	return c.Epsilon == 0 && c.Score.Correct != f.cleanAt(c.Rho)
}

// cleanAt returns the number of images that are correct without perturbation; −1 if not measured.
func (f AttackResults) cleanAt(rho float64) int {
	for _, c := range f.Clean {
		if c.Rho == rho {
			return c.Score.Correct
		}
	}
	return -1
}

// named is a method's name in tables.
func named(method string) string {
	return strings.ToUpper(method)
}
