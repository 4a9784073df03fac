package spectral

import (
	"fmt"
	"slices"
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
	low, high [][]float32
	x         []float32
	need      box
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
	b.one = b.splitPlane
	return b
}

// Split writes the components of the images x (n·planes·h·w pixels for any n and number
// of planes) at radius radii[i] to low[i] and high[i], each as long as x or nil when it
// is not wanted. low or high may be nil altogether. No two slices may overlap.
func (b *Batch) Split(low, high [][]float32, x []float32, radii []float64) {
	size := b.h * b.w
	checkLen("the images", len(x), len(x)/size*size)
	checkParts("low", low, x, radii)
	checkParts("high", high, x, radii)
	b.low, b.high, b.x = low, high, x
	b.prepare(radii)
	b.workers.each(len(x)/size, b.one)
	b.low, b.high, b.x = nil, nil, nil
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
