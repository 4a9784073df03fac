package experiment

import (
	"context"
	"errors"
	"math"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// Flips counts test images as those of the paper's Fig. 2: whole image and high part are
// classified right, the low part is not.
type Flips struct {
	Radius    float64 `json:"r"`
	By        string  `json:"by"`          // fourier, or svd: the rank that divides energy as r does
	Normalize string  `json:"normalize"`   // of low and high parts: none, max or std
	Limit     int     `json:"n,omitempty"` // only the first Limit images; 0: all
}

// FlipResults is what Flips came to.
type FlipResults struct {
	N     int `json:"n"`
	Count int `json:"count"`
	// Permuted is how many there would be at the mean if the answers to low and high parts,
	// each pair together, were dealt out to the images at random: see bands.Permuted.
	Permuted float64 `json:"permuted"`
	// HighPermuted is the same if only the answers to high parts were.
	HighPermuted float64 `json:"high_permuted"`
	Differ       int     `json:"differ"` // images whose low part is answered otherwise than the whole
}

func (f Flips) check() error {
	if _, err := f.request(); err != nil {
		return err
	}
	return spectral.CheckRadius(f.Radius)
}

func (f Flips) request() (q bands.Request, err error) {
	q.Radii = []float64{f.Radius}
	if q.Normalize, err = bands.ParseNormalization(f.Normalize); err != nil {
		return q, err
	}
	q.By, err = bands.ParseDecomposition(f.By)
	return q, err
}

// flipsBatch is how many images and parts are classified at a time.
const flipsBatch = 128

// flips counts.
func (s subject) flips(ctx context.Context, f Flips, tell func(part float64)) (*FlipResults, error) {
	q, err := f.request()
	if err != nil {
		return nil, err
	}
	if s.data.Test == nil {
		return nil, errors.New("there are no test images")
	}
	e, err := s.model.NewEvaluator(s.device, flipsBatch, model.RunningStatistics)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	set := s.data.Test
	n := set.Len()
	if f.Limit > 0 {
		n = min(n, f.Limit)
	}
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	q.Threads, q.Yield = s.device.Threads(), s.yield
	answers, found := make([]bands.Sample, 0, n), &FlipResults{N: n}
	err = bands.Predict(ctx, set, e, q, indices, func(a bands.Sample) bool {
		answers = append(answers, a)
		if a.Flip() {
			found.Count++
		}
		if a.Low != a.Whole {
			found.Differ++
		}
		tell(float64(len(answers)) / float64(n))
		return true
	})
	found.Permuted, found.HighPermuted = bands.Permuted(answers), highPermuted(answers)
	return found, err
}

// highPermuted is how many flips there would be at the mean if every permutation of the
// answers to high parts were equally likely:
//
//	E = Σ over images right whole and wrong low of (high answers that are its label) / n
func highPermuted(answers []bands.Sample) float64 {
	high := map[int]int{}
	for _, a := range answers {
		high[a.High]++
	}
	sum := 0
	for _, a := range answers {
		if a.Whole == a.Label && a.Low != a.Label {
			sum += high[a.Label]
		}
	}
	return float64(sum) / float64(max(1, len(answers)))
}

// flipResults reads a share off the i-th measurement.
func flipResults(i int, of func(FlipResults) float64) Quantity {
	return func(r Run) float64 {
		if i >= len(r.After) || r.After[i].Flips == nil || r.After[i].Flips.N == 0 {
			return math.NaN()
		}
		return of(*r.After[i].Flips)
	}
}

func (f FlipResults) share() float64      { return float64(f.Count) / float64(f.N) }
func (f FlipResults) chance() float64     { return f.Permuted / float64(f.N) }
func (f FlipResults) highChance() float64 { return f.HighPermuted / float64(f.N) }
func (f FlipResults) differs() float64    { return float64(f.Differ) / float64(f.N) }
