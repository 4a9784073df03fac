package ui

import (
	"fmt"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
)

func (p *bandsPage) draw(c *canvas) []placed {
	now, base := p.key()
	p.drawValues(c, p.l.values.row(0), fmt.Sprintf("r %4.1f", p.radius(p.curves.known[now])), p.curves.known[now],
		[3]string{markLow, markHigh, markWhole}, [3]style{p.screen.theme().low, p.screen.theme().high, p.screen.theme().whole})
	rows := p.l.values
	if p.changes {
		rows.h -= 2
		p.drawChanges(c, newRect(rows.x, rows.bottom(), rows.w, 2), p.curves.known[now], now)
	}
	if row := rows.row(1); now != base && p.curves.known[base].Whole.N > 0 {
		p.drawValues(c, row, "ρ off", p.curves.known[base],
			[3]string{markLowBase, markHighBase, markWBase}, [3]style{p.screen.theme().lowDim, p.screen.theme().highDim, p.screen.theme().wholeDim})
	} else if now != base {
		c.left(row, p.screen.theme().dim, p.waitingBase(row.w))
	}
	p.drawCurves(c, p.l.plot, p.l.axis.y)
	p.drawFoot(c, now)
	return nil
}

// radius is the measured radius nearest to r.
func (p *bandsPage) radius(r bands.Result) float64 {
	if len(r.Radii) == 0 {
		return p.session.r
	}
	return r.Radii[nearest(r.Radii, p.session.r)]
}

// drawValues draws one line of accuracies at the cursor.
func (p *bandsPage) drawValues(c *canvas, row rect, head string, r bands.Result, marks [3]string, colours [3]style) {
	var low, high measure.Score
	if len(r.Radii) > 0 {
		i := nearest(r.Radii, p.session.r)
		low, high = r.Low[i], r.High[i]
	}
	names, unit, indent, gap := [3]string{" low", " high", " whole"}, " %", 8, 2
	switch {
	case row.w < 78:
		names, unit, indent, gap = [3]string{}, "", 5, 1
		head = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(head, "r "), "ρ "), ".0")
	case row.w < 84:
		unit = ""
	}
	c.put(row.x, row.y, p.screen.theme().dim.paint(fit(head, indent)))
	x := row.x + indent
	for i, score := range []measure.Score{low, high, r.Whole} {
		text := colours[i].paint(marks[i]+names[i]) + " " + scoreText(score) + unit
		c.put(x, row.y, text)
		x += width(text) + gap
	}
	if n := fmt.Sprintf("n %s", fitRight(grouped(r.Whole.N), 6)); row.right()-x >= width(n) {
		c.put(x, row.y, p.screen.theme().dim.paint(n))
	}
}

// drawCurves draws the chart, or what will be there.
func (p *bandsPage) drawCurves(c *canvas, plot rect, axis int) {
	th, most := p.screen.theme(), p.session.info.MaxRadius
	now, base := p.key()
	ch := newChart(plot, most, 1)
	grid := []float64{0, 0.25, 0.5, 0.75, 1}
	if plot.h < 9 {
		grid = []float64{0, 0.5, 1}
	}
	ch.grid(th.line, grid...)
	ch.cursor(min(p.session.r, most), th.focus)
	if now != base {
		p.addCurves(ch, p.curves.known[base], true)
	}
	p.addCurves(ch, p.curves.known[now], false)
	ch.render(c)
	if now != base {
		p.labelWhole(c, ch, p.curves.known[base], markWBase, th.wholeDim)
	}
	p.labelWhole(c, ch, p.curves.known[now], markWhole, th.whole)
	ch.labelY(c, th.dim, grid, func(v float64) string { return fmt.Sprintf("%.0f%%", 100*v) })
	ch.labelX(c, th.dim, axis)
	if why := p.waiting(p.curves.known[now]); why != "" {
		c.paragraph(newRect(plot.x+2, plot.y+plot.h/2-1, plot.w-4, 2), th.dim, why)
	}
}

