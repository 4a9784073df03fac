package train

import (
	"sync"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/spectral"
)

// inputs is a set of training inputs: whole, low- or high-pass images, normalized. It is safe for
// concurrent use. Splitting an image takes a few microseconds, a thousandth of training on it, so
// results are not cached.
type inputs struct {
	dataset.Set
	part      string
	radii     []float64 // one
	normalize bands.Normalization
	size      int       // elements per image
	splitters sync.Pool // *splitter
}

// splitter is the workspace of one caller.
type splitter struct {
	batch *spectral.Batch
	whole []float32
}

// newInputs returns the inputs of c for a set of one image size.
func newInputs(set dataset.Set, c Config) dataset.Set {
	if c.Input == Whole && c.Normalize == bands.NormalizeNone.String() {
		return set
	}
	ch, h, w := set.Shape()
	s := &inputs{Set: set, part: c.Input, radii: []float64{c.Radius}, size: ch * h * w}
	s.normalize, _ = bands.ParseNormalization(c.Normalize)
	s.splitters.New = func() any { return &splitter{batch: spectral.NewBatch(h, w, 1)} }
	return s
}

func (s *inputs) ReadBatch(dst []float32, labels []int, indices []int) error {
	p := s.splitters.Get().(*splitter)
	defer s.splitters.Put(p)
	whole := dst
	if s.part != Whole {
		p.whole = measure.Resize(p.whole, len(dst))
		whole = p.whole
	}
	if err := s.Set.ReadBatch(whole, labels, indices); err != nil {
		return err
	}
	switch s.part {
	case Low:
		p.batch.Split([][]float32{dst}, nil, whole, s.radii)
	case High:
		p.batch.Split(nil, [][]float32{dst}, whole, s.radii)
	}
	for at := 0; at < len(dst); at += s.size {
		s.normalize.Apply(dst[at : at+s.size])
	}
	return nil
}
