package bands

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// filled reports whether one chart has the curves of both parts, low with filled markers.
func (p *Page) filled() bool { return len(p.l.panels) == 1 }

// drawModels draws a heading and a line per model with its accuracies at the cursor, or, where
// differences are shown, how the comparison models' differ.
func (p *Page) drawModels(c *kit.Canvas, rows kit.Rect) {
	th := p.screen.Theme()
	now, _ := p.key("")
	l := layoutModels(rows.W)
	longest := 24
	for _, m := range p.session.Models() {
		longest = max(longest, kit.Width(m.Name)+6)
	}
	head, unit := rows.Row(0), " %"
	what := fmt.Sprintf("r %4.1f", p.radius(p.curves.Known[now]))
	if p.minus {
		open := kit.Clean(p.session.Info.Model)
		longest, unit = max(longest, 40), ""
		what = kit.Pick(min(l.names, longest)-1, what+", differences from "+open+" in points", what+", points vs "+open, what+", points", what)
	}
	l.names = min(l.names, longest)
	c.Left(kit.NewRect(head.X, head.Y, l.names-1, 1), th.Dim, what)
	for i, title := range []string{th.Low.Paint(kit.MarkLow + " low" + unit), th.High.Paint(kit.MarkHigh + " high" + unit), th.Whole.Paint(kit.MarkWhole + " whole" + unit)} {
		c.Put(head.X+l.names+i*scoreColumn, head.Y, title)
	}
	if l.count > 0 {
		c.Right(l.countOf(head), th.Dim, "n")
	}
	for i, m := range p.session.Models() {
		p.drawModel(c, rows.Row(1+i), m, l)
	}
}

// modelsLayout is the widths of the columns: names, three scores and the number of images.
type modelsLayout struct {
	names, count int
	short        bool // the last score has no interval
}

// scoreColumn is the width of a score's column.
const scoreColumn = 17

func layoutModels(w int) modelsLayout {
	l := modelsLayout{names: w - 3*scoreColumn}
	switch {
	case l.names >= 22:
		l.count = 9
		l.names -= l.count
	case l.names < 16:
		l.short = true
		l.names += scoreColumn - 8
	}
	return l
}

// countOf is the column of the number of images in a row.
func (l modelsLayout) countOf(row kit.Rect) kit.Rect {
	return kit.NewRect(row.X+l.names+3*scoreColumn, row.Y, l.count-2, 1)
}

// drawModel draws a model's line.
func (p *Page) drawModel(c *kit.Canvas, row kit.Rect, m session.ShownModel, l modelsLayout) {
	th := p.screen.Theme()
	look := th.Model(m.Slot)
	marks := look.Mark
	if p.filled() {
		marks += look.Base
	}
	name, room := m.Name, l.names-2-kit.Width(marks)
	if p.minus && m.Path == "" { // accuracies, among differences in points
		name = kit.Fit(name, min(kit.Width(name), room-4)) + " (%)"
	}
	c.Put(row.X, row.Y, look.Style.Paint(marks)+" "+kit.Fit(name, room))
	k, _ := p.key(m.Path)
	if why := p.curves.Failed[k]; why != "" {
		c.Left(kit.NewRect(row.X+l.names, row.Y, row.W-l.names, 1), th.Warn, why)
		return
	}
	r := p.curves.Known[k]
	var texts [3]string
	n := r.Whole.N
	if p.minus && m.Path != "" {
		d := p.difference(m.Path)
		low, high := measure.Paired{}, measure.Paired{}
		if i := kit.Nearest(r.Radii, p.session.R); i < len(d.Low) {
			low, high = d.Low[i], d.High[i]
		}
		texts, n = [3]string{session.DifferenceText(low), session.DifferenceText(high), session.DifferenceText(d.Whole)}, d.Whole.N()
	} else {
		var low, high measure.Score
		if len(r.Radii) > 0 {
			i := kit.Nearest(r.Radii, p.session.R)
			low, high = r.Low[i], r.High[i]
		}
		texts = [3]string{session.ScoreText(low), session.ScoreText(high), session.ScoreText(r.Whole)}
	}
	for i, text := range texts {
		if l.short && i == 2 {
			text = ansi.Truncate(text, 5, "") // without the interval
		}
		if p.minus && m.Path == "" { // what is subtracted
			text = th.Dim.Paint(text)
		}
		c.Put(row.X+l.names+i*scoreColumn, row.Y, text)
	}
	if l.count > 0 {
		c.Right(l.countOf(row), th.Dim, kit.Grouped(n))
	}
}

