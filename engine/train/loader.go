package train

import (
	"context"
	"fmt"
	"runtime/debug"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
)

// batch is what one step trains on.
type batch struct {
	step   int       // counted from 0
	x      []float32 // NCHW
	labels []int
	// target is class probabilities, [images, classes], where labels do not say it all;
	// else nil.
	target []float32
	// keep is 1 where dropout keeps what the last layer reads, [images, features], else 0;
	// nil without dropout.
	keep []float32
	// start is where an attack starts from every pixel, in units of ε, −1 to 1; nil where
	// it starts from the image itself.
	start []float32
	err   error

	indices []int
	done    chan struct{} // receives when the batch is ready
}

// loader reads and changes batches ahead of the training loop, several at the same time.
// What is in a batch is determined by the configuration and the number of its step alone. A
// remainder smaller than a batch is left out of its epoch; which images that is differs from
// epoch to epoch.
type loader struct {
	set      dataset.Set
	config   Config
	order    *order
	augment  augmentation
	mix      mixer
	features int // numbers that dropout drops from, of an image

	ready, use chan *batch
}

// loaders is how many batches are made at the same time.
const loaders = 2

// newLoader loads from set; features is what the net's last layer reads of an image.
func newLoader(set dataset.Set, c Config, features int) *loader {
	const batches = loaders + 2 // one is being trained on, one waits
	ch, h, w := set.Shape()
	size, classes := ch*h*w, len(set.Classes())
	l := &loader{
		set: set, config: c, order: newOrder(set, c),
		augment:  augmentation{c.Crop, c.Flip, ch, h, w},
		mix:      mixer{c.Mixup, size, classes},
		features: features,
		ready:    make(chan *batch, batches), use: make(chan *batch, batches), // handing one over never waits
	}
	for range batches {
		b := &batch{x: make([]float32, c.Batch*size), labels: make([]int, c.Batch), done: make(chan struct{}, 1)}
		if c.Mixup > 0 {
			b.target = make([]float32, c.Batch*classes)
		}
		if c.Dropout > 0 {
			b.keep = make([]float32, c.Batch*features)
		}
		if c.Adversarial != nil && c.Adversarial.RandomStart {
			b.start = make([]float32, len(b.x))
		}
		l.use <- b
	}
	return l
}

// steps is how many batches an epoch has.
func (l *loader) steps() int { return l.order.len() / l.config.Batch }

// run delivers the batches of the steps from one on (0 is the first) on ready, until all
// are or ctx ends; then it closes ready. Batches are given back on use.
func (l *loader) run(ctx context.Context, from int) {
	defer close(l.ready)
	making, work := make(chan *batch, cap(l.use)), make(chan *batch)
	for range loaders {
		go func() {
			var source []float32
			for b := range work {
				source = l.fillOrFail(b, source)
				b.done <- struct{}{}
			}
		}()
	}
	go func() {
		defer close(making)
		defer close(work)
		l.deal(ctx, from, making, work)
	}()
	for b := range making {
		<-b.done
		l.ready <- b
	}
}

// deal has batches made, in the order of steps.
func (l *loader) deal(ctx context.Context, from int, making, work chan<- *batch) {
	var images []int
	for step := from; step < l.config.total(l.steps()); step++ {
		epoch, at := step/l.steps(), step%l.steps()
		if images == nil || at == 0 {
			images = l.order.epoch(epoch)
		}
		select {
		case <-ctx.Done():
			return
		case b := <-l.use:
			b.step, b.indices = step, images[at*l.config.Batch:(at+1)*l.config.Batch]
			making <- b // has room for all
			work <- b
		}
	}
}

// fillOrFail is fill where a panic, which here would end the whole program, is an error.
func (l *loader) fillOrFail(b *batch, source []float32) []float32 {
	defer func() {
		if reason := recover(); reason != nil {
			b.err = fmt.Errorf("reading training images: %v\n%s", reason, debug.Stack())
		}
	}()
	return l.fill(b, source)
}

// fill makes a batch. source is memory, which it gives back.
func (l *loader) fill(b *batch, source []float32) []float32 {
	c := l.config
	if b.err = l.set.ReadBatch(b.x, b.labels, b.indices); b.err != nil {
		return source
	}
	source = measure.Resize(source, len(b.x))
	l.augment.apply(stream(c.Seed, forAugment, b.step), b.x, source)
	if b.target != nil {
		l.mix.apply(stream(c.Seed, forMixup, b.step), b.x, source, b.target, b.labels)
	}
	if b.keep != nil {
		random := stream(c.Seed, forDropout, b.step)
		for i := range b.keep {
			b.keep[i] = 0
			if random.Float64() >= c.Dropout {
				b.keep[i] = 1
			}
		}
	}
	if b.start != nil {
		random := stream(c.Seed, forAttack, b.step)
		for i := range b.start {
			b.start[i] = 2*random.Float32() - 1
		}
	}
	return source
}
