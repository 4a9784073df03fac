// Package bands measures how accurate a model is on the low- and the high-frequency
// part of images, radius by radius.
package bands

import (
	"encoding/json"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Score is a count of right answers among n, with its Wilson interval.
type Score struct {
	Correct int
	N       int
}

// Accuracy is Correct/N, and NaN when nothing has been measured.
func (s Score) Accuracy() float64 {
	if s.N == 0 {
		return math.NaN()
	}
	return float64(s.Correct) / float64(s.N)
}

// normal975 is the 97.5 % quantile of the standard normal distribution, 1.96.
var normal975 = distuv.UnitNormal.Quantile(0.975)

// Wilson returns the 95 % interval of Wilson (1927) for the accuracy; (0, 1) when
// nothing has been measured. Unlike the normal approximation it stays inside [0, 1]
// and keeps its coverage near 0 and 1.
func (s Score) Wilson() (lo, hi float64) {
	if s.N == 0 {
		return 0, 1
	}
	n, p, z := float64(s.N), s.Accuracy(), normal975
	centre := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	lo, hi = (centre-half)/scale, (centre+half)/scale
	if s.Correct == 0 {
		lo = 0
	}
	if s.Correct == s.N {
		hi = 1
	}
	return lo, hi
}

// see returns the score with one answer more.
func (s Score) see(right bool) Score {
	s.N++
	if right {
		s.Correct++
	}
	return s
}

// Add returns the score of both samples together.
func (s Score) Add(t Score) Score { return Score{s.Correct + t.Correct, s.N + t.N} }

// ScoreDocument is a score as files and commands have it.
type ScoreDocument struct {
	Correct  int        `json:"correct"`
	N        int        `json:"n"`
	Accuracy *float64   `json:"accuracy"` // nil when nothing has been measured
	CI95     [2]float64 `json:"ci95"`
}

// Document is s with what follows from it, for documents that have more beside it.
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

// shareJSON is a count of something else than right answers.
type shareJSON struct {
	Count int        `json:"count"`
	N     int        `json:"n"`
	Share *float64   `json:"share"`
	CI95  [2]float64 `json:"ci95"`
}

func (s Score) share() shareJSON {
	d := s.Document()
	return shareJSON{d.Correct, d.N, d.Accuracy, d.CI95}
}
