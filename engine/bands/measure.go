// Package bands measures the accuracy of a model on low-pass and high-pass images, radius by
// radius.
package bands

import (
	"context"
	"slices"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// Request says what to measure.
type Request struct {
	Radii     []float64 // cutoff radii, cycles per image
	Limit     int       // evaluation images; 0: all
	Normalize Normalization
	// Statistics are those of the Classifier. With batch statistics every batch holds
	// Classifier.Batch images of one component at one radius, since they share a mean.
	Statistics model.Statistics
	By         Decomposition // into low- and high-pass image
	Changes    bool          // whether to compare predictions for low-pass and whole images
	Outcomes   bool          // whether to keep which images are correct, and to count flips
	Threads    int           // for splitting; at least 1
	// Yield is called before an image is read; nil only checks the context.
	Yield plan.Yield
	// Steady makes every round as large as possible, without frequent updates.
	Steady bool
	// Clean, if not nil, holds predictions of this Classifier for whole images of this Source,
	// with these Statistics and, with batch statistics, this Limit. New ones are added to it.
	Clean *CleanPredictions
}

// Result is the accuracy on whole images and on their components, so far.
type Result struct {
	Radii     []float64
	Whole     measure.Score
	Low, High []measure.Score // one per radius
	Changes   []Change        // one per radius; nil if not requested
	Flips     []FlipCounts    // one per radius; nil if Outcomes are not requested
	Outcomes  Outcomes        // empty if not requested
	// Images is the number of evaluation images.
	Images int
	Done   bool
	// ImagesPerSecond is the throughput since the start; every component counts.
	ImagesPerSecond float64
	// BatchSize is the number of images that share batch statistics; 0 with running statistics.
	BatchSize int
}

// Started reports whether there is something to show.
func (r Result) Started() bool { return r.Whole.N > 0 }

// Finished reports whether all images have been evaluated.
func (r Result) Finished() bool { return r.Done }

// clone returns a copy that shares nothing with r.
func (r Result) clone() Result {
	r.Radii, r.Low, r.High, r.Changes = slices.Clone(r.Radii), slices.Clone(r.Low), slices.Clone(r.High), slices.Clone(r.Changes)
	r.Flips = slices.Clone(r.Flips)
	for i := range r.Flips {
		r.Flips[i].Classes = slices.Clone(r.Flips[i].Classes)
	}
	return r
}

// add adds the scores of a round.
func (r *Result) add(t tally) {
	r.Whole = r.Whole.Add(t.whole)
	for i := range r.Radii {
		r.Low[i] = r.Low[i].Add(t.low[i])
		r.High[i] = r.High[i].Add(t.high[i])
		if r.Changes != nil {
			r.Changes[i] = r.Changes[i].add(t.changes[i])
		}
		if r.Flips != nil {
			r.Flips[i].add(t.flips[i])
		}
	}
	r.Outcomes.append(t.outcomes)
}

// Measurement evaluates images in rounds, of few images first and more later, each at every
// radius: after the first round there is a rough figure everywhere. It can be interrupted and
// resumed; it is not for concurrent use.
type Measurement struct {
	src       measure.Source
	q         Request
	result    Result
	order     []int // of images
	next      int   // position in order
	size      int   // of the last round
	took      time.Duration
	spent     time.Duration
	evaluated int // images that inference ran on
}

// NewMeasurement prepares a measurement; nothing is computed yet.
func NewMeasurement(src measure.Source, q Request) (*Measurement, error) {
	for _, r := range q.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return nil, err
		}
	}
	order, err := measure.Select(src, q.Limit)
	if err != nil {
		return nil, err
	}
	t := newTally(q, 0, 0)
	return &Measurement{src: src, q: q, order: order, result: Result{
		Radii: slices.Clone(q.Radii), Images: len(order), Low: t.low, High: t.high, Changes: t.changes, Flips: t.flips, Outcomes: t.outcomes,
	}}, nil
}

// Result returns what has been measured so far.
func (m *Measurement) Result() Result { return m.result.clone() }

const (
	// roundBytes limits the memory of one round.
	roundBytes = 24 << 20
	// firstRound is the number of images of the first rough figures.
	firstRound = 4
	// roundTime is the duration at which rounds stop growing: with longer ones the figures on
	// screen would jump.
	roundTime = 200 * time.Millisecond
)

// group is the number of radii evaluated at a time, so that a round fits roundBytes.
func (m *Measurement) group(batch int) int {
	images := firstRound
	if m.q.Statistics == model.BatchStatistics {
		images = batch
	}
	c, h, w := m.src.Shape()
	return max(1, (roundBytes/(4*c*h*w*images)-1)/2)
}

// round is the number of images to evaluate next, group radii at a time.
func (m *Measurement) round(batch, group int) int {
	left := m.result.Images - m.next
	if m.q.Statistics == model.BatchStatistics {
		return min(left, batch)
	}
	c, h, w := m.src.Shape()
	fit := max(1, roundBytes/(4*c*h*w*(2*min(group, len(m.q.Radii))+1)))
	size := max(firstRound, m.size)
	if m.q.Steady {
		size = batch
	} else if m.size > 0 && m.took < roundTime {
		size *= 2
	}
	if n := min(size, batch, fit); n < left {
		return m.fullest(n, batch)
	}
	return left
}

// fullest is the number of images, n or slightly fewer, whose components fill the model's
// batches best: a partial batch takes as long as a full one.
func (m *Measurement) fullest(n, batch int) int {
	best, most := n, 0.0
	for k := n; k > n-n/4; k-- {
		parts := k * (2*len(m.q.Radii) + 1)
		if full := float64(parts) / float64((parts+batch-1)/batch); full > most {
			best, most = k, full
		}
	}
	return best
}

// Run evaluates all images, calling update after every round. It returns early with the error
// of ctx; the next Run resumes.
func (m *Measurement) Run(ctx context.Context, c measure.Classifier, update func(Result)) (Result, error) {
	run := newRunner(m.src, c, m.q)
	group := m.group(c.Batch())
	if m.q.Statistics == model.BatchStatistics {
		m.result.BatchSize = c.Batch()
	}
	for m.next < m.result.Images {
		started := time.Now()
		n := m.round(c.Batch(), group)
		indices := m.order[m.next : m.next+n]
		if m.q.Statistics == model.BatchStatistics && n < c.Batch() {
			// The last batch is filled up with images already counted, so that its statistics are
			// over as many images as those of all others.
			indices = m.order[m.result.Images-c.Batch() : m.result.Images]
		}
		found, evaluated, err := run.round(ctx, indices, n, group)
		if err != nil {
			return m.Result(), err
		}
		m.result.add(found)
		m.next, m.size, m.took = m.next+n, n, time.Since(started)
		m.evaluated += evaluated
		m.spent += m.took
		m.result.ImagesPerSecond = float64(m.evaluated) / m.spent.Seconds()
		m.result.Done = m.next == m.result.Images
		if update != nil {
			update(m.Result())
		}
	}
	return m.Result(), nil
}
