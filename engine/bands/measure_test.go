package bands

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// noise is a Source of random images.
type noise struct {
	c, h, w int
	images  [][]float32
	labels  []int
}

func newNoise(n, classes int) *noise {
	s := &noise{c: 3, h: 8, w: 8}
	random := rand.New(rand.NewPCG(1, 2))
	for range n {
		image := make([]float32, s.c*s.h*s.w)
		for i := range image {
			image[i] = random.Float32()
		}
		s.images, s.labels = append(s.images, image), append(s.labels, random.IntN(classes))
	}
	return s
}

func (s *noise) Len() int               { return len(s.images) }
func (s *noise) Shape() (int, int, int) { return s.c, s.h, s.w }
func (s *noise) Label(i int) int        { return s.labels[i] }
func (s *noise) ReadBatch(dst []float32, labels []int, indices []int) error {
	for k, i := range indices {
		copy(dst[k*len(s.images[i]):], s.images[i])
		labels[k] = s.labels[i]
	}
	return nil
}

// projector is a linear Classifier. With center it subtracts the batch's mean first, as
// batch statistics do.
type projector struct {
	batch, classes int
	center         bool
	calls, images  int
	failAt         int
}

var errStopped = errors.New("stopped")

func (p *projector) Batch() int   { return p.batch }
func (p *projector) Classes() int { return p.classes }
func (p *projector) Logits(_ context.Context, dst, x []float32, n int) error {
	if p.calls++; p.calls == p.failAt {
		return errStopped
	}
	p.images += n
	if n > p.batch || len(dst) != n*p.classes || (p.center && n != p.batch) {
		panic("Logits: wrong sizes")
	}
	size := len(x) / n
	mean := make([]float64, size)
	if p.center {
		for i, v := range x {
			mean[i%size] += float64(v) / float64(n)
		}
	}
	for i := range n {
		for k := range p.classes {
			sum := 0.0
			for j := range size {
				sum += (float64(x[i*size+j]) - mean[j]) * float64((j*7+k*13)%11-5)
			}
			dst[i*p.classes+k] = float32(sum)
		}
	}
	return nil
}

// expected computes the result image by image.
func expected(s *noise, q Request, n int) Result {
	r := Result{Radii: q.Radii, Images: n, Done: true, Low: make([]measure.Score, len(q.Radii)), High: make([]measure.Score, len(q.Radii))}
	one := &projector{batch: 1, classes: 4}
	if q.Changes {
		r.Changes = make([]Change, len(q.Radii))
	}
	ask := func(image []float32) int {
		logits := make([]float32, 4)
		_ = one.Logits(context.Background(), logits, image, 1)
		return measure.Argmax(logits)
	}
	hit := func(right bool) measure.Score {
		if right {
			return measure.Score{Correct: 1, N: 1}
		}
		return measure.Score{N: 1}
	}
	right := func(image []float32, label int) measure.Score { return hit(ask(image) == label) }
	split := spectral.NewSplitter(s.h, s.w)
	for i, image := range s.images[:n] {
		r.Whole = r.Whole.Add(right(image, s.labels[i]))
		split.Load(image)
		for k, radius := range q.Radii {
			low, high := make([]float32, len(image)), make([]float32, len(image))
			split.Split(low, high, radius)
			q.Normalize.Apply(low)
			q.Normalize.Apply(high)
			r.Low[k] = r.Low[k].Add(right(low, s.labels[i]))
			r.High[k] = r.High[k].Add(right(high, s.labels[i]))
			if !q.Changes {
				continue
			}
			whole, part := ask(image), ask(low)
			c := &r.Changes[k]
			c.Differ = c.Differ.Add(hit(whole != part))
			c.Both = c.Both.Add(hit(whole == s.labels[i] && part == s.labels[i]))
			if whole == s.labels[i] && part != s.labels[i] {
				var sum, most float64
				for j := range image {
					d := float64(image[j]) - float64(low[j])
					sum, most = sum+d*d, max(most, math.Abs(d))
				}
				c.Epsilon = Distance{max(c.Epsilon.L2, math.Sqrt(sum)), max(c.Epsilon.LInf, most)}
			}
		}
	}
	return r
}

func scoresOf(r Result) Result { r.ImagesPerSecond = 0; return r }

