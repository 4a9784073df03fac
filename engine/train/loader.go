package train

import (
	"context"
	"math/rand/v2"

	"hfcui/engine/dataset"
)

// batch is images ready to be trained on.
type batch struct {
	x      []float32 // NCHW in [0,1]
	labels []int
	err    error
}

// loader reads and augments batches ahead of the training loop, in an order that only
// the seed and the epoch determine. A remainder smaller than a batch is left out of
// its epoch; which images that is differs from epoch to epoch.
type loader struct {
	set        dataset.Set
	config     Config
	ready, use chan *batch
}

func newLoader(set dataset.Set, c Config) *loader {
	const batches = 3 // ready has room for all of them: handing one over never waits
	l := &loader{set: set, config: c, ready: make(chan *batch, batches), use: make(chan *batch, batches)}
	ch, h, w := set.Shape()
	for range batches {
		l.use <- &batch{x: make([]float32, c.Batch*ch*h*w), labels: make([]int, c.Batch)}
	}
	return l
}

// steps is how many batches an epoch has.
func (l *loader) steps() int { return l.set.Len() / l.config.Batch }

// run delivers the batches of the steps from one on (0 is the first) on ready, until all
// are or ctx ends; then it closes ready.
func (l *loader) run(ctx context.Context, from int) {
	defer close(l.ready)
	var order []int
	for step := from; step < l.config.Epochs*l.steps(); step++ {
		epoch, at := step/l.steps(), step%l.steps()
		if order == nil || at == 0 {
			order = rand.New(rand.NewPCG(l.config.Seed, uint64(epoch)+1)).Perm(l.set.Len())
		}
		select {
		case <-ctx.Done():
			return
		case b := <-l.use:
			b.err = l.set.ReadBatch(b.x, b.labels, order[at*l.config.Batch:(at+1)*l.config.Batch])
			if b.err == nil {
				l.augment(stepRandom(l.config.Seed, step), b.x)
			}
			l.ready <- b
		}
	}
}

// stepRandom is what one step draws from. Every step has a stream of its own, so that a
// run can be taken up again at any.
func stepRandom(seed uint64, step int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 1<<63|uint64(step)))
}

// augment crops and mirrors every image of a batch at random, in place.
func (l *loader) augment(random *rand.Rand, x []float32) {
	if l.config.Crop == 0 && !l.config.Flip {
		return
	}
	c, h, w := l.set.Shape()
	source := make([]float32, c*h*w)
	for at := 0; at < len(x); at += c * h * w {
		image := x[at : at+c*h*w]
		copy(source, image)
		dy, dx := 0, 0
		if p := l.config.Crop; p > 0 {
			dy, dx = random.IntN(2*p+1)-p, random.IntN(2*p+1)-p
		}
		mirror := l.config.Flip && random.IntN(2) == 1
		moved(image, source, c, h, w, dy, dx, mirror)
	}
}

// moved writes source shifted by (dy, dx), zeros moving in, and mirrored left to right.
func moved(dst, source []float32, c, h, w, dy, dx int, mirror bool) {
	for y := range c * h {
		row := dst[y*w : (y+1)*w]
		from := y%h + dy
		if from < 0 || from >= h {
			clear(row)
			continue
		}
		line := source[(y/h*h+from)*w:][:w]
		for x := range row {
			at := x + dx
			if mirror {
				at = w - 1 - x + dx
			}
			if at < 0 || at >= w {
				row[x] = 0
			} else {
				row[x] = line[at]
			}
		}
	}
}
