package attack

import "hfcui/engine/measure"

// ball is the set of admissible perturbations, at most epsilon in norm and within a band of
// frequencies, of images whose pixels stay in [0,1]; and steps within it.
type ball struct {
	norm    Norm
	epsilon float64
	limit   *bandLimit                    // nil: all frequencies
	each    func(n int, body func(i int)) // runs a loop over images, possibly in parallel
	sizes   []float64                     // of each image's step, in the norm
	delta   []float32                     // perturbations of a batch: work space
}

// inTurn is a serial loop.
func inTurn(n int, body func(i int)) {
	for i := range n {
		body(i)
	}
}

// setStep sets the step size of n images.
func (b *ball) setStep(size float64, n int) {
	b.sizes = measure.Resize(b.sizes, n)
	for i := range b.sizes {
		b.sizes[i] = size
	}
}

// independent reports whether the ball constrains every pixel on its own: in L∞, without a
// band.
func (b *ball) independent() bool { return b.norm == LInf && b.limit == nil }

// step moves v by sizes along the gradients dx, which it overwrites, and projects it.
func (b *ball) step(v, dx []float32, j job) {
	if b.independent() {
		b.each(len(j.labels), func(i int) {
			stepSigns(j.image(v, i), j.image(dx, i), j.image(j.x, i), float32(b.sizes[i]), float32(b.epsilon))
		})
		return
	}
	b.direction(dx, j)
	b.each(len(j.labels), func(i int) {
		v, size := j.image(v, i), float32(b.sizes[i])
		for k, d := range j.image(dx, i) {
			v[k] += size * d
		}
	})
	b.project(v, j)
}

// project moves v into the ball around x and into [0,1].
func (b *ball) project(v []float32, j job) {
	if b.independent() {
		b.each(len(j.labels), func(i int) { clip(j.image(v, i), j.image(j.x, i), float32(b.epsilon)) })
		return
	}
	b.delta = measure.Resize(b.delta, len(v))
	b.each(len(j.labels), func(i int) {
		d, v, x := j.image(b.delta, i), j.image(v, i), j.image(j.x, i)
		for k := range d {
			d[k] = v[k] - x[k]
		}
	})
	b.apply(v, j)
}

// direction turns gradients into directions of steepest ascent with norm 1: in L2 the
// gradient's, in L∞ its signs'. Limited to a band, it is the gradient's projection in L2, and
// in L∞ the projection of that projection's signs.
func (b *ball) direction(dx []float32, j job) {
	if b.limit != nil {
		b.limit.project(dx)
	}
	if b.norm == LInf {
		b.each(len(j.labels), func(i int) { signs(j.image(dx, i)) })
		if b.limit == nil {
			return
		}
		b.limit.project(dx)
	}
	b.each(len(j.labels), func(i int) {
		d := j.image(dx, i)
		factor := float32(1 / max(lengthOf(d, b.norm), tiny))
		for k := range d {
			d[k] *= factor
		}
	})
}

// apply projects the perturbations in delta onto the band, onto the ball and the images x+delta
// onto [0,1], in this order, and puts them in v.
//
// Onto the ball means: in L∞ without a band each pixel is clipped, otherwise the perturbation
// is scaled as a whole, which keeps it in the band. What remains outside the band is due to
// clipping at 0 and 1 alone, and the next step removes it before clipping anew.
func (b *ball) apply(v []float32, j job) {
	delta := b.delta[:len(v)]
	if b.limit != nil {
		b.limit.project(delta)
	}
	b.each(len(j.labels), func(i int) {
		v, d, x := j.image(v, i), j.image(delta, i), j.image(j.x, i)
		switch {
		case b.norm == L2:
			applyL2(v, d, x, b.epsilon)
		case b.limit != nil:
			applyScaled(v, d, x, b.epsilon)
		default:
			applyClipped(v, d, x, float32(b.epsilon))
		}
	})
}
