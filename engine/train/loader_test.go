package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// loaded is a copy of a batch.
type loaded struct {
	x, target, keep, start []float32
	labels                 []int
}

// load gives the batches from a step on.
func load(t testing.TB, set dataset.Set, c Config, from int) (all []loaded) {
	t.Helper()
	l := newLoader(newInputs(set, c), c, 10)
	go l.run(t.Context(), from)
	for b := range l.ready {
		if b.err != nil {
			t.Fatal(b.err)
		}
		if b.step != from+len(all) {
			t.Fatalf("step %d where %d was due", b.step, from+len(all))
		}
		all = append(all, loaded{slices.Clone(b.x), slices.Clone(b.target), slices.Clone(b.keep), slices.Clone(b.start), slices.Clone(b.labels)})
		l.use <- b
	}
	return all
}

func (b loaded) equal(o loaded) bool {
	return slices.Equal(b.x, o.x) && slices.Equal(b.labels, o.labels) && slices.Equal(b.target, o.target) &&
		slices.Equal(b.keep, o.keep) && slices.Equal(b.start, o.start)
}

// TestAnyStepAlone: what a step trains on does not depend on where the run was begun.
func TestAnyStepAlone(t *testing.T) {
	set := dataset.Shapes(dataset.ShapesOptions{Train: 103}).Train
	c := Default("resnet8-w4", "shapes")
	c.Epochs, c.Batch, c.Crop, c.Flip, c.Mixup, c.Dropout, c.Balance = 3, 16, 4, true, 0.5, 0.5, true
	c.Input, c.Radius, c.Normalize = Low, 6, "std"
	attacked := c
	attacked.Input, attacked.Radius, attacked.Normalize, attacked.Mixup = Whole, 0, "none", 0
	attacked.Adversarial = PGD(0.1)
	attacked.Adversarial.RandomStart = true
	for _, c := range []Config{c, attacked} {
		whole := load(t, set, c, 0)
		if len(whole) < 18 {
			t.Fatalf("%d steps", len(whole))
		}
		for _, from := range []int{1, 5, 6, 13, len(whole) - 1, len(whole)} {
			for i, b := range load(t, set, c, from) {
				if !b.equal(whole[from+i]) {
					t.Fatalf("begun at step %d, step %d is another", from, from+i)
				}
			}
		}
		if whole[0].equal(whole[1]) {
			t.Error("all steps are the same")
		}
		c.Epochs, c.Steps = 0, 8
		if got := load(t, set, c, 0); len(got) != 8 || !got[7].equal(whole[7]) {
			t.Errorf("%d steps of 8, or others", len(got))
		}
	}
}

func TestLoaderStops(t *testing.T) {
	data := dataset.Shapes(dataset.ShapesOptions{Train: 320, Test: 64})
	c := Default("resnet8-w8", "shapes")
	l := newLoader(data.Train, c, 0)
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan struct{})
	go func() { l.run(ctx, 0); close(done) }()
	<-l.ready
	cancel(errors.New("enough"))
	for range l.ready {
	}
	<-done
}

func TestLoaderTellsOfErrors(t *testing.T) {
	c := Default("resnet8-w8", "shapes")
	c.Batch = 8
	l := newLoader(broken{dataset.Shapes(dataset.ShapesOptions{Train: 32}).Train}, c, 0)
	ctx, cancel := context.WithCancel(t.Context())
	go l.run(ctx, 0)
	if b := <-l.ready; b.err == nil {
		t.Error("an image that cannot be read is no error")
	}
	cancel()
}

type broken struct{ dataset.Set }

func (broken) ReadBatch([]float32, []int, []int) error { return errors.New("gone") }

