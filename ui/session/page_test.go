package session

import (
	"math"
	"testing"

	"hfcui/engine/measure"
	"hfcui/ui/kit"
)

// Accuracies and bars keep their width while they change.
func TestScoresKeepTheirWidth(t *testing.T) {
	for _, p := range []float64{0, 0.004, 0.5, 1, math.NaN()} {
		if got := eighths(p, 7); kit.Width(got) != 7 {
			t.Errorf("eighths(%v, 7) = %q", p, got)
		}
	}
	for _, s := range []measure.Score{{}, {Correct: 0, N: 1}, {Correct: 1, N: 1}, {Correct: 5, N: 16}, {Correct: 10000, N: 10000}} {
		if got := ScoreText(s); kit.Width(got) != 15 {
			t.Errorf("scoreText(%v) = %q", s, got)
		}
	}
	for s, want := range map[measure.Score]string{
		{Correct: 64, N: 64}: "100.0 +0.0 −5.7", {Correct: 5, N: 16}: " 31.2  +24  −17", {Correct: 500, N: 1000}: " 50.0 +3.1 −3.1",
	} {
		if got := ScoreText(s); got != want {
			t.Errorf("scoreText(%v) = %q, want %q", s, got, want)
		}
	}
}
