package lab

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/heatmap"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/nets"
	"hfcui/engine/plan/plantest"
	"hfcui/engine/view"
	"hfcui/spectral"
)

// openSmall opens a small untrained model on a few images of shapes.
func openSmall(t *testing.T) *Lab {
	t.Helper()
	data, err := dataset.Open(t.Context(), "shapes", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New("resnet8-w4", [3]int{3, 32, 32}, data.Test.Classes(), nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "small.safetensors")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.Context(), Options{Model: file, Data: "shapes:train=50,test=150", Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// reference answers with every operation's plain arithmetic.
func reference(t *testing.T, l *Lab, rho float64) func(x []float32) []float32 {
	t.Helper()
	m := l.Model().Clone()
	_, w, err := m.Smoothed(model.Smoothing{Rho: rho})
	if err != nil {
		t.Fatal(err)
	}
	copy(m.Weights[m.FirstConv()].Data, w)
	e, err := m.NewEvaluator(plantest.Reference(), 1, model.RunningStatistics)
	if err != nil {
		t.Fatal(err)
	}
	return func(x []float32) []float32 {
		logits := make([]float32, m.Net.Classes)
		if err := e.Logits(t.Context(), logits, x, 1); err != nil {
			t.Fatal(err)
		}
		return logits
	}
}

func TestViewShowsWhatTheModelSees(t *testing.T) {
	l := openSmall(t)
	inputs := l.selected.Load().Inputs
	x := make([]float32, 3*32*32)
	split := spectral.NewSplitter(32, 32)
	for _, q := range []view.Request{
		{Index: 0, R: 6},
		{Index: 7, R: 0},
		{Index: 7, R: 30, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 0.5}}},
		{Index: 149, R: 11.5, Setting: bands.Setting{Normalize: bands.NormalizeMax}},
		{Index: 3, R: 4, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 1}, Normalize: bands.NormalizeStd}},
	} {
		v, err := l.View(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if err := inputs.ReadBatch(x, nil, []int{q.Index}); err != nil {
			t.Fatal(err)
		}
		low, high := make([]float32, len(x)), make([]float32, len(x))
		split.Load(x)
		split.Split(low, high, q.R)
		for i := range x {
			if v.Pictures[bands.Low].Pix[i] != low[i] || v.Pictures[bands.High].Pix[i] != high[i] || v.Pictures[bands.Whole].Pix[i] != x[i] {
				t.Fatalf("%+v: the pictures are not the parts as they are", q)
			}
		}
		q.Normalize.Apply(low)
		q.Normalize.Apply(high)
		answer := reference(t, l, q.Rho)
		for part, image := range [][]float32{x, low, high} {
			want := measure.NewPrediction(answer(image))
			for k, p := range want.Probabilities {
				if math.Abs(v.Predictions[part].Probabilities[k]-p) > 1e-4 {
					t.Errorf("%+v, %v: probabilities %v, want %v", q, bands.Part(part), v.Predictions[part].Probabilities, want.Probabilities)
					break
				}
			}
		}
		if v.Kept != spectral.Kept(32, 32, q.R) || v.Total != 1024 || v.MaxR != 23 {
			t.Errorf("%+v: kept %d of %d, corner %v", q, v.Kept, v.Total, v.MaxR)
		}
	}
}

func TestViewRefusesWhatCannotBe(t *testing.T) {
	l := openSmall(t)
	for _, q := range []view.Request{
		{R: -1}, {R: math.NaN()}, {R: math.Inf(1)}, {Index: -1}, {Index: 150},
		{Setting: bands.Setting{Smoothing: model.Smoothing{Rho: -1}}}, {Setting: bands.Setting{Smoothing: model.Smoothing{Rho: math.NaN()}}}, {Setting: bands.Setting{Smoothing: model.Smoothing{Rho: math.Inf(1)}}}, {Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 1e38}}},
	} {
		if _, err := l.View(t.Context(), q); err == nil {
			t.Errorf("%+v was accepted", q)
		}
	}
}

