package ui

import (
	"fmt"
	"math"
	"slices"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
)

// tableColumn is a column of accuracies.
type tableColumn struct {
	head string
	of   func(result attack.Robustness, k robustKey) (score measure.Score, doubt bool)
}

const (
	scoreColumn  = 18 // cells of a column of the table
	imagesColumn = 9
)

// columns lists what the table tells of every model, what matters most first.
func (p *attackPage) columns() []tableColumn {
	list := []tableColumn{{"clean", func(result attack.Robustness, k robustKey) (measure.Score, bool) {
		return result.CleanAt(k.smoothing.Rho), false
	}}}
	epsilon := p.measured()
	key, _ := p.keys("")
	for _, method := range key.methods() {
		head := pick(scoreColumn-1, fmt.Sprintf("%s ε %.4g", method, epsilon), method)
		list = append(list, tableColumn{head, func(result attack.Robustness, k robustKey) (measure.Score, bool) {
			cell, _ := result.Cell(method, epsilon, k.smoothing.Rho)
			return cell.Score, len(cell.Marks) > 0
		}})
	}
	if p.robust.square && p.options.Method != attack.SquareMethod {
		list = append(list, tableColumn{"square, on fewer", func(result attack.Robustness, k robustKey) (measure.Score, bool) {
			return checkedBySquare(result, epsilon, k.smoothing.Rho), false
		}})
	}
	return list
}

// checkedBySquare is the accuracy that others are held against, on fewer images.
func checkedBySquare(result attack.Robustness, epsilon, rho float64) measure.Score {
	for _, cell := range result.Cells {
		if cell.Check && cell.Method == attack.SquareMethod && cell.Epsilon == epsilon && cell.Rho == rho {
			return cell.Score
		}
	}
	return measure.Score{}
}

// drawTable draws the figures at the cursor, a line for each model.
func (p *attackPage) drawTable(c *canvas, r rect) {
	if r.empty() {
		return
	}
	th, models, columns := p.screen.theme(), p.session.models(), p.columns()
	names := 6
	for _, m := range models {
		names = max(names, width(m.name))
	}
	names = min(names, 24, max(6, r.w-3-scoreColumn*2-imagesColumn))
	for len(columns) > 2 && 3+names+scoreColumn*len(columns)+imagesColumn > r.w {
		columns = columns[:len(columns)-1]
	}
	c.left(newRect(r.x, r.y, names+2, 1), th.dim, pick(names+2, "accuracy %", "% right"))
	x := r.x + 3 + names
	for _, column := range columns {
		c.left(newRect(x, r.y, scoreColumn-1, 1), th.dim, column.head)
		x += scoreColumn
	}
	if p.showsSmallest(x, r) {
		c.left(newRect(x, r.y, scoreColumn-1, 1), th.dim, "median smallest ε")
		x += scoreColumn
	}
	c.left(newRect(x, r.y, imagesColumn, 1), th.dim, fitRight("images", min(imagesColumn, r.right()-x)))
	for i, m := range models {
		if i+1 < r.h {
			p.drawTableLine(c, r.row(i+1), names, m, columns)
		}
	}
}

// showsSmallest tells whether there is a column for the median of images' smallest ε, which
// would begin at x.
func (p *attackPage) showsSmallest(x int, r rect) bool {
	return attack.Minimal(p.options.Method) && x+scoreColumn+imagesColumn <= r.right()
}

// drawTableLine draws a model's figures; the number of images is that of the figure with the
// fewest, but for what is measured on fewer on purpose.
func (p *attackPage) drawTableLine(c *canvas, row rect, names int, m shownModel, columns []tableColumn) {
	th, look := p.screen.theme(), p.screen.theme().model(m.slot)
	c.put(row.x, row.y, look.style.paint(look.mark)+" "+fit(m.name, names))
	key, _ := p.keys(m.path)
	x := row.x + 3 + names
	if why := p.robust.failed[key]; why != "" {
		c.left(newRect(x, row.y, row.right()-x, 1), th.warn, why)
		return
	}
	result := p.robust.known[key]
	n := result.CleanAt(key.smoothing.Rho).N
	for i, column := range columns {
		score, doubt := column.of(result, key)
		if i <= len(key.methods()) && score.N > 0 {
			n = min(n, score.N)
		}
		text := scoreText(score)
		if doubt {
			text += th.warn.paint(markDoubt)
		}
		c.put(x, row.y, text)
		x += scoreColumn
	}
	if p.showsSmallest(x, row) {
		c.put(x, row.y, smallestText(result, key))
		x += scoreColumn
	}
	c.left(newRect(x, row.y, row.right()-x, 1), th.dim, fitRight(grouped(n), min(imagesColumn, row.right()-x)))
}

// smallestText is the median of images' smallest ε, or what it is above.
func smallestText(result attack.Robustness, k robustKey) string {
	for _, s := range result.Smallest {
		switch {
		case s.Rho != k.smoothing.Rho || s.N == 0:
		case math.IsInf(s.Median, 0):
			return "above " + epsilonText(slices.Max(k.epsilons()))
		default:
			return epsilonText(s.Median)
		}
	}
	return "     –"
}
