package lab

import (
	"context"
	"encoding/binary"
	"math"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// BandsRequest asks for the accuracy at cutoff radii.
type BandsRequest struct {
	Radii []float64
	Limit int    // evaluation images; 0: all
	Split string // "" is the selected one
	Model string // path of a comparison model; "" is the open one
	By    bands.Decomposition
	bands.Setting
	Version Version // of the test images
}

// bandsKey is what determines the result for given weights.
type bandsKey struct {
	split   string
	limit   int
	radii   string // float64s, little-endian
	by      bands.Decomposition
	setting bands.Setting
	version Version
}

func (q BandsRequest) key() bandsKey {
	radii := make([]byte, 0, 8*len(q.Radii))
	for _, r := range q.Radii {
		radii = binary.LittleEndian.AppendUint64(radii, math.Float64bits(r))
	}
	return bandsKey{q.Split, q.Limit, string(radii), q.By, q.Setting, q.Version}
}

// cleanKey is what determines the predictions for whole images, which measurements at other
// radii and with other normalizations share.
type cleanKey struct {
	split      string
	limit      int // with batch statistics, where it determines the batches
	statistics model.Statistics
	smoothing  model.Smoothing
	version    Version
}

func (q BandsRequest) cleanKey() cleanKey {
	k := cleanKey{q.Split, 0, q.Statistics, q.Smoothing, q.Version}
	if q.Statistics == model.BatchStatistics {
		k.limit = q.Limit
	}
	return k
}

// Bands measures accuracy on whole images and, at every radius, on low- and high-pass images, and
// counts flips. Results of models on the same split, radii and limit are paired by their outcomes. It
// calls update, which may be nil, from its own goroutine with partial results, rough estimates
// first, and returns the final result. Canceled, it returns the error of ctx; the next call with
// the same request resumes the measurement.
func (l *Lab) Bands(ctx context.Context, q BandsRequest, update func(bands.Result)) (bands.Result, error) {
	now, end, err := l.resolveLabeled(ctx, q.Model, q.Split, &q.Setting)
	if err != nil {
		return bands.Result{}, err
	}
	defer end()
	q.Split = now.split
	inputs, err := now.version(q.Version)
	if err != nil {
		return bands.Result{}, err
	}
	known, predicted := now.bands, now.clean
	if q.Version != (Version{}) {
		known, predicted = now.corrupted, now.corruptedClean
	}
	run, err := known.GetOrMake(q.key(), func() (*measure.Resumable[bands.Result], error) {
		clean, _ := predicted.GetOrMake(q.cleanKey(), func() (*bands.CleanPredictions, error) {
			return bands.NewCleanPredictions(inputs.Len()), nil
		})
		m, err := bands.NewMeasurement(inputs, bands.Request{Radii: q.Radii, Limit: q.Limit,
			Normalize: q.Normalize, Statistics: q.Statistics, By: q.By, Changes: true, Outcomes: true, Threads: l.threads, Yield: l.gate.turn, Clean: clean})
		return measure.NewResumable(m), err
	})
	if err != nil {
		return bands.Result{}, err
	}
	return run.Resume(ctx, update,
		func(r bands.Result) (measure.Classifier, error) { return now.background(q.Setting, r.Images) })
}
