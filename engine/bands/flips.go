package bands

import (
	"context"
	"slices"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// Sample is the predicted classes of one image and its components at a radius.
type Sample struct {
	Index, Label     int
	Whole, Low, High int // predicted classes
	Rank             int // of the low-pass image, with SVD
}

// Flip reports whether the image is one of the paper's Fig. 2: correct on the whole and the
// high-pass image, wrong on the low-pass image.
func (s Sample) Flip() bool { return s.Whole == s.Label && s.High == s.Label && s.Low != s.Label }

// Predict runs inference on the images at indices and their components at the first radius of
// q, in order, batch by batch, and calls visit with each until it returns false. With batch
// statistics indices must be one batch.
func Predict(ctx context.Context, src measure.Source, c measure.Classifier, q Request, indices []int, visit func(Sample) bool) error {
	for _, r := range q.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return err
		}
	}
	radii := q.Radii[:1]
	run := newRunner(src, c, q)
	size := c.Batch()
	if q.Statistics == model.RunningStatistics {
		size = max(1, size/3) // an image and its two components
	}
	for chunk := range slices.Chunk(indices, size) {
		if err := run.load(ctx, chunk, radii); err != nil {
			return err
		}
		samples := make([]Sample, len(chunk))
		err := run.each(ctx, len(chunk), 0, func(part, image, class int) {
			*[]*int{&samples[image].Whole, &samples[image].Low, &samples[image].High}[part] = class
		})
		if err != nil {
			return err
		}
		for i, s := range samples {
			s.Index, s.Label = chunk[i], run.labels[i]
			if q.By == SVD {
				s.Rank = run.ranks[i]
			}
			if !visit(s) {
				return nil
			}
		}
	}
	return nil
}

// LogitsOf runs inference on the images at indices as one batch, and reports the logits of
// image number at of them: of the whole (0), the low-pass (1) and the high-pass image (2).
func LogitsOf(ctx context.Context, src measure.Source, c measure.Classifier, q Request, indices []int, at int, report func(part int, logits []float32)) error {
	run := newRunner(src, c, q)
	if err := run.load(ctx, indices, q.Radii[:1]); err != nil {
		return err
	}
	n, classes := len(indices), c.Classes()
	for part := range 3 {
		if err := c.Logits(ctx, run.logits[:n*classes], run.slab[part*n*run.size:(part+1)*n*run.size], n); err != nil {
			return err
		}
		logits := run.logits[at*classes : (at+1)*classes]
		if err := measure.CheckLogits(logits); err != nil {
			return err
		}
		report(part, logits)
	}
	return nil
}

// Permuted is the expected number of flips under the permutation null: the pairs of predictions
// for the low- and the high-pass image are permuted over the images, every permutation equally
// likely, while labels and predictions for the whole image stay. A correctly classified image
// becomes a flip if it gets a pair of which high is its label and low is not, so that
//
//	E = Σ over images correct whole of (pairs with high = label ≠ low) / n
//
// With no more flips than that, high-pass images carry no information about their images; a
// model that predicts the same class for all of them has that many by chance.
func Permuted(samples []Sample) float64 {
	pairs, correct := map[int]int{}, map[int]int{}
	for _, a := range samples {
		if a.High != a.Low {
			pairs[a.High]++
		}
		if a.Whole == a.Label {
			correct[a.Label]++
		}
	}
	sum := 0
	for label, n := range correct {
		sum += n * pairs[label]
	}
	return float64(sum) / float64(max(1, len(samples)))
}
