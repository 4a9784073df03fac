package optim

// AdaGrad (Duchi, Hazan and Singer 2011): g ← gradient + WeightDecay·w, s ← s + g²,
// w ← w − rate·g / (√s + Epsilon).
type AdaGrad struct{ Epsilon, WeightDecay float64 }

// AdaDelta (Zeiler 2012): g ← gradient + WeightDecay·w, s ← Rho·s + (1 − Rho)·g²,
// d ← g·√(a + Epsilon) / √(s + Epsilon), a ← Rho·a + (1 − Rho)·d², w ← w − rate·d.
type AdaDelta struct{ Rho, Epsilon, WeightDecay float64 }

// RMSprop (Hinton 2012): g ← gradient + WeightDecay·w, s ← Alpha·s + (1 − Alpha)·g²,
// d ← g / (√s + Epsilon), with momentum v ← Momentum·v + d and v in d's place,
// w ← w − rate·d.
type RMSprop struct{ Alpha, Epsilon, Momentum, WeightDecay float64 }

// Check returns an error, in one line, unless the hyperparameters are valid.
func (o AdaGrad) Check() error {
	return first(amount("eps", o.Epsilon), amount("weight decay", o.WeightDecay))
}

// Check returns an error, in one line, unless the hyperparameters are valid.
func (o AdaDelta) Check() error {
	return first(share("alpha", o.Rho), amount("eps", o.Epsilon), amount("weight decay", o.WeightDecay))
}

// Check returns an error, in one line, unless the hyperparameters are valid.
func (o RMSprop) Check() error {
	return first(share("alpha", o.Alpha), amount("eps", o.Epsilon), share("momentum", o.Momentum), amount("weight decay", o.WeightDecay))
}

// State names s.
func (AdaGrad) State() []string { return []string{"sum"} }

// State names s and a.
func (AdaDelta) State() []string { return []string{"square_avg", "acc_delta"} }

// State names s and, with momentum, v.
func (o RMSprop) State() []string {
	if o.Momentum == 0 {
		return []string{"square_avg"}
	}
	return []string{"square_avg", "momentum"}
}

// Update returns the update of a step.
func (o AdaGrad) Update(_ int, rate float64) Update {
	return Update{Kind: SumOfSquares, K: [8]float32{float32(rate), float32(o.WeightDecay), float32(o.Epsilon)}}
}

// Update returns the update of a step.
func (o AdaDelta) Update(_ int, rate float64) Update {
	return Update{Kind: Deltas, K: [8]float32{
		float32(rate), float32(o.WeightDecay), float32(o.Epsilon), float32(o.Rho), float32(1 - o.Rho),
	}}
}

// Update returns the update of a step.
func (o RMSprop) Update(_ int, rate float64) Update {
	u := Update{Kind: MeanSquare, K: [8]float32{
		float32(rate), float32(o.WeightDecay), float32(o.Epsilon), float32(o.Alpha), float32(1 - o.Alpha), float32(o.Momentum),
	}}
	if o.Momentum != 0 {
		u.Kind = MeanSquareMomentum
	}
	return u
}
