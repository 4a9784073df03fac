package engine

import (
	"context"
	"fmt"

	"hfcui/engine/attack"
	"hfcui/engine/model"
)

const (
	// attackedBatch is how many images are attacked at a time: from there on more take as
	// long by image, and figures come in larger steps.
	attackedBatch = 32
	// squareImages is on how many images other methods are held against Square.
	squareImages = 100
)

// RobustnessRequest asks for the accuracy under attack by every method, at every ε, with
// every strength ρ of smoothing.
type RobustnessRequest struct {
	Model string // as Lab.OpenBeside has it; "" is the open one
	Split string // "" is the chosen one
	Limit int    // only the first Limit images; 0: all
	// Methods, Epsilons and Rhos, where they are empty, are Options' and Setting's one.
	// Methods may have attack.Worst.
	Methods        []string
	Epsilons, Rhos []float64
	Setting        // Normalize and Statistics do not matter: see AttackRequest
	attack.Options // of all methods, as attack.Grid has them
	// Queries is how often Square asks about an image; 0 is Options' Steps where they are of
	// Square, else the usual number.
	Queries int
	// Square has iterated methods held against the Square attack, which needs no gradient,
	// on the first 100 images.
	Square bool
}

// Robustness measures accuracy under attack. With several ρ, images that iterated methods make
// for one are shown to the others, too. It calls update, which may be nil, from its own
// goroutine with what is known already, rough figures first, and returns the last. Figures
// that fail a check of their sanity are marked. Cancelled, it returns ctx's error; asked
// again, also together with other figures, it goes on where it stopped.
func (l *Lab) Robustness(ctx context.Context, q RobustnessRequest, update func(attack.Robustness)) (attack.Robustness, error) {
	now, end, err := l.beside(ctx, q.Model)
	if err != nil {
		return attack.Robustness{}, err
	}
	defer end()
	if err := now.checkLabels(l.data.Name); err != nil {
		return attack.Robustness{}, err
	}
	from, err := now.of(l.data, now.subject, q.Split)
	if err != nil {
		return attack.Robustness{}, err
	}
	if err := from.checkOwnSize(l.data.Name); err != nil {
		return attack.Robustness{}, err
	}
	grid := q.grid()
	setting := func(rho float64) (Setting, error) {
		s := q.Setting
		s.Rho = rho
		return s, now.settle(&s)
	}
	for _, rho := range grid.Rhos {
		if _, err := setting(rho); err != nil {
			return attack.Robustness{}, err
		}
	}
	key := func(rho float64) string {
		s, _ := setting(rho)
		return fmt.Sprint(from.split, s.Smoothing)
	}
	m, err := attack.NewMeasurement(from.inputs, grid, now.attacked, key)
	if err != nil {
		return attack.Robustness{}, err
	}
	return m.Run(ctx, func(rho float64) (attack.Target, error) {
		s, err := setting(rho)
		if err != nil {
			return nil, err
		}
		return now.panel.target(targetKey{attackedBatch, true}, s.Smoothing)
	}, update)
}

// Check is an error, in one line, unless q can be measured on some model and images.
func (q RobustnessRequest) Check() error {
	for _, rho := range q.grid().Rhos {
		if err := model.CheckRho(rho); err != nil {
			return err
		}
	}
	return q.grid().Check()
}

// grid is what q asks for.
func (q RobustnessRequest) grid() attack.Grid {
	g := attack.Grid{Methods: q.Methods, Epsilons: q.Epsilons, Rhos: q.Rhos, Options: q.Options, Queries: q.Queries, Limit: q.Limit, Transfer: true}
	if g.Queries == 0 && q.Method == attack.SquareMethod {
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

// checkOwnSize is an error when the model is shown images converted from another size: what
// changes by ε are pixels that the data does not have then. Folders of images of many sizes
// have none of their own.
func (c *chosen) checkOwnSize(data string) error {
	dc, dh, dw := c.set.Shape()
	ch, h, w := c.model.Input()
	if dc == 0 || dc == ch && dh == h && dw == w {
		return nil
	}
	return fmt.Errorf("%s takes images of %s, those of %s are %s: accuracy under attack is measured on images of the model's own size; use other data or another model",
		c.model.Name, size(ch, h, w), data, size(dc, dh, dw))
}