// TestInputs: parts are those of package spectral, normalized.
func TestInputs(t *testing.T) {
	set := dataset.Shapes(dataset.ShapesOptions{Train: 12}).Train
	c := Default("lenet5", "shapes")
	c.Radius = 5
	const size = 3 * 32 * 32
	for _, part := range []string{Low, High, Whole} {
		for _, normalize := range []string{"none", "max", "std"} {
			c.Input, c.Normalize = part, normalize
			n, _ := bands.ParseNormalization(normalize)
			want, low, high := make([]float32, size), make([]float32, size), make([]float32, size)
			if err := set.ReadBatch(want, nil, []int{7}); err != nil {
				t.Fatal(err)
			}
			spectral.NewBatch(32, 32, 1).Split([][]float32{low}, [][]float32{high}, want, []float64{5})
			want = map[string][]float32{Whole: want, Low: low, High: high}[part]
			n.Apply(want)
			got, labels := make([]float32, 3*size), make([]int, 3)
			if err := newInputs(set, c).ReadBatch(got, labels, []int{2, 7, 7}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got[size:2*size], want) || !slices.Equal(got[2*size:], want) || labels[1] != set.Label(7) {
				t.Errorf("%s %s: not what it should be", part, normalize)
			}
		}
	}
}

func TestMixup(t *testing.T) {
	m, picks := mixer{alpha: 0.5, classes: 3}, plan.Picks{Others: make([]int32, 3)}
	sum := 0.0
	const draws = 2000
	for step := range draws {
		x, target := []float32{1, 2, 3, 4, 5, 6}, make([]float32, 9)
		m.draw(stream(1, forMixup, step), &picks, target, []int{0, 1, 2})
		picks.Mix(x, make([]float32, 6), 2)
		for i := range 3 {
			// Image i is 2i+1, 2i+2; the target says of which images how much is in it.
			want := 0.0
			total := 0.0
			for k, p := range target[3*i : 3*i+3] {
				want += float64(p) * float64(2*k+1)
				total += float64(p)
			}
			if math.Abs(want-float64(x[2*i])) > 1e-5 || math.Abs(total-1) > 1e-6 || math.Abs(float64(x[2*i+1]-x[2*i])-1) > 1e-5 {
				t.Fatalf("step %d, image %d: %v for target %v", step, i, x, target)
			}
		}
		lambda := float64(max(target[0], 1-target[0]))
		sum += (lambda - 0.5) * (lambda - 0.5)
	}
	// The variance of Beta(α, α) is 1/(4(2α+1)); where an image was mixed with itself, λ counts as 1.
	want := 2.0/3/(4*(2*0.5+1)) + 1.0/3/4
	if got := sum / draws; math.Abs(got-want) > 0.01 {
		t.Errorf("variance of λ %v, want %v", got, want)
	}
}

// TestBalance: every class comes as often as the largest, all of every class's images do,
// and epochs differ.
func TestBalance(t *testing.T) {
	labels := []int{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 0, 4}
	set := dataset.Relabeled(dataset.Shapes(dataset.ShapesOptions{Train: len(labels)}).Train, labels)
	c := Default("lenet5", "shapes")
	c.Balance = true
	o := newOrder(set, c)
	if o.len() != 4*8 {
		t.Fatalf("%d images an epoch", o.len())
	}
	var before []int
	for epoch := range 3 {
		images := o.epoch(epoch)
		byClass, byImage := make(map[int]int), make(map[int]int)
		for _, i := range images {
			byClass[labels[i]]++
			byImage[i]++
		}
		if len(images) != 32 || fmt.Sprint(byClass) != "map[0:8 1:8 2:8 4:8]" || len(byImage) != len(labels) {
			t.Errorf("classes %v, images %v", byClass, byImage)
		}
		for i, n := range byImage {
			if size := map[int]int{0: 8, 1: 3, 2: 1, 4: 1}[labels[i]]; n < 8/size || n > 8/size+1 {
				t.Errorf("image %d comes %d times", i, n)
			}
		}
		if slices.Equal(images, before) {
			t.Error("two epochs are the same")
		}
		before = images
	}
}

