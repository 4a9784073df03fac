// Package candidates checks the assumptions about a model against labeled images: common input
// normalizations, the channel order, and every option of what its file leaves open. Each
// candidate is compared with the current model on the same images; a clearly better one means
// that the file was misinterpreted.
package candidates

import (
	"context"
	"fmt"
	"math"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// Request is what to check.
type Request struct {
	Model  *model.Model
	Given  model.Description                             // description that Model was opened with
	Reopen func(model.Description) (*model.Model, error) // opens its file with another description
	Device plan.Device                                   // runs the candidates
	Images measure.Source                                // labeled with the model's classes, at its input size
	Update func(evaluated int)                           // receives the number of evaluated images; may be nil
}

// Result is the outcome of a check.
type Result struct {
	Checked int     `json:"checked"` // images the candidates were compared on; 0: not checked
	Better  *Better `json:"better"`  // the best of the clearly better candidates, or null
	// Chance is a warning that the current model is no better than chance, if no candidate is
	// clearly better.
	Chance string `json:"chance,omitempty"`
}

// String is the finding in one line; "" if there is none.
func (r Result) String() string {
	if r.Better != nil {
		return r.Better.String()
	}
	return r.Chance
}

// Better is a candidate that is clearly better than the current model.
type Better struct {
	Flags string `json:"flags"` // flags that select it
	measure.ScoreDocument
	Current measure.Score `json:"current"` // the current model, on the same images
	P       float64       `json:"p"`       // McNemar's exact test, Bonferroni-corrected

	Change model.Description `json:"-"` // Flags as a description
	score  measure.Score
}

// Score is that of the candidate.
func (b Better) Score() measure.Score { return measure.Score{Correct: b.Correct, N: b.N} }

// String is the comparison in one line.
func (b Better) String() string {
	return fmt.Sprintf("%s is clearly better: accuracy %s on %d images, vs %s as opened (McNemar p = %.1g)",
		b.Flags, percent(b.score), b.score.N, percent(b.Current), b.P)
}

// percent formats a score as "79.5 % (74.9–83.4)", the interval at 95 %.
func percent(s measure.Score) string {
	lo, hi := s.Wilson()
	return fmt.Sprintf("%.1f %% (%.1f–%.1f)", 100*s.Accuracy(), 100*lo, 100*hi)
}

const (
	images    = 400      // maximum images of a check
	fewest    = 100      // minimum for large images
	large     = 4 << 20  // parameters beyond which half as many images are used
	memory    = 16 << 20 // pixels of images in memory
	batch     = 25       // images evaluated at a time
	alpha     = 0.001    // significance level over all candidates
	alphaPair = 0.0001   // for pairs of changes, which are more prone to overfitting
	hint      = 0.05     // level at which a candidate is suggested for a model at chance
	rounds    = 3        // maximum number of combined changes
	finalists = 5        // candidates that are evaluated on all images
	slack     = 2        // images by which a candidate may trail after the first stage
)

// stages are the numbers of images after which trailing candidates are dropped.
var stages = []int{batch, 4 * batch, images}

// Check evaluates the candidates greedily: the best of the clearly better ones is the base of the
// next round. If the model is no better than chance and no single change helps,
// normalizations are combined with every option. The result is deterministic.
func Check(ctx context.Context, q Request) (Result, error) {
	if q.Model.Certain() {
		return Result{}, nil
	}
	c := &check{Request: q, programs: map[string]*program{}}
	defer c.close()
	if err := c.read(); err != nil {
		return Result{}, err
	}
	if len(c.labels) == 0 {
		return Result{}, nil
	}
	start, err := c.evaluate(ctx, variant{})
	if err != nil {
		return Result{}, err
	}
	best, result := start, Result{Checked: len(c.labels)}
	for range rounds {
		cheap, costly := c.singles(best.variant)
		next, err := c.improve(ctx, best, cheap, alpha)
		if err == nil && next == nil && best.score().Accuracy() < 0.5 { // a wrong activation costs more than that
			next, err = c.improve(ctx, best, costly, alpha)
		}
		if err == nil && next == nil && best == start && c.poor(start) {
			next, err = c.improve(ctx, best, c.pairs(), alphaPair)
		}
		if err != nil {
			return Result{}, err
		}
		if next == nil {
			break
		}
		best = next
	}
	if best == start && c.poor(start) {
		result.Chance = c.chance(start)
	}
	if best != start {
		change := best.description()
		gained, lost := compare(best.correct, start.correct)
		result.Better = &Better{Flags: change.Flags(), ScoreDocument: best.score().Document(), Current: start.score(),
			P: min(1, measure.McNemar(gained, lost)*float64(c.tried)), Change: change, score: best.score()}
	}
	return result, nil
}

// check is a check in progress.
type check struct {
	Request
	pixels   []float32 // [n,C,H,W]
	labels   []int
	programs map[string]*program
	done     int    // evaluated images
	tried    int    // candidates
	leader   *trial // the best fully evaluated candidate that is not clearly better
}

// read loads the labeled images.
func (c *check) read() error {
	ch, h, w := c.Model.Input()
	size := ch * h * w
	order, err := measure.Select(c.Images, 0)
	if err != nil {
		return err
	}
	most := images
	if c.Model.Params() > large {
		most /= 2
	}
	most = max(fewest, min(most, memory/size))
	var chosen []int
	for _, i := range order {
		if label := c.Images.Label(i); label >= 0 && label < c.Model.Net.Classes {
			if chosen = append(chosen, i); len(chosen) == most {
				break
			}
		}
	}
	c.pixels, c.labels = make([]float32, len(chosen)*size), make([]int, len(chosen))
	if len(chosen) == 0 {
		return nil
	}
	return c.Images.ReadBatch(c.pixels, c.labels, chosen)
}

// poor reports whether a model is no better than chance.
func (c *check) poor(t *trial) bool {
	lo, _ := t.score().Wilson()
	return lo <= 1/float64(c.Model.Net.Classes)
}

// chance formats the warning for a model at chance, with the best candidate, if any.
func (c *check) chance(t *trial) string {
	text := fmt.Sprintf("accuracy is %s on %d images, no better than chance: check normalization, class order and assumptions",
		percent(t.score()), len(c.labels))
	if l := c.leader; l != nil {
		gained, lost := compare(l.correct, t.correct)
		if p := measure.McNemar(gained, lost); p < hint {
			d := l.description()
			text += fmt.Sprintf("; with %s it is %s (McNemar p = %.1g, uncorrected, best of %d candidates)", d.Flags(), percent(l.score()), p, c.tried)
		}
	}
	return text
}

// improve returns the best of the candidates that are clearly better than the base, at a level
// over all candidates; nil if none is.
func (c *check) improve(ctx context.Context, base *trial, list []variant, level float64) (*trial, error) {
	c.tried += len(list)
	if reachable := measure.McNemar(base.wrong(0), 0); reachable*float64(c.tried) >= level {
		return nil, nil // even a perfect candidate would not be clearly better
	}
	trials := make([]*trial, len(list))
	for i, v := range list {
		trials[i] = &trial{variant: v}
	}
	for k, end := range stages {
		behind := 0
		if k == 0 {
			behind = slack
		}
		end = min(end, len(c.labels))
		var left []*trial
		for _, t := range trials {
			if err := c.extend(ctx, t, end); err != nil {
				return nil, err
			}
			gained, lost := compare(t.correct, base.correct)
			if t.err == nil && gained+behind > lost && measure.McNemar(gained+base.wrong(end), lost)*float64(c.tried) < level {
				left = append(left, t)
			}
		}
		trials = left
		if k == len(stages)-2 {
			trials = ahead(trials, finalists)
		}
	}
	for _, t := range ahead(trials, 1) { // ahead of the base, too
		gained, lost := compare(t.correct, base.correct)
		if measure.McNemar(gained, lost)*float64(c.tried) < level {
			return t, nil
		}
		if c.leader == nil || t.score().Correct > c.leader.score().Correct {
			c.leader = t
		}
	}
	return nil, nil
}

// evaluate evaluates a variant on all images.
func (c *check) evaluate(ctx context.Context, v variant) (*trial, error) {
	t := &trial{variant: v}
	if err := c.extend(ctx, t, len(c.labels)); err != nil {
		return nil, err
	}
	return t, t.err
}

// extend evaluates a variant on images up to end. A variant that cannot be opened has an error
// of its own.
func (c *check) extend(ctx context.Context, t *trial, end int) error {
	p, err := c.program(t.variant)
	if err != nil {
		t.err = err
		return ctx.Err()
	}
	ch, h, w := c.Model.Input()
	size, k := ch*h*w, c.Model.Net.Classes
	logits := make([]float32, batch*k)
	for len(t.correct) < end {
		from := len(t.correct)
		n := min(batch, end-from)
		x := t.transform(c.pixels[from*size:(from+n)*size], p.model, h*w)
		if err := p.Logits(ctx, logits[:n*k], x, n); err != nil {
			return err
		}
		for i := range n {
			row := logits[i*k : (i+1)*k]
			finite := measure.CheckLogits(row) == nil
			t.correct = append(t.correct, finite && measure.Argmax(row) == c.labels[from+i])
		}
		if c.done += n; c.Update != nil {
			c.Update(c.done)
		}
	}
	return nil
}

// trial is a variant and which of the first images it classifies correctly.
type trial struct {
	variant
	correct []bool
	err     error // why it cannot be opened
}

func (t *trial) score() (s measure.Score) {
	for _, correct := range t.correct {
		s.Count(correct)
	}
	return s
}

// wrong counts the misclassified images from index from on.
func (t *trial) wrong(from int) (n int) {
	for _, correct := range t.correct[min(from, len(t.correct)):] {
		if !correct {
			n++
		}
	}
	return n
}

// compare counts the images that only a (gained) and only b (lost) classifies correctly, of those
// evaluated by both.
func compare(a, b []bool) (gained, lost int) {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] && !b[i]:
			gained++
		case b[i] && !a[i]:
			lost++
		}
	}
	return gained, lost
}

// ahead returns the n trials with the most correct images, in stable order.
func ahead(trials []*trial, n int) []*trial {
	var best []*trial
	taken := map[*trial]bool{}
	for range min(n, len(trials)) {
		most, at := math.MinInt, -1
		for i, t := range trials {
			if s := t.score().Correct; !taken[t] && s > most {
				most, at = s, i
			}
		}
		taken[trials[at]] = true
		best = append(best, trials[at])
	}
	return best
}
