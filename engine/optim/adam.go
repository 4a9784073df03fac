package optim

import "math"

// Adam (Kingma and Ba 2015): g ← gradient + WeightDecay·w, m ← Beta1·m + (1 − Beta1)·g,
// v ← Beta2·v + (1 − Beta2)·g², w ← w − rate·m̂ / (√v̂ + Epsilon), where m̂ and v̂ in step t
// are m / (1 − Beta1ᵗ) and v / (1 − Beta2ᵗ).
type Adam struct{ Beta1, Beta2, Epsilon, WeightDecay float64 }

// AdamW (Loshchilov and Hutter 2019) is Adam with decoupled weight decay: g is the gradient, and w
// ← w − rate·WeightDecay·w comes first.
type AdamW struct{ Beta1, Beta2, Epsilon, WeightDecay float64 }

// Check returns an error, in one line, unless the hyperparameters are valid.
func (o Adam) Check() error {
	return first(share("beta1", o.Beta1), share("beta2", o.Beta2), amount("eps", o.Epsilon), amount("weight decay", o.WeightDecay))
}

// Check returns an error, in one line, unless the hyperparameters are valid.
func (o AdamW) Check() error { return Adam(o).Check() }

// State names m and v.
func (Adam) State() []string { return []string{"exp_avg", "exp_avg_sq"} }

// State names m and v.
func (AdamW) State() []string { return Adam{}.State() }

// Update returns the update of a step.
func (o Adam) Update(step int, rate float64) Update { return o.update(step, rate, o.WeightDecay, 1) }

// Update returns the update of a step.
func (o AdamW) Update(step int, rate float64) Update {
	return Adam(o).update(step, rate, 0, 1-rate*o.WeightDecay)
}

func (o Adam) update(step int, rate, decay, keep float64) Update {
	first, second := 1-math.Pow(o.Beta1, float64(step)), 1-math.Pow(o.Beta2, float64(step))
	return Update{Kind: Moments, K: [8]float32{
		float32(rate / first), float32(decay), float32(1 - o.Beta1), float32(o.Beta2),
		float32(1 - o.Beta2), float32(1 / math.Sqrt(second)), float32(o.Epsilon), float32(keep),
	}}
}
