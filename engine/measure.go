package engine

import (
	"context"
	"fmt"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

const (
	// runningBatch is how many images are classified at a time with running statistics.
	runningBatch = 128
	// statisticsBatch is how many images share their statistics with batch statistics:
	// the batch size of the paper.
	statisticsBatch = 100
)

// BandsRequest asks for the accuracy at radii.
type BandsRequest struct {
	Radii []float64
	Limit int    // only the first Limit images; 0: all
	Split string // "" is the chosen one
	Setting
}

// key is what determines the result: measurements are remembered with the weights they are
// of, so that those need no mention.
func (q BandsRequest) key() string {
	return fmt.Sprint(q.Split, q.Limit, q.Setting, q.Radii)
}

// wholeKey is what determines the answers about whole images, which measurements at other
// radii and with other normalisations share.
func (q BandsRequest) wholeKey() string {
	if q.Statistics == model.RunningStatistics {
		q.Limit = 0 // with batch statistics it says which images share a batch
	}
	return fmt.Sprint(q.Split, q.Limit, q.Statistics, q.Smoothing)
}

// measurementsKept bounds how many finished or interrupted measurements are remembered, and
// of how many settings whole images.
const measurementsKept = 64

// Bands measures accuracy on whole images and, at every radius, on low and high parts.
// It calls update from its own goroutine with what is known already, rough figures
// first, and returns the last. Cancelled, it returns ctx's error; asked again, it goes
// on where it stopped.
func (l *Lab) Bands(ctx context.Context, q BandsRequest, update func(bands.Result)) (bands.Result, error) {
	now, end := l.begin()
	defer end()
	if err := now.checkLabels(l.data.Name); err != nil {
		return bands.Result{}, err
	}
	if err := now.settle(&q.Setting); err != nil {
		return bands.Result{}, err
	}
	from, err := now.of(l.data, now.subject, q.Split)
	if err != nil {
		return bands.Result{}, err
	}
	q.Split = from.split
	held, err := now.results.get(q.key(), func() (*held[bands.Result], error) {
		wholes, err := now.wholes.get(q.wholeKey(), func() (*bands.Wholes, error) { return bands.NewWholes(from.inputs.Len()), nil })
		if err != nil {
			return nil, err
		}
		m, err := bands.NewMeasurement(from.inputs, bands.Request{Radii: q.Radii, Limit: q.Limit,
			Normalize: q.Normalize, Statistics: q.Statistics, Changes: true, Threads: l.threads, Yield: l.gate.yield, Wholes: wholes})
		return newHeld(m), err
	})
	if err != nil {
		return bands.Result{}, err
	}
	return held.carryOn(ctx, update,
		func(r bands.Result) bool { return r.Whole.N > 0 }, func(r bands.Result) bool { return r.Done },
		func(r bands.Result) (measure.Classifier, error) { return now.backgroundClassifier(q.Setting, r.Images) })
}

// backgroundClassifier is the model as background work uses it, for n images.
func (s *subject) backgroundClassifier(q Setting, n int) (measure.Classifier, error) {
	batch := runningBatch
	if q.Statistics == model.BatchStatistics {
		batch = min(statisticsBatch, n)
	}
	return s.panel.classifier(evaluatorKey{batch, q.Statistics, true}, q.Smoothing)
}
