package bands

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// randomCorrupted has versions whose images are difficult together, so that errors are correlated.
func randomCorrupted(n int, seed uint64) Corrupted {
	c := NewCorrupted([]dataset.Corruption{{Name: "blur", Severities: []int{1, 3}}, {Name: "fog", Severities: []int{1, 2, 3}}})
	random := rand.New(rand.NewPCG(seed, 1))
	hard := make([]float64, n)
	for i := range hard {
		hard[i] = random.Float64()
	}
	for k := range c.Results {
		for j := range c.Results[k] {
			r := Result{Radii: []float64{4}, Images: n, Done: true, Outcomes: NewOutcomes(1, n), Low: make([]measure.Score, 1), High: make([]measure.Score, 1)}
			for i := range n {
				whole, low := 0.3+0.2*random.Float64() < hard[i], hard[i] > 0.7
				r.Whole.Count(whole)
				r.Low[0].Count(low)
				r.High[0].Count(false)
				r.Outcomes.Set(i, Whole, 0, whole)
				r.Outcomes.Set(i, Low, 0, low)
			}
			c.Results[k][j] = r
		}
	}
	return c
}

func TestMeanCorruptionAccuracy(t *testing.T) {
	c := randomCorrupted(500, 1)
	a := func(k, j int) float64 { return c.Results[k][j].Whole.Accuracy() }
	blur, fog := (a(0, 0)+a(0, 1))/2, (a(1, 0)+a(1, 1)+a(1, 2))/3
	for name, pair := range map[string][2]float64{
		"mean":       {c.Mean(Whole, 0).Accuracy, (blur + fog) / 2}, // not that of the five versions
		"of fog":     {c.MeanOf(1, Whole, 0).Accuracy, fog},
		"severity 3": {c.MeanAt(3, Whole, 0).Accuracy, (a(0, 1) + a(1, 2)) / 2},
		"severity 2": {c.MeanAt(2, Whole, 0).Accuracy, a(1, 1)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}
	if !slices.Equal(c.Severities(), []int{1, 2, 3}) || c.Versions() != 5 || !c.Done() {
		t.Error("versions are not listed")
	}
	// One version, or equal ones, have the interval of their score.
	lo, hi := c.Results[1][1].Whole.Wilson()
	if m := c.MeanAt(2, Whole, 0); math.Abs(m.Lo-lo) > 1e-3 || math.Abs(m.Hi-hi) > 1e-3 {
		t.Errorf("the interval of one version is %v to %v, want %v to %v", m.Lo, m.Hi, lo, hi)
	}
	lo, hi = c.Results[0][0].Low[0].Wilson()
	if m := c.Mean(Low, 0); math.Abs(m.Lo-lo) > 1e-3 || math.Abs(m.Hi-hi) > 1e-3 {
		t.Errorf("the interval of equal versions is %v to %v, want %v to %v", m.Lo, m.Hi, lo, hi)
	}
	if m := c.Mean(High, 0); m.Accuracy != 0 || m.Lo != 0 || m.Hi < 0.005 || m.Hi > 0.01 {
		t.Errorf("never correct: %+v", m)
	}
	if m := NewCorrupted(c.Corruptions).Mean(Whole, 0); !math.IsNaN(m.Accuracy) || m.Document().Accuracy != nil {
		t.Errorf("without images: %+v", m)
	}
}

// TestMeanCoverage: intervals of samples contain the mean of the population in 95 % of cases.
func TestMeanCoverage(t *testing.T) {
	truth := 0.
	for seed := range uint64(20) {
		truth += randomCorrupted(2000, 1000+seed).Mean(Whole, 0).Accuracy / 20
	}
	covered := 0
	for seed := range uint64(300) {
		if m := randomCorrupted(100, seed).Mean(Whole, 0); m.Lo <= truth && truth <= m.Hi {
			covered++
		}
	}
	if covered < 270 || covered > 298 {
		t.Errorf("%d of 300 intervals contain the mean", covered)
	}
}

func TestCorruptedReport(t *testing.T) {
	c := randomCorrupted(10, 1)
	report := NewCorruptedReport("m", "d", "test", NormalizeNone, model.RunningStatistics, model.Smoothing{}, []float64{4}, c)
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"n":10`, `"mean_corruption_accuracy":{"accuracy":`, `"definition":"unweighted mean`, `"corruption":"fog","severity":2,"whole":{"correct":`, `"versions":5`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in %s", want, data)
		}
	}
	if report.Partial != nil || len(report.Bands) != 2 || len(report.Versions) != 5 || len(report.Corruptions[1].Bands) != 2 {
		t.Errorf("%+v", report)
	}
	c.Results[1][2] = Result{}
	if report := NewCorruptedReport("m", "d", "test", NormalizeNone, model.RunningStatistics, model.Smoothing{}, []float64{4}, c); report.Partial == nil || report.Done != 40 || report.Total != 50 || report.Mean.Accuracy != nil {
		t.Errorf("unfinished: %+v", report)
	}
}
