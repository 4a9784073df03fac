package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/session"
)

// runStyle returns the marker and the style of a row of the table: gray where others are pinned.
func (p *Page) runStyle(row int) (mark string, st kit.Style) {
	color := p.fig.Runs[row].Color
	if color == runlog.Uncolored {
		return kit.MarkUnknown, p.screen.Theme().Dim
	}
	m := p.screen.Theme().Model(color)
	return m.Mark, m.Style
}

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	p.drawTable(c)
	var pictures []kit.Placed
	for _, k := range p.l.order() {
		switch k {
		case runlog.PanelKernels:
			p.drawTitle(c, k)
			pictures = p.drawKernels(c)
		case runlog.PanelLog:
			p.drawTitle(c, k)
			p.drawLog(c)
		default:
			p.drawPanel(c, k)
		}
	}
	return pictures
}

// runColumn is a column of the table.
type runColumn struct {
	head string
	w    int
	text func(runlog.RunFacts) string
}

// runColumns are in order of priority; those that do not fit are omitted.
var runColumns = []runColumn{
	{"epoch", 9, func(r runlog.RunFacts) string {
		if r.Epochs > 0 {
			return fmt.Sprintf("%d/%d", r.Epoch, r.Epochs)
		}
		return fmt.Sprint(r.Epoch)
	}},
	{"loss", 7, func(r runlog.RunFacts) string { return kit.Decimals(r.Loss, "%.4f") }},
	{"test %", 15, testText},
	{"best %", 6, func(r runlog.RunFacts) string { return kit.Percent(r.Best) }},
	{"train %", 24, trainText},
	{"ETA", 9, func(r runlog.RunFacts) string {
		if r.Paused {
			return "paused"
		}
		return kit.DurationText(r.Left)
	}},
	{"images/s", 8, func(r runlog.RunFacts) string {
		if r.Speed != r.Speed {
			return "–"
		}
		return kit.Grouped(int(r.Speed + 0.5))
	}},
	{"LR", 8, func(r runlog.RunFacts) string { return kit.Decimals(r.Rate, "%.3g") }},
	{"step", 9, func(r runlog.RunFacts) string { return kit.Grouped(r.Step) }},
}

// trainText formats training accuracy with its 95 % CI and n, or the mean of a group.
func trainText(r runlog.RunFacts) string {
	if r.Grouped || r.Train == nil || r.Train.N == 0 {
		return kit.Percent(r.TrainAccuracy)
	}
	return session.ScoreText(*r.Train) + " n " + kit.Grouped(r.Train.N)
}

// testText formats test accuracy with its 95 % CI, or of a group its mean and range.
func testText(r runlog.RunFacts) string {
	switch {
	case r.Grouped && r.Accuracy == r.Accuracy && r.Lo == r.Hi: // of one run, or all the same
		return kit.Percent(r.Accuracy)
	case r.Grouped && r.Accuracy == r.Accuracy:
		return fmt.Sprintf("%.1f %.1f–%.1f", 100*r.Accuracy, 100*r.Lo, 100*r.Hi)
	case r.Test == nil:
		return session.ScoreText(measure.Score{})
	}
	return session.ScoreText(*r.Test)
}

