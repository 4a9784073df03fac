package bands

import (
	"context"
	"slices"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// Answer is what a model makes of one image and its parts at a radius.
type Answer struct {
	Index, Label     int
	Whole, Low, High int // most probable classes
	Rank             int // of the low part, with SVD
}

// Flip tells whether the image is one of the paper's Fig. 2: whole image and high part
// classified right, low part wrong.
func (a Answer) Flip() bool { return a.Whole == a.Label && a.High == a.Label && a.Low != a.Label }

// Answers asks the model about the images at indices, in order, batch by batch, and
// calls visit with each answer until visit returns false. With batch statistics indices
// must be one batch.
func Answers(ctx context.Context, src measure.Source, c measure.Classifier, q Request, indices []int, visit func(Answer) bool) error {
	for _, r := range q.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return err
		}
	}
	radii := q.Radii[:1]
	run := newRunner(src, c, q)
	size := c.Batch()
	if q.Statistics == model.RunningStatistics {
		size = max(1, size/3) // an image and its two parts
	}
	for chunk := range slices.Chunk(indices, size) {
		if err := run.load(ctx, chunk, radii); err != nil {
			return err
		}
		answers := make([]Answer, len(chunk))
		err := run.each(ctx, len(chunk), 0, func(part, image, class int) {
			*[]*int{&answers[image].Whole, &answers[image].Low, &answers[image].High}[part] = class
		})
		if err != nil {
			return err
		}
		for i, a := range answers {
			a.Index, a.Label = chunk[i], run.labels[i]
			if q.By == SVD {
				a.Rank = run.ranks[i]
			}
			if !visit(a) {
				return nil
			}
		}
	}
	return nil
}

// LogitsOf asks the model about the images at indices as one batch, and reports the logits
// of image number at of them for its three parts: whole (0), low (1) and high (2).
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

// Permuted is how many flips there would be at the mean if what the model makes of the low
// and the high part had nothing to do with the image: if these answers, each pair together,
// were dealt out to the images anew, every permutation equally likely, while the images kept
// their label and the answer to the whole. An image that is right whole becomes a flip if it
// gets a pair of which high is its label and low is not, so that
//
//	E = Σ over images right whole of (pairs with high = label ≠ low) / n
//
// Fewer flips than that mean that high parts tell nothing about their images; a model that
// takes all of them for the same class has that many by chance.
func Permuted(answers []Answer) float64 {
	pairs, right := map[int]int{}, map[int]int{}
	for _, a := range answers {
		if a.High != a.Low {
			pairs[a.High]++
		}
		if a.Whole == a.Label {
			right[a.Label]++
		}
	}
	sum := 0
	for label, n := range right {
		sum += n * pairs[label]
	}
	return float64(sum) / float64(max(1, len(answers)))
}
