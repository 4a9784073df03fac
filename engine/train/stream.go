package train

import (
	"math/rand/v2"

	"hfcui/engine/random"
)

// purpose is what random numbers of a run are for. Every purpose has numbers of its own, so
// that switching one thing on leaves all others as they were.
type purpose uint64

// The purposes, and what they are drawn anew for.
const (
	forOrder   purpose = iota + 1 // every epoch
	forAugment                    // every step
	forMixup                      // every step
	forDropout                    // every step
	forAttack                     // every step
	forNoise                      // the run
)

// stream is the random numbers for a purpose in one epoch or step. Nothing else determines
// them: a run can be taken up anywhere.
func stream(seed uint64, p purpose, at int) *rand.Rand {
	return rand.New(rand.NewPCG(random.Mix(random.Mix(seed)+uint64(p)), random.Mix(uint64(at))))
}
