package train

import (
	"math/rand/v2"

	"hfcui/engine/random"
)

// purpose is the use of a random stream of a run. Streams of different purposes are independent, so
// that enabling an option does not change the others' random numbers.
type purpose uint64

// The purposes, and when their streams restart.
const (
	forOrder   purpose = iota + 1 // every epoch
	forAugment                    // every step
	forMixup                      // every step
	forDropout                    // every step
	forAttack                     // every step
	forNoise                      // the run
)

// stream returns the random stream for a purpose in an epoch or step. It depends on nothing else,
// so that a run can resume anywhere.
func stream(seed uint64, p purpose, at int) *rand.Rand {
	return rand.New(rand.NewPCG(random.Mix(random.Mix(seed)+uint64(p)), random.Mix(uint64(at))))
}
