package session

import (
	"fmt"
	"strings"

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
	return IntervalText(s.Accuracy(), lo, hi)
}

// IntervalText formats a share with its 95 % CI as ScoreText.
func IntervalText(p, lo, hi float64) string {
	return kit.Percent(p) + " " + sideText("+", hi-p) + " " + sideText("−", p-lo)
}

// DifferenceText formats a difference of accuracies in percentage points with its 95 % CI, in fifteen
// cells as ScoreText: "−12.3 +1.4 −1.5".
func DifferenceText(p measure.Paired) string {
	if p.N() == 0 {
		return "    –          "
	}
	lo, hi := p.Newcombe()
	d := p.Difference()
	text := strings.Replace(fmt.Sprintf("%+.1f", 100*d), "-", "−", 1)
	if text == "−0.0" {
		text = "+0.0"
	}
	if kit.Width(text) > 5 {
		text = strings.TrimSuffix(text, ".0")
	}
	return kit.FitRight(text, 5) + " " + sideText("+", hi-d) + " " + sideText("−", d-lo)
}

// DifferencePoint is a point of a curve of differences.
func DifferencePoint(x float64, p measure.Paired) kit.Point {
	lo, hi := p.Newcombe()
	return kit.Point{X: x, Y: p.Difference(), Lo: lo, Hi: hi}
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
