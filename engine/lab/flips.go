package lab

import (
	"context"
	"slices"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// FlipsRequest asks for the images of the paper's Fig. 2: correct on the whole and the
// high-pass image, wrong on the low-pass image.
type FlipsRequest struct {
	Model string // path of a comparison model; "" is the open one
	Split string // "" is the selected one
	R     float64
	By    bands.Decomposition
	Limit int // evaluation images; 0: all
	bands.Setting
}

// FlipsResult lists the flips, so far.
type FlipsResult struct {
	Counts bands.FlipCounts
	Flips  []bands.Sample // in the order of the images
	Images int            // evaluation images, of which Counts.N are done
}

// flipsPause is the shortest time between two updates but the last.
const flipsPause = 100 * time.Millisecond

// Flips finds all flips. It calls update, which may be nil, from its own goroutine with what has
// been found already.
func (l *Lab) Flips(ctx context.Context, q FlipsRequest, update func(FlipsResult)) (FlipsResult, error) {
	now, end, err := l.resolveLabeled(ctx, q.Model, q.Split, &q.Setting)
	if err != nil {
		return FlipsResult{}, err
	}
	defer end()
	n := now.Set.Len()
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	result, last := FlipsResult{Counts: bands.CountFlips(nil, len(now.classes())), Images: n}, time.Now()
	err = l.predict(ctx, now, q, indices, func(a bands.Sample) bool {
		result.Counts.Count(a)
		if a.Flip() {
			result.Flips = append(result.Flips, a)
		}
		if update != nil && time.Since(last) > flipsPause {
			last = time.Now()
			update(result.clone())
		}
		return true
	})
	return result, err
}

// clone returns a copy that does not change with r.
func (r FlipsResult) clone() FlipsResult {
	r.Counts.Classes = slices.Clone(r.Counts.Classes)
	r.Flips = r.Flips[:len(r.Flips):len(r.Flips)]
	return r
}

// NextFlipRequest asks for the nearest flip after (Step 1) or before (Step -1) image From,
// wrapping around, among the images of a Class (-1: any).
type NextFlipRequest struct {
	From, Step int
	R          float64
	By         bands.Decomposition
	Class      int
	bands.Setting
}

// NextFlip looks for a flip. progress may be nil.
func (l *Lab) NextFlip(ctx context.Context, q NextFlipRequest, progress func(done, total int)) (index int, found bool, err error) {
	now, end, err := l.resolveLabeled(ctx, "", "", &q.Setting)
	if err != nil {
		return 0, false, err
	}
	defer end()
	n := now.Set.Len()
	var indices []int
	for k := 1; k <= n; k++ {
		i := ((q.From+k*q.Step)%n + n) % n
		if q.Class < 0 || now.Set.Label(i) == q.Class {
			indices = append(indices, i)
		}
	}
	done := 0
	err = l.predict(ctx, now, FlipsRequest{R: q.R, By: q.By, Setting: q.Setting}, indices, func(a bands.Sample) bool {
		if done++; progress != nil {
			progress(done, len(indices))
		}
		index, found = a.Index, a.Flip()
		return !found
	})
	return index, found, err
}

// predict predicts images and their components, in the order of indices, until visit returns
// false.
func (l *Lab) predict(ctx context.Context, from *selection, r FlipsRequest, indices []int, visit func(bands.Sample) bool) error {
	if err := spectral.CheckRadius(r.R); err != nil {
		return err
	}
	if len(indices) == 0 {
		return nil
	}
	inputs := from.Inputs
	classifier, err := from.background(r.Setting, inputs.Len())
	if err != nil {
		return err
	}
	q := bands.Request{Radii: []float64{r.R}, Normalize: r.Normalize, Statistics: r.Statistics, By: r.By, Threads: l.threads, Yield: l.gate.turn}
	if r.Statistics == model.RunningStatistics {
		return bands.Predict(ctx, inputs, classifier, q, indices, visit)
	}
	// Predictions depend on the batch: every image is evaluated in the one in which it is
	// viewed and measured, whatever the order of indices.
	known := map[int]bands.Sample{}
	for _, i := range indices {
		if _, ok := known[i]; !ok {
			batch, counted := measure.BatchOf(inputs, i, classifier.Batch())
			own := batch[len(batch)-counted:]
			err := bands.Predict(ctx, inputs, classifier, q, batch, func(a bands.Sample) bool {
				if slices.Contains(own, a.Index) {
					known[a.Index] = a
				}
				return true
			})
			if err != nil {
				return err
			}
		}
		if !visit(known[i]) {
			return nil
		}
	}
	return nil
}