// drawTable draws a line per run, with values at the cursor or the newest.
func (p *Page) drawTable(c *kit.Canvas) {
	th, t, runs := p.screen.Theme(), p.l.table, p.fig.Runs
	if len(runs) == 0 && p.fig.All > 0 {
		c.Left(t.Row(0), th.Dim, "no run matches the filter "+kit.Clean(p.table.filter)+"; press "+kit.Filter.Label+" to change it")
		return
	}
	if len(runs) == 0 {
		c.Left(t.Row(0), th.Dim, "no runs yet")
		return
	}
	names := 6
	for _, r := range runs {
		names = max(names, kit.Width(rowName(r)))
	}
	names = min(max(names, 14), max(14, t.W/4))
	head := "now"
	if p.cursor >= 0 {
		head = fmt.Sprintf("at %s %s", p.fig.Asked.Axis, kit.ShortNumber(p.cursor))
	}
	c.Left(kit.NewRect(t.X+4, t.Y, names, 1), th.Dim, head)
	columns := columnsIn(t.W - names - 5)
	x := t.X + 4 + names
	for _, col := range columns {
		c.Right(kit.NewRect(x+1, t.Y, col.w, 1), th.Dim, col.head)
		x += col.w + 1
	}
	top := p.l.top(p.row(), len(runs))
	for i := 0; i < t.H-1 && top+i < len(runs); i++ {
		p.drawRun(c, t.Row(1+i), top+i, names, columns)
	}
	if more := len(runs) - (t.H - 1); more > 0 {
		c.Right(t.Row(0), th.Dim, fmt.Sprintf(" %d/%d", p.row()+1, len(runs)))
	}
}

// rowName is the name of a run, or of a group with the number of its runs.
func rowName(r runlog.RunFacts) string {
	if r.Grouped {
		return fmt.Sprintf("%s (%d)", r.Name, len(r.Members))
	}
	return r.Name
}

func columnsIn(w int) []runColumn {
	for i, col := range runColumns {
		if w -= col.w + 1; w < 0 {
			return runColumns[:i]
		}
	}
	return runColumns
}

// drawRun draws a line of the table.
func (p *Page) drawRun(c *kit.Canvas, row kit.Rect, i, names int, columns []runColumn) {
	th, r := p.screen.Theme(), p.ownFacts(p.fig.Runs[i])
	mark, st := p.runStyle(i)
	if r.Hidden {
		mark, st = kit.MarkUnknown, th.Dim
	}
	if i == p.row() && len(p.fig.Runs) > 1 {
		c.Put(row.X, row.Y, th.Focus.Paint("›"))
	}
	if r.Pinned {
		c.Put(row.X+1, row.Y, th.Focus.Paint("*"))
	}
	c.Put(row.X+2, row.Y, st.Paint(mark))
	c.Left(kit.NewRect(row.X+4, row.Y, names, 1), st, kit.CutMiddle(rowName(r), names))
	x := row.X + 4 + names
	if !r.Begun {
		st := th.Dim
		if r.Late {
			st = th.Warn
		}
		c.Left(kit.NewRect(x+2, row.Y, row.Right()-x-2, 1), st, r.Status)
		return
	}
	for n, col := range columns {
		if r.Late && n == 1 { // show the problem instead of values
			c.Left(kit.NewRect(x+2, row.Y, row.Right()-x-2, 1), th.Warn, r.Status)
			return
		}
		c.Right(kit.NewRect(x+1, row.Y, col.w, 1), kit.Style{}, col.text(r))
		x += col.w + 1
	}
	if room := row.Right() - x - 2; room >= kit.Width(r.Status) {
		c.Left(kit.NewRect(x+2, row.Y, room, 1), th.Dim, r.Status)
	}
}

// drawPanel draws a chart with its heading.
func (p *Page) drawPanel(c *kit.Canvas, k runlog.PanelKind) {
	th, f := p.screen.Theme(), p.fig.Panels[k]
	plot := p.l.plots[k]
	p.drawTitle(c, k)
	y := f.Span()
	ch := kit.NewChartOn(plot, kit.Span{To: 1}, y)
	grid := ch.TickGrid(th)
	for _, n := range p.fig.Notes {
		if x := p.fig.Position(n.X); x >= 0 && x <= 1 && p.fig.Has(k, n.Row) {
			ch.Cursor(x, th.Changed)
		}
	}
	if x := p.fig.Position(p.cursor); p.cursor >= 0 && p.begun() && x >= 0 && x <= 1 {
		ch.Cursor(x, th.Focus)
	}
	for _, curve := range f.Curves {
		p.addCurve(ch, k, curve, y)
	}
	ch.Render(c)
	if k.Shares() {
		ch.LabelY(c, th.Dim, grid, kit.PercentOf)
	} else {
		ch.LabelTicks(c, th.Dim)
	}
	p.labelAxis(c, ch)
	p.labelCurves(c, plot, ch, k, f)
	if len(f.Curves) == 0 {
		ch.Note(c, th.Dim, p.waiting(k))
	}
}

