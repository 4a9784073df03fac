package bands

import "sync"

// Wholes remembers which whole images a model classifies right: they have no radius and no
// normalisation, so that one measurement can spare others to ask again. It may be used by
// several at the same time.
type Wholes struct {
	mu    sync.Mutex
	known []answer // by image
}

type answer uint8

const (
	unknown answer = iota
	wrong
	right
)

// NewWholes returns room for what will be known about n images.
func NewWholes(n int) *Wholes { return &Wholes{known: make([]answer, n)} }

// score counts the images at indices, if all of them are known.
func (w *Wholes) score(indices []int) (s Score, ok bool) {
	if w == nil {
		return s, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range indices {
		switch w.known[i] {
		case unknown:
			return Score{}, false
		case right:
			s.Correct++
		}
		s.N++
	}
	return s, true
}

// learn keeps the answer for image i.
func (w *Wholes) learn(i int, correct bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[i] = wrong
	if correct {
		w.known[i] = right
	}
}
