package train

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"hfcui/engine/plan"
)

// mixer mixes every image of a batch with another of the same batch (Zhang et al. 2018):
// x ← λ·x_i + (1−λ)·x_j, the target likewise, one λ per batch from Beta(α, α).
type mixer struct {
	alpha   float64
	classes int // elements per target
}

// draw draws with what images are mixed, and sets the targets.
func (m mixer) draw(random *rand.Rand, picks *plan.Picks, target []float32, labels []int) {
	lambda := distuv.Beta{Alpha: m.alpha, Beta: m.alpha, Src: random}.Rand()
	if !(lambda >= 0) { // NaN: both gamma samples underflowed to 0
		lambda = 1
	}
	picks.Share, picks.OtherShare = float32(lambda), float32(1-lambda)
	clear(target)
	for i, j := range random.Perm(len(labels)) {
		picks.Others[i] = int32(j)
		target[i*m.classes+labels[i]] += picks.Share
		target[i*m.classes+labels[j]] += picks.OtherShare
	}
}
