package attack

import (
	"context"
	"math"
	"slices"

	"hfcui/engine/measure"
)

// batch is the images a Measurement is at.
type batch struct {
	m        *Measurement
	size     int // values an image
	most     int // images
	from, to int // in the order of measuring
	loaded   bool
	x, dst   []float32
	labels   []int
	attacks  map[*series]*Attack
	made     map[*series]images // for others to show
}

// images are adversarial images of a part of a batch.
type images struct {
	from, to int
	x        []float32
}

func newBatch(m *Measurement, most int) *batch {
	c, h, w := m.src.Shape()
	return &batch{m: m, size: c * h * w, most: most, attacks: make(map[*series]*Attack), made: make(map[*series]images)}
}

// choose goes over to the images from a place in the order on.
func (b *batch) choose(from int) {
	b.from, b.to, b.loaded = from, min(from+b.most, len(b.m.order)), false
	clear(b.made)
}

// load reads the images, unless that has been done, and makes them those that targets are
// spared to be asked about twice.
func (b *batch) load(targets []*spared) error {
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

// take does with the images what a series has not done yet, and tells whether there was
// anything.
func (b *batch) take(ctx context.Context, targets []*spared, s *series) (bool, error) {
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
	done := len(s.first(to)) // another may have gone on in the meantime
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

// outcomes does with images of the batch what a series is.
func (b *batch) outcomes(ctx context.Context, targets []*spared, s *series, from, to int) ([]outcome, error) {
	switch {
	case s.options.Method == "":
		return b.answers(ctx, targets[s.rho], b.x[from*b.size:to*b.size], b.labels[from:to])
	case s.donor != nil:
		made := b.made[s.donor]
		if made.x == nil || made.from > from || made.to < to { // known from before
			if _, err := b.attack(ctx, targets[s.donor.rho], s.donor, from, to); err != nil {
				return nil, err
			}
			made = b.made[s.donor]
		}
		return b.answers(ctx, targets[s.rho], made.x[(from-made.from)*b.size:(to-made.from)*b.size], b.labels[from:to])
	}
	return b.attack(ctx, targets[s.rho], s, from, to)
}

// answers asks a model about images.
func (b *batch) answers(ctx context.Context, t *spared, x []float32, labels []int) ([]outcome, error) {
	classes := t.Classes()
	logits := make([]float32, len(labels)*classes)
	if err := t.Logits(ctx, logits, x, len(labels)); err != nil {
		return nil, err
	}
	out := make([]outcome, len(labels))
	for i, label := range labels {
		out[i].right = measure.Argmax(logits[i*classes:][:classes]) == label
	}
	return out, nil
}

// attack attacks images of the batch, and keeps what it makes of them if others show it.
func (b *batch) attack(ctx context.Context, t *spared, s *series, from, to int) ([]outcome, error) {
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
	for other := range b.made {
		if other.options != s.options {
			delete(b.made, other) // all that show it have done so
		}
	}
	if s.gives {
		b.made[s] = images{from, to, slices.Clone(dst)}
	}
	out := make([]outcome, len(results))
	for i, r := range results {
		out[i] = outcome{right: !r.Success, zeroGradient: r.ZeroGradient, smallest: float32(r.LInf)}
		if !r.Success {
			out[i].smallest = float32(math.Inf(1))
		}
	}
	return out, nil
}
