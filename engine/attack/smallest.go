package attack

import (
	"context"

	"hfcui/engine/measure"
)

// What the smallest ε is searched by, as in old Foolbox (1.8).
const (
	gridPoints = 1000 // of GradientSignAttack
	finePoints = 20   // as many again below one of the first so many
	firstTry   = 0.3  // ε of ProjectedGradientDescentAttack
	firstStep  = 0.01 // its step size there
	growth     = 1.5
	tries      = 20 // of growing ε, and again of halving
)

// smallest looks for the smallest ε in L∞ for every image of a batch, as old Foolbox did:
//
// minimal-fgsm tries x + ε·sign(dx) for ε = 1/1000, 2/1000 … of the largest; if one of the
// first 20 succeeds, twentieths of it are tried in the same way.
//
// minimal-pgd tries PGD from x itself with ε = 0.3, then 1.5 times more until it succeeds, and
// then halves twenty times; its steps are in proportion to ε, and a try succeeds as soon as
// one of its points does.
//
// An image that is taken for another class as it is needs none; one for which nothing is
// found stays as it is.
type smallest struct {
	logits []float32
	images []*search
	x      []float32 // candidates to confirm
}

// search is how far one image is.
type search struct {
	image int
	found bool
	size  float64 // of the smallest found, measured

	// minimal-fgsm:
	largest float64 // ε of the last point of the grid
	points  int     // of the grid
	next    int     // the next of them, from 1
	fine    bool

	// minimal-pgd:
	epsilon, good, bad float64
	tried              int
	halving            bool
	steps              int
}

// run attacks a batch.
func (s *smallest) run(ctx context.Context, a *Attack, t Target, j job) error {
	copy(j.dst, j.x)
	if err := t.Logits(ctx, a.logits, j.x, len(j.labels)); err != nil {
		return err
	}
	s.images = s.images[:0]
	for i, label := range j.labels {
		if measure.Argmax(a.logits[i*t.Classes():][:t.Classes()]) == label {
			s.images = append(s.images, &search{
				image: i, largest: a.options.Epsilon, points: gridPoints, next: 1,
				epsilon: min(firstTry, a.options.Epsilon),
			})
		}
	}
	if a.options.Method == MinimalFGSMMethod {
		return s.alongSigns(ctx, a, t, j)
	}
	return s.tryPGD(ctx, a, t, j)
}

// alongSigns is minimal-fgsm. The fewer images are left, the more points are asked about at a
// time.
func (s *smallest) alongSigns(ctx context.Context, a *Attack, t Target, j job) error {
	if len(s.images) == 0 {
		return nil
	}
	dx := a.dx[:len(j.x)]
	if err := t.Gradient(ctx, dx, a.logits[:len(j.labels)*t.Classes()], j.x, j.labels, CrossEntropy); err != nil {
		return err
	}
	clear(a.zero)
	a.look(j, dx)
	a.each(len(j.labels), func(i int) {
		j.outcomes[i].ZeroGradient = a.zero[i]
		signs(j.image(dx, i))
	})
	v := a.current[:t.Batch()*j.size]
	for len(s.images) > 0 {
		each := t.Batch() / len(s.images)
		a.each(len(s.images)*each, func(k int) {
			search := s.images[k/each]
			point := min(search.next+k%each, search.points)
			place := job{size: j.size}.image(v, k)
			along(place, j.image(dx, search.image), j.image(j.x, search.image), search.at(point))
		})
		n := len(s.images) * each
		if err := t.Logits(ctx, a.logits, v[:n*j.size], n); err != nil {
			return err
		}
		left := s.images[:0]
		for k, search := range s.images {
			if !search.learn(each, func(p int) bool {
				at := k*each + p
				wrong := measure.Argmax(a.logits[at*t.Classes():][:t.Classes()]) != j.labels[search.image]
				if wrong {
					copy(j.image(j.dst, search.image), v[at*j.size:][:j.size])
				}
				return wrong
			}) {
				left = append(left, search)
			}
		}
		s.images = left
	}
	return nil
}

// at is ε at a point of the grid.
func (s *search) at(point int) float64 { return s.largest * float64(point) / float64(s.points) }

// learn takes notice of what became of the next points, and tells whether the search is over.
func (s *search) learn(n int, wrong func(point int) bool) (over bool) {
	for p := range min(n, s.points-s.next+1) {
		if !wrong(p) {
			continue
		}
		if s.next+p > finePoints || s.fine {
			return true
		}
		s.largest, s.points, s.next, s.fine = s.at(s.next+p), finePoints, 1, true
		return false
	}
	s.next += n
	return s.next > s.points
}

// along puts v at x + ε·direction, in [0,1].
func along(v, direction, x []float32, epsilon float64) {
	e := float32(epsilon)
	for k, d := range direction {
		v[k] = project(x[k]+e*d, x[k], e)
	}
}
