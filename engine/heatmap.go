package engine

import (
	"context"
	"fmt"

	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// HeatmapRequest asks for a Fourier heat map: how often a model errs with noise of every
// frequency of its input's size, added to the images as it is shown them.
type HeatmapRequest struct {
	Model           string // as Lab.OpenBeside has it; "" is the open one
	Split           string // "" is the chosen one
	Setting                // Normalize does not matter, and statistics are always the running ones
	heatmap.Request        // Seed 0 is 1
}

// heatmapsKept bounds how many heat maps of a model are remembered.
const heatmapsKept = 16

// Heatmap measures a Fourier heat map. It calls update, which may be nil, from its own
// goroutine with what is known already, a rough picture first, and returns the last.
// Cancelled, it returns ctx's error; asked again, it goes on where it stopped.
func (l *Lab) Heatmap(ctx context.Context, q HeatmapRequest, update func(heatmap.Result)) (heatmap.Result, error) {
	now, end, err := l.beside(ctx, q.Model)
	if err != nil {
		return heatmap.Result{}, err
	}
	defer end()
	if err := now.checkLabels(l.data.Name); err != nil {
		return heatmap.Result{}, err
	}
	q.Statistics, q.Normalize = model.RunningStatistics, bands.NormalizeNone
	if err := now.settle(&q.Setting); err != nil {
		return heatmap.Result{}, err
	}
	from, err := now.of(l.data, now.subject, q.Split)
	if err != nil {
		return heatmap.Result{}, err
	}
	if q.Seed == 0 {
		q.Seed = 1
	}
	held, err := now.heatmaps.get(fmt.Sprint(from.split, q.Setting, q.Request), func() (*held[heatmap.Result], error) {
		m, err := heatmap.NewMeasurement(from.inputs, q.Request)
		return newHeld(m), err
	})
	if err != nil {
		return heatmap.Result{}, err
	}
	return held.carryOn(ctx, update,
		func(r heatmap.Result) bool { return r.Clean.N > 0 }, func(r heatmap.Result) bool { return r.Done },
		func(r heatmap.Result) (measure.Classifier, error) {
			return now.backgroundClassifier(q.Setting, r.Images)
		})
}
