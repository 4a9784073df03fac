package bands

import (
	"fmt"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	if p.view.table() {
		p.drawTable(c)
		return nil
	}
	now, base := p.key("")
	rows := p.l.values
	if p.changes() {
		rows.H -= 2
		p.drawChanges(c, kit.NewRect(rows.X, rows.Bottom(), rows.W, 2), p.curves.Known[now], now)
	}
	if p.compared() {
		p.drawModels(c, rows)
	} else {
		p.drawValues(c, rows.Row(0), fmt.Sprintf("r %4.1f", p.radius(p.curves.Known[now])), p.curves.Known[now],
			[3]string{kit.MarkLow, kit.MarkHigh, kit.MarkWhole}, [3]kit.Style{p.screen.Theme().Low, p.screen.Theme().High, p.screen.Theme().Whole})
		if row := rows.Row(1); now != base && p.curves.Known[base].Whole.N > 0 {
			p.drawValues(c, row, "ρ off", p.curves.Known[base],
				[3]string{kit.MarkLowBase, kit.MarkHighBase, kit.MarkWBase}, [3]kit.Style{p.screen.Theme().LowDim, p.screen.Theme().HighDim, p.screen.Theme().WholeDim})
		} else if now != base {
			c.Left(row, p.screen.Theme().Dim, p.waitingBase(row.W))
		}
	}
	for _, l := range p.l.panels {
		p.drawPanel(c, l)
	}
	p.drawFoot(c, now)
	return nil
}

// drawPanel draws a chart with its heading.
func (p *Page) drawPanel(c *kit.Canvas, l bandsPanel) {
	switch {
	case !p.compared():
		p.drawCurves(c, l.plot, l.axis.Y)
		if l.axis.Y+1 < p.l.foot.Y {
			title := "accuracy (%) vs cutoff radius r (" + p.session.InputUnit() + ")"
			c.Left(kit.NewRect(l.plot.X+max(0, l.plot.W-kit.Width(title))/2, l.axis.Y+1, l.plot.W, 1), p.screen.Theme().Dim, title)
		}
		return
	case p.minus:
		p.drawDifferences(c, l)
	default:
		p.drawCompared(c, l)
	}
	if th := p.screen.Theme(); len(l.parts) == 1 {
		mark, name, st := kit.MarkLow, "low-pass images", th.Low
		if l.parts[0] == bands.High {
			mark, name, st = kit.MarkHigh, "high-pass images", th.High
		}
		x := c.Left(l.title, st, mark+" "+name)
		what := ": accuracy vs r"
		if p.minus {
			what = ": accuracy difference vs r"
		}
		c.Left(kit.NewRect(x, l.title.Y, l.title.Right()-x, 1), th.Dim, what)
	}
}

// radius returns the measured radius nearest to r.
func (p *Page) radius(r bands.Result) float64 {
	if len(r.Radii) == 0 {
		return p.session.R
	}
	return r.Radii[kit.Nearest(r.Radii, p.session.R)]
}

// drawValues draws one line of accuracies at the cursor.
func (p *Page) drawValues(c *kit.Canvas, row kit.Rect, head string, r bands.Result, marks [3]string, colors [3]kit.Style) {
	var low, high measure.Score
	if len(r.Radii) > 0 {
		i := kit.Nearest(r.Radii, p.session.R)
		low, high = r.Low[i], r.High[i]
	}
	names, unit, indent, gap := [3]string{" low", " high", " whole"}, " %", 8, 2
	switch {
	case row.W < 78:
		names, unit, indent, gap = [3]string{}, "", 5, 1
		head = strings.TrimSuffix(strings.ReplaceAll(head, " ", ""), ".0")
	case row.W < 84:
		unit = ""
	}
	c.Put(row.X, row.Y, p.screen.Theme().Dim.Paint(kit.Fit(head, indent)))
	x := row.X + indent
	for i, score := range []measure.Score{low, high, r.Whole} {
		text := colors[i].Paint(marks[i]+names[i]) + " " + session.ScoreText(score) + unit
		c.Put(x, row.Y, text)
		x += kit.Width(text) + gap
	}
	if n := fmt.Sprintf("n %s", kit.FitRight(kit.Grouped(r.Whole.N), 6)); row.Right()-x >= kit.Width(n) {
		c.Put(x, row.Y, p.screen.Theme().Dim.Paint(n))
	}
}

// drawCurves draws the chart, or a placeholder.
func (p *Page) drawCurves(c *kit.Canvas, plot kit.Rect, axis int) {
	th, most := p.screen.Theme(), p.session.Info.MaxRadius
	now, base := p.key("")
	ch := kit.NewChart(plot, most, 1)
	grid := ch.ShareGrid(th)
	ch.Cursor(min(p.session.R, most), th.Focus)
	if now != base {
		p.addCurves(ch, p.curves.Known[base], true)
	}
	p.addCurves(ch, p.curves.Known[now], false)
	ch.Render(c)
	if now != base {
		p.labelWhole(c, ch, p.curves.Known[base], kit.MarkWBase, th.WholeDim)
	}
	p.labelWhole(c, ch, p.curves.Known[now], kit.MarkWhole, th.Whole)
	ch.LabelY(c, th.Dim, grid, kit.PercentOf)
	ch.LabelX(c, th.Dim, axis)
	if why := p.waiting(p.curves.Known[now]); why != "" {
		ch.Note(c, th.Dim, why)
	}
}

