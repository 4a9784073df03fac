package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"hfcui/engine/experiment"
)

// experimentsLayout divides the body: a line for every experiment, and below it what is
// said of the chosen one, in two columns where there is room.
type experimentsLayout struct {
	table  rect
	detail rect
	across int
}

func layoutExperiments(l layout, n int) experimentsLayout {
	b := l.body
	e := experimentsLayout{table: newRect(b.x, b.y, b.w-1, 1+min(n, max(3, b.h-8))), across: 1}
	top := e.table.bottom() + 1
	if l.h < 22 {
		top--
	}
	e.detail = newRect(b.x, top, b.w-1, b.bottom()-top)
	if l.w >= 120 {
		e.across = 2
	}
	return e
}

// first is the first experiment of n on screen, such that one of them is.
func (e experimentsLayout) first(at, n int) int {
	rows := e.table.h - 1
	return min(max(0, at-rows/2), max(0, n-rows))
}

// Marks of verdicts.
const (
	markHolds     = "✓"
	markFails     = "✗"
	markUndecided = "~"
)

func (p *experimentsPage) verdict(v experiment.Verdict) (mark string, st style) {
	switch v {
	case experiment.Holds:
		return markHolds, p.screen.theme().right
	case experiment.Fails:
		return markFails, p.screen.theme().wrong
	}
	return markUndecided, p.screen.theme().dim
}

func (p *experimentsPage) draw(c *canvas) []placed {
	p.drawList(c)
	p.drawDetail(c)
	return nil
}

// Columns of the list right of what is asked.
const (
	nameColumn     = 14
	sizeColumn     = 5
	runsColumn     = 7
	leftColumn     = 9
	verdictsColumn = 10
)

// drawList draws a line for every experiment.
func (p *experimentsPage) drawList(c *canvas) {
	th, t := p.screen.theme(), p.l.table
	right := t.right() - (sizeColumn + runsColumn + leftColumn + verdictsColumn + 4)
	about := newRect(t.x+2+nameColumn, t.y, right-(t.x+2+nameColumn), 1)
	cells := func(y int, st style, texts ...string) {
		x := right + 1
		for i, w := range []int{sizeColumn, runsColumn, leftColumn} {
			if i == 0 {
				c.left(newRect(x, y, w, 1), st, texts[i])
			} else {
				c.right(newRect(x, y, w, 1), st, texts[i])
			}
			x += w + 1
		}
	}
	c.left(newRect(t.x+2, t.y, nameColumn, 1), th.dim, "experiment")
	c.left(about, th.dim, "compares")
	cells(t.y, th.dim, "size", "runs", "left")
	c.right(t.row(0), th.dim, "verdicts")
	top := p.l.first(p.at, len(p.list))
	for i, s := range p.list {
		y := t.y + 1 + i - top
		if y <= t.y || y >= t.bottom() {
			continue
		}
		name := style{}
		if i == p.at {
			c.put(t.x, y, th.focus.paint("›"))
			name = th.focus
		}
		f := s.folder()
		runs, left := fmt.Sprintf("%d/%d", f.Done, s.cells()), ""
		switch {
		case p.own(s):
			left = "begins"
			if now := p.doing.progress; now != nil && now.Left > 0 {
				left = durationText(now.Left)
			}
		case f.Running && f.Left > 0:
			left = durationText(f.Left)
		case f.Running:
			left = "begins"
		case f.Plan == nil:
			runs = fmt.Sprintf("–/%d", s.cells())
		case f.Done < s.cells():
			left = "not done"
		}
		c.left(newRect(t.x+2, y, nameColumn-1, 1), name, s.Name)
		about.y = y
		c.left(about, style{}, s.About)
		cells(y, style{}, string(s.size), runs, left)
		p.drawVerdicts(c, newRect(t.right()-verdictsColumn, y, verdictsColumn, 1), f)
	}
}

// cells is how many runs there are: as it was begun, or as it would be.
func (s experimentState) cells() int {
	if f := s.folder(); f.Plan != nil {
		return f.Plan.Cells()
	}
	return s.plan().Cells()
}

