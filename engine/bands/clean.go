package bands

import "sync"

// CleanPredictions holds the predicted classes of whole images. They depend neither on the
// radius nor on the normalization, so that measurements share them. It is safe for concurrent
// use.
type CleanPredictions struct {
	mu    sync.Mutex
	known []int32 // by image: the class plus one; 0 is unknown
}

// NewCleanPredictions returns an empty set of predictions for n images.
func NewCleanPredictions(n int) *CleanPredictions {
	return &CleanPredictions{known: make([]int32, n)}
}

// get writes the classes of the images at indices to dst if all of them are known.
func (p *CleanPredictions) get(dst []int, indices []int) (ok bool) {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, i := range indices {
		if p.known[i] == 0 {
			return false
		}
		dst[k] = int(p.known[i]) - 1
	}
	return true
}

// add records the class of image i.
func (p *CleanPredictions) add(i, class int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[i] = int32(class) + 1
}