// addCurve draws a curve, and faintly the unsmoothed one.
func (p *Page) addCurve(ch *kit.Chart, k runlog.PanelKind, curve runlog.CurveFigure, y kit.Span) {
	th := p.screen.Theme()
	mark, st := p.runStyle(curve.Row)
	s := kit.Series{Points: onSpan(curve.Points, y), Line: st, Mark: mark, Shade: th.Line}
	dim := th.Line
	switch gray := p.fig.Runs[curve.Row].Color == runlog.Uncolored; {
	case gray && k != runlog.PanelBands && k != runlog.PanelImage:
		line := th.Line
		if curve.Row == p.row() {
			line = th.Dim
		}
		ch.Draw(kit.Series{Points: s.Points, Line: line}, true)
		return
	case k == runlog.PanelBands:
		part := map[string][4]any{
			"low":   {kit.MarkLow, th.Low, th.LowShade, th.LowDim},
			"high":  {kit.MarkHigh, th.High, th.HighShade, th.HighDim},
			"whole": {kit.MarkWhole, th.Whole, th.WholeShade, th.WholeDim},
		}[curve.Part]
		s.Line, s.Shade, dim = part[1].(kit.Style), part[2].(kit.Style), part[3].(kit.Style)
		if p.fig.Asked.Radius < 0 || len(p.fig.Runs) == 1 {
			s.Mark = part[0].(string)
		}
	case k == runlog.PanelImage:
		s.Line, s.Mark = th.Right, kit.MarkRight
		if curve.Part == runlog.PartOther {
			s.Line, s.Mark = th.Wrong, kit.MarkWrong
		}
	case curve.Train:
		s.Mark = ""
	case k == runlog.PanelAccuracy:
		s.Thick = ch.Plot.H >= kit.ThickRows
	default:
		s.Mark = ""
	}
	if curve.Raw != nil {
		ch.Draw(kit.Series{Points: onSpan(curve.Raw, y), Line: dim}, true)
	}
	if len(s.Points) == 1 && s.Mark == "" {
		s.Mark = mark
	}
	if n := len(s.Points); n*3 > ch.Plot.W && s.Mark != "" { // marks every few columns
		ch.Draw(kit.Series{Points: s.Points, Line: s.Line, Shade: s.Shade, Thick: s.Thick}, false)
		s.Points, s.NoLine = sparse(s.Points, max(1, 8*n/max(1, ch.Plot.W))), true
	}
	ch.Draw(s, false)
}

// onSpan returns points, which are fractions of a span, as its values.
func onSpan(points []kit.Point, y kit.Span) []kit.Point {
	at := func(share float64) float64 { return y.From + share*(y.To-y.From) }
	var list []kit.Point
	for _, p := range points {
		list = append(list, kit.Point{X: p.X, Y: at(p.Y), Lo: at(p.Lo), Hi: at(p.Hi)})
	}
	return list
}

