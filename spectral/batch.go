package spectral

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// Batch splits many images of one size at many radii, each image transformed forward
// once. It owns its workspace, which it keeps between calls: a call allocates nothing
// unless there are more radii than ever before. Not for concurrent use.
type Batch struct {
	h, w    int
	workers *pool
	desks   []transform // one a worker
	radii   []float64
	masks   []mask // one a radius, and those of earlier calls
	one     func(worker, p int)

	// The call under way.
	low, high     [][]float32
	x             []float32
	planes        int // of an image
	before, after func(image int) error
	need          box
	failed        atomic.Pointer[error]
}

// NewBatch returns a Batch for images of h×w pixels that uses so many threads, at least
// one.
func NewBatch(h, w, threads int) *Batch {
	checkSize(h, w)
	return newBatch(h, w, threads, func() transform { return newTransform(h, w, newPool(1)) })
}

func newBatch(h, w, threads int, desk func() transform) *Batch {
	b := &Batch{h: h, w: w, workers: newPool(threads)}
	for range b.workers.threads {
		t := desk()
		t.resize(1)
		b.desks = append(b.desks, t)
	}
	b.one = b.splitImage
	return b
}

// Split writes the components of the images x (n·planes·h·w pixels for any n and number
// of planes) at radius radii[i] to low[i] and high[i], each as long as x or nil when it
// is not wanted. low or high may be nil altogether. No two slices may overlap.
func (b *Batch) Split(low, high [][]float32, x []float32, radii []float64) {
	_ = b.SplitEach(low, high, x, radii, 1, nil, nil)
}

// SplitEach is Split for images that come and go one by one, each of so many planes. A
// thread calls before with an image's number, which may write the image to x, splits it and
// calls after, which may go on with its parts while they are in that core's cache; so
// threads wait for each other only at the very end. Both may be nil and must bear calls at
// the same time. It stops after an error and returns it.
func (b *Batch) SplitEach(low, high [][]float32, x []float32, radii []float64, planes int, before, after func(image int) error) error {
	size := planes * b.h * b.w
	checkLen("the images", len(x), len(x)/size*size)
	checkParts("low", low, x, radii)
	checkParts("high", high, x, radii)
	b.low, b.high, b.x, b.planes, b.before, b.after = low, high, x, planes, before, after
	b.failed.Store(nil)
	b.prepare(radii)
	b.workers.each(len(x)/size, b.one)
	b.low, b.high, b.x, b.before, b.after = nil, nil, nil, nil, nil
	if err := b.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// prepare makes the masks, unless they are those of the call before.
func (b *Batch) prepare(radii []float64) {
	if slices.Equal(radii, b.radii) {
		return
	}
	b.radii = append(b.radii[:0], radii...)
	for len(b.masks) < len(radii) {
		b.masks = append(b.masks, mask{})
	}
	b.need = box{}
	for i, r := range radii {
		b.masks[i].set(b.h, b.w, r)
		b.need = b.need.union(b.masks[i].box)
	}
}

func checkParts(what string, parts [][]float32, x []float32, radii []float64) {
	if parts == nil {
		return
	}
	checkLen(what, len(parts), len(radii))
	for i, part := range parts {
		if part != nil && len(part) != len(x) {
			panic(fmt.Sprintf("spectral: %s[%d] has length %d, want %d", what, i, len(part), len(x)))
		}
	}
}

// splitImage splits an image at all radii, unless there has been an error.
func (b *Batch) splitImage(worker, image int) {
	if b.failed.Load() != nil || !b.call(b.before, image) {
		return
	}
	for p := range b.planes {
		b.splitPlane(worker, image*b.planes+p)
	}
	b.call(b.after, image)
}

// call tells whether do, if there is one, went well.
func (b *Batch) call(do func(image int) error, image int) bool {
	if do == nil {
		return true
	}
	if err := do(image); err != nil {
		failure := err // on the heap only now
		b.failed.CompareAndSwap(nil, &failure)
		return false
	}
	return true
}

// splitPlane splits plane p of the images at all radii.
func (b *Batch) splitPlane(worker, p int) {
	t := b.desks[worker]
	size := b.h * b.w
	x := b.x[p*size:][:size]
	even := flat(x)
	if !even && !b.need.empty() {
		t.forward(0, x, b.need)
	}
	for i := range b.radii {
		low, high := plane(b.low, i, p, size), plane(b.high, i, p, size)
		if low != nil || high != nil {
			split(t, low, high, x, 0, &b.masks[i], even)
		}
	}
}

// plane returns plane p of the i-th part, nil when it is not wanted.
func plane(parts [][]float32, i, p, size int) []float32 {
	if parts == nil || parts[i] == nil {
		return nil
	}
	return parts[i][p*size:][:size]
}
