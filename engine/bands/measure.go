// Package bands measures the accuracy of a model on low-pass and high-pass images, radius by
// radius.
package bands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// Request says what to measure.
type Request struct {
	Radii     []float64
	Limit     int // only the first Limit images; 0: all
	Normalize Normalization
	// Statistics are what the Classifier uses. With batch statistics every batch holds
	// Classifier.Batch images of one part at one radius, since they share a mean.
	Statistics model.Statistics
	By         Decomposition // into low and high part
	Changes    bool          // whether to compare the answers to low parts with those to whole images
	Threads    int           // for splitting; at least 1
	// Yield is called before an image is read; nil only checks the context.
	Yield plan.Yield
	// Steady makes every round as large as it can be, for figures that nobody watches grow.
	Steady bool
	// Clean, if not nil, holds predictions of this Classifier for whole images of this Source,
	// with these Statistics and, with batch statistics, this Limit. New ones are added to it.
	Clean *CleanPredictions
}

// Result is how accurate a model is on whole images and on their parts, so far.
type Result struct {
	Radii     []float64
	Whole     measure.Score
	Low, High []measure.Score // one a radius
	Changes   []Change        // one a radius; nil when they were not asked for
	// Images is how many images of the split will be measured at each radius.
	Images int
	Done   bool
	// ImagesPerSecond counts images (parts count each) through the model since the start.
	ImagesPerSecond float64
	// BatchSize is what batch statistics were taken over; 0 with running statistics.
	BatchSize int
}

// Started reports whether there is something to show.
func (r Result) Started() bool { return r.Whole.N > 0 }

// Finished reports whether all images have been evaluated.
func (r Result) Finished() bool { return r.Done }

// clone returns a copy that shares nothing with r.
func (r Result) clone() Result {
	r.Radii, r.Low, r.High, r.Changes = slices.Clone(r.Radii), slices.Clone(r.Low), slices.Clone(r.High), slices.Clone(r.Changes)
	return r
}

// add takes in what a round found.
func (r *Result) add(t tally) {
	r.Whole = r.Whole.Add(t.whole)
	for i := range r.Radii {
		r.Low[i] = r.Low[i].Add(t.low[i])
		r.High[i] = r.High[i].Add(t.high[i])
		if r.Changes != nil {
			r.Changes[i] = r.Changes[i].add(t.changes[i])
		}
	}
}

// Measurement is a measurement under way. It goes through the images in rounds, few at
// first and more later, each round at every radius: so that after the first round there
// is a rough figure everywhere. It can be interrupted and taken up again; it is not for
// concurrent use.
type Measurement struct {
	src    measure.Source
	q      Request
	result Result
	order  []int // of images
	next   int   // position in order
	size   int   // of the last round
	took   time.Duration
	spent  time.Duration
	asked  int // images the classifier has answered
}

// NewMeasurement prepares a measurement; nothing is computed yet.
func NewMeasurement(src measure.Source, q Request) (*Measurement, error) {
	for _, r := range q.Radii {
		if err := spectral.CheckRadius(r); err != nil {
			return nil, err
		}
	}
	n := src.Len()
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	if n == 0 {
		return nil, fmt.Errorf("no images to measure")
	}
	t := newTally(q)
	return &Measurement{src: src, q: q, order: measure.Order(src, n), result: Result{
		Radii: slices.Clone(q.Radii), Images: n, Low: t.low, High: t.high, Changes: t.changes,
	}}, nil
}

// Result returns what has been measured so far.
func (m *Measurement) Result() Result { return m.result.clone() }

const (
	// roundBytes bounds what the parts of one round take in memory.
	roundBytes = 24 << 20
	// firstRound is how many images the first rough figures are from.
	firstRound = 4
	// roundTime is how long a round may take before rounds stop growing: longer ones
	// would make the figures on screen jump instead of grow.
	roundTime = 200 * time.Millisecond
)

// group is how many radii are measured at a time, so that their parts of a round's images
// fit roundBytes.
func (m *Measurement) group(batch int) int {
	images := firstRound
	if m.q.Statistics == model.BatchStatistics {
		images = batch
	}
	c, h, w := m.src.Shape()
	return max(1, (roundBytes/(4*c*h*w*images)-1)/2)
}

// round is how many images to take next, group radii at a time.
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

// fullest is the number of images, n or somewhat fewer, whose parts fill the model's batches
// best: it takes as long for one that is not full.
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

// Run measures until all images are, calling update after every round. It returns early
// with ctx's error; another Run then goes on where this one stopped.
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
			// The last batch is filled up with images already counted, so that its
			// statistics are taken over as many images as all others'.
			indices = m.order[m.result.Images-c.Batch() : m.result.Images]
		}
		found, asked, err := run.round(ctx, indices, n, group)
		if err != nil {
			return m.Result(), err
		}
		m.result.add(found)
		m.next, m.size, m.took = m.next+n, n, time.Since(started)
		m.asked += asked
		m.spent += m.took
		m.result.ImagesPerSecond = float64(m.asked) / m.spent.Seconds()
		m.result.Done = m.next == m.result.Images
		if update != nil {
			update(m.Result())
		}
	}
	return m.Result(), nil
}
