package nets

import (
	"math"
	"math/rand/v2"

	"hfcui/engine/op"
)

// Scheme is a method of weight initialization.
type Scheme int

// The schemes.
const (
	He     Scheme = iota // normal, variance 2/fan-in (He et al. 2015)
	Xavier               // uniform, variance 2/(fan-in + fan-out) (Glorot and Bengio 2010)
)

// Init returns initial values of all parameters: weights drawn by scheme from seed, scales and
// running variances 1, all others 0.
func (n *Net) Init(scheme Scheme, seed uint64) map[string][]float32 {
	values := make(map[string][]float32, len(n.Params))
	for i, p := range n.Params {
		v := make([]float32, op.Size(p.Shape))
		switch p.Role {
		case Weight:
			// One random stream per parameter: the size of one does not affect the next.
			draw(v, p.Shape, scheme, rand.New(rand.NewPCG(seed, uint64(i))))
		case Scale, RunningVar:
			for j := range v {
				v[j] = 1
			}
		}
		values[p.Name] = v
	}
	return values
}

// draw initializes the weights v [outputs, inputs, kernel…].
func draw(v []float32, shape []int, scheme Scheme, rng *rand.Rand) {
	kernel := op.Size(shape[2:])
	in, out := float64(shape[1]*kernel), float64(shape[0]*kernel)
	if scheme == Xavier {
		limit := math.Sqrt(6 / (in + out))
		for i := range v {
			v[i] = float32(limit * (2*rng.Float64() - 1))
		}
		return
	}
	deviation := math.Sqrt(2 / in)
	for i := range v {
		v[i] = float32(deviation * rng.NormFloat64())
	}
}
