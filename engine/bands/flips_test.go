package bands

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"hfcui/engine/measure"
	"hfcui/spectral"
)

// SVD measurements use the rank that matches the Fourier split of each image, independent of
// threads and batches.
func TestPredictBySVD(t *testing.T) {
	src := newNoise(30, 4)
	q := Request{Radii: []float64{2.5}, By: SVD, Normalize: NormalizeStd}
	var want []Sample
	one := &projector{batch: 1, classes: 4}
	ask := func(image []float32) int {
		logits := make([]float32, 4)
		_ = one.Logits(context.Background(), logits, image, 1)
		return measure.Argmax(logits)
	}
	fourier, svd := spectral.NewSplitter(src.h, src.w), spectral.NewSVD(src.h, src.w)
	for i, image := range src.images {
		low, high := make([]float32, len(image)), make([]float32, len(image))
		fourier.Load(image)
		fourier.Split(nil, high, 2.5)
		if err := svd.Load(image); err != nil {
			t.Fatal(err)
		}
		k, _ := svd.Matched(high)
		svd.Split(low, high, k)
		NormalizeStd.Apply(low)
		NormalizeStd.Apply(high)
		want = append(want, Sample{i, src.labels[i], ask(image), ask(low), ask(high), k})
	}
	for _, threads := range []int{1, 3} {
		q.Threads = threads
		var got []Sample
		err := Predict(t.Context(), src, &projector{batch: 16, classes: 4}, q, measure.Order(src, 30), func(a Sample) bool {
			got = append(got, a)
			return true
		})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d threads: %v\n got %v\nwant %v", threads, err, got, want)
		}
	}
	src.images[3][5] = float32(math.NaN())
	if err := Predict(t.Context(), src, &projector{batch: 16, classes: 4}, q, measure.Order(src, 30), func(Sample) bool { return true }); err == nil {
		t.Error("accepted an image with NaN")
	}
}

// The expectation is the limit of the mean over permutations.
func TestPermuted(t *testing.T) {
	if e := CountFlips(nil, 3).Permuted(); e != 0 {
		t.Errorf("no images: %v", e)
	}
	random := rand.New(rand.NewPCG(4, 2))
	answers := make([]Sample, 60)
	for i := range answers {
		label := random.IntN(3)
		guess := func() int {
			if random.IntN(2) == 0 {
				return label
			}
			return random.IntN(3)
		}
		answers[i] = Sample{Index: i, Label: label, Whole: guess(), Low: guess(), High: guess()}
	}
	const times = 20000
	sum := 0
	for range times {
		for i, j := range random.Perm(len(answers)) {
			dealt := answers[i]
			dealt.Low, dealt.High = answers[j].Low, answers[j].High
			if dealt.Flip() {
				sum++
			}
		}
	}
	if mean, want := float64(sum)/times, CountFlips(answers, 0).Permuted(); math.Abs(mean-want) > 0.1 {
		t.Errorf("%v flips at the mean of %d permutations, want %v", mean, times, want)
	}
}
