package lab

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// A heat map is that of the model as it answers, is remembered, and goes on where it stopped.
func TestHeatmap(t *testing.T) {
	l := openSmall(t)
	q := HeatmapRequest{Request: heatmap.Request{Norm: 3, Limit: 20}, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 0.5}}}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := l.Heatmap(ctx, q, func(heatmap.Result) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	first := true
	got, err := l.Heatmap(t.Context(), q, func(r heatmap.Result) {
		if first && r.Share == 0 {
			t.Error("it begins anew")
		}
		first = false
	})
	if err != nil || !got.Done || got.H != 32 || got.W != 32 || got.Seed != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	answer, clean := reference(t, l, 0.5), measure.Score{}
	x, label := make([]float32, 3*32*32), make([]int, 1)
	for i := range 20 {
		if err := l.selected.Load().Inputs.ReadBatch(x, label, []int{i}); err != nil {
			t.Fatal(err)
		}
		clean.N++
		if measure.Argmax(answer(x)) == label[0] {
			clean.Correct++
		}
	}
	if got.Clean != clean {
		t.Errorf("clean %+v, want %+v", got.Clean, clean)
	}
	calls := 0
	q.Statistics, q.Normalize, q.Seed = model.BatchStatistics, bands.NormalizeMax, 1 // all the same
	again, err := l.Heatmap(t.Context(), q, func(heatmap.Result) { calls++ })
	if err != nil || calls != 1 || again.At(heatmap.Frequency{U: 3, V: -5}) != got.At(heatmap.Frequency{U: -3, V: 5}) {
		t.Errorf("%d updates, %v", calls, err)
	}
	q.Norm = math.NaN()
	if _, err := l.Heatmap(t.Context(), q, nil); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a norm that is no number: %v", err)
	}
}
