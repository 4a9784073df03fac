package attack

import (
	"context"
	"math"
	"slices"

	"hfcui/engine/measure"
)

// batch is the images that a Measurement is evaluating.
type batch struct {
	m        *Measurement
	size     int // values per image
	most     int // images
	from, to int // in the order of evaluation
	loaded   bool
	x, dst   []float32
	labels   []int
	attacks  map[*series]*Attack
	examples map[*series]images // adversarial examples for transfer
}

// images are adversarial examples of a range of a batch.
type images struct {
	from, to int
	x        []float32
}

func newBatch(m *Measurement, most int) *batch {
	c, h, w := m.src.Shape()
	return &batch{m: m, size: c * h * w, most: most, attacks: make(map[*series]*Attack), examples: make(map[*series]images)}
}

// choose continues with the images from a place in the order on.
func (b *batch) choose(from int) {
	b.from, b.to, b.loaded = from, min(from+b.most, len(b.m.order)), false
	clear(b.examples)
}

// load reads the images, unless that has been done, and has the targets memoise them.
func (b *batch) load(targets []*memoTarget) error {
	if b.loaded {
		return nil
	}
	n := b.to - b.from
	b.x, b.dst, b.labels = measure.Resize(b.x, n*b.size), measure.Resize(b.dst, n*b.size), measure.Resize(b.labels, n)
	if err := b.m.src.ReadBatch(b.x, b.labels, b.m.order[b.from:b.to]); err != nil {
		return err
	}
	for _, t := range targets {
		t.choose(b.x, b.labels)
	}
	b.loaded = true
	return nil
}

// take evaluates the images that a series lacks, and reports whether there were any.
func (b *batch) take(ctx context.Context, targets []*memoTarget, s *series) (bool, error) {
	to := min(b.to, s.images)
	if len(s.first(to)) == to {
		return false, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	done := len(s.first(to)) // another measurement may have continued in the meantime
	if done == to {
		return false, nil
	}
	if err := b.load(targets); err != nil {
		return false, err
	}
	outcomes, err := b.outcomes(ctx, targets, s, done-b.from, to-b.from)
	if err != nil {
		return false, err
	}
	s.add(outcomes)
	return true, nil
}

// outcomes evaluates images of the batch as a series says.
func (b *batch) outcomes(ctx context.Context, targets []*memoTarget, s *series, from, to int) ([]outcome, error) {
	switch {
	case s.options.Method == "":
		return b.classify(ctx, targets[s.rho], b.x[from*b.size:to*b.size], b.labels[from:to])
	case s.source != nil:
		examples := b.examples[s.source]
		if examples.x == nil || examples.from > from || examples.to < to { // its outcomes were known already
			if _, err := b.attack(ctx, targets[s.source.rho], s.source, from, to); err != nil {
				return nil, err
			}
			examples = b.examples[s.source]
		}
		return b.classify(ctx, targets[s.rho], examples.x[(from-examples.from)*b.size:(to-examples.from)*b.size], b.labels[from:to])
	}
	return b.attack(ctx, targets[s.rho], s, from, to)
}

// classify runs inference on images.
func (b *batch) classify(ctx context.Context, t *memoTarget, x []float32, labels []int) ([]outcome, error) {
	classes := t.Classes()
	logits := make([]float32, len(labels)*classes)
	if err := t.Logits(ctx, logits, x, len(labels)); err != nil {
		return nil, err
	}
	out := make([]outcome, len(labels))
	for i, label := range labels {
		out[i].correct = measure.Argmax(logits[i*classes:][:classes]) == label
	}
	return out, nil
}

// attack attacks images of the batch, and keeps the adversarial examples if they are
// transferred.
func (b *batch) attack(ctx context.Context, t *memoTarget, s *series, from, to int) ([]outcome, error) {
	a := b.attacks[s]
	if a == nil {
		var err error
		if a, err = New(s.options); err != nil {
			return nil, err
		}
		b.attacks[s] = a
	}
	dst := b.dst[from*b.size : to*b.size]
	results, err := a.Run(ctx, t, dst, b.x[from*b.size:to*b.size], b.labels[from:to], b.m.order[b.from+from:b.from+to])
	if err != nil {
		return nil, err
	}
	for other := range b.examples {
		if other.options != s.options {
			delete(b.examples, other) // its transfers are done
		}
	}
	if s.transferred {
		b.examples[s] = images{from, to, slices.Clone(dst)}
	}
	out := make([]outcome, len(results))
	for i, r := range results {
		out[i] = outcome{correct: !r.Success, zeroGradient: r.ZeroGradient, smallest: float32(r.LInf)}
		if !r.Success {
			out[i].smallest = float32(math.Inf(1))
		}
	}
	return out, nil
}
