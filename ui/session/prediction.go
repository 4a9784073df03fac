package session

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"hfcui/engine/measure"
	"hfcui/ui/kit"
)

// DrawPrediction lists class probabilities: the largest, or, if there is room, all in class order,
// so that they stay in place while a slider moves. For the same reason the predicted class is
// first, and equal displayed probabilities are in class order.
func (s *Session) DrawPrediction(c *kit.Canvas, r kit.Rect, answer measure.Prediction, label int, st kit.Style) {
	s.DrawPredictionOf(c, r, s.open(), answer, label, st)
}

// DrawPredictionOf is DrawPrediction of a model.
func (s *Session) DrawPredictionOf(c *kit.Canvas, r kit.Rect, m ShownModel, answer measure.Prediction, label int, st kit.Style) {
	classes := make([]int, len(answer.Probabilities))
	for i := range classes {
		classes[i] = i
	}
	if len(classes) > r.H {
		slices.SortStableFunc(classes, func(i, j int) int {
			return cmp.Compare(ShownRank(answer, j), ShownRank(answer, i))
		})
		classes = classes[:r.H]
	}
	names := 5
	for i := range m.info.Classes {
		names = max(names, kit.Width(m.ClassName(i)))
	}
	names = min(names, max(5, r.W-10, (r.W-7)/2)) // with a bar of at least two cells
	for i, class := range classes {
		s.drawClass(c, r.Row(i), names, class, m, answer, label, st)
	}
}

// ShownRank is the sort key of classes: displayed percent, with the predicted class first.
func ShownRank(answer measure.Prediction, class int) float64 {
	if class == answer.Class {
		return math.Inf(1)
	}
	return math.Round(100 * answer.Probabilities[class])
}

// drawClass draws a class: marker, name, bar and probability.
func (s *Session) drawClass(c *kit.Canvas, row kit.Rect, names, class int, m ShownModel, answer measure.Prediction, label int, st kit.Style) {
	th := s.Screen.Theme()
	mark, nameStyle := " ", th.Dim
	if class == answer.Class {
		nameStyle = kit.Bold
		switch {
		case label < 0:
			mark = th.Dim.Paint(kit.MarkUnknown)
		case class == label:
			mark = th.Right.Paint(kit.MarkRight)
		default:
			mark = th.Wrong.Paint(kit.MarkWrong)
		}
	}
	share := answer.Probabilities[class]
	bars := row.W - names - 8
	text := mark + " " + nameStyle.Paint(kit.Fit(m.ClassName(class), names))
	if bars > 1 {
		text += " " + st.Paint(eighths(share, bars)) + " "
	} else {
		text += " "
		bars = -1
	}
	c.PutWide(row.X, row.Y, names+8+bars, text+nameStyle.Paint(kit.WholePercent(share)))
}

// eighths formats a fraction as a bar of w cells, to an eighth of a cell.
func eighths(share float64, w int) string {
	if !(share > 0) { // or NaN
		share = 0
	}
	n := int(min(share, 1)*float64(8*w) + 0.5)
	if n == 0 && share > 0.005 {
		n = 1
	}
	bar := strings.Repeat("█", n/8)
	if n%8 > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[n%8-1])
	}
	return bar + kit.Blanks(w-(n+7)/8)
}

// Probabilities returns a prediction's class probabilities for JSON.
func (s *Session) Probabilities(said measure.Prediction) map[string]*float64 {
	return s.open().Probabilities(said)
}

// Probabilities returns those of a prediction by the model.
func (m ShownModel) Probabilities(said measure.Prediction) map[string]*float64 {
	list := map[string]*float64{}
	for class, share := range said.Probabilities {
		list[m.ClassName(class)] = Number(share)
	}
	return list
}
