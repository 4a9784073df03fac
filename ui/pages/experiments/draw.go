package experiments

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"hfcui/engine/experiment"
	"hfcui/ui/kit"
)

// experimentsLayout is the layout of the body: a line per experiment, and below it the details of
// the selected one, in two columns if there is room.
type experimentsLayout struct {
	table  kit.Rect
	detail kit.Rect
	across int
}

func layoutExperiments(l kit.Layout, n int) experimentsLayout {
	b := l.Body
	e := experimentsLayout{table: kit.NewRect(b.X, b.Y, b.W-1, 1+min(n, max(3, b.H-8))), across: 1}
	top := e.table.Bottom() + 1
	if l.H < 22 {
		top--
	}
	e.detail = kit.NewRect(b.X, top, b.W-1, b.Bottom()-top)
	if l.W >= 120 {
		e.across = 2
	}
	return e
}

// first returns the first of n experiments on screen, such that at is visible.
func (e experimentsLayout) first(at, n int) int {
	rows := e.table.H - 1
	return min(max(0, at-rows/2), max(0, n-rows))
}

// Markers of verdicts.
const (
	markHolds     = "✓"
	markFails     = "✗"
	markUndecided = "~"
)

func (p *Page) verdict(v experiment.Verdict) (mark string, st kit.Style) {
	switch v {
	case experiment.Supported:
		return markHolds, p.screen.Theme().Right
	case experiment.NotSupported:
		return markFails, p.screen.Theme().Wrong
	}
	return markUndecided, p.screen.Theme().Dim
}

func (p *Page) Draw(c *kit.Canvas) []kit.Placed {
	p.drawList(c)
	p.drawDetail(c)
	return nil
}

// Columns of the list right of the description.
const (
	nameColumn     = 14
	sizeColumn     = 5
	runsColumn     = 7
	leftColumn     = 10
	verdictsColumn = 12
)

// drawList draws a line per experiment.
func (p *Page) drawList(c *kit.Canvas) {
	th, t := p.screen.Theme(), p.l.table
	right := t.Right() - (sizeColumn + runsColumn + leftColumn + verdictsColumn + 4)
	about := kit.NewRect(t.X+2+nameColumn, t.Y, right-(t.X+2+nameColumn), 1)
	cells := func(y int, st kit.Style, texts ...string) {
		x := right + 1
		for i, w := range []int{sizeColumn, runsColumn, leftColumn} {
			if i == 0 {
				c.Left(kit.NewRect(x, y, w, 1), st, texts[i])
			} else {
				c.Right(kit.NewRect(x, y, w, 1), st, texts[i])
			}
			x += w + 1
		}
	}
	c.Left(kit.NewRect(t.X+2, t.Y, nameColumn, 1), th.Dim, "experiment")
	c.Left(about, th.Dim, "compares")
	cells(t.Y, th.Dim, "size", "runs", "ETA")
	c.Right(t.Row(0), th.Dim, "criteria met")
	top := p.l.first(p.at, len(p.list))
	for i, s := range p.list {
		y := t.Y + 1 + i - top
		if y <= t.Y || y >= t.Bottom() {
			continue
		}
		name := kit.Style{}
		if i == p.at {
			c.Put(t.X, y, th.Focus.Paint("›"))
			name = th.Focus
		}
		f := s.folder()
		runs, left := fmt.Sprintf("%d/%d", f.Done, s.cells()), ""
		switch {
		case p.own(s):
			left = "starting"
			if now := p.doing.progress; now != nil && now.Left > 0 {
				left = kit.DurationText(now.Left)
			}
		case f.Running && f.Left > 0:
			left = kit.DurationText(f.Left)
		case f.Running:
			left = "starting"
		case f.Plan == nil:
			runs = fmt.Sprintf("–/%d", s.cells())
		case f.Done < s.cells():
			left = "incomplete"
		}
		c.Left(kit.NewRect(t.X+2, y, nameColumn-1, 1), name, s.Name)
		about.Y = y
		c.Left(about, kit.Style{}, s.About)
		cells(y, kit.Style{}, string(s.size), runs, left)
		p.drawVerdicts(c, kit.NewRect(t.Right()-verdictsColumn, y, verdictsColumn, 1), f)
	}
}

// cells returns the number of runs: of the experiment as started, or else as planned.
func (s experimentState) cells() int {
	if f := s.folder(); f.Plan != nil {
		return f.Plan.Cells()
	}
	return s.plan().Cells()
}

