package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hfcui/engine/bands"
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
	if q.Statistics == bands.RunningStatistics {
		q.Limit = 0 // with batch statistics it says which images share a batch
	}
	return fmt.Sprint(q.Split, q.Limit, q.Statistics, q.Smoothing)
}

// measurementsKept bounds how many finished or interrupted measurements are remembered, and
// of how many settings whole images.
const measurementsKept = 64

// measurements remembers measurements by what determines them. One that was interrupted
// goes on where it stopped.
type measurements struct {
	mu     sync.Mutex
	byKey  map[string]*heldMeasurement
	recent []string                 // oldest first
	wholes map[string]*bands.Wholes // by whole key
	used   []string                 // whole keys, oldest first
}

type heldMeasurement struct {
	turn chan struct{} // has room for one: who puts something in it has the measurement
	m    *bands.Measurement
}

func newMeasurements() *measurements {
	return &measurements{byKey: map[string]*heldMeasurement{}, wholes: map[string]*bands.Wholes{}}
}

// get returns the measurement for q, made by start if there is none yet. n is how many
// images there are.
func (c *measurements) get(q BandsRequest, n int, start func(*bands.Wholes) (*bands.Measurement, error)) (*heldMeasurement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, wholeKey := q.key(), q.wholeKey()
	if held, ok := c.byKey[key]; ok {
		return held, nil
	}
	whole := c.wholes[wholeKey]
	if whole == nil {
		whole = bands.NewWholes(n)
		c.wholes[wholeKey] = whole
		if c.used = append(c.used, wholeKey); len(c.used) > measurementsKept {
			delete(c.wholes, c.used[0])
			c.used = slices.Delete(c.used, 0, 1)
		}
	}
	m, err := start(whole)
	if err != nil {
		return nil, err
	}
	held := &heldMeasurement{make(chan struct{}, 1), m}
	c.byKey[key] = held
	c.recent = append(c.recent, key)
	if len(c.recent) > measurementsKept {
		delete(c.byKey, c.recent[0])
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	return held, nil
}

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
	held, err := now.results.get(q, from.inputs.Len(), func(w *bands.Wholes) (*bands.Measurement, error) {
		return bands.NewMeasurement(from.inputs, bands.Request{Radii: q.Radii, Limit: q.Limit,
			Normalize: q.Normalize, Statistics: q.Statistics, Changes: true, Threads: l.threads, Wholes: w})
	})
	if err != nil {
		return bands.Result{}, err
	}
	select {
	case held.turn <- struct{}{}:
		defer func() { <-held.turn }()
	case <-ctx.Done():
		return bands.Result{}, ctx.Err()
	}
	result := held.m.Result()
	if update != nil && result.Whole.N > 0 {
		update(result)
	}
	if result.Done {
		return result, nil
	}
	classifier, err := now.backgroundClassifier(q.Setting, result.Images)
	if err != nil {
		return result, err
	}
	return held.m.Run(l.gate.background(ctx), classifier, update)
}

// backgroundClassifier is the model as background work uses it, for n images.
func (s *subject) backgroundClassifier(q Setting, n int) (bands.Classifier, error) {
	batch := runningBatch
	if q.Statistics == bands.BatchStatistics {
		batch = min(statisticsBatch, n)
	}
	return s.panel.classifier(evaluatorKey{batch, q.Statistics, true}, q.Smoothing)
}