// addCurves draws the curves of a result.
func (p *Page) addCurves(ch *kit.Chart, r bands.Result, base bool) {
	if r.Whole.N == 0 {
		return
	}
	th := p.screen.Theme()
	whole := kit.Series{Line: th.Whole, Shade: th.WholeShade}
	thick := !base && ch.Plot.H >= kit.ThickRows
	low := kit.Series{Line: th.Low, Shade: th.LowShade, Mark: kit.MarkLow, Thick: thick}
	high := kit.Series{Line: th.High, Shade: th.HighShade, Mark: kit.MarkHigh, Thick: thick}
	if base {
		whole.Line, low.Line, high.Line = th.WholeDim, th.LowDim, th.HighDim
		low.Mark, high.Mark = kit.MarkLowBase, kit.MarkHighBase
	}
	for _, x := range []float64{0, ch.MostX} {
		whole.Points = append(whole.Points, session.ScorePoint(x, r.Whole))
	}
	for i, x := range r.Radii {
		low.Points = append(low.Points, session.ScorePoint(x, r.Low[i]))
		high.Points = append(high.Points, session.ScorePoint(x, r.High[i]))
	}
	ch.Draw(whole, base)
	if p.changes() && !base {
		ch.Draw(p.changesSeries(r, thick), base)
	}
	ch.Draw(high, base)
	ch.Draw(low, base)
}

// labelWhole labels the line of the whole image, right of the plot.
func (p *Page) labelWhole(c *kit.Canvas, ch *kit.Chart, r bands.Result, mark string, st kit.Style) {
	if r.Whole.N > 0 {
		c.Put(ch.Plot.Right()+1, ch.Row(r.Whole.Accuracy()), st.Paint(mark+kit.Percent(r.Whole.Accuracy())))
	}
}

// waiting returns why there is no curve yet; "" if there is one.
func (p *Page) waiting(r bands.Result) string {
	now, _ := p.key("")
	switch {
	case p.curves.Failed[now] != "":
		return p.curves.Failed[now]
	case r.Whole.N > 0:
		return ""
	case p.session.Info.Images == 0:
		return "No evaluation images."
	case !p.session.Info.Labeled:
		return p.session.Unscored("Accuracy")
	case p.curves.Stopped:
		return "Stopped before the first results. Press enter to resume."
	}
	return fmt.Sprintf("Accuracy on low-pass and high-pass images at %d radii will appear here.", len(bands.Radii(p.session.Info.MaxRadius)))
}

// waitingBase returns, in w cells, why the curve without smoothing is missing.
func (p *Page) waitingBase(w int) string {
	switch {
	case p.curves.Job != nil:
		return kit.Pick(w, "ρ off   is evaluated after the smoothed curve", "ρ off comes next")
	case p.curves.Stopped:
		return kit.Pick(w, "ρ off   not evaluated yet; press enter to resume", "ρ off: press enter")
	}
	return ""
}

// rangeText formats the numbers of images of several curves: "48", or "48 to 72".
func rangeText(fewest, most int) string {
	if fewest == most {
		return kit.Grouped(most)
	}
	return kit.Grouped(fewest) + " to " + kit.Grouped(most)
}

// drawFoot describes the evaluation.
func (p *Page) drawFoot(c *kit.Canvas, now bandsKey) {
	r, th := p.curves.Known[now], p.screen.Theme()
	fewest, most := r.Whole.N, r.Whole.N
	if p.compared() {
		for _, m := range p.session.Comparisons {
			if k, _ := p.key(m.Path); p.curves.Failed[k] == "" {
				fewest, most = min(fewest, p.curves.Known[k].Whole.N), max(most, p.curves.Known[k].Whole.N)
			}
		}
	}
	text := fmt.Sprintf("%s: %s of %s at every r, 95%% CI",
		kit.Clean(now.split), kit.FitRight(rangeText(fewest, most), len(kit.Grouped(p.session.Info.Images))), kit.Counted(p.session.Info.Images, "image"))
	x := c.Left(p.l.foot, th.Dim, text)
	right := ""
	switch {
	case p.compared() && p.filled():
		right = "filled: low, hollow: high"
	case r.BatchSize > 0:
		right = fmt.Sprintf("batch norm: statistics of batches of %d", r.BatchSize)
	case p.session.Info.BatchNorm: // the setting says it before the first figures do
		right = "batch norm: " + now.Statistics.String() + " statistics"
	}
	if p.curves.Stopped {
		right = "stopped"
	}
	if room := p.l.foot.Right() - x - 2; room >= kit.Width(right) {
		c.Right(kit.NewRect(x+2, p.l.foot.Y, room, 1), th.Dim, right)
	}
}

// DrawChart draws the curves on another page with room for them.
func (p *Page) DrawChart(c *kit.Canvas, r kit.Rect) {
	plot := kit.PlotOf(kit.NewRect(r.X, r.Y, r.W, r.H-1))
	if !p.session.Info.Labeled {
		c.Paragraph(plot, p.screen.Theme().Dim, p.session.Unscored("Accuracy"))
		return
	}
	if !p.curves.On {
		c.Paragraph(plot, p.screen.Theme().Dim, "Press 2 to measure accuracy vs r; the curve will also appear here.")
		return
	}
	if p.compared() {
		p.drawCompared(c, bandsPanel{plot: plot, axis: r.Row(r.H - 1), parts: []bands.Part{bands.Low, bands.High}})
		return
	}
	p.drawCurves(c, plot, r.Bottom()-1)
}
