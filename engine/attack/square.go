package attack

import (
	"context"
	"math"
	"math/rand/v2"

	"hfcui/engine/measure"
)

// squareShare is the share of an image that the first squares cover, as AutoAttack has it.
const squareShare = 0.8

// square is the Square attack (Andriushchenko et al. 2020): a random search that changes one
// square of an image at a time, keeps what lowers the margin of the label's logit over the
// others and asks for no gradient. Steps is how often it asks about an image, at most; it
// begins with stripes (L∞) or bumps (L2) and ends with an image that is taken for another
// class than its label, which may be the image as it is.
type square struct {
	images []squared
}

// squared is how far one image is: dst holds its best.
type squared struct {
	random *rand.Rand
	asked  int
	margin float64
}

// run attacks all images of a job. As soon as one is done another takes its place in the
// batch.
func (s *square) run(ctx context.Context, a *Attack, t Target, j job) error {
	c, h, w := t.Input()
	if a.options.Norm == L2 && min(h, w) < smallestBumps {
		return errTooSmall(h, w)
	}
	copy(j.dst, j.x)
	s.images = grow(s.images, len(j.labels))
	var active []int
	propose := func(k int) {
		i := active[k]
		v, image := a.current[k*j.size:][:j.size], &s.images[i]
		p := proposal{random: image.random, x: j.image(j.x, i), best: j.image(j.dst, i), epsilon: a.options.Epsilon, c: c, h: h, w: w}
		switch {
		case image.random == nil: // the image as it is
			copy(v, p.x)
		case a.options.Norm == L2:
			p.bump(v, j.image(a.delta, k), image.asked, a.options.Steps)
		default:
			p.square(v, image.asked, a.options.Steps)
		}
	}
	for next := 0; next < len(j.labels) || len(active) > 0; {
		for ; len(active) < t.Batch() && next < len(j.labels); next++ {
			s.images[next] = squared{margin: math.Inf(1)}
			active = append(active, next)
		}
		a.each(len(active), propose)
		if err := t.Logits(ctx, a.logits, a.current[:len(active)*j.size], len(active)); err != nil {
			return err
		}
		left := active[:0]
		for k, i := range active {
			if !s.learn(a, j, i, a.logits[k*t.Classes():][:t.Classes()], a.current[k*j.size:][:j.size]) {
				left = append(left, i)
			}
		}
		active = left
	}
	return nil
}

// learn takes notice of an answer about image i as changed to v, and tells whether it was the
// last.
func (s *square) learn(a *Attack, j job, i int, logits, v []float32) bool {
	image, m := &s.images[i], margin(logits, j.labels[i])
	wrong := measure.Argmax(logits) != j.labels[i]
	if image.random == nil {
		image.random = stream(a.options.Seed, forSquare, j.indices[i], 0)
		return wrong
	}
	if wrong || m < image.margin {
		image.margin = m
		copy(j.image(j.dst, i), v)
	}
	image.asked++
	return wrong || image.asked == a.options.Steps
}

// proposal is a change to try: of an image x whose best change so far is best.
type proposal struct {
	random  *rand.Rand
	x, best []float32
	epsilon float64
	c, h, w int
}

// square makes v the proposal for L∞: at first stripes of a column, then the best with every
// channel of a square at ±ε of x.
func (p proposal) square(v []float32, asked, most int) {
	if asked == 0 {
		for c := range p.c {
			for col := range p.w {
				p.fill(v, c, 0, p.h, col, 1, p.sign())
			}
		}
		return
	}
	side := min(max(p.side(asked-1, most), 1), max(min(p.h, p.w)-1, 1))
	row, col := p.random.IntN(p.h-side+1), p.random.IntN(p.w-side+1)
	copy(v, p.best)
	// A square that changes nothing would be a question wasted. Where x is at a bound all may.
	for range 16 {
		changed := false
		for c := range p.c {
			changed = p.fill(v, c, row, side, col, side, p.sign()) || changed
		}
		if changed {
			return
		}
	}
}

// sign is ε or −ε.
func (p proposal) sign() float32 {
	if p.random.IntN(2) == 0 {
		return -float32(p.epsilon)
	}
	return float32(p.epsilon)
}

// fill sets a rectangle of a channel of v to x and a change, and tells whether that is
// another than the best's.
func (p proposal) fill(v []float32, c, row, rows, col, cols int, change float32) bool {
	changed := false
	for y := row; y < row+rows; y++ {
		from := (c*p.h+y)*p.w + col
		for k := from; k < from+cols; k++ {
			v[k] = project(p.x[k]+change, p.x[k], float32(p.epsilon))
			changed = changed || v[k] != p.best[k]
		}
	}
	return changed
}

// side is how large squares are after so many questions: their area halves at shares of all
// questions, as in the authors' code.
func (p proposal) side(asked, most int) int {
	share := squareShare
	for _, at := range []float64{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000} {
		if math.Floor(float64(asked)/float64(most)*10000) > at {
			share /= 2
		}
	}
	return int(math.RoundToEven(math.Sqrt(share * float64(p.h) * float64(p.w))))
}
