package heatmap

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hfcui/engine/measure"
)

// Request says what to measure.
type Request struct {
	Norm      float64 // ν, the L2 norm of the perturbation per channel, for pixels in [0,1]
	Limit     int     // evaluation images; 0: all
	Unclipped bool    // pixels may leave [0,1]
	Seed      uint64  // of the signs
}

// Check returns a one-line error unless q can be measured.
func (q Request) Check() error {
	if math.IsNaN(q.Norm) || math.IsInf(q.Norm, 0) || q.Norm < 0 {
		return fmt.Errorf("norm %v: use a finite number, 0 or more", q.Norm)
	}
	if q.Limit < 0 {
		return fmt.Errorf("%d images: use 0 or more", q.Limit)
	}
	return nil
}

// Result is the accuracy under every Fourier basis vector, so far.
type Result struct {
	Request
	H, W  int
	Clean measure.Score // without perturbation, of the images begun
	// Cells are the scores, row-major: row U from -(H/2) on, column V from -(W/2) on, the zero
	// frequency at (H/2, W/2). (U,V) and (-U,-V) are equal.
	Cells  []measure.Score
	Images int // evaluation images
	// Share is the fraction of the work done, from 0 to 1.
	Share           float64
	Done            bool
	ImagesPerSecond float64

	outcomes outcomes
}

// Started reports whether there is something to show.
func (r Result) Started() bool { return r.Clean.N > 0 }

// Finished reports whether all images have been evaluated.
func (r Result) Finished() bool { return r.Done }

// At returns the score at a frequency.
func (r Result) At(f Frequency) measure.Score { return r.Cells[grid{r.H, r.W}.place(f)] }

// Around returns the score at f or, as long as it is unknown, at the nearest frequency of a
// coarser grid that is known.
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

// Mean returns the mean error rate over the known frequencies with distance from ≤ d < to from
// the zero frequency, and their number. NaN if there are none.
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

// MeanError is a mean error rate over frequencies.
type MeanError struct {
	Rate float64
	N    int // images of the frequency of the map with the fewest; 0: unknown
}

// Wilson returns the 95 % confidence interval of the error rate at a single frequency with this error
// rate: no narrower than that of the mean, as the errors at different frequencies are of the same
// images, and the mean of an image's outcomes varies no more than one of them.
func (m MeanError) Wilson() (lo, hi float64) { return measure.Wilson(m.Rate, m.N) }

// MeanError returns Mean with the number of images.
func (r Result) MeanError(from, to float64) MeanError {
	mean, frequencies := r.Mean(from, to)
	if frequencies == 0 {
		return MeanError{Rate: math.NaN()}
	}
	fewest := math.MaxInt
	for _, s := range r.Cells {
		if s.N > 0 {
			fewest = min(fewest, s.N)
		}
	}
	return MeanError{mean, fewest}
}

// Furthest returns a distance past that of the corner from the zero frequency.
func (r Result) Furthest() float64 { return Frequency{r.H / 2, r.W / 2}.Distance() + 1 }

// Measurement evaluates all frequencies with a few images first and with more later. It can be
// interrupted and resumed; it is not for concurrent use.
type Measurement struct {
	src       measure.Source
	grid      grid
	order     []Frequency
	images    []int
	result    Result
	from      int // index into images of the first one under way
	next      int // index into order of their next frequency
	evaluated int // images that inference ran on
	spent     time.Duration
	rows      []byte // outcomes of the images under way
}

// NewMeasurement prepares a measurement; nothing is computed yet.
func NewMeasurement(src measure.Source, q Request) (*Measurement, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	images, err := measure.Select(src, q.Limit)
	if err != nil {
		return nil, err
	}
	_, h, w := src.Shape()
	g := grid{h, w}
	order := g.order()
	return &Measurement{src: src, grid: g, order: order, images: images,
		result: Result{Request: q, H: h, W: w, Cells: make([]measure.Score, h*w), Images: len(images), outcomes: newOutcomes(g, order)}}, nil
}

// Result returns what has been measured so far.
func (m *Measurement) Result() Result {
	r := m.result
	r.Cells = slices.Clone(r.Cells)
	return r
}

const (
	// firstImages is the number of images of the first rough map.
	firstImages = 16
	// updatePause is the shortest time between two updates but the last.
	updatePause = 100 * time.Millisecond
)

// stage is the number of images of the next pass through the frequencies: as many again as are
// done, at most a batch.
func (m *Measurement) stage(batch int) int {
	return min(max(m.from, firstImages), batch, len(m.images)-m.from)
}

// Run evaluates all images at all frequencies, calling update, which may be nil, in between. It
// returns early with the error of ctx; the next Run, with the same batch size, resumes.
func (m *Measurement) Run(ctx context.Context, c measure.Classifier, update func(Result)) (Result, error) {
	s := newEvaluation(m, c)
	var last time.Time
	for m.from < len(m.images) {
		n := m.stage(c.Batch())
		if err := s.load(m.images[m.from:][:n]); err != nil {
			return m.Result(), err
		}
		size := stride(len(m.order))
		if m.result.Clean.N == m.from {
			m.rows = make([]byte, n*size)
			clean, err := s.clean(ctx, func(image int) { set(m.rows[image*size:][:size], 0) })
			if err != nil {
				return m.Result(), err
			}
			m.result.Clean = m.result.Clean.Add(clean)
		}
		for m.next < len(m.order) {
			if err := m.some(ctx, s, max(1, c.Batch()/n)); err != nil {
				return m.Result(), err
			}
			if m.next == len(m.order) {
				m.result.outcomes.append(m.rows, n)
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

// some evaluates the images at the next few frequencies.
func (m *Measurement) some(ctx context.Context, s *evaluation, most int) error {
	started := time.Now()
	group := m.order[m.next:min(m.next+most, len(m.order))]
	size := stride(len(m.order))
	scores, err := s.noisy(ctx, group, func(frequency, image int) { set(m.rows[image*size:][:size], 1+m.next+frequency) })
	if err != nil {
		return err
	}
	for i, f := range group {
		m.count(f, scores[i])
	}
	m.next += len(group)
	m.progress(len(s.images), len(group), time.Since(started))
	return nil
}

// count adds the score of a frequency, which is also that of its negative.
func (m *Measurement) count(f Frequency, s measure.Score) {
	places := []int{m.grid.place(f), m.grid.place(m.grid.wrap(-f.U, -f.V))}
	for i, at := range places {
		if i == 0 || at != places[0] {
			m.result.Cells[at] = m.result.Cells[at].Add(s)
		}
	}
}

func (m *Measurement) progress(images, frequencies int, took time.Duration) {
	m.evaluated += images * frequencies
	m.spent += took
	m.result.ImagesPerSecond = float64(m.evaluated) / m.spent.Seconds()
	all := float64(len(m.order))
	m.result.Share = (float64(m.from) + float64(images)*float64(m.next)/all) / float64(len(m.images))
}
