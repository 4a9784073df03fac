package heatmap

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"hfcui/engine/measure"
)

// Request says what to measure.
type Request struct {
	Norm      float64 // V, the norm of the noise in every channel, in pixels of [0,1]
	Limit     int     // only the first Limit images; 0: all
	Unclipped bool    // pixels may leave [0,1]
	Seed      uint64  // of the signs
}

// Check returns an error of one line when q's norm cannot be used.
func (q Request) Check() error {
	if math.IsNaN(q.Norm) || math.IsInf(q.Norm, 0) || q.Norm < 0 {
		return fmt.Errorf("norm %v is not usable: give a finite number, 0 or more", q.Norm)
	}
	if q.Limit < 0 {
		return fmt.Errorf("%d images: give a number, 0 or more", q.Limit)
	}
	return nil
}

// Result is how many images a model classifies right with noise of every frequency, so far.
type Result struct {
	Request
	H, W  int
	Clean measure.Score // without noise, of the images that were begun
	// Cells are the scores by place: row U from -(H/2) on, column V from -(W/2) on, the zero
	// frequency at (H/2, W/2). (U,V) and (-U,-V) have the same.
	Cells  []measure.Score
	Images int // that will be measured at every frequency
	// Share is how much of the work is done, from 0 to 1.
	Share           float64
	Done            bool
	ImagesPerSecond float64
}

// Started reports whether there is something to show.
func (r Result) Started() bool { return r.Clean.N > 0 }

// Finished reports whether all images have been evaluated.
func (r Result) Finished() bool { return r.Done }

// At is the score at a frequency.
func (r Result) At(f Frequency) measure.Score { return r.Cells[grid{r.H, r.W}.place(f)] }

// Around is the score at f or, as long as it is not known, at the nearest frequency of the
// coarser grids that is.
func (r Result) Around(f Frequency) measure.Score {
	g := grid{r.H, r.W}
	for step := 1; step < 2*max(r.H, r.W); step *= 2 {
		near := Frequency{nearest(f.U, step), nearest(f.V, step)}
		if s := r.Cells[g.place(g.wrap(near.U, near.V))]; s.N > 0 {
			return s
		}
	}
	return measure.Score{}
}

func nearest(u, step int) int { return int(math.Round(float64(u)/float64(step))) * step }

// Mean is the mean error rate over the frequencies from the zero frequency's distance from
// up to but not to, of those known, and how many they are. NaN if there are none.
func (r Result) Mean(from, to float64) (errorRate float64, frequencies int) {
	sum := 0.0
	for i, s := range r.Cells {
		d := Frequency{i/r.W - r.H/2, i%r.W - r.W/2}.Distance()
		if s.N > 0 && from <= d && d < to {
			sum += 1 - s.Accuracy()
			frequencies++
		}
	}
	return sum / float64(frequencies), frequencies
}

// MeanScore is Mean as a score of errors, of as many images as the frequency with the fewest
// of them has. Its interval is that of a single frequency: no narrower than the mean's own.
func (r Result) MeanScore(from, to float64) measure.Score {
	mean, frequencies := r.Mean(from, to)
	if frequencies == 0 {
		return measure.Score{}
	}
	fewest := math.MaxInt
	for i, s := range r.Cells {
		d := Frequency{i/r.W - r.H/2, i%r.W - r.W/2}.Distance()
		if s.N > 0 && from <= d && d < to {
			fewest = min(fewest, s.N)
		}
	}
	return measure.Score{Correct: int(math.Round(mean * float64(fewest))), N: fewest}
}

// Furthest is past the distance of the corner from the zero frequency.
func (r Result) Furthest() float64 { return Frequency{r.H / 2, r.W / 2}.Distance() + 1 }

// Measurement is a heat map under way. It goes through all frequencies with a few images
// first and with more later. It can be interrupted and taken up again; it is not for
// concurrent use.
type Measurement struct {
	src    measure.Source
	grid   grid
	order  []Frequency
	images []int
	result Result
	from   int // position in images of those under way
	next   int // position in order of the frequency they are to be shown next
	asked  int // answers
	spent  time.Duration
}

// NewMeasurement prepares a measurement; nothing is computed yet.
func NewMeasurement(src measure.Source, q Request) (*Measurement, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	n := src.Len()
	if q.Limit > 0 {
		n = min(n, q.Limit)
	}
	if n == 0 {
		return nil, errors.New("no images to measure")
	}
	_, h, w := src.Shape()
	g := grid{h, w}
	return &Measurement{src: src, grid: g, order: g.order(), images: measure.Order(src, n),
		result: Result{Request: q, H: h, W: w, Cells: make([]measure.Score, h*w), Images: n}}, nil
}

// Result returns what has been measured so far.
func (m *Measurement) Result() Result {
	r := m.result
	r.Cells = slices.Clone(r.Cells)
	return r
}

const (
	// firstImages is how many images the first rough picture is from.
	firstImages = 16
	// updatePause is the shortest time between two updates that are not the last.
	updatePause = 100 * time.Millisecond
)

// stage is how many images the next pass through the frequencies takes: as many again as
// are done, but no more than a batch of the model.
func (m *Measurement) stage(batch int) int {
	return min(max(m.from, firstImages), batch, len(m.images)-m.from)
}

// Run measures until all is, calling update, which may be nil, in between. It returns early
// with ctx's error; another Run, with a model of the same batch, then goes on where this one
// stopped.
func (m *Measurement) Run(ctx context.Context, c measure.Classifier, update func(Result)) (Result, error) {
	s := newShow(m, c)
	var last time.Time
	for m.from < len(m.images) {
		n := m.stage(c.Batch())
		if err := s.load(m.images[m.from:][:n]); err != nil {
			return m.Result(), err
		}
		if m.result.Clean.N == m.from {
			clean, err := s.clean(ctx)
			if err != nil {
				return m.Result(), err
			}
			m.result.Clean = m.result.Clean.Add(clean)
		}
		for m.next < len(m.order) {
			if err := m.some(ctx, s, max(1, c.Batch()/n)); err != nil {
				return m.Result(), err
			}
			if update != nil && time.Since(last) > updatePause {
				last = time.Now()
				update(m.Result())
			}
		}
		m.from, m.next = m.from+n, 0
	}
	m.result.Done = true
	if update != nil {
		update(m.Result())
	}
	return m.Result(), nil
}

// some shows the images the next few frequencies.
func (m *Measurement) some(ctx context.Context, s *show, most int) error {
	started := time.Now()
	group := m.order[m.next:min(m.next+most, len(m.order))]
	scores, err := s.noisy(ctx, group)
	if err != nil {
		return err
	}
	for i, f := range group {
		m.learn(f, scores[i])
	}
	m.next += len(group)
	m.progress(len(s.images), len(group), time.Since(started))
	return nil
}

// learn takes in a frequency's score, which is also that of its negative.
func (m *Measurement) learn(f Frequency, s measure.Score) {
	places := []int{m.grid.place(f), m.grid.place(m.grid.wrap(-f.U, -f.V))}
	for i, at := range places {
		if i == 0 || at != places[0] {
			m.result.Cells[at] = m.result.Cells[at].Add(s)
		}
	}
}

func (m *Measurement) progress(images, frequencies int, took time.Duration) {
	m.asked += images * frequencies
	m.spent += took
	m.result.ImagesPerSecond = float64(m.asked) / m.spent.Seconds()
	all := float64(len(m.order))
	m.result.Share = (float64(m.from) + float64(images)*float64(m.next)/all) / float64(len(m.images))
}
