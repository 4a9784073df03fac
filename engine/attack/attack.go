package attack

import (
	"context"
	"fmt"
	"math"

	"hfcui/engine/measure"
)

// Attack generates adversarial examples by one method. It keeps its memory from run to run and
// is not for concurrent use.
type Attack struct {
	ball
	options  Options
	method   Method
	attacker attacker

	current []float32 // the batch being perturbed
	dx      []float32
	logits  []float32
	zero    []bool // a gradient of the image has been zero
}

// Outcome is the result of an attack on one image.
type Outcome struct {
	// Success is set if the adversarial example is misclassified; the original may have been,
	// too.
	Success bool `json:"success"`
	// Class is the predicted class of the adversarial example.
	Class int `json:"class"`
	// ZeroGradient is set if the gradient was zero in every pixel at a step of the run that
	// made the adversarial example.
	ZeroGradient bool `json:"zero_gradient,omitempty"`
	// LInf and L2 are the norms of the perturbation, measured on the adversarial example. For
	// minimal methods LInf is the smallest ε found, if there is Success.
	LInf float64 `json:"linf"`
	L2   float64 `json:"l2"`
}

// Norm is the perturbation's norm n.
func (o Outcome) Norm(n Norm) float64 {
	if n == L2 {
		return o.L2
	}
	return o.LInf
}

// New returns an attack with options o; the error is that of o.Check.
func New(o Options) (*Attack, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	m := Lookup(o.Method)
	return &Attack{ball: ball{norm: o.Norm, epsilon: o.Epsilon}, options: o, method: m, attacker: m.attacker()}, nil
}

// Options returns what New was called with.
func (a *Attack) Options() Options { return a.options }

// Run attacks any number of images x [n,C,H,W], pixels in [0,1], whose n true classes are
// labels, and writes the adversarial examples to dst, which must not overlap x. Random numbers
// for an image depend on the seed and on its element of indices, e.g. its index in the dataset;
// nil numbers the images from 0.
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
	if a.epsilon == 0 {
		copy(dst, x)
	} else if err := a.attacker.run(ctx, a, t, all); err != nil {
		return nil, err
	}
	if err := all.batches(t.Batch(), func(j job) error { return a.evaluate(ctx, t, j) }); err != nil {
		return nil, err
	}
	return all.outcomes, nil
}

// job is a set of images to attack.
type job struct {
	x, dst          []float32
	labels, indices []int
	size            int // values per image
	outcomes        []Outcome
}

// batches calls run for at most n images at a time.
func (j job) batches(n int, run func(batch job) error) error {
	for from := 0; from < len(j.labels); from += n {
		to := min(len(j.labels), from+n)
		if err := run(job{j.x[from*j.size : to*j.size], j.dst[from*j.size : to*j.size], j.labels[from:to], j.indices[from:to], j.size, j.outcomes[from:to]}); err != nil {
			return err
		}
	}
	return nil
}

// image is image i of a slice laid out as x.
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
			return fmt.Errorf("a pixel is %v: attacks need pixels from 0 to 1", v)
		}
	}
	return nil
}

// prepare allocates memory for a target's batches.
func (a *Attack) prepare(t Target) {
	c, h, w := t.Input()
	n := t.Batch() * c * h * w
	a.current, a.dx, a.delta = measure.Resize(a.current, n), measure.Resize(a.dx, n), measure.Resize(a.delta, n)
	a.logits = measure.Resize(a.logits, t.Batch()*t.Classes())
	a.zero = measure.Resize(a.zero, t.Batch())
	a.each = eachOf(t)
	if b := a.options.Band; !b.Whole() && !a.limit.fits(h, w) {
		a.limit = newBandLimit(b, h, w)
	}
}

// parallel is a target that runs loops on its threads.
type parallel interface {
	// Each calls body for 0 … n−1.
	Each(n int, body func(i int))
}

// eachOf returns the target's parallel loop, or else a serial one.
func eachOf(t Target) func(n int, body func(i int)) {
	if p, ok := t.(parallel); ok {
		return p.Each
	}
	return inTurn
}

// evaluate classifies the adversarial examples and measures their perturbations.
func (a *Attack) evaluate(ctx context.Context, t Target, j job) error {
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

// norms returns the norms of v−x.
func norms(v, x []float32) (linf, l2 float64) {
	for i := range v {
		d := math.Abs(float64(v[i]) - float64(x[i]))
		linf = max(linf, d)
		l2 += d * d
	}
	return linf, math.Sqrt(l2)
}
