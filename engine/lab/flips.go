package lab

import (
	"context"
	"slices"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// FlipsRequest asks for the images of the paper's Fig. 2: correct on the whole and the
// high-pass image, wrong on the low-pass image.
type FlipsRequest struct {
	R     float64
	By    bands.Decomposition
	Limit int // evaluation images; 0: all
	bands.Setting
}

// FlipsResult lists the flips.
type FlipsResult struct {
	N        int // evaluation images
	Flips    []bands.Sample
	Permuted float64 // expected flips under permuted predictions: see [bands.Permuted]
}

// Flips finds all flips, in the order of the images. progress may be nil.
func (l *Lab) Flips(ctx context.Context, q FlipsRequest, progress func(done, total int)) (FlipsResult, error) {
	now, end, err := l.resolveLabeled(ctx, "", "", &q.Setting)
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
	result := FlipsResult{N: n}
	all := make([]bands.Sample, 0, n)
	err = l.predict(ctx, now, q, indices, func(a bands.Sample) bool {
		if all = append(all, a); progress != nil {
			progress(len(all), n)
		}
		if a.Flip() {
			result.Flips = append(result.Flips, a)
		}
		return true
	})
	result.Permuted = bands.Permuted(all)
	return result, err
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
	q := bands.Request{Radii: []float64{r.R}, Normalize: r.Normalize, Statistics: r.Statistics, By: r.By, Threads: l.threads, Yield: l.gate.yield}
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
