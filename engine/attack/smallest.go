package attack

import (
	"context"

	"hfcui/engine/measure"
)

// The minimal methods, which search for each image's smallest ε as old Foolbox (1.8) did.
const (
	MinimalFGSMMethod = "minimal-fgsm"
	MinimalPGDMethod  = "minimal-pgd"
)

var minimalFGSM = Method{
	Name:        MinimalFGSMMethod,
	Description: "smallest ε in L∞ at which FGSM succeeds (Foolbox 1.8)",
	Norms:       []Norm{LInf},
	Gradient:    true,
	Minimal:     true,
	Cost:        func(Options) int { return minimalTries },
	attacker:    func() attacker { return &minimal{search: (*minimal).lineSearch} },
}

var minimalPGD = Method{
	Name:            MinimalPGDMethod,
	Description:     "smallest ε in L∞ at which PGD succeeds (Foolbox 1.8)",
	Norms:           []Norm{LInf},
	Gradient:        true,
	Minimal:         true,
	Steps:           40,
	StepSize:        func(Options) float64 { return firstStep },
	ChoosesStepSize: true,
	Cost:            func(o Options) int { return minimalTries * o.Steps },
	attacker:        func() attacker { return &minimal{search: (*minimal).bisect} },
}

// minimalTries is about how many ε a minimal method tries.
const minimalTries = 20

// The search schedule of Foolbox 1.8.
const (
	gridPoints = 1000 // of GradientSignAttack
	finePoints = 20   // refinement below one of the first as many points
	firstTry   = 0.3  // ε of ProjectedGradientDescentAttack
	firstStep  = 0.01 // its step size at that ε
	growth     = 1.5
	tries      = 20 // of increasing ε, and of bisection
)

// minimal searches for the smallest ε in L∞ of every image, as Foolbox 1.8 did:
//
// minimal-fgsm tries x + ε·sign(dx) for ε = 1/1000, 2/1000 … of the largest; if one of the
// first 20 succeeds, it tries twentieths of that in the same way.
//
// minimal-pgd tries PGD from x with ε = 0.3, increased by a factor of 1.5 until it succeeds,
// and then bisects twenty times; step sizes are proportional to ε, and a try succeeds as soon
// as one of its iterates does.
//
// A misclassified image needs no perturbation; an image for which none is found is returned
// unchanged.
type minimal struct {
	search func(s *minimal, ctx context.Context, a *Attack, t Target, j job) error

	logits []float32
	images []*search
	x      []float32 // candidates to confirm
}

// search is the state of the search on one image.
type search struct {
	image int
	found bool
	size  float64 // L∞ norm of the smallest perturbation found

	// minimal-fgsm:
	largest float64 // ε of the last grid point
	points  int     // of the grid
	next    int     // grid point, from 1
	fine    bool

	// minimal-pgd:
	epsilon, good, bad float64
	tried              int
	halving            bool
	steps              int
}

func (s *minimal) run(ctx context.Context, a *Attack, t Target, all job) error {
	return all.batches(t.Batch(), func(j job) error { return s.batch(ctx, a, t, j) })
}

func (s *minimal) batch(ctx context.Context, a *Attack, t Target, j job) error {
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
	return s.search(s, ctx, a, t, j)
}

// lineSearch is minimal-fgsm. The fewer images are left, the more grid points share a batch.
func (s *minimal) lineSearch(ctx context.Context, a *Attack, t Target, j job) error {
	if len(s.images) == 0 {
		return nil
	}
	dx := a.dx[:len(j.x)]
	clear(a.zero)
	if err := a.gradient(ctx, t, dx, j.x, j, CrossEntropy); err != nil {
		return err
	}
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
			if !search.update(each, func(p int) bool {
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

// at is ε at a grid point.
func (s *search) at(point int) float64 { return s.largest * float64(point) / float64(s.points) }

// update records the results at the next n grid points, and reports whether the search is over.
func (s *search) update(n int, wrong func(point int) bool) (over bool) {
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

// along sets v to x + ε·direction, clipped to [0,1].
func along(v, direction, x []float32, epsilon float64) {
	e := float32(epsilon)
	for k, d := range direction {
		v[k] = projectPixel(x[k]+e*d, x[k], e)
	}
}
