package heatmap

import (
	"context"

	"hfcui/engine/measure"
)

// evaluation evaluates images under basis vectors.
type evaluation struct {
	src        measure.Source
	classifier measure.Classifier
	q          Request
	grid       grid
	size       int // values per image
	channels   int
	images     []int
	x          []float32
	labels     []int
	noisyX     []float32
	basis      []float32
	logits     []float32
}

func newEvaluation(m *Measurement, c measure.Classifier) *evaluation {
	channels, h, w := m.src.Shape()
	batch := c.Batch()
	return &evaluation{src: m.src, classifier: c, q: m.result.Request, grid: m.grid, size: channels * h * w, channels: channels,
		noisyX: make([]float32, batch*channels*h*w), basis: make([]float32, h*w), logits: make([]float32, batch*c.Classes())}
}

// load reads images, at most a batch.
func (s *evaluation) load(images []int) error {
	s.images = images
	if len(s.labels) != len(images) {
		s.x, s.labels = make([]float32, len(images)*s.size), make([]int, len(images))
	}
	return s.src.ReadBatch(s.x, s.labels, images)
}

// clean scores the images without perturbation and reports which are correct.
func (s *evaluation) clean(ctx context.Context, right func(image int)) (score measure.Score, err error) {
	err = s.infer(ctx, s.x, func(at int, correct bool) {
		if score.Count(correct); correct {
			right(at)
		}
	})
	return score, err
}

// noisy scores the images under the basis vectors of frequencies, at most as many as fit a
// batch together, and reports which are correct.
func (s *evaluation) noisy(ctx context.Context, frequencies []Frequency, right func(frequency, image int)) ([]measure.Score, error) {
	n := len(s.images)
	scores := make([]measure.Score, len(frequencies))
	for i, f := range frequencies {
		s.grid.basis(s.basis, f)
		for k, v := range s.basis {
			s.basis[k] = float32(float64(v) * s.q.Norm)
		}
		place := s.grid.place(f)
		for image := range n {
			s.add(s.noisyX[(i*n+image)*s.size:][:s.size], s.x[image*s.size:][:s.size], signs(s.q.Seed, s.images[image], place))
		}
	}
	err := s.infer(ctx, s.noisyX[:len(frequencies)*n*s.size], func(at int, correct bool) {
		if scores[at/n].Count(correct); correct {
			right(at/n, at%n)
		}
	})
	return scores, err
}

// add writes the perturbed image x to dst; channels whose bit in minus is set have sign −1.
func (s *evaluation) add(dst, x []float32, minus uint64) {
	plane := len(s.basis)
	for c := range s.channels {
		to, from := dst[c*plane:][:plane], x[c*plane:][:plane]
		sign := float32(1)
		if minus>>(c%64)&1 == 1 {
			sign = -1
		}
		for i, v := range s.basis {
			to[i] = from[i] + sign*v
		}
		if !s.q.Unclipped {
			for i, v := range to {
				to[i] = min(max(v, 0), 1)
			}
		}
	}
}

// infer runs inference on images, those of s repeatedly, and reports which are correct.
func (s *evaluation) infer(ctx context.Context, x []float32, report func(at int, correct bool)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, classes := len(x)/s.size, s.classifier.Classes()
	if err := s.classifier.Logits(ctx, s.logits[:n*classes], x, n); err != nil {
		return err
	}
	if err := measure.CheckLogits(s.logits[:n*classes]); err != nil {
		return err
	}
	for i := range n {
		report(i, measure.Argmax(s.logits[i*classes:(i+1)*classes]) == s.labels[i%len(s.labels)])
	}
	return nil
}
