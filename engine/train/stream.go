package train

import "math/rand/v2"

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
	return rand.New(rand.NewPCG(mix64(mix64(seed)+uint64(p)), mix64(uint64(at))))
}

// mix64 is SplitMix64's output function (Steele, Lea, Flood 2014).
func mix64(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