// drawVerdicts draws a mark for every criterion of a report, or counts where there are
// many.
func (p *experimentsPage) drawVerdicts(c *canvas, r rect, f experiment.Folder) {
	th := p.screen.theme()
	if f.Err != nil {
		c.right(r, th.warn, "unreadable")
		return
	}
	if f.Summary == nil {
		c.right(r, th.dim, "–")
		return
	}
	text := ""
	counts := map[experiment.Verdict]int{}
	for _, finding := range f.Summary.Criteria {
		counts[finding.Verdict]++
		mark, st := p.verdict(finding.Verdict)
		text += st.paint(mark)
	}
	if f.Stale {
		text = th.warn.paint("! ") + text
	}
	if len(f.Summary.Criteria) > r.w-2 {
		text = ""
		for _, v := range []experiment.Verdict{experiment.Holds, experiment.Fails, experiment.Undecided} {
			if n := counts[v]; n > 0 {
				mark, st := p.verdict(v)
				text += st.paint(fmt.Sprintf(" %s%d", mark, n))
			}
		}
	}
	c.right(r, style{}, text)
}

// said is a line about an experiment: a mark of its own, and text that goes on below
// itself where it is too long.
type said struct {
	mark   string
	marked style
	indent int
	style  style
	text   string
}

// detail is what there is to say of the chosen experiment, in one or two columns.
func (p *experimentsPage) detail() [][]said {
	r := p.l.detail
	if p.l.across == 2 {
		half := r.w/2 - 2
		return [][]said{
			wrap(append(append(p.sayState(), said{}), p.saySettings()...), half),
			wrap(p.sayCriteria(), r.w-half-4),
		}
	}
	return [][]said{wrap(slices.Concat(p.sayState(), p.sayCriteria(), []said{{}}, p.saySettings()), r.w)}
}

// lines is how many lines that takes.
func (p *experimentsPage) lines() (n int) {
	for _, column := range p.detail() {
		n = max(n, len(column))
	}
	return n
}

// drawDetail draws it, from the line scrolled to on, and how many lines are below.
func (p *experimentsPage) drawDetail(c *canvas) {
	r, columns, n := p.l.detail, p.detail(), 0
	for _, column := range columns {
		n = max(n, len(column))
	}
	top := min(p.top, max(0, n-r.h))
	h := r.h
	if below := n - top - r.h; below > 0 {
		c.right(r.row(r.h-1), p.screen.theme().dim, fmt.Sprintf("↓ %d more", below+1))
		h--
	}
	if len(columns) == 1 {
		drawSaid(c, newRect(r.x, r.y, r.w, h), columns[0], top)
		return
	}
	half := r.w/2 - 2
	drawSaid(c, newRect(r.x, r.y, half, h), columns[0], top)
	drawSaid(c, newRect(r.x+half+4, r.y, r.w-half-4, h), columns[1], top)
}

func drawSaid(c *canvas, r rect, lines []said, top int) {
	for i := 0; i < r.h && top+i < len(lines); i++ {
		s := lines[top+i]
		c.put(r.x+s.indent, r.y+i, s.marked.paint(s.mark))
		x := s.indent
		if s.mark != "" || s.indent > 0 {
			x += 2
		}
		c.left(newRect(r.x+x, r.y+i, r.w-x, 1), s.style, s.text)
	}
}

// wrap breaks lines that are wider than w.
func wrap(lines []said, w int) []said {
	var out []said
	for _, s := range lines {
		for i, text := range strings.Split(ansi.Wordwrap(clean(s.text), max(8, w-s.indent-2), ""), "\n") {
			part := s
			part.text = text
			if i > 0 {
				part.mark = ""
				if s.mark != "" && s.indent == 0 { // under the text, not the mark
					part.text = "  " + text
				}
			}
			out = append(out, part)
		}
	}
	return out
}

