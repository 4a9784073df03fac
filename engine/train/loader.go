package train

import (
	"context"
	"fmt"
	"runtime/debug"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/plan"
)

// batch is the data of one step.
type batch struct {
	step   int       // counted from 0
	x      []float32 // NCHW; nil if the learner keeps the images
	picks  plan.Picks
	labels []int
	// target is class probabilities, [images, classes]; nil for hard labels.
	target []float32
	// keep is the dropout mask of the last layer's input, [images, features]; nil without dropout.
	keep []float32
	// start is the attack's random start, in units of ε, −1 to 1; nil without.
	start []float32
	err   error

	indices []int
	done    chan struct{} // receives when the batch is ready
}

// loader reads and augments batches ahead of the training loop, several in parallel. A batch is
// determined by the configuration and the step alone. The incomplete last batch of an epoch is
// dropped; its images differ from epoch to epoch.
type loader struct {
	set      dataset.Set
	config   Config
	order    *order
	augment  augmentation
	mix      mixer
	features int  // size of the dropout mask per image
	kept     bool // by the learner: batches are without images

	ready, use chan *batch
}

// loaders is the number of batches prepared in parallel.
const loaders = 2

// newLoader returns a loader of set; features is the number of inputs of the net's last layer.
func newLoader(set dataset.Set, c Config, features int) *loader {
	const batches = loaders + 2 // one in training, one waiting
	ch, h, w := set.Shape()
	classes := len(set.Classes())
	l := &loader{
		set: set, config: c, order: newOrder(set, c),
		augment:  augmentation{c.Crop, c.Flip},
		mix:      mixer{c.Mixup, classes},
		features: features,
		ready:    make(chan *batch, batches), use: make(chan *batch, batches), // sends never block
	}
	for range batches {
		b := &batch{labels: make([]int, c.Batch), done: make(chan struct{}, 1)}
		b.picks.Images = make([]plan.Pick, c.Batch)
		if c.Mixup > 0 {
			b.target, b.picks.Others = make([]float32, c.Batch*classes), make([]int32, c.Batch)
		}
		if c.Dropout > 0 {
			b.keep = make([]float32, c.Batch*features)
		}
		if c.Adversarial != nil && c.Adversarial.RandomStart {
			b.start = make([]float32, c.Batch*ch*h*w)
		}
		l.use <- b
	}
	return l
}

// steps returns the number of batches per epoch.
func (l *loader) steps() int { return l.order.len() / l.config.Batch }

// run sends the batches of the steps from index from on ready, until the end or until ctx ends;
// then it closes ready. Batches are returned on use.
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

// deal dispatches batches in the order of steps.
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
			making <- b // never blocks
			work <- b
		}
	}
}

// fillOrFail is fill with panics, which would end the program, as errors.
func (l *loader) fillOrFail(b *batch, source []float32) []float32 {
	defer func() {
		if reason := recover(); reason != nil {
			b.err = fmt.Errorf("reading training images: %v\n%s", reason, debug.Stack())
		}
	}()
	return l.fill(b, source)
}

// fill prepares a batch. source is a buffer, which it returns.
func (l *loader) fill(b *batch, source []float32) []float32 {
	c := l.config
	for i, index := range b.indices {
		b.picks.Images[i].Index, b.labels[i] = int32(index), l.set.Label(index)
	}
	l.augment.draw(stream(c.Seed, forAugment, b.step), b.picks.Images)
	if b.target != nil {
		l.mix.draw(stream(c.Seed, forMixup, b.step), &b.picks, b.target, b.labels)
	}
	if !l.kept {
		ch, h, w := l.set.Shape()
		size := ch * h * w
		b.x, source = measure.Resize(b.x, c.Batch*size), measure.Resize(source, c.Batch*size)
		if b.err = l.set.ReadBatch(b.x, b.labels, b.indices); b.err != nil {
			return source
		}
		b.picks.MoveAll(b.x, source, size, h, w)
		b.picks.Mix(b.x, source, size)
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