func TestLabelNoise(t *testing.T) {
	set := dataset.Shapes(dataset.ShapesOptions{Train: 2000}).Train
	c := Default("lenet5", "shapes")
	wrong := func(share float64) map[int]bool {
		c.LabelNoise = share
		noisy, w := relabeled(set, c), make(map[int]bool)
		for i := range set.Len() {
			if noisy.Label(i) != set.Label(i) {
				w[i] = true
			}
			if l := noisy.Label(i); l < 0 || l > 9 {
				t.Fatalf("label %d", l)
			}
		}
		return w
	}
	some, more := wrong(0.3), wrong(0.6)
	if len(some) < 540 || len(some) > 660 || len(wrong(1)) != 2000 || len(wrong(0)) != 0 {
		t.Errorf("%d of 2000 wrong for 0.3", len(some))
	}
	for i := range some {
		if !more[i] {
			t.Fatal("more noise spoils other labels")
		}
	}
}

// TestLabelsAreKept: what the folder keeps are the labels trained on.
func TestLabelsAreKept(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.ShuffleLabels = true },
		func(c *Config) { c.LabelNoise = 0.25 },
		func(*Config) {},
	} {
		dir, _, _, err := smallRun(t, func(c *Config) { c.Epochs, c.Steps = 0, 1; change(c) })
		if err != nil {
			t.Fatal(err)
		}
		c := Default("", "")
		c.Limit = 300
		change(&c)
		data := dataset.Shapes(dataset.ShapesOptions{Train: 320})
		want, err := trainingSet(c, data)
		if err != nil {
			t.Fatal(err)
		}
		plain := dataset.Subset(data.Train, 300)
		kept, err := KeptLabels(dir, plain)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			if kept.Label(i) != want.Label(i) {
				t.Fatalf("image %d: %d is kept, %d trained on", i, kept.Label(i), want.Label(i))
			}
		}
		if _, err := KeptLabels(dir, dataset.Subset(plain, 299)); (err == nil) != (c.LabelNoise == 0 && !c.ShuffleLabels) || err != nil && !strings.Contains(err.Error(), "300 labels") {
			t.Errorf("other data: %v", err)
		}
		if err := keepLabels(dir, want, c); err != nil {
			t.Errorf("the same labels again: %v", err)
		}
		if c.ShuffleLabels || c.LabelNoise > 0 {
			if err := keepLabels(dir, plain, c); err == nil || !strings.Contains(err.Error(), "restore the data") {
				t.Errorf("other labels: %v", err)
			}
		}
	}
}

func BenchmarkLoader(b *testing.B) {
	image, err := dataset.Shapes(dataset.ShapesOptions{}).Train.Image(0)
	if err != nil {
		b.Fatal(err)
	}
	set := dataset.Set(still{dataset.Shapes(dataset.ShapesOptions{Train: 4096}).Train, image.Pix})
	for name, change := range map[string]func(*Config){
		"plain":     func(*Config) {},
		"crop+flip": func(c *Config) { c.Crop, c.Flip = 4, true },
		"mixup":     func(c *Config) { c.Mixup = 0.5 },
		"low":       func(c *Config) { c.Input, c.Radius = Low, 8 },
		"high std":  func(c *Config) { c.Input, c.Radius, c.Normalize = High, 8, "std" },
		"dropout":   func(c *Config) { c.Dropout = 0.5 },
	} {
		b.Run(name, func(b *testing.B) {
			c := Default("lenet5", "shapes")
			change(&c)
			l := newLoader(newInputs(set, c), c, 64)
			batch := <-l.use
			var source []float32
			images := l.order.epoch(0)
			for b.Loop() {
				batch.step++
				batch.indices = images[batch.step%30*c.Batch:][:c.Batch]
				source = l.fill(batch, source)
			}
			b.ReportMetric(float64(b.N*c.Batch)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// still is a set that reads images at the speed of memory.
type still struct {
	dataset.Set
	image []float32
}

func (s still) ReadBatch(dst []float32, labels []int, indices []int) error {
	for k, i := range indices {
		copy(dst[k*len(s.image):], s.image)
		if labels != nil {
			labels[k] = s.Label(i)
		}
	}
	return nil
}