// sayCriteria lists the criteria with what their verdicts rest on.
func (p *experimentsPage) sayCriteria() []said {
	s, th := p.chosen(), p.screen.theme()
	f := s.folder()
	if f.Summary == nil {
		lines := []said{{style: bold, text: "Criteria"}, {style: th.dim, text: "No report yet: verdicts come when all runs are done."}}
		for _, criterion := range s.plan().Criteria {
			lines = append(lines, said{mark: "·", marked: th.dim, text: criterion.Text})
		}
		return lines
	}
	lines := []said{{style: bold, text: "Criteria"}, {style: th.dim, text: "Means ± half the interval (" + f.Summary.Interval + ")"}}
	for _, finding := range f.Summary.Criteria {
		mark, st := p.verdict(finding.Verdict)
		lines = append(lines, said{mark: mark, marked: st, text: finding.Criterion + ": " + string(finding.Verdict)})
		for _, d := range finding.Parts {
			mark, st := p.verdict(d.Verdict)
			text := d.Text + ": " + d.Shown()
			if d.N < len(f.Summary.Seeds) {
				text += fmt.Sprintf(" (%d of %d seeds)", d.N, len(f.Summary.Seeds))
			}
			lines = append(lines, said{mark: mark, marked: st, indent: 2, style: th.dim, text: text})
		}
	}
	for _, text := range f.Summary.Marked() {
		lines = append(lines, said{mark: "!", marked: th.warn, text: "fails a check: " + text})
	}
	for _, d := range f.Summary.Diverged {
		lines = append(lines, said{mark: "!", marked: th.warn, text: fmt.Sprintf("%s, seed %d diverged: %s", d.Setting, d.Seed, d.Error)})
	}
	return lines
}

// sayState says where the experiment is and how far.
func (p *experimentsPage) sayState() []said {
	s, th := p.chosen(), p.screen.theme()
	f := s.folder()
	lines := []said{{style: bold, text: fmt.Sprintf("%s, %s: %s", s.Name, s.size, s.About)}}
	if f.Err != nil {
		lines = append(lines, said{mark: "!", marked: th.warn, style: th.warn, text: oneLine(f.Err)})
	}
	switch {
	case f.Plan == nil && p.own(*s):
	case f.Plan == nil && p.reproducing != nil:
		lines = append(lines, said{text: "not begun: n begins, or " + s.command()})
	case f.Plan == nil:
		lines = append(lines, said{text: "not begun: " + s.command()})
	default:
		lines = append(lines, said{text: fmt.Sprintf("folder %s, on %s, %s", f.Dir, f.Data(), p.howFar(*s))})
	}
	if p.own(*s) {
		lines = append(lines, said{style: th.focus, text: p.doing.sayProgress()})
	}
	if f.Summary != nil {
		lines = append(lines, said{text: "report " + f.Summary.Report})
	}
	if f.Stale {
		lines = append(lines, said{mark: "!", marked: th.warn, style: th.warn, text: stale(f)})
	}
	return lines
}

// saySettings says what is trained, with a mark for every run that there is.
func (p *experimentsPage) saySettings() []said {
	s, th := p.chosen(), p.screen.theme()
	f := s.folder()
	plan := s.plan()
	if f.Plan != nil {
		plan = *f.Plan
	}
	common, own := plan.Describe()
	lines := []said{
		{style: bold, text: fmt.Sprintf("%s, seeds %s", counted(len(plan.Settings), "setting"), seedsText(plan.Seeds))},
		{style: th.dim, text: "all: " + common},
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
		lines = append(lines, said{mark: "·", marked: th.dim, text: text})
	}
	return lines
}

// runMark is one sign for how a run is.
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

// command is what a shell is told to do the experiment.
func (s experimentState) command() string {
	return fmt.Sprintf("hfcui reproduce %s --%s", s.Name, s.size)
}

// stale says why a report is not what its runs say now.
func stale(f experiment.Folder) string {
	if f.Done < len(f.Runs) {
		return fmt.Sprintf("the report is an older one: of its runs %d of %d are done now", f.Done, len(f.Runs))
	}
	return "the report is older than its runs: hfcui reproduce makes it anew"
}

// howFar says in words how far an experiment is.
func (p *experimentsPage) howFar(s experimentState) string {
	f := s.folder()
	switch {
	case p.own(s):
		return fmt.Sprintf("under way here, %d of %d runs done", f.Done, len(f.Runs))
	case f.Running && f.Left > 0:
		return fmt.Sprintf("running, %d of %d runs done, %s left", f.Done, len(f.Runs), durationText(f.Left))
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
