package measure

import (
	"encoding/json"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Score counts the correct predictions among N.
type Score struct {
	Correct int
	N       int
}

// Accuracy returns Correct/N; NaN if N is 0.
func (s Score) Accuracy() float64 {
	if s.N == 0 {
		return math.NaN()
	}
	return float64(s.Correct) / float64(s.N)
}

// normal975 is the 97.5 % quantile of the standard normal distribution, 1.96.
var normal975 = distuv.UnitNormal.Quantile(0.975)

// Errors returns the score of the incorrect predictions, whose accuracy is the error rate.
func (s Score) Errors() Score { return Score{s.N - s.Correct, s.N} }

// Wilson returns the 95 % confidence interval of Wilson (1927) for the accuracy; (0, 1) where
// N is 0. Unlike the normal approximation it stays inside [0, 1] and keeps its coverage near 0
// and 1.
func (s Score) Wilson() (lo, hi float64) { return Wilson(s.Accuracy(), s.N) }

// Wilson returns the interval of [Score.Wilson] for a share p of count images, which need not be a
// whole number of them.
func Wilson(p float64, count int) (lo, hi float64) {
	if count == 0 {
		return 0, 1
	}
	n, z := float64(count), normal975
	center := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	lo, hi = (center-half)/scale, (center+half)/scale
	if p == 0 {
		lo = 0
	}
	if p == 1 {
		hi = 1
	}
	return lo, hi
}

// Count adds one prediction.
func (s *Score) Count(correct bool) {
	s.N++
	if correct {
		s.Correct++
	}
}

// Add returns the score of two disjoint samples pooled.
func (s Score) Add(t Score) Score { return Score{s.Correct + t.Correct, s.N + t.N} }

// ScoreDocument is the JSON form of a Score.
type ScoreDocument struct {
	Correct  int        `json:"correct"`
	N        int        `json:"n"`
	Accuracy *float64   `json:"accuracy"` // nil if N is 0
	CI95     [2]float64 `json:"ci95"`
}

// Document returns the JSON form of s, to be embedded in larger documents.
func (s Score) Document() ScoreDocument {
	lo, hi := s.Wilson()
	out := ScoreDocument{Correct: s.Correct, N: s.N, CI95: [2]float64{lo, hi}}
	if s.N > 0 {
		a := s.Accuracy()
		out.Accuracy = &a
	}
	return out
}

// MarshalJSON writes {"correct", "n", "accuracy", "ci95"}; accuracy is null when n is 0.
func (s Score) MarshalJSON() ([]byte, error) { return json.Marshal(s.Document()) }

// ShareDocument is the JSON form of a Score that counts something other than correct
// predictions.
type ShareDocument struct {
	Count int        `json:"count"`
	N     int        `json:"n"`
	Share *float64   `json:"share"` // nil if N is 0
	CI95  [2]float64 `json:"ci95"`
}

// ShareDocument returns the JSON form of a count of something other than correct predictions.
func (s Score) ShareDocument() ShareDocument {
	d := s.Document()
	return ShareDocument{d.Correct, d.N, d.Accuracy, d.CI95}
}
