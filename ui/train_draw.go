package ui

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hfcui/engine/measure"
)

func (p *trainPage) runStyle(i int) (mark string, st style) {
	m := p.screen.theme().model(i)
	return m.mark, m.style
}

func (p *trainPage) draw(c *canvas) []placed {
	p.drawTable(c)
	var pictures []placed
	for _, k := range p.l.order() {
		if k == panelKernels {
			p.drawTitle(c, k)
			pictures = p.drawKernels(c)
			continue
		}
		p.drawPanel(c, k)
	}
	return pictures
}

// runColumn is a column of the table.
type runColumn struct {
	head string
	w    int
	text func(runFacts) string
}

// runColumns stand in the order of what matters most; those that do not fit are left out.
var runColumns = []runColumn{
	{"epoch", 9, func(r runFacts) string {
		if r.epochs > 0 {
			return fmt.Sprintf("%d/%d", r.epoch, r.epochs)
		}
		return fmt.Sprint(r.epoch)
	}},
	{"loss", 7, func(r runFacts) string { return decimals(r.loss, "%.4f") }},
	{"test %", 15, func(r runFacts) string { return scoreOr(r.test) }},
	{"train", 6, func(r runFacts) string {
		if r.train == nil || r.train.N == 0 {
			return "–"
		}
		return percent(r.train.Accuracy())
	}},
	{"left", 9, func(r runFacts) string {
		if r.paused {
			return "paused"
		}
		return durationText(r.left)
	}},
	{"images/s", 8, func(r runFacts) string {
		if r.speed != r.speed {
			return "–"
		}
		return grouped(int(r.speed + 0.5))
	}},
	{"rate", 8, func(r runFacts) string { return decimals(r.rate, "%.3g") }},
	{"step", 9, func(r runFacts) string { return grouped(r.step) }},
}

func scoreOr(s *measure.Score) string {
	if s == nil {
		return scoreText(measure.Score{})
	}
	return scoreText(*s)
}

// drawTable draws a line for every run: where it is, at the cursor or now.
func (p *trainPage) drawTable(c *canvas) {
	th, t, runs := p.screen.theme(), p.l.table, p.fig.runs
	if len(runs) == 0 {
		c.left(t.row(0), th.dim, "no training yet")
		return
	}
	names := 6
	for _, r := range runs {
		names = max(names, width(r.name))
	}
	names = min(max(names, 14), max(14, t.w/6))
	head := "now"
	if p.cursor >= 0 {
		head = fmt.Sprintf("at %s %s", p.fig.asked.axis, shortNumber(p.cursor))
	}
	c.left(newRect(t.x+4, t.y, names, 1), th.dim, head)
	columns := columnsIn(t.w - names - 5)
	x := t.x + 4 + names
	for _, col := range columns {
		c.right(newRect(x+1, t.y, col.w, 1), th.dim, col.head)
		x += col.w + 1
	}
	top := p.l.top(p.run, len(runs))
	for i := 0; i < t.h-1 && top+i < len(runs); i++ {
		p.drawRun(c, t.row(1+i), top+i, names, columns)
	}
	if more := len(runs) - (t.h - 1); more > 0 {
		c.right(t.row(0), th.dim, fmt.Sprintf(" %d/%d", p.run+1, len(runs)))
	}
}

func columnsIn(w int) []runColumn {
	for i, col := range runColumns {
		if w -= col.w + 1; w < 0 {
			return runColumns[:i]
		}
	}
	return runColumns
}

// drawRun draws one line of the table.
func (p *trainPage) drawRun(c *canvas, row rect, i, names int, columns []runColumn) {
	th, r := p.screen.theme(), p.ownFacts(p.fig.runs[i])
	mark, st := p.runStyle(i)
	if !p.fig.asked.shows(i) {
		mark, st = markUnknown, th.dim
	}
	if i == p.run && len(p.fig.runs) > 1 {
		c.put(row.x, row.y, th.focus.paint("›"))
	}
	c.put(row.x+2, row.y, st.paint(mark))
	c.left(newRect(row.x+4, row.y, names, 1), st, r.name)
	x := row.x + 4 + names
	if !r.begun {
		st := th.dim
		if r.late {
			st = th.warn
		}
		c.left(newRect(x+2, row.y, row.right()-x-2, 1), st, r.status)
		return
	}
	for n, col := range columns {
		if r.late && n == 1 { // what is wrong matters more than figures
			c.left(newRect(x+2, row.y, row.right()-x-2, 1), th.warn, r.status)
			return
		}
		c.right(newRect(x+1, row.y, col.w, 1), style{}, col.text(r))
		x += col.w + 1
	}
	if room := row.right() - x - 2; room >= width(r.status) {
		c.left(newRect(x+2, row.y, room, 1), th.dim, r.status)
	}
}

