package picture

import (
	"cmp"
	"slices"
)

// refine improves the palette that variancecut made: every point moves to the nearest color,
// which need not be its box's, and every color to the mean of its points. That is one step of
// Lloyd's algorithm (Least squares quantization in PCM, 1982); further steps gain next to
// nothing.
type refine struct {
	colors []tone // ordered by key
	of     []uint16
}

// tone is one color of a palette, with the sum of its points' values and their count.
type tone struct {
	v   [3]float32
	key float32 // r+g+b: colors whose keys differ by d are at least d/√3 apart
	sum [3]float64
	n   float64
}

// manyPoints is the number of points from which on points keep their boxes' colors: the
// picture is then noise, where nobody sees the difference, and reassigning would dominate the
// time.
const manyPoints = 1 << 14

// step returns the colors and the index of each point's color.
func (r *refine) step(points []point, boxes []colorBox) ([]tone, []uint16) {
	r.colors = r.colors[:0]
	for _, b := range boxes {
		var c tone
		for k := range c.v {
			c.v[k] = float32(b.sum[k] / b.n)
		}
		c.key = c.v[0] + c.v[1] + c.v[2]
		r.colors = append(r.colors, c)
	}
	r.of = slices.Grow(r.of[:0], len(points))[:len(points)]
	if len(points) > manyPoints {
		for i, b := range boxes {
			r.colors[i].sum, r.colors[i].n = b.sum, b.n
			for k := b.lo; k < b.hi; k++ {
				r.of[k] = uint16(i)
			}
		}
		return r.colors, r.of
	}
	slices.SortFunc(r.colors, func(a, b tone) int { return cmp.Compare(a.key, b.key) })
	for i := range points {
		p := &points[i]
		best := r.nearest(p)
		r.of[i] = uint16(best)
		c := &r.colors[best]
		n := float64(p.n)
		c.n += n
		for k, v := range p.v {
			c.sum[k] += n * float64(v)
		}
	}
	return r.colors, r.of
}

// nearest searches for the color nearest to p, outwards from the one with the nearest key,
// until keys alone rule out all others.
func (r *refine) nearest(p *point) int {
	key := p.v[0] + p.v[1] + p.v[2]
	low, high := 0, len(r.colors)
	for low < high {
		if mid := (low + high) / 2; r.colors[mid].key < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	best, limit := 0, float32(1<<30) // limit is three times the least squared distance
	for i := low; i < len(r.colors); i++ {
		c := &r.colors[i]
		if d := c.key - key; d*d >= limit {
			break
		}
		if d := 3 * c.distance(p); d < limit {
			best, limit = i, d
		}
	}
	for i := low - 1; i >= 0; i-- {
		c := &r.colors[i]
		if d := key - c.key; d*d >= limit {
			break
		}
		if d := 3 * c.distance(p); d < limit {
			best, limit = i, d
		}
	}
	return best
}

// distance is the squared distance of p from the color.
func (c *tone) distance(p *point) float32 {
	r, g, b := c.v[0]-p.v[0], c.v[1]-p.v[1], c.v[2]-p.v[2]
	return r*r + g*g + b*b
}