// drawVerdicts draws a marker per criterion of a report, or counts if there are many.
func (p *Page) drawVerdicts(c *kit.Canvas, r kit.Rect, f experiment.Folder) {
	th := p.screen.Theme()
	if f.Err != nil {
		c.Right(r, th.Warn, "unreadable")
		return
	}
	if f.Summary == nil {
		c.Right(r, th.Dim, "–")
		return
	}
	text := ""
	counts := map[experiment.Verdict]int{}
	for _, finding := range f.Summary.Criteria {
		counts[finding.Verdict]++
		mark, st := p.verdict(finding.Verdict)
		text += st.Paint(mark)
	}
	if f.Stale {
		text = th.Warn.Paint("! ") + text
	}
	if len(f.Summary.Criteria) > r.W-2 {
		text = ""
		for _, v := range []experiment.Verdict{experiment.Supported, experiment.NotSupported, experiment.Inconclusive} {
			if n := counts[v]; n > 0 {
				mark, st := p.verdict(v)
				text += st.Paint(fmt.Sprintf(" %s%d", mark, n))
			}
		}
	}
	c.Right(r, kit.Style{}, text)
}

// said is a line of details: a marker and text, which is wrapped with indent.
type said struct {
	mark   string
	marked kit.Style
	indent int
	style  kit.Style
	text   string
}

// detail returns the details of the selected experiment, in one or two columns.
func (p *Page) detail() [][]said {
	r := p.l.detail
	if p.l.across == 2 {
		half := r.W/2 - 2
		return [][]said{
			wrap(append(append(p.sayState(), said{}), p.saySettings()...), half),
			wrap(p.sayCriteria(), r.W-half-4),
		}
	}
	return [][]said{wrap(slices.Concat(p.sayState(), p.sayCriteria(), []said{{}}, p.saySettings()), r.W)}
}

// lines returns the number of lines of the details.
func (p *Page) lines() (n int) {
	for _, column := range p.detail() {
		n = max(n, len(column))
	}
	return n
}

// drawDetail draws the details from the scroll position, and the number of lines below.
func (p *Page) drawDetail(c *kit.Canvas) {
	r, columns, n := p.l.detail, p.detail(), 0
	for _, column := range columns {
		n = max(n, len(column))
	}
	top := min(p.top, max(0, n-r.H))
	h := r.H
	if below := n - top - r.H; below > 0 {
		c.Right(r.Row(r.H-1), p.screen.Theme().Dim, fmt.Sprintf("↓ %d more", below+1))
		h--
	}
	if free := r.H - n - 1; free >= resultRows {
		rows := min(free, mostResultRows)
		p.drawResults(c, kit.NewRect(r.X, r.Bottom()-rows, r.W, rows))
	}
	if len(columns) == 1 {
		drawSaid(c, kit.NewRect(r.X, r.Y, r.W, h), columns[0], top)
		return
	}
	half := r.W/2 - 2
	drawSaid(c, kit.NewRect(r.X, r.Y, half, h), columns[0], top)
	drawSaid(c, kit.NewRect(r.X+half+4, r.Y, r.W-half-4, h), columns[1], top)
}

func drawSaid(c *kit.Canvas, r kit.Rect, lines []said, top int) {
	for i := 0; i < r.H && top+i < len(lines); i++ {
		s := lines[top+i]
		c.Put(r.X+s.indent, r.Y+i, s.marked.Paint(s.mark))
		x := s.indent
		if s.mark != "" || s.indent > 0 {
			x += 2
		}
		c.Left(kit.NewRect(r.X+x, r.Y+i, r.W-x, 1), s.style, s.text)
	}
}

// wrap breaks lines that are wider than w.
func wrap(lines []said, w int) []said {
	var out []said
	for _, s := range lines {
		for i, text := range strings.Split(ansi.Wordwrap(kit.Clean(s.text), max(8, w-s.indent-2), ""), "\n") {
			part := s
			part.text = text
			if i > 0 {
				part.mark = ""
				if s.mark != "" && s.indent == 0 { // below the text, not the marker
					part.text = "  " + text
				}
			}
			out = append(out, part)
		}
	}
	return out
}

