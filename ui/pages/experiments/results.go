package experiments

import (
	"math"
	"slices"
	"strings"

	"hfcui/engine/experiment"
	"hfcui/ui/kit"
)

// resultRows is the minimum height of the chart of results, with heading, axis and legend.
const resultRows = kit.ChartRows + 3

// mostResultRows is its maximum height.
const mostResultRows = 30

// resultTable is a table of results as a chart: columns along x, a marker per row.
type resultTable struct {
	title         string
	columns, rows []string
	cells         map[[2]string]experiment.Cell // by row and column
}

// results returns the first table of the selected experiment, without numbers before its report.
func (p *Page) results() (t resultTable) {
	s := p.chosen()
	if f := s.folder(); f.Summary != nil && len(f.Summary.Tables) > 0 {
		t.title, t.cells = kit.Clean(f.Summary.Tables[0].Title), map[[2]string]experiment.Cell{}
		for _, c := range f.Summary.Tables[0].Cells {
			t.add(c.Setting, c.Column)
			t.cells[[2]string{c.Setting, c.Column}] = c
		}
		return t
	}
	plan := s.plan()
	if len(plan.Tables) == 0 {
		return t
	}
	t.title = kit.Clean(plan.Tables[0].Title)
	for _, c := range plan.Tables[0].Columns {
		t.columns = append(t.columns, c.Title)
	}
	for _, row := range plan.Tables[0].Rows {
		for _, c := range row.Columns {
			t.add(row.Title, c.Title)
		}
	}
	if t.rows == nil {
		for _, setting := range plan.Settings {
			t.rows = append(t.rows, setting.Name)
		}
	}
	return t
}

// add adds a row and a column unless they are there.
func (t *resultTable) add(row, column string) {
	if !slices.Contains(t.rows, row) {
		t.rows = append(t.rows, row)
	}
	if !slices.Contains(t.columns, column) {
		t.columns = append(t.columns, column)
	}
}

// span returns the range of the intervals, at least 0 to 1.
func (t *resultTable) span() kit.Span {
	span := kit.Span{To: 1}
	for _, c := range t.cells {
		if c.Mean != nil {
			lo, hi := bounds(c)
			span.From, span.To = min(span.From, lo), max(span.To, hi)
		}
	}
	return span
}

// bounds returns a cell's interval; without one, both are the mean.
func bounds(c experiment.Cell) (lo, hi float64) {
	half := 0.0
	if c.Half != nil && !math.IsInf(*c.Half, 0) && !math.IsNaN(*c.Half) {
		half = *c.Half
	}
	return *c.Mean - half, *c.Mean + half
}

// drawResults draws the first table as a chart, or what it will show.
func (p *Page) drawResults(c *kit.Canvas, r kit.Rect) {
	t, th := p.results(), p.screen.Theme()
	if len(t.columns) == 0 || len(t.rows) == 0 {
		return
	}
	x := c.Left(r.Row(0), kit.Bold, t.title)
	if t.cells != nil {
		c.Left(kit.NewRect(x+2, r.Y, r.Right()-x-2, 1), th.Dim, "means over seeds, 95% CI")
	}
	legend := p.resultLegend(t, r.W)
	plot := kit.PlotOf(kit.NewRect(r.X, r.Y+1, r.W, r.H-2-len(legend)))
	plot.W += kit.ValueWidth - 1
	ch := kit.NewChartOn(plot, kit.Span{From: -0.5, To: float64(len(t.columns)) - 0.5}, t.span())
	ch.TickGrid(th)
	for i, row := range t.rows {
		look := th.Model(i)
		s := kit.Series{Line: look.Style, Mark: look.Mark, NoLine: true, Bars: true}
		shift := 0.7 * ((float64(i)+0.5)/float64(len(t.rows)) - 0.5)
		for k, column := range t.columns {
			if cell, ok := t.cells[[2]string{row, column}]; ok && cell.Mean != nil {
				lo, hi := bounds(cell)
				s.Points = append(s.Points, kit.Point{X: float64(k) + shift, Y: *cell.Mean, Lo: lo, Hi: hi})
			}
		}
		if len(s.Points) > 0 {
			ch.Draw(s, false)
		}
	}
	ch.Render(c)
	ch.LabelTicks(c, th.Dim)
	room := max(1, plot.W/len(t.columns)-1)
	for k, column := range t.columns {
		ch.LabelAt(c, th.Dim, plot.Bottom(), float64(k), kit.Cut(kit.Clean(column), room))
	}
	c.Lines(kit.NewRect(r.X, plot.Bottom()+1, r.W, len(legend)), legend)
	if len(ch.Curves) == 0 {
		ch.Note(c, th.Dim, "Results appear when all runs are done.")
	}
}

// resultLegend returns the rows with their markers, in lines of w cells, at most three.
func (p *Page) resultLegend(t resultTable, w int) (lines []string) {
	line := ""
	for i, row := range t.rows {
		look := p.screen.Theme().Model(i)
		entry := look.Style.Paint(look.Mark) + " " + kit.Cut(kit.Clean(row), w-4)
		if line != "" && kit.Width(line)+3+kit.Width(entry) > w {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+"   "+entry, "   ")
	}
	lines = append(lines, line)
	return lines[:min(len(lines), 3)]
}
