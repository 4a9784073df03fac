package train

import (
	"sync"
	"sync/atomic"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/spectral"
)

// cacheBytes bounds the memory in which parts of images are kept from epoch to epoch.
// CIFAR-10's training images take 0.6 GB.
const cacheBytes = 1 << 30

// inputs is a set whose images are what a net is trained on: whole, or their low- or
// high-frequency components, normalised. It is safe for concurrent use.
type inputs struct {
	dataset.Set
	part      string
	radius    float64
	normalize bands.Normalization
	size      int       // numbers in an image
	splitters sync.Pool // *splitter

	cache []float32       // all images; nil: too many
	state []atomic.Uint32 // of every image in it
}

// splitter is what one caller splits with.
type splitter struct {
	batch   *spectral.Batch
	whole   []float32
	indices []int
	at      []int // where in the batch they go
}

// newInputs gives the inputs c asks for from a set of one image size.
func newInputs(set dataset.Set, c Config, limit int) dataset.Set {
	if c.Input == Whole && c.Normalize == bands.NormalizeNone.String() {
		return set
	}
	ch, h, w := set.Shape()
	s := &inputs{Set: set, part: c.Input, radius: c.Radius, size: ch * h * w}
	s.normalize, _ = bands.ParseNormalization(c.Normalize)
	s.splitters.New = func() any { return &splitter{batch: spectral.NewBatch(h, w, 1)} }
	if set.Len() <= limit/4/s.size {
		s.cache, s.state = make([]float32, set.Len()*s.size), make([]atomic.Uint32, set.Len())
	}
	return s
}

func (s *inputs) ReadBatch(dst []float32, labels []int, indices []int) error {
	for k, i := range indices {
		if labels != nil {
			labels[k] = s.Label(i)
		}
	}
	p := s.splitters.Get().(*splitter)
	defer s.splitters.Put(p)
	p.indices, p.at = p.indices[:0], p.at[:0]
	for k, i := range indices {
		if s.cache != nil && s.state[i].Load() == there {
			copy(dst[k*s.size:(k+1)*s.size], s.cached(i))
			continue
		}
		p.indices, p.at = append(p.indices, i), append(p.at, k)
	}
	if len(p.indices) == 0 {
		return nil
	}
	return s.make(dst, p)
}

// make reads, splits and normalises the images p lists.
func (s *inputs) make(dst []float32, p *splitter) error {
	n := len(p.indices) * s.size
	p.whole = grow(p.whole, 2*n)
	whole, parts := p.whole[:n], p.whole[n:]
	if err := s.Set.ReadBatch(whole, nil, p.indices); err != nil {
		return err
	}
	radii := []float64{s.radius}
	switch s.part {
	case Low:
		p.batch.Split([][]float32{parts}, nil, whole, radii)
	case High:
		p.batch.Split(nil, [][]float32{parts}, whole, radii)
	default:
		parts = whole
	}
	for j, i := range p.indices {
		image := parts[j*s.size : (j+1)*s.size]
		s.normalize.Apply(image)
		copy(dst[p.at[j]*s.size:], image)
		// Another caller may be making the same image: only one may write it.
		if s.cache != nil && s.state[i].CompareAndSwap(absent, written) {
			copy(s.cached(i), image)
			s.state[i].Store(there)
		}
	}
	return nil
}

func (s *inputs) cached(i int) []float32 { return s.cache[i*s.size : (i+1)*s.size] }

// The states of an image in the cache.
const (
	absent uint32 = iota
	written
	there
)