// drawPanel draws one chart with its heading.
func (p *trainPage) drawPanel(c *canvas, k panelKind) {
	th, f := p.screen.theme(), p.fig.panels[k]
	plot := p.l.plots[k]
	p.drawTitle(c, k)
	if f.hi <= f.lo {
		f.lo, f.hi = 0, 1
	}
	ch := newChart(plot, 1, 1)
	grid := []float64{0, 0.25, 0.5, 0.75, 1}
	if plot.h < 9 {
		grid = []float64{0, 0.5, 1}
	}
	ch.grid(th.line, grid...)
	if x := p.fig.position(p.cursor); p.cursor >= 0 && p.begun() && x >= 0 && x <= 1 {
		ch.cursor(x, th.focus)
	}
	for _, curve := range f.curves {
		p.addCurve(ch, k, curve)
	}
	ch.render(c)
	ch.labelY(c, th.dim, grid, func(share float64) string {
		if k.shares() {
			return fmt.Sprintf("%.0f%%", 100*share)
		}
		return tickNumber(f.value(share))
	})
	p.labelAxis(c, plot)
	p.labelCurves(c, plot, ch, k, f)
	if len(f.curves) == 0 {
		c.paragraph(newRect(plot.x+1, plot.y+max(0, plot.h/2-1), plot.w-2, min(3, plot.h)), th.dim, p.waiting(k))
	}
}

// addCurve draws a curve, and what it was before smoothing.
func (p *trainPage) addCurve(ch *chart, k panelKind, curve curveFigure) {
	th := p.screen.theme()
	mark, st := p.runStyle(curve.run)
	s := series{points: curve.points, line: st, mark: mark, shade: th.line}
	dim := th.line
	switch {
	case k == panelBands:
		part := map[string][4]any{
			"low":   {markLow, th.low, th.lowShade, th.lowDim},
			"high":  {markHigh, th.high, th.highShade, th.highDim},
			"whole": {markWhole, th.whole, th.wholeShade, th.wholeDim},
		}[curve.part]
		s.line, s.shade, dim = part[1].(style), part[2].(style), part[3].(style)
		if p.fig.asked.radius < 0 || len(p.fig.runs) == 1 {
			s.mark = part[0].(string)
		}
	case k == panelImage:
		s.line, s.mark = th.right, markRight
		if curve.part == partOther {
			s.line, s.mark = th.wrong, markWrong
		}
	case curve.train:
		s.mark = ""
	case k == panelAccuracy:
		s.thick = ch.plot.h >= thickRows
	default:
		s.mark = ""
	}
	if curve.raw != nil {
		ch.draw(series{points: curve.raw, line: dim}, true)
	}
	if len(s.points) == 1 && s.mark == "" {
		s.mark = mark
	}
	if n := len(s.points); n*3 > ch.plot.w && s.mark != "" { // marks every few columns
		ch.draw(series{points: s.points, line: s.line, shade: s.shade, thick: s.thick}, false)
		s.points = sparse(s.points, max(1, 8*n/max(1, ch.plot.w)))
		for _, at := range s.points {
			ch.put(int(ch.dotX(at.x))/2, int(ch.dotY(at.y))/4, s.mark, s.line, rankMark)
		}
		return
	}
	ch.draw(s, false)
}

