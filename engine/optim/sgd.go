package optim

import "errors"

// SGD is stochastic gradient descent: g ← gradient + WeightDecay·w, v ← Momentum·v + g,
// w ← w − rate·v; with Nesterov, g + Momentum·v in v's place.
type SGD struct {
	Momentum, WeightDecay float64
	Nesterov              bool
}

// Check returns an error, in one line, unless the hyperparameters are valid.
func (o SGD) Check() error {
	if o.Nesterov && o.Momentum == 0 {
		return errors.New("momentum must be above 0 for Nesterov momentum")
	}
	return first(share("momentum", o.Momentum), amount("weight decay", o.WeightDecay))
}

// State names v, which only momentum needs.
func (o SGD) State() []string {
	if o.Momentum == 0 {
		return nil
	}
	return []string{"momentum"}
}

// Update returns the update of a step.
func (o SGD) Update(_ int, rate float64) Update {
	u := Update{Kind: Descent, K: [8]float32{float32(rate), float32(o.WeightDecay)}}
	if o.Momentum == 0 {
		return u
	}
	u.Kind = Momentum
	u.K[2], u.K[3], u.K[4] = float32(o.Momentum), 0, 1
	if o.Nesterov {
		u.K[3], u.K[4] = 1, float32(o.Momentum)
	}
	return u
}
