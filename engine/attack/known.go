package attack

import (
	"slices"
	"sync"
)

// Known remembers what attacks came to, image by image, by all that determines it but model
// and images. A measurement that is begun again, or another that has a part of its figures
// in common, goes on where they stopped. It may be used by several at the same time.
type Known struct {
	mu     sync.Mutex
	trials map[string]*trial
	recent []string // the one asked for last at the end
}

// knownTrials bounds how many are remembered: each takes a few bytes an image.
const knownTrials = 1024

// NewKnown returns room for what will be known.
func NewKnown() *Known { return &Known{trials: make(map[string]*trial)} }

// get returns what is known by a key.
func (k *Known) get(key string) *trial {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := slices.Index(k.recent, key); i >= 0 {
		k.recent = append(slices.Delete(k.recent, i, i+1), key)
		return k.trials[key]
	}
	t := &trial{turn: make(chan struct{}, 1)}
	k.trials[key] = t
	if k.recent = append(k.recent, key); len(k.recent) > knownTrials {
		delete(k.trials, k.recent[0])
		k.recent = slices.Delete(k.recent, 0, 1)
	}
	return t
}

// outcome is what an attack on one image came to.
type outcome struct {
	right        bool // the model still gives the true class
	zeroGradient bool
	smallest     float32 // the ε that was enough, of methods that look for it
}

// trial is one attack on one image after the other.
type trial struct {
	turn chan struct{} // has room for one: who puts something in it may add

	mu       sync.Mutex
	outcomes []outcome // in the order of measuring
}

// first returns up to n outcomes, which may be read but not written to.
func (t *trial) first(n int) []outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.outcomes[:min(n, len(t.outcomes))]
}

// add appends outcomes.
func (t *trial) add(o []outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes = append(t.outcomes, o...)
}
