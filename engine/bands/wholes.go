package bands

import "sync"

// Wholes remembers which class a model finds whole images to be: they have no radius and no
// normalisation, so that one measurement can spare others to ask again. It may be used by
// several at the same time.
type Wholes struct {
	mu    sync.Mutex
	known []int32 // by image: the class plus one; 0 is not known
}

// NewWholes returns room for what will be known about n images.
func NewWholes(n int) *Wholes { return &Wholes{known: make([]int32, n)} }

// classes writes those of the images at indices to dst, if all of them are known.
func (w *Wholes) classes(dst []int, indices []int) (ok bool) {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, i := range indices {
		if w.known[i] == 0 {
			return false
		}
		dst[k] = int(w.known[i]) - 1
	}
	return true
}

// learn keeps the class of image i.
func (w *Wholes) learn(i, class int) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[i] = int32(class) + 1
}
