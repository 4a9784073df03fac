package train

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// mixer mixes every image of a batch with another of the same batch (Zhang et al. 2018):
// x ← λ·x_i + (1−λ)·x_j, the target likewise, one λ per batch from Beta(α, α).
type mixer struct {
	alpha         float64
	size, classes int // elements per image, per target
}

// apply mixes x in place, with source as a buffer, and sets the targets.
func (m mixer) apply(random *rand.Rand, x, source, target []float32, labels []int) {
	lambda := distuv.Beta{Alpha: m.alpha, Beta: m.alpha, Src: random}.Rand()
	if !(lambda >= 0) { // NaN: both gamma samples underflowed to 0
		lambda = 1
	}
	a, b := float32(lambda), float32(1-lambda)
	copy(source, x)
	clear(target)
	for i, j := range random.Perm(len(labels)) {
		image, other := x[i*m.size:(i+1)*m.size], source[j*m.size:(j+1)*m.size]
		for k, v := range image {
			image[k] = a*v + b*other[k]
		}
		target[i*m.classes+labels[i]] += a
		target[i*m.classes+labels[j]] += b
	}
}