// addCurves draws the curves of a result.
func (p *bandsPage) addCurves(ch *chart, r bands.Result, base bool) {
	if r.Whole.N == 0 {
		return
	}
	th := p.screen.theme()
	whole := series{line: th.whole, shade: th.wholeShade}
	thick := !base && ch.plot.h >= thickRows
	low := series{line: th.low, shade: th.lowShade, mark: markLow, thick: thick}
	high := series{line: th.high, shade: th.highShade, mark: markHigh, thick: thick}
	if base {
		whole.line, low.line, high.line = th.wholeDim, th.lowDim, th.highDim
		low.mark, high.mark = markLowBase, markHighBase
	}
	for _, x := range []float64{0, ch.mostX} {
		whole.points = append(whole.points, scorePoint(x, r.Whole))
	}
	for i, x := range r.Radii {
		low.points = append(low.points, scorePoint(x, r.Low[i]))
		high.points = append(high.points, scorePoint(x, r.High[i]))
	}
	ch.draw(whole, base)
	if p.changes && !base {
		ch.draw(p.changesSeries(r, thick), base)
	}
	ch.draw(high, base)
	ch.draw(low, base)
}

// labelWhole marks the line of the whole image, right of the plot.
func (p *bandsPage) labelWhole(c *canvas, ch *chart, r bands.Result, mark string, st style) {
	if r.Whole.N > 0 {
		c.put(ch.plot.right()+1, ch.plot.y+int(ch.dotY(r.Whole.Accuracy()))/4, st.paint(mark+percent(r.Whole.Accuracy())))
	}
}

// waiting says why there is no curve yet; "" when there is one.
func (p *bandsPage) waiting(r bands.Result) string {
	now, _ := p.key()
	switch {
	case p.curves.failed[now] != "":
		return p.curves.failed[now]
	case r.Whole.N > 0:
		return ""
	case p.session.info.Images == 0:
		return "There are no images to measure."
	case !p.session.info.Labelled:
		return "Accuracy needs labels that are the model's classes: open images in one folder a class, or a model trained on these."
	case p.curves.stopped:
		return "Stopped before the first figures; enter goes on."
	}
	return fmt.Sprintf("Accuracy on low and high part at %d radii will appear here, rough first.", len(radiiUpTo(p.session.info.MaxRadius)))
}

// waitingBase says in w cells when the curve without smoothing comes, for comparison.
func (p *bandsPage) waitingBase(w int) string {
	switch {
	case p.curves.job != nil:
		return pick(w, "ρ off   is measured after the curve with smoothing", "ρ off is measured next")
	case p.curves.stopped:
		return pick(w, "ρ off   is not measured yet; enter goes on", "ρ off: enter measures it")
	}
	return ""
}

// drawFoot says what the figures are of.
func (p *bandsPage) drawFoot(c *canvas, now bandsKey) {
	r, th := p.curves.known[now], p.screen.theme()
	text := fmt.Sprintf("%s: %s of %s at every r, 95%% intervals",
		clean(now.split), fitRight(grouped(r.Whole.N), len(grouped(p.session.info.Images))), counted(p.session.info.Images, "image"))
	x := c.left(p.l.foot, th.dim, text)
	right := ""
	switch {
	case r.BatchSize > 0:
		right = fmt.Sprintf("statistics of batches of %d", r.BatchSize)
	case p.session.info.BatchNorm: // the setting says it before the first figures do
		right = now.Statistics.String() + " statistics"
	}
	if p.curves.stopped {
		right = "stopped"
	}
	if room := p.l.foot.right() - x - 2; room >= width(right) {
		c.right(newRect(x+2, p.l.foot.y, room, 1), th.dim, right)
	}
}

// drawChart draws the curves on another page that has room for them.
func (p *bandsPage) drawChart(c *canvas, r rect) {
	plot := plotOf(newRect(r.x, r.y, r.w, r.h-1))
	if !p.curves.on {
		c.paragraph(plot, p.screen.theme().dim, "Press 2 to measure accuracy against r; the curve then stays here.")
		return
	}
	p.drawCurves(c, plot, r.bottom()-1)
}
