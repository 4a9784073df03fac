package attack

import (
	"sync"

	"hfcui/engine/lru"
	"hfcui/engine/model"
)

// Known holds the outcomes of attacks on a model, by image. A measurement that is resumed, or
// another that shares some of its figures, continues where they stopped. It is safe for
// concurrent use.
type Known struct{ trials *lru.Cache[trialKey, *trial] }

// ModelKey identifies, for given weights, a model under attack and the images.
type ModelKey struct {
	Split     string
	Smoothing model.Smoothing // in canonical form
}

// trialKey determines the outcomes of an attack for given weights.
type trialKey struct {
	model   ModelKey
	source  ModelKey // model that the adversarial examples are computed on: usually model
	order   int      // number of images, if their order depends on it
	options Options
}

// knownTrials limits the attacks that are kept: each takes a few bytes per image.
const knownTrials = 1024

// NewKnown returns an empty set of outcomes.
func NewKnown() *Known { return &Known{lru.New[trialKey, *trial](knownTrials)} }

func (k *Known) get(key trialKey) *trial {
	t, _ := k.trials.GetOrMake(key, func() (*trial, error) { return &trial{turn: make(chan struct{}, 1)}, nil })
	return t
}

// outcome is the result of an attack on one image.
type outcome struct {
	correct      bool // the prediction is the label
	zeroGradient bool
	smallest     float32 // the smallest ε found by minimal methods
}

// trial is the outcomes of one attack, image by image.
type trial struct {
	turn chan struct{} // semaphore of one: its holder may add outcomes

	mu       sync.Mutex
	outcomes []outcome // in the order of evaluation
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
