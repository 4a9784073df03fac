package train

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
)

// tableSettings is which runs are in the table, and how.
type tableSettings struct {
	hidden, pinned runlog.RunSet
	filter         string // regular expression
	sort           string // as in runlog.FigureRequest
	reversed       bool
	group          string
}

// apply sets a figure's request to the table's settings.
func (t *tableSettings) apply(q *runlog.FigureRequest) {
	q.Hidden, q.Pinned, q.Filter, q.Sort, q.Reversed, q.Group = t.hidden, t.pinned, t.filter, t.sort, t.reversed, t.group
}

// text says how the table differs from all runs as opened.
func (t *tableSettings) text(f *runlog.Figure) string {
	var words []string
	if t.filter != "" {
		n := 0
		for i := range f.Runs {
			n += len(f.Runs[i].Members)
		}
		words = append(words, fmt.Sprintf("filter %s: %d of %s", kit.Clean(t.filter), n, kit.Counted(f.All, "run")))
	}
	if t.group != "" {
		words = append(words, "grouped by "+t.group)
	}
	if t.sort != runlog.SortOpened {
		words = append(words, "sorted by "+t.sort)
	}
	return strings.Join(words, ", ")
}

// setMembers puts the runs of a row into a set, or takes them out.
func setMembers(s runlog.RunSet, r *runlog.RunFacts, in bool) runlog.RunSet {
	for _, id := range r.Members {
		s = s.With(id, in)
	}
	return s
}

// toggleRun shows or hides the selected run, or group.
func (p *Page) toggleRun() tea.Cmd {
	if r := p.selected(); r != nil {
		p.table.hidden = setMembers(p.table.hidden, r, !r.Hidden)
	}
	return p.request()
}

// pinRun pins the selected run, or group, to the top, or unpins it.
func (p *Page) pinRun() tea.Cmd {
	if r := p.selected(); r != nil {
		p.table.pinned = setMembers(p.table.pinned, r, !r.Pinned)
	}
	return p.request()
}

// shownRuns lists the runs that are shown, by index, in the order of the table.
func (p *Page) shownRuns() []int {
	var list []int
	for i := range p.fig.Runs {
		if r := &p.fig.Runs[i]; !r.Hidden {
			list = append(list, r.Members...)
		}
	}
	return list
}

// sortRuns opens the list of quantities by which runs are sorted.
func (p *Page) sortRuns() tea.Cmd {
	by := func(key string) func() tea.Cmd {
		return func() tea.Cmd {
			p.table.reversed = p.table.sort == key && !p.table.reversed
			p.table.sort = key
			return p.request()
		}
	}
	var list []kit.Choice
	for _, key := range runlog.SortKeys() {
		text := key
		if key == runlog.SortOpened {
			text = "order opened"
		}
		list = append(list, kit.Choice{Text: text, Note: p.sortNote(key), Do: by(key)})
	}
	for _, s := range p.fig.Settings {
		if s.Varies {
			list = append(list, kit.Choice{Text: s.Key, Note: p.sortNote(s.Key), Do: by(s.Key)})
		}
	}
	return p.screen.Open(kit.NewPicker(p.screen, "Sort runs by", "/", list))
}

// sortNote says what choosing a quantity again does.
func (p *Page) sortNote(key string) string {
	if key != p.table.sort {
		return ""
	}
	if p.table.reversed {
		return "current, reversed; choose again to undo"
	}
	return "current; choose again to reverse"
}

// groupRuns opens the list of settings by which runs are grouped: first those that differ.
func (p *Page) groupRuns() tea.Cmd {
	by := func(key string) func() tea.Cmd {
		return func() tea.Cmd {
			p.table.group = key
			return p.request()
		}
	}
	list := []kit.Choice{{Text: "no groups", Do: by("")}}
	for _, s := range p.fig.Settings {
		note := "same in all"
		if s.Varies {
			note = "varies"
		}
		list = append(list, kit.Choice{Text: s.Key, Note: note, Do: by(s.Key)})
	}
	return p.screen.Open(kit.NewPicker(p.screen, "Group runs by", "/", list))
}

// filterDialog edits the filter of runs, which applies as it is typed.
type filterDialog struct {
	kit.Fixed
	page   *Page
	field  kit.Field
	before string // the filter to go back to
	wrong  string
}

// filterRuns opens it.
func (p *Page) filterRuns() tea.Cmd {
	return p.screen.Open(&filterDialog{page: p, field: kit.Field{Text: p.table.filter}, before: p.table.filter})
}

var filterKeys = kit.Keymap[*filterDialog]{
	{Act: kit.Accept, Name: "apply", Hint: "apply", Do: (*filterDialog).accept},
	{Act: kit.Back, Name: "cancel", Hint: "cancel", Do: (*filterDialog).cancel},
}

func (d *filterDialog) Heading() string                { return "Filter runs" }
func (d *filterDialog) Entries() []kit.Entry           { return filterKeys.Entries(d) }
func (d *filterDialog) Size(maxW, maxH int) (w, h int) { return min(70, maxW), min(5, maxH) }
func (d *filterDialog) Mouse(kit.Mouse) tea.Cmd        { return nil }

func (d *filterDialog) accept() tea.Cmd {
	d.page.screen.CloseDialog()
	return d.changed()
}

// cancel goes back to the filter before.
func (d *filterDialog) cancel() tea.Cmd {
	d.page.table.filter = d.before
	d.page.screen.CloseDialog()
	return d.page.request()
}

func (d *filterDialog) Press(key string) tea.Cmd {
	if cmd, ok := filterKeys.PressTyping(d, key); ok {
		return cmd
	}
	d.field.Press(key)
	return d.changed()
}

func (d *filterDialog) Insert(text string) {
	d.field.Insert(text)
	d.set()
}

// changed applies the filter.
func (d *filterDialog) changed() tea.Cmd {
	d.set()
	return d.page.request()
}

// set sets the page's filter, unless the text is not a regular expression.
func (d *filterDialog) set() {
	d.wrong = ""
	if _, err := runlog.CompileFilter(d.field.Text); err != nil {
		d.wrong = strings.TrimPrefix(kit.OneLine(err), "error parsing regexp: ")
		return
	}
	d.page.table.filter = d.field.Text
}

func (d *filterDialog) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "/ ", "regular expression: seed[12], net=resnet20")
	if d.wrong != "" {
		c.Left(r.Row(2), th.Warn, d.wrong)
	} else {
		n := 0
		for i := range d.page.fig.Runs {
			n += len(d.page.fig.Runs[i].Members)
		}
		c.Left(r.Row(2), kit.Style{}, fmt.Sprintf("%d of %s", n, kit.Counted(d.page.fig.All, "run")))
	}
	c.Left(r.Row(4), th.Dim, kit.Pick(r.W, "matches names and settings (key=value); case matters only if you type a capital", "matches names and settings (key=value)", "matches names, key=value"))
}

// configured reports whether a configuration is known.
func (p *Page) configured() bool {
	return slices.ContainsFunc(p.fig.Runs, func(r runlog.RunFacts) bool { return len(r.Settings) > 0 })
}
