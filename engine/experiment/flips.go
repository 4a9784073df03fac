package experiment

import (
	"context"
	"errors"
	"math"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/spectral"
)

// Flips counts flips, as in the paper's Fig. 2: test images that are correct on the whole and the
// high-pass image and wrong on the low-pass image.
type Flips struct {
	Radius    float64 `json:"r"`
	By        string  `json:"by"`          // fourier, or svd: the rank of the same energy fraction as r
	Normalize string  `json:"normalize"`   // of low- and high-pass images: none, max or std
	Limit     int     `json:"n,omitempty"` // only the first Limit images; 0: all
}

// FlipResults is the result of Flips.
type FlipResults struct {
	N     int `json:"n"`
	Count int `json:"count"`
	// Permuted is the permutation null: the expected count if the predictions on low- and
	// high-pass images, each pair together, were permuted at random: see bands.FlipCounts.Permuted.
	Permuted float64 `json:"permuted"`
	// HighPermuted is the same with only the predictions on high-pass images permuted.
	HighPermuted float64 `json:"high_permuted"`
	Differ       int     `json:"differ"` // images whose prediction changes on the low-pass image
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

// flipsBatch is the batch size of inference.
const flipsBatch = 128

// flips runs the measurement.
func (s subject) flips(ctx context.Context, f Flips, tell func(part float64)) (*FlipResults, error) {
	q, err := f.request()
	if err != nil {
		return nil, err
	}
	if s.data.Test == nil {
		return nil, errors.New("no test images")
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
	samples, found := make([]bands.Sample, 0, n), &FlipResults{N: n}
	err = bands.Predict(ctx, set, e, q, indices, func(a bands.Sample) bool {
		samples = append(samples, a)
		if a.Flip() {
			found.Count++
		}
		if a.Low != a.Whole {
			found.Differ++
		}
		tell(float64(len(samples)) / float64(n))
		return true
	})
	found.Permuted, found.HighPermuted = bands.CountFlips(samples, 0).Permuted(), highPermuted(samples)
	return found, err
}

// highPermuted is the expected number of flips over all permutations of the predictions on
// high-pass images:
//
//	E = Σ over images correct whole and wrong low of (high predictions that are its label) / n
func highPermuted(samples []bands.Sample) float64 {
	high := map[int]int{}
	for _, a := range samples {
		high[a.High]++
	}
	sum := 0
	for _, a := range samples {
		if a.Whole == a.Label && a.Low != a.Label {
			sum += high[a.Label]
		}
	}
	return float64(sum) / float64(max(1, len(samples)))
}

// flipResults computes a fraction from the i-th measurement.
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
