package attack

import (
	"math"
	"math/rand/v2"

	"hfcui/engine/random"
)

// purpose separates random streams by use.
type purpose uint64

// The purposes.
const (
	forStart purpose = iota + 1
	forSquare
)

// stream is the random numbers for a purpose, for one image and one run.
func stream(seed uint64, p purpose, index, run int) *rand.Rand {
	return rand.New(rand.NewPCG(random.Mix(random.Mix(seed)+uint64(p)), random.Mix(random.Mix(uint64(index))+uint64(run))))
}

// randomPerturbation fills delta evenly from the ball of radius ε.
func randomPerturbation(delta []float32, random *rand.Rand, n Norm, epsilon float64) {
	if n == LInf {
		e := float32(epsilon)
		for i := range delta {
			delta[i] = (2*random.Float32() - 1) * e
		}
		return
	}
	for i := range delta {
		delta[i] = float32(random.NormFloat64())
	}
	// In d dimensions a share u of the ball is within u^(1/d) of its center.
	length := epsilon * math.Pow(random.Float64(), 1/float64(len(delta)))
	factor := float32(length / max(lengthOf(delta, L2), tiny))
	for i := range delta {
		delta[i] *= factor
	}
}
