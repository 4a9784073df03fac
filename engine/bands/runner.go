package bands

import (
	"context"
	"errors"
	"slices"

	"hfcui/spectral"
)

// runner asks a model about some images and all their parts. Its memory is reused from
// round to round.
type runner struct {
	src       Source
	model     Classifier
	q         Request
	size      int // numbers in an image
	split     *spectral.Batch
	slab      []float32 // the images, then for each radius of a group their low and high parts
	low, high [][]float32
	labels    []int
	logits    []float32
}

func newRunner(src Source, model Classifier, q Request) *runner {
	c, h, w := src.Shape()
	return &runner{
		src: src, model: model, q: q, size: c * h * w,
		split:  spectral.NewBatch(h, w, max(1, q.Threads)),
		logits: make([]float32, model.Batch()*model.Classes()),
	}
}

// grow returns v with n elements.
func grow[T any](v []T, n int) []T { return slices.Grow(v[:0], n)[:n] }

// load reads images and splits them at radii, so that part g of the slab is the images
// whole (0), or their low (odd) or high (even) part at radius (g-1)/2.
func (r *runner) load(indices []int, radii []float64) error {
	n := len(indices) * r.size
	r.slab, r.labels = grow(r.slab, n*(1+2*len(radii))), grow(r.labels, len(indices))
	if err := r.src.ReadBatch(r.slab[:n], r.labels, indices); err != nil {
		return err
	}
	r.low, r.high = grow(r.low, len(radii)), grow(r.high, len(radii))
	for i := range radii {
		r.low[i] = r.slab[(1+2*i)*n : (2+2*i)*n]
		r.high[i] = r.slab[(2+2*i)*n : (3+2*i)*n]
	}
	r.split.Split(r.low, r.high, r.slab[:n], radii)
	if r.q.Normalize != NormalizeNone {
		for at := n; at < len(r.slab); at += r.size {
			r.q.Normalize.Apply(r.slab[at : at+r.size])
		}
	}
	return nil
}

// round measures the images at indices and all their parts, counting the last counted
// images of each: whole, then low and high for each radius. It goes through the radii in
// groups.
func (r *runner) round(ctx context.Context, indices []int, counted, group int) ([]Score, error) {
	scores := make([]Score, 1+2*len(r.q.Radii))
	uncounted := len(indices) - counted
	for from := 0; from == 0 || from < len(r.q.Radii); from += group {
		radii := r.q.Radii[from:min(from+group, len(r.q.Radii))]
		if err := r.load(indices, radii); err != nil {
			return nil, err
		}
		skip := 0
		if from > 0 {
			skip = 1 // the whole images have been asked about with the first group
		}
		err := r.each(ctx, len(indices), skip, func(part, image, class int) {
			if image < uncounted {
				return
			}
			s := &scores[part]
			if part > 0 {
				s = &scores[part+2*from]
			}
			s.N++
			if class == r.labels[image] {
				s.Correct++
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// each asks the model about the slab from part skip on, n images a part, and reports the
// most probable class of every image. With running statistics a batch may span parts; with
// batch statistics it is exactly one part.
func (r *runner) each(ctx context.Context, n, skip int, report func(part, image, class int)) error {
	total, batch, classes := len(r.slab)/r.size, r.model.Batch(), r.model.Classes()
	if r.q.Statistics == BatchStatistics {
		batch = n
	}
	for at := skip * n; at < total; at += batch {
		k := min(batch, total-at)
		if err := r.model.Logits(ctx, r.logits[:k*classes], r.slab[at*r.size:(at+k)*r.size], k); err != nil {
			return err
		}
		for i := range k {
			logits := r.logits[i*classes : (i+1)*classes]
			if err := CheckLogits(logits); err != nil {
				return err
			}
			report((at+i)/n, (at+i)%n, Argmax(logits))
		}
	}
	return nil
}

// CheckLogits is an error when one of a model's answers is not a number: then there is no
// class to count as right or wrong.
func CheckLogits(logits []float32) error {
	for _, v := range logits {
		if v-v != 0 {
			return errors.New("the model's answers are not finite numbers: its weights, or the smoothing, are too large; use another model or a smaller rho")
		}
	}
	return nil
}

// Argmax returns the index of the largest value, the first of equals.
func Argmax(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}
