package bands

import (
	"context"
	"errors"

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
	slab      []float32 // the images, then for each radius their low and their high parts
	low, high [][]float32
	labels    []int
	logits    []float32
	score     []Score // of the last round: whole, then low and high for each radius
}

func newRunner(src Source, model Classifier, q Request) *runner {
	c, h, w := src.Shape()
	return &runner{
		src: src, model: model, q: q, size: c * h * w,
		split: spectral.NewBatch(h, w, max(1, q.Threads)),
		low:   make([][]float32, len(q.Radii)), high: make([][]float32, len(q.Radii)),
		logits: make([]float32, model.Batch()*model.Classes()),
		score:  make([]Score, 1+2*len(q.Radii)),
	}
}

// load reads images and splits them, so that group g of the slab is the images whole
// (0), or their low (odd) or high (even) part at radius (g-1)/2.
func (r *runner) load(indices []int) error {
	n := len(indices) * r.size
	if want := n * len(r.score); cap(r.slab) < want {
		r.slab = make([]float32, want)
	}
	r.slab = r.slab[:n*len(r.score)]
	if cap(r.labels) < len(indices) {
		r.labels = make([]int, len(indices))
	}
	r.labels = r.labels[:len(indices)]
	if err := r.src.ReadBatch(r.slab[:n], r.labels, indices); err != nil {
		return err
	}
	for i := range r.q.Radii {
		r.low[i] = r.slab[(1+2*i)*n : (2+2*i)*n]
		r.high[i] = r.slab[(2+2*i)*n : (3+2*i)*n]
	}
	r.split.Split(r.low, r.high, r.slab[:n], r.q.Radii)
	if r.q.Normalize != NormalizeNone {
		for at := n; at < len(r.slab); at += r.size {
			r.q.Normalize.Apply(r.slab[at : at+r.size])
		}
	}
	return nil
}

// round measures the images at indices and all their parts, counting the last counted
// images of each.
func (r *runner) round(ctx context.Context, indices []int, counted int) error {
	if err := r.load(indices); err != nil {
		return err
	}
	clear(r.score)
	first := len(indices) - counted
	return r.each(ctx, len(indices), func(group, image, class int) {
		if image < first {
			return
		}
		r.score[group].N++
		if class == r.labels[image] {
			r.score[group].Correct++
		}
	})
}

// each asks the model about the whole slab, n images a group, and reports the most
// probable class of every image. With running statistics a batch may span groups; with
// batch statistics it is exactly one group.
func (r *runner) each(ctx context.Context, n int, report func(group, image, class int)) error {
	total, batch, classes := n*len(r.score), r.model.Batch(), r.model.Classes()
	if r.q.Statistics == BatchStatistics {
		batch = n
	}
	for at := 0; at < total; at += batch {
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
