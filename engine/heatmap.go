package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
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

// heatmaps remembers heat maps by what determines them. One that was interrupted goes on
// where it stopped.
type heatmaps struct {
	mu     sync.Mutex
	byKey  map[string]*heldHeatmap
	recent []string // oldest first
}

type heldHeatmap struct {
	turn chan struct{} // has room for one: who puts something in it has the measurement
	m    *heatmap.Measurement
}

func newHeatmaps() *heatmaps { return &heatmaps{byKey: map[string]*heldHeatmap{}} }

// get returns the heat map of a key, made by start if there is none yet.
func (c *heatmaps) get(key string, start func() (*heatmap.Measurement, error)) (*heldHeatmap, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held, ok := c.byKey[key]; ok {
		return held, nil
	}
	m, err := start()
	if err != nil {
		return nil, err
	}
	held := &heldHeatmap{make(chan struct{}, 1), m}
	c.byKey[key] = held
	if c.recent = append(c.recent, key); len(c.recent) > heatmapsKept {
		delete(c.byKey, c.recent[0])
		c.recent = slices.Delete(c.recent, 0, 1)
	}
	return held, nil
}

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
	q.Statistics, q.Normalize = bands.RunningStatistics, bands.NormalizeNone
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
	held, err := now.heatmaps.get(fmt.Sprint(from.split, q.Setting, q.Request), func() (*heatmap.Measurement, error) {
		return heatmap.NewMeasurement(from.inputs, q.Request)
	})
	if err != nil {
		return heatmap.Result{}, err
	}
	select {
	case held.turn <- struct{}{}:
		defer func() { <-held.turn }()
	case <-ctx.Done():
		return heatmap.Result{}, ctx.Err()
	}
	result := held.m.Result()
	if update != nil && result.Clean.N > 0 {
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