// sparse keeps every n-th point.
func sparse(list []point, n int) []point {
	var out []point
	for i := n - 1; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

// labelCurves writes the curves' values right of the plot, each at its height as far as
// there is room.
func (p *trainPage) labelCurves(c *canvas, plot rect, ch *chart, k panelKind, f panelFigure) {
	th := p.screen.theme()
	taken := map[int]bool{}
	curves := slices.Clone(f.curves)
	slices.SortStableFunc(curves, func(a, b curveFigure) int { // the chosen run first
		return boolOrder(a.run != p.run) - boolOrder(b.run != p.run)
	})
	for _, curve := range curves {
		if curve.train || math.IsNaN(curve.value) {
			continue
		}
		mark, st := p.runStyle(curve.run)
		text := mark + shortNumber(curve.value)
		switch {
		case k == panelAccuracy:
			text = mark + percent(curve.value)
		case k == panelImage:
			mark, st = markRight, th.right
			if curve.part == partOther {
				mark, st = markWrong, th.wrong
			}
			text = mark + percent(curve.value)
		case k == panelBands:
			part := map[string]string{"low": markLow, "high": markHigh, "whole": markWhole}[curve.part]
			st = map[string]style{"low": th.low, "high": th.high, "whole": th.whole}[curve.part]
			if curve.part != "whole" {
				part += fmt.Sprintf("%-2s", fmt.Sprintf("%.3g", curve.r))
			} else {
				part += "  "
			}
			if p.fig.asked.radius >= 0 && len(p.fig.runs) > 1 {
				part = mark + " "
			}
			text = part + strings.TrimRight(wholePercent(curve.value), " ")
		}
		row := min(max(int(ch.dotY(f.share(curve.value)))/4, 0), plot.h-1)
		for _, d := range []int{0, 1, -1, 2, -2, 3, -3} {
			if y := row + d; y >= 0 && y < plot.h && !taken[y] {
				taken[y] = true
				c.put(plot.right()+1, plot.y+y, st.paint(cut(text, valueWidth-1)))
				break
			}
		}
	}
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// drawTitle says what a chart shows.
func (p *trainPage) drawTitle(c *canvas, k panelKind) {
	th, r := p.screen.theme(), p.l.titles[k]
	x := c.left(r, bold, title(k.String()))
	room := newRect(x+2, r.y, r.right()-x-2, 1)
	text := ""
	switch k {
	case panelAccuracy:
		text = pick(room.w, "thick and marked: test, 95% intervals; thin: train", "marked: test; thin: train")
	case panelBands:
		p.drawBandsTitle(c, room)
		return
	case panelImage:
		p.imageTitle(c, room)
		return
	case panelKernels:
		text = "of the newest checkpoint"
	case panelRoughness:
		text = pick(room.w, "of the first layer's kernels", "first layer")
	case panelLoss, panelRate:
		if p.logY {
			text = "logarithmic"
		}
	}
	if w := smoothings[p.smooth]; w > 0 && k.smooths() && k != panelBands {
		text = pick(room.w, fmt.Sprintf("smoothed %g; %s", w, text), text)
	}
	c.left(room, th.dim, strings.TrimSuffix(text, "; "))
}

func (p *trainPage) drawBandsTitle(c *canvas, room rect) {
	th, f := p.screen.theme(), p.fig
	of := "at all radii"
	if q := f.asked.radius; q >= 0 && q < len(f.radii) {
		of = fmt.Sprintf("at r = %g", f.radii[q])
	}
	name := ""
	if p.run < len(f.runs) && len(f.runs) > 1 && f.asked.radius < 0 {
		name = ", " + f.runs[p.run].name
	}
	legend := th.low.paint(markLow+" low") + " " + th.high.paint(markHigh+" high") + " " + th.whole.paint(markWhole+" whole")
	if room.w < width(legend) {
		return
	}
	c.put(room.x, room.y, legend)
	x := room.x + width(legend) + 2
	rest := newRect(x, room.y, room.right()-x, 1)
	if rest.w > 6 {
		long := of + name
		if f.bandsOf != "" {
			long += ": " + f.bandsOf
		}
		c.left(rest, th.dim, pick(rest.w, long, of+name, of))
	}
}

// labelAxis writes numbers under a plot.
func (p *trainPage) labelAxis(c *canvas, plot rect) {
	th, f := p.screen.theme(), &p.fig
	y := plot.bottom()
	unit := p.axis.String()
	if p.logX {
		unit = "log " + unit
	}
	if !p.begun() {
		c.put(plot.right()-width(unit), y, th.dim.paint(unit))
		return
	}
	last := plot.x - 1
	end := plot.right() + valueWidth - width(unit) - 1
	for _, v := range f.ticks(plot.w) {
		label := shortNumber(v)
		x := plot.x + int(f.position(v)*float64(plot.w-1)+0.5) - (width(label)-1)/2
		if x <= last || x+width(label) >= end {
			continue
		}
		c.put(x, y, th.dim.paint(label))
		last = x + width(label)
	}
	c.put(end, y, th.dim.paint(unit))
}

// tickNumber writes a number in four cells.
func tickNumber(v float64) string {
	if abs := math.Abs(v); abs >= 0.01 && abs < 1 {
		return strings.TrimRight(fmt.Sprintf("%.3f", v), "0")[1:]
	} else if abs >= 1 && abs < 10 {
		return fmt.Sprintf("%.2f", v)
	}
	return strings.Replace(shortNumber(v), "0.00", ".00", 1)
}

// waiting says what will come where a chart is empty.
func (p *trainPage) waiting(k panelKind) string {
	runs := p.fig.runs
	begun := slices.ContainsFunc(runs, func(r runFacts) bool { return r.begun })
	switch {
	case len(runs) == 0 && k == panelAccuracy && p.options.Training != nil:
		return "n trains a network on the open data. Its curves appear here while it runs."
	case len(runs) == 0 && k == panelAccuracy:
		return "Trainings appear here while they run."
	case !begun && p.over != nil && p.over.failed() && p.run < len(runs) && runs[p.run].dir == p.over.dir:
		return p.over.name + " did not begin: " + oneLine(p.over.err)
	case k == panelImage || k == panelKernels || k == panelRoughness:
		return p.withoutEvolution(k)
	case k == panelBands && p.begun():
		return p.withoutBands()
	case begun && k == panelAccuracy:
		return "Accuracy comes with the first steps, test after every epoch."
	case begun:
		return "No " + k.String() + " is known of these runs."
	}
	return map[panelKind]string{
		panelAccuracy: "Accuracy on train and test will appear here as soon as the run begins.",
		panelBands:    "Accuracy on low and high parts, a curve a radius, will appear here.",
		panelLoss:     "The loss of every few steps will appear here.",
		panelRate:     "The learning rate will appear here.",
		panelSpeed:    "Images trained on a second will appear here.",
	}[k]
}
