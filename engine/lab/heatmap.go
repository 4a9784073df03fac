package lab

import (
	"context"

	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// HeatmapRequest asks for a Fourier heat map: the error rate under every Fourier basis vector,
// added to the images at the model's input size.
type HeatmapRequest struct {
	Model           string // path of a comparison model; "" is the open one
	Split           string // "" is the selected one
	bands.Setting          // Normalize is ignored; statistics are always the running ones
	heatmap.Request        // Seed 0 is 1
}

// heatmapKey is what determines the result for given weights.
type heatmapKey struct {
	split     string
	smoothing model.Smoothing
	request   heatmap.Request
}

// Heatmap measures a Fourier heat map. It calls update, which may be nil, from its own
// goroutine with what is known already, a rough map first, and returns the final result.
// Canceled, it returns the error of ctx; the next call with the same request resumes it.
func (l *Lab) Heatmap(ctx context.Context, q HeatmapRequest, update func(heatmap.Result)) (heatmap.Result, error) {
	now, end, err := l.resolveLabeled(ctx, q.Model, q.Split, &q.Setting)
	if err != nil {
		return heatmap.Result{}, err
	}
	defer end()
	if q.Seed == 0 {
		q.Seed = 1
	}
	run, err := now.heatmaps.GetOrMake(heatmapKey{now.split, q.Smoothing, q.Request}, func() (*measure.Resumable[heatmap.Result], error) {
		m, err := heatmap.NewMeasurement(now.Inputs, q.Request)
		return measure.NewResumable(m), err
	})
	if err != nil {
		return heatmap.Result{}, err
	}
	setting := bands.Setting{Smoothing: q.Smoothing}
	return run.Resume(ctx, update,
		func(r heatmap.Result) (measure.Classifier, error) { return now.background(setting, r.Images) })
}