func TestBandsRememberAndGoOn(t *testing.T) {
	l := openSmall(t)
	q := BandsRequest{Radii: []float64{3, 8}, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: 0.25}}}
	ctx, cancel := context.WithCancel(t.Context())
	first := 0
	_, err := l.Bands(ctx, q, func(r bands.Result) {
		if first == 0 {
			first = r.Whole.N
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || first == 0 || first >= 150 {
		t.Fatalf("canceled after %d images: %v", first, err)
	}
	var begin int
	got, err := l.Bands(t.Context(), q, func(r bands.Result) {
		if begin == 0 {
			begin = r.Whole.N
		}
	})
	if err != nil || !got.Done || begin < first {
		t.Fatalf("went on at %d after %d images: %+v, %v", begin, first, got, err)
	}
	calls := 0
	again, err := l.Bands(t.Context(), q, func(bands.Result) { calls++ })
	if err != nil || calls != 1 || again.Whole != got.Whole {
		t.Errorf("a finished measurement was made again: %d updates, %v", calls, err)
	}
	answer, hits := reference(t, l, 0.25), measure.Score{}
	inputs := l.selected.Load().Inputs
	x, label := make([]float32, 3*32*32), make([]int, 1)
	for i := range inputs.Len() {
		if err := inputs.ReadBatch(x, label, []int{i}); err != nil {
			t.Fatal(err)
		}
		hits.N++
		if measure.Argmax(answer(x)) == label[0] {
			hits.Correct++
		}
	}
	if got.Whole != hits {
		t.Errorf("whole images: %+v, want %+v", got.Whole, hits)
	}
}

func TestFlipsAgreeWithViews(t *testing.T) {
	for _, s := range []bands.Setting{{}, {Statistics: model.BatchStatistics, Smoothing: model.Smoothing{Rho: 0.5}}} {
		for _, by := range []bands.Decomposition{bands.Fourier, bands.SVD} {
			t.Run(s.Statistics.String()+" "+by.String(), func(t *testing.T) { flipsAgreeWithViews(t, s, by) })
		}
	}
}

func flipsAgreeWithViews(t *testing.T, s bands.Setting, by bands.Decomposition) {
	l := openSmall(t)
	got, err := l.Flips(t.Context(), FlipsRequest{R: 3, By: by, Setting: s}, nil)
	if err != nil || got.Counts.N != 150 {
		t.Fatal(got.Counts.N, err)
	}
	want := map[int]bands.Sample{}
	var all []bands.Sample
	stride := 1
	if s.Statistics == model.BatchStatistics {
		stride = 7 // every view runs its whole batch: some of each batch, the last and smaller one too
	}
	for i := 0; i < got.Images; i += stride {
		v, err := l.View(t.Context(), view.Request{Index: i, R: 3, By: by, Setting: s})
		if err != nil {
			t.Fatal(err)
		}
		a := bands.Sample{Index: i, Label: v.Label, Whole: v.Predictions[bands.Whole].Class, Low: v.Predictions[bands.Low].Class, High: v.Predictions[bands.High].Class}
		if by == bands.SVD {
			a.Rank = v.Kept
		}
		if all = append(all, a); v.Flip() {
			want[i] = a
		}
	}
	if stride == 1 && !reflect.DeepEqual(got.Counts, bands.CountFlips(all, len(l.Info().Classes))) {
		t.Errorf("counts %+v; views show %+v", got.Counts, bands.CountFlips(all, 0))
	}
	viewed := 0
	for _, a := range got.Flips {
		if a.Index%stride > 0 {
			continue
		}
		if viewed++; a != want[a.Index] {
			t.Errorf("flip %+v, its view says %+v", a, want[a.Index])
		}
	}
	if viewed != len(want) {
		t.Errorf("%d flips among the %d images viewed; views show %d", viewed, len(all), len(want))
	}
	if len(got.Flips) == 0 {
		return
	}
	q := NextFlipRequest{From: got.Flips[0].Index, Step: -1, R: 3, By: by, Class: -1, Setting: s}
	index, found, err := l.NextFlip(t.Context(), q, nil)
	if last := got.Flips[len(got.Flips)-1].Index; err != nil || !found || index != last {
		t.Errorf("before the first flip comes %d (%v, %v), want the last, %d", index, found, err, last)
	}
}

func TestBatchStatisticsInViewAndBands(t *testing.T) {
	l := openSmall(t)
	s := bands.Setting{Statistics: model.BatchStatistics}
	if _, err := l.View(t.Context(), view.Request{Index: 140, R: 5, Setting: s}); err != nil {
		t.Fatal(err)
	}
	r, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{5}, Setting: s}, nil)
	if err != nil || r.BatchSize != measure.StatisticsBatch || r.Low[0].N != 150 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Another split may be chosen while the old one is looked at.
func TestSplitChangesMeanwhile(t *testing.T) {
	l := openSmall(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 60 {
			if err := l.SetSplit([]string{"train", "test"}[i%2]); err != nil {
				t.Error(err)
			}
			l.Info()
			time.Sleep(time.Millisecond)
		}
	}()
	s := bands.Setting{Statistics: model.BatchStatistics}
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		_, _ = l.View(t.Context(), view.Request{Index: 40 + i%100, R: 3, Setting: s}) // there may be no such image
		if _, _, err := l.NextFlip(t.Context(), NextFlipRequest{From: i, Step: 1, R: 3, Class: -1, Setting: s}, nil); err != nil {
			t.Error(err)
		}
	}
}

