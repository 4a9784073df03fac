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
		if err := run.load(ctx, chunk, radii, false); err != nil {
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
	if err := run.load(ctx, indices, q.Radii[:1], false); err != nil {
		return err
	}
	n, classes := len(indices), c.Classes()
	for part := range 3 {
		if err := run.infer(ctx, part*n, n); err != nil {
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

// FlipCounts counts the flips among evaluation images by class, with what the permutation null
// needs.
type FlipCounts struct {
	N       int // evaluation images
	Classes []ClassFlips
}

// ClassFlips are the counts of one class.
type ClassFlips struct {
	Images  int // with this label
	Flips   int // of them
	Correct int // of them, on the whole image
	Pairs   int // images of any label whose high-pass image is predicted as this class, and whose low-pass image is not
}

// CountFlips counts the flips among samples, with entries for at least a number of classes.
func CountFlips(samples []Sample, classes int) FlipCounts {
	f := FlipCounts{Classes: make([]ClassFlips, classes)}
	for _, s := range samples {
		f.Count(s)
	}
	return f
}

// grow makes room for a number of classes.
func (f *FlipCounts) grow(classes int) {
	if more := classes - len(f.Classes); more > 0 {
		f.Classes = append(f.Classes, make([]ClassFlips, more)...)
	}
}

// Count adds one image.
func (f *FlipCounts) Count(s Sample) {
	f.N++
	f.grow(max(s.Label, s.High) + 1)
	own := &f.Classes[s.Label]
	own.Images++
	if s.Whole == s.Label {
		own.Correct++
	}
	if s.Flip() {
		own.Flips++
	}
	if s.High != s.Low {
		f.Classes[s.High].Pairs++
	}
}

// add pools the counts of disjoint samples.
func (f *FlipCounts) add(g FlipCounts) {
	f.grow(len(g.Classes))
	f.N += g.N
	for i, c := range g.Classes {
		own := &f.Classes[i]
		own.Images, own.Flips, own.Correct, own.Pairs = own.Images+c.Images, own.Flips+c.Flips, own.Correct+c.Correct, own.Pairs+c.Pairs
	}
}

// Total returns the flips among all images as a score.
func (f FlipCounts) Total() measure.Score {
	s := measure.Score{N: f.N}
	for _, c := range f.Classes {
		s.Correct += c.Flips
	}
	return s
}

// Score returns the flips among the images of the class as a score.
func (c ClassFlips) Score() measure.Score { return measure.Score{Correct: c.Flips, N: c.Images} }

// Permuted is the expected number of flips under the permutation null: the pairs of predictions
// for the low- and the high-pass image are permuted over the images, every permutation equally
// likely, while labels and predictions for the whole image stay. A correctly classified image
// becomes a flip if it gets a pair of which high is its label and low is not, so that
//
//	E = Σ over images correct whole of (pairs with high = label ≠ low) / n
//
// With no more flips than that, high-pass images carry no information about their images; a
// model that predicts the same class for all of them has that many by chance.
func (f FlipCounts) Permuted() float64 {
	sum := 0.0
	for class := range f.Classes {
		sum += f.PermutedOf(class)
	}
	return sum
}

// PermutedOf is the part of Permuted that is images of a class.
func (f FlipCounts) PermutedOf(class int) float64 {
	c := f.Classes[class]
	return float64(c.Correct) * float64(c.Pairs) / float64(max(1, f.N))
}
