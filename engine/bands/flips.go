package bands

import (
	"context"

	"hfcui/spectral"
)

// Answer is what a model makes of one image and its parts at a radius.
type Answer struct {
	Index, Label     int
	Whole, Low, High int // most probable classes
}

// Flip tells whether the image is one of the paper's Fig. 2: whole image and high part
// classified right, low part wrong.
func (a Answer) Flip() bool { return a.Whole == a.Label && a.High == a.Label && a.Low != a.Label }

// Answers asks the model about the images at indices, in order, batch by batch, and
// calls visit with each answer until visit returns false.
func Answers(ctx context.Context, src Source, model Classifier, q Request, indices []int, visit func(Answer) bool) error {
	for _, r := range q.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return err
		}
	}
	q.Radii = q.Radii[:1]
	run := newRunner(src, model, q)
	size := model.Batch()
	if q.Statistics == RunningStatistics {
		size = max(1, size/len(run.score))
	}
	for at := 0; at < len(indices); at += size {
		chunk, skip := indices[at:min(at+size, len(indices))], 0
		if q.Statistics == BatchStatistics && len(chunk) < size {
			skip = size - len(chunk)
			chunk = indices[len(indices)-size:]
		}
		if err := run.load(chunk); err != nil {
			return err
		}
		answers := make([]Answer, len(chunk))
		err := run.each(ctx, len(chunk), func(group, image, class int) {
			*[]*int{&answers[image].Whole, &answers[image].Low, &answers[image].High}[group] = class
		})
		if err != nil {
			return err
		}
		for i, a := range answers[skip:] {
			a.Index, a.Label = chunk[skip+i], run.labels[skip+i]
			if !visit(a) {
				return nil
			}
		}
	}
	return nil
}

// FirstLogits asks the model about the images at indices as one batch, and reports the
// logits of the first for its three parts: whole (0), low (1) and high (2).
func FirstLogits(ctx context.Context, src Source, model Classifier, q Request, indices []int, report func(part int, logits []float32)) error {
	run := newRunner(src, model, q)
	if err := run.load(indices); err != nil {
		return err
	}
	n, classes := len(indices), model.Classes()
	for part := range 3 {
		if err := model.Logits(ctx, run.logits[:n*classes], run.slab[part*n*run.size:(part+1)*n*run.size], n); err != nil {
			return err
		}
		if err := CheckLogits(run.logits[:classes]); err != nil {
			return err
		}
		report(part, run.logits[:classes])
	}
	return nil
}
