package ui

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"hfcui/engine/measure"
)

// drawPrediction lists the classes a model finds probable: the most probable ones, or, if
// there is room, all in their own order, so that they stay in place while a slider moves. For the
// same reason the answer comes first and what looks equally probable is in that order.
func (s *session) drawPrediction(c *canvas, r rect, answer measure.Prediction, label int, st style) {
	classes := make([]int, len(answer.Probabilities))
	for i := range classes {
		classes[i] = i
	}
	if len(classes) > r.h {
		slices.SortStableFunc(classes, func(i, j int) int {
			return cmp.Compare(shownRank(answer, j), shownRank(answer, i))
		})
		classes = classes[:r.h]
	}
	names := 5
	for i := range s.info.Classes {
		names = max(names, width(s.className(i)))
	}
	names = min(names, max(5, r.w-10, (r.w-7)/2)) // a bar of two cells, at least
	for i, class := range classes {
		s.drawClass(c, r.row(i), names, class, answer, label, st)
	}
}

// shownRank is what classes are sorted by: whole percents, as they are written, with the
// answer above all.
func shownRank(answer measure.Prediction, class int) float64 {
	if class == answer.Class {
		return math.Inf(1)
	}
	return math.Round(100 * answer.Probabilities[class])
}

// drawClass draws one class: mark, name, bar and probability.
func (s *session) drawClass(c *canvas, row rect, names, class int, answer measure.Prediction, label int, st style) {
	th := s.screen.theme()
	mark, nameStyle := " ", th.dim
	if class == answer.Class {
		nameStyle = bold
		switch {
		case label < 0:
			mark = th.dim.paint(markUnknown)
		case class == label:
			mark = th.right.paint(markRight)
		default:
			mark = th.wrong.paint(markWrong)
		}
	}
	share := answer.Probabilities[class]
	bars := row.w - names - 8
	text := mark + " " + nameStyle.paint(fit(s.className(class), names))
	if bars > 1 {
		text += " " + st.paint(eighths(share, bars)) + " "
	} else {
		text += " "
		bars = -1
	}
	c.putWide(row.x, row.y, names+8+bars, text+nameStyle.paint(wholePercent(share)))
}

// eighths is a share as a bar of w cells, exact to an eighth of a cell.
func eighths(share float64, w int) string {
	if !(share > 0) { // a broken model's NaN is no bar
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
	return bar + blanks(w-(n+7)/8)
}

// probabilities is an answer as JSON has it, by class.
func (s *session) probabilities(said measure.Prediction) map[string]*float64 {
	list := map[string]*float64{}
	for class, share := range said.Probabilities {
		list[s.className(class)] = number(share)
	}
	return list
}