// Background work must let a view through, and go on after it.
func TestGate(t *testing.T) {
	g := newGate()
	if g.yield(t.Context()) != nil {
		t.Fatal("a free gate held up")
	}
	leave, also := g.enter(), g.enter()
	passed := make(chan struct{})
	go func() { _ = g.yield(t.Context()); close(passed) }()
	leave()
	leave()
	select {
	case <-passed:
		t.Error("background work passed while somebody was inside")
	case <-time.After(20 * time.Millisecond):
	}
	also()
	<-passed
	defer g.enter()()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if !errors.Is(g.yield(ended), context.Canceled) {
		t.Error("canceled background work waits")
	}
}

// Background work yields under a context that was made of another: what it runs on holds it up,
// not what ends it.
func TestBackgroundYieldsUnderAnyContext(t *testing.T) {
	l := openSmall(t)
	leave := l.Foreground()
	type key struct{}
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 1), time.Hour)
	defer cancel()
	work := map[string]func() error{
		"bands": func() error { _, err := l.Bands(ctx, BandsRequest{Radii: []float64{4}, Limit: 4}, nil); return err },
		"next flip": func() error {
			_, _, err := l.NextFlip(ctx, NextFlipRequest{Step: 1, R: 4, Class: -1}, nil)
			return err
		},
		"heat map": func() error {
			_, err := l.Heatmap(ctx, HeatmapRequest{Request: heatmap.Request{Norm: 1, Limit: 4}}, nil)
			return err
		},
		"robustness": func() error {
			_, err := l.Robustness(ctx, RobustnessRequest{Options: fgsm(1. / 255), Limit: 4}, nil)
			return err
		},
	}
	done := make(chan string, len(work))
	for what, do := range work {
		go func() {
			if err := do(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			done <- what
		}()
	}
	select {
	case what := <-done:
		t.Errorf("%s did not wait for the foreground", what)
	case <-time.After(100 * time.Millisecond):
	}
	leave()
	for range work {
		<-done
	}
}

func TestManyAtOnce(t *testing.T) {
	l := openSmall(t)
	var all sync.WaitGroup
	for k := range 4 {
		all.Add(2)
		go func() {
			defer all.Done()
			for i := range 20 {
				if _, err := l.View(t.Context(), view.Request{Index: i * (k + 1), R: float64(i), Setting: bands.Setting{Smoothing: model.Smoothing{Rho: float64(k)}}}); err != nil {
					t.Error(err)
				}
			}
		}()
		go func() {
			defer all.Done()
			if _, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{4}, Setting: bands.Setting{Smoothing: model.Smoothing{Rho: float64(k % 2)}}}, nil); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}

func TestLabelsThatAreNotTheModels(t *testing.T) {
	l := openSmall(t)
	now := l.selected.Load()
	now.model.Classes[0] = "zebra"
	_, _, match := matchClasses(now.model, now.data)
	now.compareClasses(match)
	if l.Info().Note == "" || l.Info().Labeled || l.Label(0) != -1 {
		t.Errorf("%+v", l.Info())
	}
	if _, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{4}}, nil); err == nil {
		t.Error("accuracy was measured against other classes")
	}
}

func TestConversionIsNoted(t *testing.T) {
	if note := openSmall(t).Info().Note; note != "" {
		t.Errorf("a model on its own data is noted: %q", note)
	}
	data := dataset.Shapes(dataset.ShapesOptions{Train: 1, Test: 1})
	m, err := model.New("lenet5", [3]int{1, 28, 28}, data.Test.Classes(), nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "gray.safetensors")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.Context(), Options{Model: file})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if note := l.Info().Note; note != "the input of gray is 28×28 gray, images of shapes are 32×32 RGB: they are converted" {
		t.Errorf("noted: %q", note)
	}
	if _, err := l.View(t.Context(), view.Request{R: 5}); err != nil {
		t.Error(err)
	}
}

// A model whose answers are not numbers has no accuracy.
func TestAnswersThatAreNotNumbers(t *testing.T) {
	l := openSmall(t)
	first := l.Model().Weights[l.Model().FirstConv()].Data
	for i := range first {
		first[i] = math.MaxFloat32
	}
	if _, err := l.View(t.Context(), view.Request{R: 5}); err == nil {
		t.Error("a view shows answers that are not numbers")
	}
	if _, err := l.Bands(t.Context(), BandsRequest{Radii: []float64{5}}, nil); err == nil {
		t.Error("answers that are not numbers were counted")
	}
}
