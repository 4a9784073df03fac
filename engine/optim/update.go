package optim

import "math"

// Kind is an update's formula.
type Kind int

// The formulas, with constants k, gradient g, and arrays s and t of the state. All begin
// with g ← g + k₁·w.
const (
	// Descent is w ← w − k₀·g.
	Descent Kind = iota
	// Momentum is s ← k₂·s + g, w ← w − k₀·(k₃·g + k₄·s).
	Momentum
	// Moments is s ← s + k₂·(g − s), t ← k₃·t + k₄·g², w ← k₇·w − k₀·s / (k₅·√t + k₆).
	Moments
	// SumOfSquares is s ← s + g², w ← w − k₀·g / (√s + k₂).
	SumOfSquares
	// Deltas is s ← k₃·s + k₄·g², d = g·√(t + k₂) / √(s + k₂), t ← k₃·t + k₄·d²,
	// w ← w − k₀·d.
	Deltas
	// MeanSquare is s ← k₃·s + k₄·g², w ← w − k₀·g / (√s + k₂).
	MeanSquare
	// MeanSquareMomentum is s ← k₃·s + k₄·g², t ← k₅·t + g / (√s + k₂), w ← w − k₀·t.
	MeanSquareMomentum
	// Kinds is their number.
	Kinds
)

// String returns the formula's name.
func (k Kind) String() string {
	return [...]string{"Descent", "Momentum", "Moments", "SumOfSquares", "Deltas", "MeanSquare", "MeanSquareMomentum"}[k]
}

// Update is a step of a rule: a formula and its constants, the same for all weights.
type Update struct {
	Kind Kind
	K    [8]float32
}

// Apply updates weights w by their gradients g, and the arrays of state s and t that the formula
// uses. All have the same length.
func (u *Update) Apply(w, g, s, t []float32) {
	k, g := &u.K, g[:len(w)]
	switch u.Kind {
	case Descent:
		for i := range w {
			w[i] -= k[0] * (g[i] + k[1]*w[i])
		}
	case Momentum:
		u.momentum(w, g, s[:len(w)])
	case Moments:
		u.moments(w, g, s[:len(w)], t[:len(w)])
	case SumOfSquares:
		s = s[:len(w)]
		for i := range w {
			d := g[i] + k[1]*w[i]
			s[i] += d * d
			w[i] -= k[0] * d / (root(s[i]) + k[2])
		}
	case Deltas:
		u.deltas(w, g, s[:len(w)], t[:len(w)])
	case MeanSquare:
		s = s[:len(w)]
		for i := range w {
			d := g[i] + k[1]*w[i]
			s[i] = k[3]*s[i] + k[4]*d*d
			w[i] -= k[0] * d / (root(s[i]) + k[2])
		}
	case MeanSquareMomentum:
		s, t = s[:len(w)], t[:len(w)]
		for i := range w {
			d := g[i] + k[1]*w[i]
			s[i] = k[3]*s[i] + k[4]*d*d
			t[i] = k[5]*t[i] + d/(root(s[i])+k[2])
			w[i] -= k[0] * t[i]
		}
	}
}

func (u *Update) momentum(w, g, s []float32) {
	k := &u.K
	for i := range w {
		d := g[i] + k[1]*w[i]
		s[i] = k[2]*s[i] + d
		w[i] -= k[0] * (k[3]*d + k[4]*s[i])
	}
}

func (u *Update) moments(w, g, s, t []float32) {
	k := &u.K
	for i := range w {
		d := g[i] + k[1]*w[i]
		s[i] += k[2] * (d - s[i])
		t[i] = k[3]*t[i] + k[4]*d*d
		w[i] = k[7]*w[i] - k[0]*s[i]/(k[5]*root(t[i])+k[6])
	}
}

func (u *Update) deltas(w, g, s, t []float32) {
	k := &u.K
	for i := range w {
		d := g[i] + k[1]*w[i]
		s[i] = k[3]*s[i] + k[4]*d*d
		d *= root(t[i]+k[2]) / root(s[i]+k[2])
		t[i] = k[3]*t[i] + k[4]*d*d
		w[i] -= k[0] * d
	}
}

func root(v float32) float32 { return float32(math.Sqrt(float64(v))) }
