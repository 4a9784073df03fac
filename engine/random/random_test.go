package random

import "testing"

// TestMix compares Mix with the first outputs of the authors' SplitMix64 for seed 1234567, whose
// state increases by the constant that Mix adds.
func TestMix(t *testing.T) {
	const seed, step = 1234567, 0x9e3779b97f4a7c15
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		state := uint64(seed)
		for range i {
			state += step
		}
		if got := Mix(state); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
}
