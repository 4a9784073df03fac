package lab

import (
	"context"
	"fmt"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/model"
)

const (
	// attackBatch is the batch size of attacks: larger ones are no faster per image and update less
	// often.
	attackBatch = 32
	// squareImages is the number of images of the sanity check by Square.
	squareImages = 100
)

// RobustnessRequest asks for the robust accuracy by every method, at every ε, with every
// strength ρ of smoothing.
type RobustnessRequest struct {
	Model string // path of a comparison model; "" is the open one
	Split string // "" is the selected one
	Limit int    // evaluation images; 0: all
	// Methods, Epsilons and Rhos default to those of Options and Setting. Methods may contain
	// attack.Worst.
	Methods        []string
	Epsilons, Rhos []float64
	bands.Setting  // Normalize and Statistics are ignored: see AttackRequest
	attack.Options // of all methods, as in attack.Grid
	// Queries of Square per image; 0 is Options' Steps if those are of Square, else its default.
	Queries int
	// Square checks iterated methods against the gradient-free Square attack on the first 100
	// images.
	Square bool
}

// Robustness measures robust accuracy. With several ρ, adversarial examples of iterated methods
// for one are transferred to the others. It calls update, which may be nil, from its own
// goroutine with partial results, rough estimates first, and returns the final result.
// Figures that fail a sanity check are marked. Canceled, it returns the error of ctx; the next
// call that asks for the same figures, among others or not, resumes them.
func (l *Lab) Robustness(ctx context.Context, q RobustnessRequest, update func(attack.Robustness)) (attack.Robustness, error) {
	setting := q.Setting
	now, end, err := l.resolveLabeled(ctx, q.Model, q.Split, &setting)
	if err != nil {
		return attack.Robustness{}, err
	}
	defer end()
	if err := now.checkOwnSize(); err != nil {
		return attack.Robustness{}, err
	}
	grid := q.grid()
	smoothings := map[float64]model.Smoothing{}
	for _, rho := range grid.Rhos {
		s := q.Smoothing // not in canonical form, which has no layer where ρ is 0
		s.Rho = rho
		if smoothings[rho], err = now.model.Canonical(s); err != nil {
			return attack.Robustness{}, err
		}
	}
	key := func(rho float64) attack.ModelKey {
		return attack.ModelKey{Split: now.split, Smoothing: smoothings[rho]}
	}
	m, err := attack.NewMeasurement(now.Inputs, grid, now.attacked, key)
	if err != nil {
		return attack.Robustness{}, err
	}
	return m.Run(ctx, func(rho float64) (attack.Target, error) {
		return now.programs.target(attackBatch, true, smoothings[rho])
	}, update)
}

// Check returns a one-line error unless q can be measured on some model and images.
func (q RobustnessRequest) Check() error {
	for _, rho := range q.grid().Rhos {
		if err := model.CheckRho(rho); err != nil {
			return err
		}
	}
	return q.grid().Check()
}

// grid returns the grid of q.
func (q RobustnessRequest) grid() attack.Grid {
	g := attack.Grid{Methods: q.Methods, Epsilons: q.Epsilons, Rhos: q.Rhos, Options: q.Options, Queries: q.Queries, Limit: q.Limit, Transfer: true}
	if m := attack.Lookup(q.Method); g.Queries == 0 && m.Name != "" && !m.Gradient {
		g.Queries = q.Steps // as of one attack
	}
	if len(g.Methods) == 0 {
		g.Methods = []string{q.Method}
	}
	if len(g.Epsilons) == 0 {
		g.Epsilons = []float64{q.Epsilon}
	}
	if len(g.Rhos) == 0 {
		g.Rhos = []float64{q.Rho}
	}
	if q.Square {
		g.SquareImages = squareImages
	}
	return g
}

// checkOwnSize returns an error if images are resized for the model: ε would then bound changes to
// pixels that are not the data's. Folders of images of many sizes pass.
func (c *selection) checkOwnSize() error {
	dc, dh, dw := c.Set.Shape()
	ch, h, w := c.model.Input()
	if dc == 0 || dc == ch && dh == h && dw == w {
		return nil
	}
	return fmt.Errorf("the input of %s is %s, images of %s are %s: robust accuracy is measured at the model's input size; use another dataset or model",
		c.model.Name, size(ch, h, w), c.data.Name, size(dc, dh, dw))
}
