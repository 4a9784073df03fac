package spectral

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// Batch splits many images of one size at many radii, transforming each image forward once. It
// owns its workspace and reuses it: a call allocates nothing unless it has more radii than any
// before. It is not safe for concurrent use.
type Batch struct {
	h, w       int
	workers    *pool
	workspaces []transform // one per worker
	radii      []float64
	masks      []mask // one per radius, and more from earlier calls
	one        func(worker, p int)

	// The current call.
	low, high     [][]float32
	x             []float32
	planes        int // per image
	before, after func(image int) error
	need          box
	failed        atomic.Pointer[error]
}

// NewBatch returns a Batch for images of h×w pixels that runs on the given number of threads,
// at least one.
func NewBatch(h, w, threads int) *Batch {
	checkSize(h, w)
	return newBatch(h, w, threads, func() transform { return newTransform(h, w, newPool(1)) })
}

func newBatch(h, w, threads int, newOne func() transform) *Batch {
	b := &Batch{h: h, w: w, workers: newPool(threads)}
	for range b.workers.threads {
		t := newOne()
		t.resize(1)
		b.workspaces = append(b.workspaces, t)
	}
	b.one = b.splitImage
	return b
}

// Split writes the components of the images x (n·planes·h·w pixels, for any n and number of
// planes) at radius radii[i] to low[i] and high[i], each as long as x or nil to skip it. low or
// high may be nil altogether. No two slices may overlap; a wrong length panics.
func (b *Batch) Split(low, high [][]float32, x []float32, radii []float64) {
	_ = b.SplitEach(low, high, x, radii, 1, nil, nil)
}

// SplitEach is Split for images of the given number of planes that are produced and consumed
// one by one. A thread calls before(image), which may write the image to x, splits the image
// and calls after(image), which may process the components while they are in that core's
// cache; threads synchronize only at the end. before and after may be nil and must be safe for
// concurrent use. SplitEach stops at the first error and returns it.
func (b *Batch) SplitEach(low, high [][]float32, x []float32, radii []float64, planes int, before, after func(image int) error) error {
	size := planes * b.h * b.w
	checkLen("the images", len(x), len(x)/size*size)
	checkComponents("low", low, x, radii)
	checkComponents("high", high, x, radii)
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

// prepare builds the masks, unless the radii are those of the previous call.
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

func checkComponents(what string, components [][]float32, x []float32, radii []float64) {
	if components == nil {
		return
	}
	checkLen(what, len(components), len(radii))
	for i, c := range components {
		if c != nil && len(c) != len(x) {
			panic(fmt.Sprintf("spectral: %s[%d] has length %d, want %d", what, i, len(c), len(x)))
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

// call calls do unless it is nil, records its error and reports whether there was none.
func (b *Batch) call(do func(image int) error, image int) bool {
	if do == nil {
		return true
	}
	if err := do(image); err != nil {
		failure := err // escapes to the heap only here
		b.failed.CompareAndSwap(nil, &failure)
		return false
	}
	return true
}

// splitPlane splits plane p of the images at all radii.
func (b *Batch) splitPlane(worker, p int) {
	t := b.workspaces[worker]
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

// plane returns plane p of the i-th component; nil if it is skipped.
func plane(components [][]float32, i, p, size int) []float32 {
	if components == nil || components[i] == nil {
		return nil
	}
	return components[i][p*size:][:size]
}