func TestMeasureCountsEveryImageOnce(t *testing.T) {
	src := newNoise(61, 4)
	for _, q := range []Request{
		{Radii: []float64{0, 2, 3.5, 9}},
		{Radii: []float64{2}, Limit: 17, Normalize: NormalizeMax},
		{Radii: []float64{1, 4}, Normalize: NormalizeStd, Threads: 2},
		{Radii: []float64{1, 2, 4, 9}, Changes: true},
		{Radii: []float64{3}, Changes: true, Normalize: NormalizeMax, Threads: 2, Steady: true},
	} {
		m, err := NewMeasurement(src, q)
		if err != nil {
			t.Fatal(err)
		}
		updates := 0
		got, err := m.Run(context.Background(), &projector{batch: 16, classes: 4}, func(r Result) {
			updates++
			if r.Low[0].N != r.Whole.N || r.High[len(q.Radii)-1].N != r.Whole.N {
				t.Errorf("radii are not measured evenly: %+v", r)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		n := 61
		if q.Limit > 0 {
			n = q.Limit
		}
		if want := expected(src, q, n); !reflect.DeepEqual(scoresOf(got), want) {
			t.Errorf("%+v:\n got %+v\nwant %+v", q, got, want)
		}
		if updates < 3 && !q.Steady {
			t.Errorf("%d updates, want several", updates)
		}
	}
}

// Known predictions of whole images are not recomputed, and counts are the same.
func TestMeasureWithKnownWholes(t *testing.T) {
	src := newNoise(40, 4)
	for _, s := range []model.Statistics{model.RunningStatistics, model.BatchStatistics} {
		wholes := NewCleanPredictions(src.Len())
		asked := func(q Request) (Result, int) {
			q.Statistics = s
			m, err := NewMeasurement(src, q)
			if err != nil {
				t.Fatal(err)
			}
			classifier := &projector{batch: 10, classes: 4, center: s == model.BatchStatistics}
			result, err := m.Run(t.Context(), classifier, nil)
			if err != nil {
				t.Fatal(err)
			}
			return scoresOf(result), classifier.images
		}
		alone, all := asked(Request{Radii: []float64{3}, Changes: true})
		first, _ := asked(Request{Radii: []float64{1, 2}, Limit: 20, Clean: wholes})
		next, rest := asked(Request{Radii: []float64{3}, Clean: wholes, Changes: true})
		if !reflect.DeepEqual(next, alone) || first.Whole.N != 20 {
			t.Errorf("%v: got %+v, want %+v", s, next, alone)
		}
		if all-rest < 10 {
			t.Errorf("%v: evaluated %d images, %d without known predictions", s, rest, all)
		}
		if _, last := asked(Request{Radii: []float64{4}, Clean: wholes, Normalize: NormalizeMax}); last != 80 {
			t.Errorf("%v: all whole images were known, but %d images were evaluated", s, last)
		}
	}
}

// A measurement can be canceled while images are split.
func TestMeasureStopsBetweenImages(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	src := stopping{newNoise(40, 4), cancel}
	m, err := NewMeasurement(src, Request{Radii: []float64{1, 3}})
	if err != nil {
		t.Fatal(err)
	}
	classifier := &projector{batch: 8, classes: 4}
	if _, err := m.Run(ctx, classifier, nil); !errors.Is(err, context.Canceled) || classifier.calls > 0 {
		t.Errorf("%v after %d batches", err, classifier.calls)
	}
}

// stopping is a Source that cancels what reads it.
type stopping struct {
	*noise
	cancel context.CancelFunc
}

func (s stopping) ReadBatch(dst []float32, labels []int, indices []int) error {
	s.cancel()
	return s.noise.ReadBatch(dst, labels, indices)
}

func TestMeasureGoesOnAfterInterruption(t *testing.T) {
	src, q := newNoise(40, 4), Request{Radii: []float64{1, 3}, Changes: true}
	m, err := NewMeasurement(src, q)
	if err != nil {
		t.Fatal(err)
	}
	for try := 2; ; try++ {
		_, err := m.Run(context.Background(), &projector{batch: 8, classes: 4, failAt: 2 + try}, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, errStopped) || try > 40 {
			t.Fatal(err)
		}
	}
	if got, want := m.Result(), expected(src, q, 40); !reflect.DeepEqual(scoresOf(got), want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// The last batch is filled to the size of the others, and the fill is not counted.
func TestMeasureBatchStatistics(t *testing.T) {
	src, q := newNoise(25, 4), Request{Radii: []float64{2}, Statistics: model.BatchStatistics}
	m, err := NewMeasurement(src, q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Run(context.Background(), &projector{batch: 10, classes: 4, center: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Whole.N != 25 || got.Low[0].N != 25 || got.BatchSize != 10 || !got.Done {
		t.Errorf("%+v", got)
	}
}

func TestPredict(t *testing.T) {
	src := newNoise(30, 4)
	for _, s := range []model.Statistics{model.RunningStatistics, model.BatchStatistics} {
		var visited []int
		indices := []int{5, 29, 3, 8, 11, 0, 7}
		classifier := &projector{batch: 7, classes: 4, center: s == model.BatchStatistics}
		err := Predict(context.Background(), src, classifier, Request{Radii: []float64{2}, Statistics: s}, indices, func(a Sample) bool {
			visited = append(visited, a.Index)
			if a.Label != src.labels[a.Index] {
				t.Errorf("image %d has label %d, want %d", a.Index, a.Label, src.labels[a.Index])
			}
			return len(visited) < 6
		})
		if err != nil || !reflect.DeepEqual(visited, indices[:6]) {
			t.Errorf("%v: visited %v, %v", s, visited, err)
		}
	}
}

func TestNormalizationLeavesEmptyImages(t *testing.T) {
	for _, n := range []Normalization{NormalizeNone, NormalizeMax, NormalizeStd} {
		image := []float32{0, 0, -0, 1e-9}
		n.Apply(image[:3])
		if image[0] != 0 || image[1] != 0 {
			t.Errorf("%v: empty image yields %v", n, image)
		}
	}
	image := []float32{-1, 0, 4}
	NormalizeMax.Apply(image)
	if !reflect.DeepEqual(image, []float32{-0.25, 0, 1}) {
		t.Errorf("max: %v", image)
	}
}

// Counts do not depend on the number of radii and their grouping.
func TestRadiiInGroups(t *testing.T) {
	src := newNoise(23, 4)
	for _, s := range []model.Statistics{model.RunningStatistics, model.BatchStatistics} {
		q := Request{Radii: []float64{0, 1, 2, 3, 4, 5, 6.5}, Statistics: s, Changes: true}
		classifier := &projector{batch: 10, classes: 4, center: s == model.BatchStatistics}
		run := newRunner(src, classifier, q)
		indices := measure.Order(src, 10)
		want, _, err := run.round(context.Background(), indices, 7, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range []int{1, 2, 3, 7} {
			got, _, err := run.round(context.Background(), indices, 7, group)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v, groups of %d: %v, %v, want %v", s, group, got, err, want)
			}
		}
	}
}
