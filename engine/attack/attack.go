package attack

import (
	"context"
	"fmt"
	"math"

	"hfcui/engine/measure"
)

// Attack makes adversarial images as its options say. It keeps memory from run to run and is
// not for concurrent use.
type Attack struct {
	options  Options
	limit    *bandLimit // nil: whole
	auto     autoPGD
	square   square
	smallest smallest
	current  []float32 // the images of a batch that are being changed
	dx       []float32
	delta    []float32
	logits   []float32
	zero     []bool                        // the gradient has been 0 in every pixel
	sizes    []float64                     // of every image's step
	each     func(n int, body func(i int)) // shares a loop over images
}

// Outcome is what became of an image.
type Outcome struct {
	// Success is that the image returned is taken for another class than its label. It says
	// nothing about the image before: that may have been taken for another class already.
	Success bool `json:"success"`
	// Class is what the image returned is taken for.
	Class int `json:"class"`
	// ZeroGradient is that the gradient was 0 in every pixel somewhere on the way to what is
	// returned: the method could not see where to go.
	ZeroGradient bool `json:"zero_gradient,omitempty"`
	// LInf and L2 are the perturbation's norms, measured on what is returned. Of a method that
	// searches the smallest ε, LInf is that, if there is Success.
	LInf float64 `json:"linf"`
	L2   float64 `json:"l2"`
}

// Norm is the perturbation's size in n.
func (o Outcome) Norm(n Norm) float64 {
	if n == L2 {
		return o.L2
	}
	return o.LInf
}

// New makes an attack; the error is Check's.
func New(o Options) (*Attack, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	a := &Attack{options: o}
	if o.Method == APGDDLRMethod {
		a.auto.loss = LogitsRatio
	}
	return a, nil
}

// Options are what the attack was made of.
func (a *Attack) Options() Options { return a.options }

// Run attacks any number of images x [n,C,H,W], pixels being 0 to 1, whose true classes are
// labels and writes what becomes of them to dst, which must not overlap x. What is random for
// an image is determined by its number in indices, such as its place in the data set, and the
// seed; without indices (nil) images are numbered from 0.
func (a *Attack) Run(ctx context.Context, t Target, dst, x []float32, labels, indices []int) ([]Outcome, error) {
	c, h, w := t.Input()
	all := job{x: x, dst: dst, labels: labels, indices: indices, size: c * h * w, outcomes: make([]Outcome, len(labels))}
	if err := all.check(t.Classes()); err != nil {
		return nil, err
	}
	if indices == nil {
		all.indices = make([]int, len(labels))
		for i := range all.indices {
			all.indices[i] = i
		}
	}
	a.prepare(t)
	if a.options.Method == SquareMethod && a.options.Epsilon > 0 {
		if err := a.square.run(ctx, a, t, all); err != nil {
			return nil, err
		}
	}
	for from := 0; from < len(labels); from += t.Batch() {
		part := all.part(from, min(len(labels), from+t.Batch()))
		if err := a.batch(ctx, t, part); err != nil {
			return nil, err
		}
		if err := a.judge(ctx, t, part); err != nil {
			return nil, err
		}
	}
	return all.outcomes, nil
}

// batch attacks a batch by the method asked for.
func (a *Attack) batch(ctx context.Context, t Target, j job) error {
	if a.options.Epsilon == 0 {
		copy(j.dst, j.x)
		return nil
	}
	switch a.options.Method {
	case APGDCEMethod, APGDDLRMethod:
		return a.auto.run(ctx, a, t, j)
	case MinimalFGSMMethod, MinimalPGDMethod:
		return a.smallest.run(ctx, a, t, j)
	case SquareMethod:
		return nil // all images have been attacked together
	}
	return a.climb(ctx, t, j)
}

// job is images to attack.
type job struct {
	x, dst          []float32
	labels, indices []int
	size            int // values an image
	outcomes        []Outcome
}

// part is some of j's images.
func (j job) part(from, to int) job {
	return job{j.x[from*j.size : to*j.size], j.dst[from*j.size : to*j.size], j.labels[from:to], j.indices[from:to], j.size, j.outcomes[from:to]}
}

// image is values of image i in images laid out as x.
func (j job) image(of []float32, i int) []float32 { return of[i*j.size : (i+1)*j.size] }

func (j job) check(classes int) error {
	n := len(j.labels)
	switch {
	case len(j.x) != n*j.size || len(j.dst) != n*j.size:
		return fmt.Errorf("%d values and %d places for %d images of %d values: wrong image size", len(j.x), len(j.dst), n, j.size)
	case j.indices != nil && len(j.indices) != n:
		return fmt.Errorf("%d indices for %d images", len(j.indices), n)
	}
	for _, l := range j.labels {
		if l < 0 || l >= classes {
			return fmt.Errorf("label %d: the model has classes 0 to %d", l, classes-1)
		}
	}
	for _, v := range j.x {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("a pixel is %v: attacks want pixels from 0 to 1", v)
		}
	}
	return nil
}

// prepare makes room for a target's batches.
func (a *Attack) prepare(t Target) {
	c, h, w := t.Input()
	n := t.Batch() * c * h * w
	a.current, a.dx, a.delta = grow(a.current, n), grow(a.dx, n), grow(a.delta, n)
	a.logits = grow(a.logits, t.Batch()*t.Classes())
	a.zero, a.sizes = grow(a.zero, t.Batch()), grow(a.sizes, t.Batch())
	a.each = eachOf(t)
	if b := a.options.Band; !b.Whole() && !a.limit.fits(h, w) {
		a.limit = newBandLimit(b, h, w)
	}
}

// sharing is a target that lends its threads.
type sharing interface {
	// Each calls body for 0 … n−1.
	Each(n int, body func(i int))
}

// eachOf is what shares a loop, or goes through it in turn.
func eachOf(t Target) func(n int, body func(i int)) {
	if s, ok := t.(sharing); ok {
		return s.Each
	}
	return func(n int, body func(i int)) {
		for i := range n {
			body(i)
		}
	}
}

// judge asks what images are taken for now and measures how far they have come.
func (a *Attack) judge(ctx context.Context, t Target, j job) error {
	if err := t.Logits(ctx, a.logits, j.dst, len(j.labels)); err != nil {
		return err
	}
	for i := range j.labels {
		o := &j.outcomes[i]
		o.Class = measure.Argmax(a.logits[i*t.Classes():][:t.Classes()])
		o.Success = o.Class != j.labels[i]
		o.LInf, o.L2 = norms(j.image(j.dst, i), j.image(j.x, i))
	}
	return nil
}

// norms measures v−x.
func norms(v, x []float32) (linf, l2 float64) {
	for i := range v {
		d := math.Abs(float64(v[i]) - float64(x[i]))
		linf = max(linf, d)
		l2 += d * d
	}
	return linf, math.Sqrt(l2)
}

// grow returns s with length n.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