// sparse keeps every n-th point.
func sparse(list []kit.Point, n int) []kit.Point {
	var out []kit.Point
	for i := n - 1; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

// labelCurves draws the curves' values right of the plot, as close to the curves as possible.
func (p *Page) labelCurves(c *kit.Canvas, plot kit.Rect, ch *kit.Chart, k runlog.PanelKind, f runlog.PanelFigure) {
	th := p.screen.Theme()
	taken := map[int]bool{}
	curves := slices.Clone(f.Curves)
	slices.SortStableFunc(curves, func(a, b runlog.CurveFigure) int { // the selected run first
		return boolOrder(a.Row != p.row()) - boolOrder(b.Row != p.row())
	})
	for _, curve := range curves {
		gray := p.fig.Runs[curve.Row].Color == runlog.Uncolored && curve.Row != p.row()
		if curve.Train || gray || math.IsNaN(curve.Value) {
			continue
		}
		mark, st := p.runStyle(curve.Row)
		text := mark + kit.ShortNumber(curve.Value)
		switch {
		case k == runlog.PanelAccuracy:
			text = mark + kit.Percent(curve.Value)
		case k == runlog.PanelImage:
			mark, st = kit.MarkRight, th.Right
			if curve.Part == runlog.PartOther {
				mark, st = kit.MarkWrong, th.Wrong
			}
			text = mark + kit.Percent(curve.Value)
		case k == runlog.PanelBands:
			part := map[string]string{"low": kit.MarkLow, "high": kit.MarkHigh, "whole": kit.MarkWhole}[curve.Part]
			st = map[string]kit.Style{"low": th.Low, "high": th.High, "whole": th.Whole}[curve.Part]
			if curve.Part != "whole" {
				part += fmt.Sprintf("%-2s", fmt.Sprintf("%.3g", curve.R))
			} else {
				part += "  "
			}
			if p.fig.Asked.Radius >= 0 && len(p.fig.Runs) > 1 {
				part = mark + " "
			}
			text = part + strings.TrimRight(kit.WholePercent(curve.Value), " ")
		}
		row := ch.Row(f.OnSpan(curve.Value)) - plot.Y
		for _, d := range []int{0, 1, -1, 2, -2, 3, -3} {
			if y := row + d; y >= 0 && y < plot.H && !taken[y] {
				taken[y] = true
				c.Put(plot.Right()+1, plot.Y+y, st.Paint(kit.Cut(text, kit.ValueWidth-1)))
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

// drawTitle draws a chart's title.
func (p *Page) drawTitle(c *kit.Canvas, k runlog.PanelKind) {
	th, r := p.screen.Theme(), p.l.titles[k]
	x := c.Left(r, kit.Bold, kit.Title(k.String()))
	room := kit.NewRect(x+2, r.Y, r.Right()-x-2, 1)
	text := ""
	switch k {
	case runlog.PanelAccuracy:
		if n := p.noteAtCursor(); n != nil {
			c.Left(room, th.Changed, kit.Pick(room.W, fmt.Sprintf("note at step %s: %s", kit.Grouped(n.Step), n.Text), "note: "+n.Text))
			return
		}
		text = kit.Pick(room.W, "thick, marked: test, 95% CI; thin: train", "marked: test; thin: train")
		if p.table.group != "" {
			text = kit.Pick(room.W, "test: mean and range of the runs that reach each "+strings.TrimSuffix(p.axis.String(), "s"), "test: mean and range of runs", "mean, range")
		}
	case runlog.PanelBands:
		p.drawBandsTitle(c, room)
		return
	case runlog.PanelImage:
		p.imageTitle(c, room)
		return
	case runlog.PanelKernels:
		text = p.kernelsTitle()
	case runlog.PanelLog:
		if r := p.selected(); r != nil {
			text = "of " + r.Name
			if r.Grouped {
				text = "of " + p.fig.LogOf + ", the first run of " + r.Name
			}
		}
	case runlog.PanelCPU, runlog.PanelMemory:
		text = kit.Pick(room.W, k.Unit()+" used by the training process", k.Unit())
	case runlog.PanelSpeed:
		text = k.Unit()
	case runlog.PanelRoughness:
		text = kit.Pick(room.W, "of the first layer's kernels", "first layer")
	case runlog.PanelLoss, runlog.PanelRate:
		if p.logY {
			text = "logarithmic"
		}
	}
	if w := runlog.Smoothings[p.smooth]; w > 0 && k.Smooths() && k != runlog.PanelBands {
		text = kit.Pick(room.W, fmt.Sprintf("smoothed %g; %s", w, text), text)
	}
	c.Left(room, th.Dim, strings.TrimSuffix(text, "; "))
}

func (p *Page) drawBandsTitle(c *kit.Canvas, room kit.Rect) {
	th, f := p.screen.Theme(), p.fig
	of := "at all radii"
	if q := f.Asked.Radius; q >= 0 && q < len(f.Radii) {
		of = fmt.Sprintf("at r = %g", f.Radii[q])
	}
	name := ""
	if r := p.selected(); r != nil && len(f.Runs) > 1 && f.Asked.Radius < 0 {
		name = ", " + r.Name
	}
	legend := th.Low.Paint(kit.MarkLow+" low") + " " + th.High.Paint(kit.MarkHigh+" high") + " " + th.Whole.Paint(kit.MarkWhole+" whole")
	if room.W < kit.Width(legend) {
		return
	}
	c.Put(room.X, room.Y, legend)
	x := room.X + kit.Width(legend) + 2
	rest := kit.NewRect(x, room.Y, room.Right()-x, 1)
	if rest.W > 6 {
		long := of + name
		if f.BandsOf != "" {
			long += ": " + f.BandsOf
		}
		c.Left(rest, th.Dim, kit.Pick(rest.W, long, of+name, of))
	}
}

// labelAxis draws tick labels below a plot.
func (p *Page) labelAxis(c *kit.Canvas, ch *kit.Chart) {
	th, f, plot := p.screen.Theme(), &p.fig, ch.Plot
	y := plot.Bottom()
	unit := p.axis.String()
	if p.logX {
		unit = "log " + unit
	}
	if !p.begun() {
		c.Put(plot.Right()-kit.Width(unit), y, th.Dim.Paint(unit))
		return
	}
	last := plot.X - 1
	end := plot.Right() + kit.ValueWidth - kit.Width(unit) - 1
	for _, v := range f.Ticks(plot.W) {
		label := kit.ShortNumber(v)
		x := plot.X + int(f.Position(v)*float64(plot.W-1)+0.5) - (kit.Width(label)-1)/2
		if x <= last || x+kit.Width(label) >= end {
			continue
		}
		ch.LabelAt(c, th.Dim, y, f.Position(v), label)
		last = x + kit.Width(label)
	}
	c.Put(end, y, th.Dim.Paint(unit))
}

// waiting says what will come where a chart is empty.
func (p *Page) waiting(k runlog.PanelKind) string {
	runs := p.fig.Runs
	begun := slices.ContainsFunc(runs, func(r runlog.RunFacts) bool { return r.Begun })
	switch {
	case len(runs) == 0 && k == runlog.PanelAccuracy && p.options.Training != nil:
		return p.withoutRuns()
	case len(runs) == 0 && k == runlog.PanelAccuracy:
		return "No runs yet."
	case !begun && p.over != nil && p.over.failed() && p.selected() != nil && p.selected().Dir == p.over.dir:
		return p.over.name + " did not start: " + kit.OneLine(p.over.err)
	case k == runlog.PanelImage || k == runlog.PanelKernels || k == runlog.PanelRoughness:
		return p.withoutEvolution(k)
	case k == runlog.PanelBands && p.begun():
		return p.withoutBands()
	case begun && k == runlog.PanelAccuracy:
		return "Accuracy appears with the first steps; test accuracy after every epoch."
	case begun:
		return "No " + k.Recorded() + " recorded for these runs."
	}
	return map[runlog.PanelKind]string{
		runlog.PanelAccuracy: "Training and test accuracy will appear here.",
		runlog.PanelBands:    "Accuracy on low-pass and high-pass images, one curve per radius, will appear here.",
		runlog.PanelLoss:     "The training loss will appear here.",
		runlog.PanelRate:     "The learning rate will appear here.",
		runlog.PanelSpeed:    "Training throughput (images/s) will appear here.",
		runlog.PanelCPU:      "CPU usage of the training process (cores) will appear here.",
		runlog.PanelMemory:   "Resident memory of the training process will appear here.",
	}[k]
}
