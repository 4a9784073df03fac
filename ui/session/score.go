package session

import (
	"fmt"

	charts "hfcui/engine/figure"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
)

// ScoreText formats an accuracy in percent with its 95 % CI as upper and lower deviations, in
// fifteen cells: " 98.7 +0.6 −1.1". They differ near 0 and 100 %, where ± would exceed the range.
func ScoreText(s measure.Score) string {
	if s.N == 0 {
		return "    –          "
	}
	lo, hi := s.Wilson()
	p := s.Accuracy()
	return kit.Percent(p) + " " + sideText("+", hi-p) + " " + sideText("−", p-lo)
}

// sideText formats a deviation in four cells: "+0.6", " +12".
func sideText(sign string, d float64) string {
	d = 100 * max(d, 0)
	if d < 9.95 {
		return fmt.Sprintf("%s%.1f", sign, d)
	}
	return kit.FitRight(fmt.Sprintf("%s%.0f", sign, d), 4)
}

func ScorePoint(x float64, s measure.Score) kit.Point {
	lo, hi := s.Wilson()
	return kit.Point{X: x, Y: s.Accuracy(), Lo: lo, Hi: hi}
}

// ScorePoints converts accuracies with 95 % CIs for a chart.
func ScorePoints(at []float64, scores []measure.Score) (list []charts.Point) {
	for i, s := range scores {
		if s.N > 0 {
			lo, hi := s.Wilson()
			list = append(list, charts.Point{X: at[i], Y: s.Accuracy(), Lo: lo, Hi: hi})
		}
	}
	return list
}
