package attack

import (
	"fmt"
	"math"
	"slices"

	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// tableColumn is a column of accuracies.
type tableColumn struct {
	head string
	of   func(result attack.Robustness, k robustKey) (score measure.Score, doubt attack.Doubt)
}

const (
	scoreColumn  = 18 // cells of a column of the table
	imagesColumn = 9
	countColumn  = 9 // added to each column where the number of images is next to the accuracy
)

// imagesRange is the numbers of images of several accuracies.
type imagesRange struct{ fewest, most int }

func (n *imagesRange) add(images int) {
	if images > 0 && (n.fewest == 0 || images < n.fewest) {
		n.fewest = images
	}
	n.most = max(n.most, images)
}

// String writes "64", or "32–64".
func (n imagesRange) String() string {
	if n.fewest == n.most {
		return kit.Grouped(n.most)
	}
	return kit.Grouped(n.fewest) + "–" + kit.Grouped(n.most)
}

// columns lists the table's columns, most important first.
func (p *Page) columns() []tableColumn {
	list := []tableColumn{{"clean", func(result attack.Robustness, k robustKey) (measure.Score, attack.Doubt) {
		return result.CleanAt(k.smoothing.Rho), attack.NoDoubt
	}}}
	epsilon := p.measured()
	key, _ := p.keys("")
	for _, method := range key.methods() {
		head := kit.Pick(scoreColumn-1, fmt.Sprintf("%s ε %.4g", method, epsilon), method)
		list = append(list, tableColumn{head, func(result attack.Robustness, k robustKey) (measure.Score, attack.Doubt) {
			cell, _ := result.Cell(method, epsilon, k.smoothing.Rho)
			return cell.Score, cell.Doubt()
		}})
	}
	if p.robust.square && p.options.Method != attack.SquareMethod {
		list = append(list, tableColumn{"square (subset)", func(result attack.Robustness, k robustKey) (measure.Score, attack.Doubt) {
			return checkedBySquare(result, epsilon, k.smoothing.Rho), attack.NoDoubt
		}})
	}
	return list
}

// checkedBySquare returns the accuracy of the Square check, on fewer images.
func checkedBySquare(result attack.Robustness, epsilon, rho float64) measure.Score {
	for _, cell := range result.Cells {
		if cell.Check && cell.Method == attack.SquareMethod && cell.Epsilon == epsilon && cell.Rho == rho {
			return cell.Score
		}
	}
	return measure.Score{}
}

// drawTable draws the accuracies at the cursor, a line per model.
func (p *Page) drawTable(c *kit.Canvas, r kit.Rect) {
	if r.Empty() {
		return
	}
	th, models, columns := p.screen.Theme(), p.session.Models(), p.columns()
	names := 6
	for _, m := range models {
		names = max(names, kit.Width(m.Name))
	}
	names = min(names, 24, max(6, r.W-3-scoreColumn*2-imagesColumn))
	for len(columns) > 2 && 3+names+scoreColumn*len(columns)+imagesColumn > r.W {
		columns = columns[:len(columns)-1]
	}
	w, counted := scoreColumn, false
	if 3+names+(scoreColumn+countColumn)*len(columns) <= r.W {
		w, counted = scoreColumn+countColumn, true
	}
	c.Left(kit.NewRect(r.X, r.Y, names+2, 1), th.Dim, kit.Pick(names+2, "accuracy %", "accuracy"))
	x := r.X + 3 + names
	for _, column := range columns {
		c.Left(kit.NewRect(x, r.Y, w-1, 1), th.Dim, column.head)
		x += w
	}
	if p.showsSmallest(x, r) {
		c.Left(kit.NewRect(x, r.Y, scoreColumn-1, 1), th.Dim, "median smallest ε")
		x += scoreColumn
	}
	if !counted {
		c.Left(kit.NewRect(x, r.Y, imagesColumn, 1), th.Dim, kit.FitRight("images", min(imagesColumn, r.Right()-x)))
	}
	for i, m := range models {
		if i+1 < r.H {
			p.drawTableLine(c, r.Row(i+1), names, m, columns, counted)
		}
	}
}

// showsSmallest reports whether there is room at x for the column of the median smallest ε.
func (p *Page) showsSmallest(x int, r kit.Rect) bool {
	return attack.Minimal(p.options.Method) && x+scoreColumn+imagesColumn <= r.Right()
}

// drawTableLine draws a model's accuracies, and the number of images of each or, except of the Square
// check, their range.
func (p *Page) drawTableLine(c *kit.Canvas, row kit.Rect, names int, m session.ShownModel, columns []tableColumn, counted bool) {
	th, look := p.screen.Theme(), p.screen.Theme().Model(m.Slot)
	c.Put(row.X, row.Y, look.Style.Paint(look.Mark)+" "+kit.Fit(m.Name, names))
	key, _ := p.keys(m.Path)
	x := row.X + 3 + names
	if why := p.robust.Failed[key]; why != "" {
		c.Left(kit.NewRect(x, row.Y, row.Right()-x, 1), th.Warn, why)
		return
	}
	result := p.robust.Known[key]
	var n imagesRange
	for i, column := range columns {
		score, doubt := column.of(result, key)
		if i <= len(key.methods()) {
			n.add(score.N)
		}
		p.drawScore(c, x, row.Y, score, doubt)
		x += scoreColumn
		if counted {
			if score.N > 0 {
				c.Put(x-1, row.Y, th.Dim.Paint("n "+kit.Grouped(score.N)))
			}
			x += countColumn
		}
	}
	if p.showsSmallest(x, row) {
		c.Put(x, row.Y, smallestText(result, key))
		x += scoreColumn
	}
	if !counted {
		c.Left(kit.NewRect(x, row.Y, row.Right()-x, 1), th.Dim, kit.FitRight(n.String(), min(imagesColumn, row.Right()-x)))
	}
}

// drawList draws the accuracies at the cursor, a line per method; of several models, a line each.
func (p *Page) drawList(c *kit.Canvas, r kit.Rect) {
	if r.Empty() {
		return
	}
	th, models, columns := p.screen.Theme(), p.session.Models(), p.columns()
	open, _ := p.keys("")
	if len(models) > 1 {
		columns = columns[:min(2, len(columns))]
		for i, column := range columns {
			c.Left(kit.NewRect(r.X+2+i*listColumn, r.Y, listColumn-1, 1), th.Dim, column.head)
		}
	} else {
		c.Left(r.Row(0), th.Dim, "accuracy %")
		var n imagesRange
		for _, column := range columns {
			score, _ := column.of(p.robust.Known[open], open)
			n.add(score.N)
		}
		if n.most > 0 {
			c.Right(r.Row(0), th.Dim, "n "+n.String())
		}
	}
	for i := 1; i < r.H; i++ {
		row := r.Row(i)
		switch {
		case len(models) > 1 && i <= len(models):
			p.drawListModel(c, row, models[i-1], columns)
		case len(models) > 1 && i == len(models)+1 && p.leastImages() > 0:
			c.Right(row, th.Dim, "n ≥ "+kit.Grouped(p.leastImages()))
		case len(models) == 1 && i <= len(columns):
			if why := p.robust.Failed[open]; why != "" {
				c.Left(row, th.Warn, why)
				return
			}
			column := columns[i-1]
			c.Left(kit.NewRect(row.X, row.Y, listColumn, 1), kit.Style{}, column.head)
			score, doubt := column.of(p.robust.Known[open], open)
			p.drawScore(c, row.X+listColumn+1, row.Y, score, doubt)
		}
	}
}

// leastImages returns the smallest number of evaluation images of a model; 0 before the first.
func (p *Page) leastImages() int {
	least := 0
	for _, m := range p.session.Models() {
		key, _ := p.keys(m.Path)
		if n := p.robust.Known[key].CleanAt(key.smoothing.Rho).N; n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// listColumn is the width of a column of the narrow form.
const listColumn = 16

// drawListModel draws a model's accuracies in the narrow form.
func (p *Page) drawListModel(c *kit.Canvas, row kit.Rect, m session.ShownModel, columns []tableColumn) {
	look := p.screen.Theme().Model(m.Slot)
	c.Put(row.X, row.Y, look.Style.Paint(look.Mark))
	key, _ := p.keys(m.Path)
	if why := p.robust.Failed[key]; why != "" {
		c.Left(kit.NewRect(row.X+2, row.Y, row.W-2, 1), p.screen.Theme().Warn, why)
		return
	}
	for i, column := range columns {
		score, doubt := column.of(p.robust.Known[key], key)
		p.drawScore(c, row.X+2+i*listColumn, row.Y, score, doubt)
	}
}

// drawScore draws an accuracy with its interval, and whether it failed a sanity check.
func (p *Page) drawScore(c *kit.Canvas, x, y int, score measure.Score, doubt attack.Doubt) {
	c.Put(x, y, session.ScoreText(score)+p.doubtText(doubt))
}

// doubtText marks an accuracy that failed a sanity check, in gray where chance may explain it.
func (p *Page) doubtText(doubt attack.Doubt) string {
	switch doubt {
	case attack.RealDoubt:
		return p.screen.Theme().Warn.Paint(kit.MarkDoubt)
	case attack.ChanceDoubt:
		return p.screen.Theme().Dim.Paint(kit.MarkDoubt)
	}
	return ""
}

// smallestText formats the median smallest ε, or its lower bound.
func smallestText(result attack.Robustness, k robustKey) string {
	for _, s := range result.Smallest {
		switch {
		case s.Rho != k.smoothing.Rho || s.N == 0:
		case math.IsInf(s.Median, 0):
			return "> " + epsilonText(slices.Max(k.epsilons()))
		default:
			return epsilonText(s.Median)
		}
	}
	return "     –"
}