// sayCriteria lists the criteria with their verdicts and the evidence.
func (p *Page) sayCriteria() []said {
	s, th := p.chosen(), p.screen.Theme()
	f := s.folder()
	if f.Summary == nil {
		lines := []said{{style: kit.Bold, text: "Criteria"}, {style: th.Dim, text: "No report yet. Criteria are evaluated when all runs are done."}}
		for _, criterion := range s.plan().Criteria {
			lines = append(lines, said{mark: "·", marked: th.Dim, text: criterion.Text})
		}
		return lines
	}
	lines := []said{{style: kit.Bold, text: "Criteria"}, {style: th.Dim, text: "Means ± CI half-width (" + f.Summary.Interval + ")"}}
	for _, finding := range f.Summary.Criteria {
		mark, st := p.verdict(finding.Verdict)
		lines = append(lines, said{mark: mark, marked: st, text: finding.Criterion + ": " + finding.Verdict.String()})
		for _, d := range finding.Parts {
			mark, st := p.verdict(d.Verdict)
			text := d.Text + ": " + d.Shown()
			if d.N < len(f.Summary.Seeds) {
				text += fmt.Sprintf(" (%d of %d seeds)", d.N, len(f.Summary.Seeds))
			}
			lines = append(lines, said{mark: mark, marked: st, indent: 2, style: th.Dim, text: text})
		}
	}
	for _, text := range f.Summary.Marked() {
		lines = append(lines, said{mark: "!", marked: th.Warn, text: "failed sanity check: " + text})
	}
	for _, d := range f.Summary.Diverged {
		lines = append(lines, said{mark: "!", marked: th.Warn, text: fmt.Sprintf("%s, seed %d diverged: %s", d.Setting, d.Seed, d.Error)})
	}
	return lines
}

// sayState describes the experiment's folder and progress.
func (p *Page) sayState() []said {
	s, th := p.chosen(), p.screen.Theme()
	f := s.folder()
	lines := []said{{style: kit.Bold, text: fmt.Sprintf("%s, %s: %s", s.Name, s.size, s.About)}}
	if f.Err != nil {
		lines = append(lines, said{mark: "!", marked: th.Warn, style: th.Warn, text: kit.OneLine(f.Err)})
	}
	switch {
	case f.Plan == nil && p.own(*s):
	case f.Plan == nil && p.reproducing != nil:
		lines = append(lines, said{text: "not started: press " + kit.New.Label + ", or " + s.command()})
	case f.Plan == nil:
		lines = append(lines, said{text: "not started: " + s.command()})
	default:
		lines = append(lines, said{text: fmt.Sprintf("folder %s, on %s, %s", f.Dir, f.Data(), p.howFar(*s))})
	}
	if p.own(*s) {
		lines = append(lines, said{style: th.Focus, text: p.doing.sayProgress()})
	}
	if f.Summary != nil {
		lines = append(lines, said{text: "report " + f.Summary.Report})
	}
	if f.Stale {
		lines = append(lines, said{mark: "!", marked: th.Warn, style: th.Warn, text: stale(f)})
	}
	return lines
}

// saySettings lists the settings, with a marker per run.
func (p *Page) saySettings() []said {
	s, th := p.chosen(), p.screen.Theme()
	f := s.folder()
	plan := s.plan()
	if f.Plan != nil {
		plan = *f.Plan
	}
	common, own := plan.Describe()
	lines := []said{
		{style: kit.Bold, text: fmt.Sprintf("%s, seeds %s", kit.Counted(len(plan.Settings), "setting"), seedsText(plan.Seeds))},
		{style: th.Dim, text: "all: " + common},
	}
	for i, setting := range plan.Settings {
		text := setting.Name
		if own[i] != "" {
			text += ": " + own[i]
		}
		done := ""
		for _, r := range f.Runs {
			if r.Setting == setting.Name {
				done += runMark(r)
			}
		}
		if done != "" {
			text += "  " + done
		}
		lines = append(lines, said{mark: "·", marked: th.Dim, text: text})
	}
	return lines
}

// runMark returns the marker of a run's state.
func runMark(r experiment.FolderRun) string {
	switch {
	case r.Done && r.Reason == "diverged":
		return "!"
	case r.Done:
		return "●"
	case r.Begun:
		return "◐"
	}
	return "○"
}

// command returns the command line that runs the experiment.
func (s experimentState) command() string {
	return fmt.Sprintf("hfcui reproduce %s --%s", s.Name, s.size)
}

// stale returns why a report is outdated.
func stale(f experiment.Folder) string {
	if f.Done < len(f.Runs) {
		return fmt.Sprintf("the report is outdated: %d of %d runs are done now", f.Done, len(f.Runs))
	}
	return "the report is older than its runs: hfcui reproduce updates it"
}

// howFar describes an experiment's progress.
func (p *Page) howFar(s experimentState) string {
	f := s.folder()
	switch {
	case p.own(s):
		return fmt.Sprintf("running here, %d of %d runs done", f.Done, len(f.Runs))
	case f.Running && f.Left > 0:
		return fmt.Sprintf("running, %d of %d runs done, ETA %s", f.Done, len(f.Runs), kit.DurationText(f.Left))
	case f.Running:
		return "running"
	case f.Done == len(f.Runs) && f.Summary != nil:
		return "done"
	case f.Done == len(f.Runs):
		return "all runs done, no report"
	}
	return fmt.Sprintf("%d of %d runs done", f.Done, len(f.Runs))
}

func seedsText(seeds []uint64) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(seeds), " ", ", "), "[]")
}