// drawCompared draws the accuracies of all models, the open one on top.
func (p *Page) drawCompared(c *kit.Canvas, l bandsPanel) {
	th, most := p.screen.Theme(), p.session.Info.MaxRadius
	ch := kit.NewChart(l.plot, most, 1)
	grid := ch.ShareGrid(th)
	ch.Cursor(min(p.session.R, most), th.Focus)
	var ends []endLabel
	models := p.session.Models()
	for i := len(models) - 1; i >= 0; i-- {
		k, _ := p.key(models[i].Path)
		r := p.curves.Known[k]
		if r.Whole.N == 0 {
			continue
		}
		look := th.Model(models[i].Slot)
		for at, part := range l.parts {
			scores, mark := r.Low, look.Mark
			if part == bands.High {
				scores = r.High
			}
			if at > 0 {
				mark = look.Base
			}
			s := p.seriesOf(look.Style, mark, ch)
			for j, x := range r.Radii {
				s.Points = append(s.Points, session.ScorePoint(x, scores[j]))
			}
			ch.Draw(s, false)
			v := scores[kit.Nearest(r.Radii, p.session.R)].Accuracy()
			ends = append(ends, endLabel{v, look.Style.Paint(mark + kit.Percent(v))})
		}
	}
	ch.Render(c)
	ch.LabelY(c, th.Dim, grid, kit.PercentOf)
	ch.LabelX(c, th.Dim, l.axis.Y)
	if now, _ := p.key(""); len(ends) == 0 {
		ch.Note(c, th.Dim, p.waiting(p.curves.Known[now]))
		return
	}
	p.labelEnds(c, ch, ends)
}

// seriesOf returns an empty series in the look of a model.
func (p *Page) seriesOf(st kit.Style, mark string, ch *kit.Chart) kit.Series {
	return kit.Series{Line: st, Shade: p.screen.Theme().Line, Mark: mark, Thick: ch.Plot.H >= kit.ThickRows}
}

// pointsText formats a tick of differences in percentage points: "+5", "0", "−5".
func pointsText(v float64) string {
	if math.Abs(v) < 1e-9 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+.3g", math.Round(1000*v)/10), "-", "−", 1)
}

// endLabel is a value at the cursor, written right of the plot.
type endLabel struct {
	at   float64
	text string
}

// labelEnds draws values at the cursor right of the plot, each as close to its curve as possible.
func (p *Page) labelEnds(c *kit.Canvas, ch *kit.Chart, list []endLabel) {
	taken := map[int]bool{}
	for i := len(list) - 1; i >= 0; i-- { // the open model first
		row := ch.Row(list[i].at)
		for k := range 2 * ch.Plot.H { // 0, −1, +1, −2, …
			try := row + (k+1)/2*(1-k%2*2)
			if try >= ch.Plot.Y && try < ch.Plot.Bottom() && !taken[try] {
				taken[try] = true
				c.Put(ch.Plot.Right()+1, try, list[i].text)
				break
			}
		}
	}
}

// drawDifferences draws how the accuracies of the comparison models differ from the open one's.
func (p *Page) drawDifferences(c *kit.Canvas, l bandsPanel) {
	th, most := p.screen.Theme(), p.session.Info.MaxRadius
	now, _ := p.key("")
	radii := p.curves.Known[now].Radii
	var list []kit.Series
	var ends []endLabel
	largest := 0.05
	for i := len(p.session.Comparisons) - 1; i >= 0; i-- {
		m := p.session.Comparisons[i]
		d, look := p.difference(m.Path), th.Model(m.Slot)
		if d.Whole.N() == 0 {
			continue
		}
		for at, part := range l.parts {
			pairs, mark := d.Low, look.Mark
			if part == bands.High {
				pairs = d.High
			}
			if at > 0 {
				mark = look.Base
			}
			s := kit.Series{Line: look.Style, Shade: th.Line, Mark: mark, Thick: l.plot.H >= kit.ThickRows}
			for j, x := range radii {
				point := session.DifferencePoint(x, pairs[j])
				largest = max(largest, -point.Lo, point.Hi)
				s.Points = append(s.Points, point)
			}
			list = append(list, s)
			v := pairs[kit.Nearest(radii, p.session.R)].Difference()
			ends = append(ends, endLabel{v, look.Style.Paint(mark + strings.Replace(fmt.Sprintf("%+5.1f", 100*v), "-", "−", 1))})
		}
	}
	end := math.Ceil(min(largest, 1)*20-1e-9) / 20
	ch := kit.NewChartOn(l.plot, kit.Span{To: most}, kit.Span{From: -end, To: end})
	grid := ch.TickGrid(th)
	ch.Cursor(min(p.session.R, most), th.Focus)
	ch.Draw(kit.Series{Points: []kit.Point{{}, {X: most}}, Line: th.Dim, Shade: th.Line}, true)
	for _, s := range list {
		ch.Draw(s, false)
	}
	ch.Render(c)
	ch.LabelY(c, th.Dim, grid, pointsText)
	ch.LabelX(c, th.Dim, l.axis.Y)
	if len(list) == 0 {
		text := p.waiting(p.curves.Known[now])
		if text == "" {
			text = "Differences on the same images will appear here."
		}
		ch.Note(c, th.Dim, text)
		return
	}
	p.labelEnds(c, ch, ends)
}
