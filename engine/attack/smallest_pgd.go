package attack

import (
	"context"

	"hfcui/engine/measure"
)

// bisect is minimal-pgd. Images still searched are the first of the batch.
func (s *minimal) bisect(ctx context.Context, a *Attack, t Target, j job) error {
	for k, search := range s.images {
		copy(a.current[k*j.size:][:j.size], j.image(j.x, search.image))
	}
	labels := make([]int, len(s.images))
	for len(s.images) > 0 {
		n := len(s.images)
		for k, search := range s.images {
			labels[k] = j.labels[search.image]
		}
		v, dx := a.current[:n*j.size], a.dx[:n*j.size]
		if err := t.Gradient(ctx, dx, a.logits[:n*t.Classes()], v, labels[:n], CrossEntropy); err != nil {
			return err
		}
		succeeded, err := s.confirm(ctx, a, t, j, v, labels[:n])
		if err != nil {
			return err
		}
		a.each(n, func(k int) { s.advance(a, j, k, succeeded[k]) })
		left := s.images[:0]
		for k, search := range s.images {
			if search.tried > tries {
				continue
			}
			if len(left) < k {
				copy(j.image(v, len(left)), j.image(v, k))
			}
			left = append(left, search)
		}
		s.images = left
	}
	return nil
}

// confirm evaluates the iterates that the gradient program misclassifies: what counts is the
// prediction of the evaluation program, which may round differently.
func (s *minimal) confirm(ctx context.Context, a *Attack, t Target, j job, v []float32, labels []int) ([]bool, error) {
	classes := t.Classes()
	succeeded := make([]bool, len(labels))
	var claims []int
	s.x = s.x[:0]
	for k, label := range labels {
		if s.images[k].steps > 0 && measure.Argmax(a.logits[k*classes:][:classes]) != label {
			claims = append(claims, k)
			s.x = append(s.x, j.image(v, k)...)
		}
	}
	if len(claims) == 0 {
		return succeeded, nil
	}
	s.logits = measure.Resize(s.logits, len(claims)*classes)
	if err := t.Logits(ctx, s.logits, s.x, len(claims)); err != nil {
		return nil, err
	}
	for c, k := range claims {
		succeeded[k] = measure.Argmax(s.logits[c*classes:][:classes]) != labels[k]
	}
	return succeeded, nil
}

// advance takes the next step of image number k, or starts its next try if this one has
// succeeded or has no steps left.
func (s *minimal) advance(a *Attack, j job, k int, succeeded bool) {
	search := s.images[k]
	i := search.image
	v, dx, x := j.image(a.current, k), j.image(a.dx, k), j.image(j.x, i)
	if succeeded {
		if size, _ := norms(v, x); !search.found || size < search.size {
			search.found, search.size = true, size
			copy(j.image(j.dst, i), v)
		}
	}
	if succeeded || search.steps == a.options.Steps {
		search.nextTry(succeeded, a.options.Epsilon)
		copy(v, x)
		return
	}
	if zeroGradient(dx) {
		j.outcomes[i].ZeroGradient = true
	}
	stepSigns(v, dx, x, float32(a.method.stepSize(a.options)*search.epsilon/firstTry), float32(search.epsilon))
	search.steps++
}

// nextTry chooses the next ε. When there is none, tried exceeds tries.
func (s *search) nextTry(succeeded bool, most float64) {
	s.steps = 0
	s.tried++
	switch {
	case s.halving && succeeded:
		s.good = s.epsilon
	case s.halving:
		s.bad = s.epsilon
	case succeeded:
		s.halving, s.tried, s.good = true, 1, s.epsilon
	case s.epsilon >= most:
		s.tried = tries + 1 // none found
		return
	default:
		s.epsilon = min(growth*s.epsilon, most)
		return
	}
	s.epsilon = (s.good + s.bad) / 2
}
