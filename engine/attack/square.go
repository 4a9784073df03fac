package attack

import (
	"context"
	"math"
	"math/rand/v2"

	"hfcui/engine/measure"
)

// SquareMethod is the gradient-free Square attack (Andriushchenko et al. 2020).
const SquareMethod = "square"

var square = Method{
	Name:        SquareMethod,
	Description: "gradient-free Square attack (Andriushchenko et al. 2020)",
	Norms:       bothNorms,
	Steps:       5000,
	QuickSteps:  500, // enough to tell gradient masking from robustness
	Cost:        func(o Options) int { return o.Steps },
	attacker:    func() attacker { return &squareAttack{} },
}

// squareShare is the fraction of an image that the first squares cover, as in AutoAttack.
const squareShare = 0.8

// squareAttack is the Square attack (Andriushchenko et al. 2020): a random search that changes
// one square of an image at a time and keeps what lowers the margin of the label's logit,
// without gradients. Steps is the maximum number of queries per image. It starts with stripes
// (L∞) or bumps (L2) and ends at a misclassified image, which may be the original.
type squareAttack struct {
	images []randomSearch
}

// randomSearch is the state of the search on one image, whose best is in dst.
type randomSearch struct {
	random  *rand.Rand
	queries int
	margin  float64
}

// run attacks all images of a job. As soon as one is finished the next takes its place in the
// batch.
func (s *squareAttack) run(ctx context.Context, a *Attack, t Target, j job) error {
	c, h, w := t.Input()
	if a.options.Norm == L2 && min(h, w) < smallestBumps {
		return errTooSmall(h, w)
	}
	copy(j.dst, j.x)
	s.images = measure.Resize(s.images, len(j.labels))
	var active []int
	propose := func(k int) {
		i := active[k]
		v, image := a.current[k*j.size:][:j.size], &s.images[i]
		p := proposal{random: image.random, x: j.image(j.x, i), best: j.image(j.dst, i), epsilon: a.options.Epsilon, c: c, h: h, w: w}
		switch {
		case image.random == nil: // the original image
			copy(v, p.x)
		case a.options.Norm == L2:
			p.bump(v, j.image(a.delta, k), image.queries, a.options.Steps)
		default:
			p.square(v, image.queries, a.options.Steps)
		}
	}
	for next := 0; next < len(j.labels) || len(active) > 0; {
		for ; len(active) < t.Batch() && next < len(j.labels); next++ {
			s.images[next] = randomSearch{margin: math.Inf(1)}
			active = append(active, next)
		}
		a.each(len(active), propose)
		if err := t.Logits(ctx, a.logits, a.current[:len(active)*j.size], len(active)); err != nil {
			return err
		}
		left := active[:0]
		for k, i := range active {
			if !s.update(a, j, i, a.logits[k*t.Classes():][:t.Classes()], a.current[k*j.size:][:j.size]) {
				left = append(left, i)
			}
		}
		active = left
	}
	return nil
}

// update records the logits of the proposal v for image i, and reports whether its search is
// over.
func (s *squareAttack) update(a *Attack, j job, i int, logits, v []float32) bool {
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
	image.queries++
	return wrong || image.queries == a.options.Steps
}

// proposal makes candidates for an image x whose best adversarial example so far is best.
type proposal struct {
	random  *rand.Rand
	x, best []float32
	epsilon float64
	c, h, w int
}

// square makes v the candidate for L∞: at first vertical stripes of one column, then the best
// with one square set to x±ε, the sign drawn per channel.
func (p proposal) square(v []float32, query, most int) {
	if query == 0 {
		for c := range p.c {
			for col := range p.w {
				p.fill(v, c, 0, p.h, col, 1, p.sign())
			}
		}
		return
	}
	side := min(max(p.side(query-1, most), 1), max(min(p.h, p.w)-1, 1))
	row, col := p.random.IntN(p.h-side+1), p.random.IntN(p.w-side+1)
	copy(v, p.best)
	// A square without effect would waste a query. Where x is at a bound, every sign may have none.
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

// fill sets a rectangle of a channel of v to x+change, projected, and reports whether that
// differs from the best.
func (p proposal) fill(v []float32, c, row, rows, col, cols int, change float32) bool {
	changed := false
	for y := row; y < row+rows; y++ {
		from := (c*p.h+y)*p.w + col
		for k := from; k < from+cols; k++ {
			v[k] = projectPixel(p.x[k]+change, p.x[k], float32(p.epsilon))
			changed = changed || v[k] != p.best[k]
		}
	}
	return changed
}

// side is the side of the square of a query: the area halves on the schedule of the authors'
// code, which is in fractions of all queries.
func (p proposal) side(query, most int) int {
	share := squareShare
	for _, at := range []float64{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000} {
		if math.Floor(float64(query)/float64(most)*10000) > at {
			share /= 2
		}
	}
	return int(math.RoundToEven(math.Sqrt(share * float64(p.h) * float64(p.w))))
}
