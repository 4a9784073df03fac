package train

import (
	"cmp"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
)

// configs compares the configurations of runs: a row per setting, those that differ first and marked.
type configs struct {
	kit.NoText
	page    *Page
	columns []configColumn // the selected run first, then as in the table
	rows    []configRow
	differ  int // the number of rows that differ
	top     int // the first row on screen
	lines   int // on screen
	left    int // the first column on screen
	keys    int // width of the keys
	wide    int // width of a column
}

// configColumn is a run, or a group.
type configColumn struct {
	name string
	mark string
	st   kit.Style
}

// configRow is a setting with a value for every column.
type configRow struct {
	key    string
	values []string
	differ bool
}

// Widths of the table of configurations.
const (
	leastConfig, mostConfig = 10, 26
	configKeys              = 20
)

// showConfigs opens the dialog for the pinned rows or, if there are none, for those not hidden; and
// for the selected one.
func (p *Page) showConfigs() tea.Cmd {
	d := &configs{page: p}
	order := []int{p.row()}
	for i := range p.fig.Runs {
		if r := &p.fig.Runs[i]; i != p.row() && !r.Hidden && (p.table.pinned == "" || r.Pinned) {
			order = append(order, i)
		}
	}
	order = slices.DeleteFunc(order, func(i int) bool { return len(p.fig.Runs[i].Settings) == 0 })
	if len(order) == 0 {
		p.screen.Say("these runs have no known configuration")
		return nil
	}
	for _, i := range order {
		mark, st := p.runStyle(i)
		d.columns = append(d.columns, configColumn{p.fig.Runs[i].Name, mark, st})
	}
	d.fill(p.fig.Runs, order)
	return p.screen.Open(d)
}

// fill makes the rows.
func (d *configs) fill(runs []runlog.RunFacts, order []int) {
	for _, s := range d.page.fig.Settings {
		row := configRow{key: s.Key}
		known := false
		for _, i := range order {
			value, ok := runs[i].Settings[s.Key]
			if !ok {
				value = "–"
			}
			known = known || ok
			row.differ = row.differ || value == "varies" || len(row.values) > 0 && value != row.values[0]
			row.values = append(row.values, kit.Clean(value))
			d.wide = max(d.wide, kit.Width(row.values[len(row.values)-1]))
		}
		if !known {
			continue
		}
		if row.differ {
			d.differ++
		}
		d.keys = max(d.keys, kit.Width(s.Key))
		d.rows = append(d.rows, row)
	}
	for _, c := range d.columns {
		d.wide = max(d.wide, kit.Width(c.name)+2)
	}
	d.keys, d.wide = min(d.keys, configKeys), min(max(d.wide, leastConfig), mostConfig)
	slices.SortStableFunc(d.rows, func(a, b configRow) int {
		return cmp.Or(boolOrder(b.differ)-boolOrder(a.differ), cmp.Compare(a.key, b.key))
	})
}

var configsKeys = kit.Keymap[*configs]{
	{Act: kit.Back, Too: kit.Acts{kit.Accept, kit.Quit}, Name: "close", Hint: "close", Do: func(d *configs) tea.Cmd { return d.page.screen.CloseDialog() }},
	{Act: kit.Up, Name: "line up", Hint: "scroll", Do: func(d *configs) tea.Cmd { return d.scroll(-1) }},
	{Act: kit.Down, Name: "line down", Also: true, Do: func(d *configs) tea.Cmd { return d.scroll(1) }},
	{Act: kit.PageUp, Name: "page up", Do: func(d *configs) tea.Cmd { return d.scroll(1 - d.lines) }},
	{Act: kit.PageDown, Name: "page down", Do: func(d *configs) tea.Cmd { return d.scroll(d.lines - 1) }},
	{Act: kit.Left, Name: "run to the left", Hint: "runs", When: (*configs).several, Do: func(d *configs) tea.Cmd { return d.shift(-1) }},
	{Act: kit.Right, Name: "run to the right", Also: true, When: (*configs).several, Do: func(d *configs) tea.Cmd { return d.shift(1) }},
}

func (d *configs) several() bool { return len(d.columns) > 1 }

func (d *configs) Heading() string {
	if len(d.columns) == 1 {
		return "Configuration of " + d.columns[0].name
	}
	return fmt.Sprintf("Configurations: %d of %s differ", d.differ, kit.Counted(len(d.rows), "setting"))
}

func (d *configs) Size(maxW, maxH int) (w, h int) {
	return min(d.keys+4+len(d.columns)*(d.wide+2), maxW), min(len(d.rows)+2, maxH)
}

func (d *configs) Entries() []kit.Entry { return configsKeys.Entries(d) }

func (d *configs) Press(key string) tea.Cmd {
	cmd, _ := configsKeys.Press(d, key)
	return cmd
}

func (d *configs) Mouse(m kit.Mouse) tea.Cmd { return d.scroll(3 * m.Wheel) }

func (d *configs) scroll(by int) tea.Cmd {
	d.top = min(max(d.top+by, 0), max(len(d.rows)-d.lines, 0))
	return nil
}

func (d *configs) shift(by int) tea.Cmd {
	d.left = min(max(d.left+by, 0), len(d.columns)-1)
	return nil
}

func (d *configs) Arrange(_, h int) {
	d.lines = max(h-2, 1)
	d.scroll(0)
}

func (d *configs) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	at := func(i int) int { return r.X + d.keys + 4 + (i-d.left)*(d.wide+2) }
	for i := d.left; i < len(d.columns) && at(i)+leastConfig <= r.Right(); i++ {
		col, w := d.columns[i], min(d.wide, r.Right()-at(i))
		c.Left(kit.NewRect(at(i), r.Y, w, 1), col.st, col.mark+" "+kit.CutMiddle(col.name, w-2))
	}
	for n := 0; n < d.lines && d.top+n < len(d.rows); n++ {
		row, y := d.rows[d.top+n], r.Y+1+n
		st := th.Dim
		if row.differ {
			st = kit.Style{}
			c.Put(r.X, y, th.Focus.Paint(kit.MarkChanged))
		}
		c.Left(kit.NewRect(r.X+2, y, d.keys, 1), st, row.key)
		for i := d.left; i < len(d.columns) && at(i)+leastConfig <= r.Right(); i++ {
			w := min(d.wide, r.Right()-at(i))
			c.Left(kit.NewRect(at(i), y, w, 1), st, kit.CutMiddle(row.values[i], w))
		}
	}
	if more := len(d.rows) - d.top - d.lines; more > 0 {
		c.Left(r.Row(r.H-1), th.Dim, fmt.Sprintf("↓ %d more", more))
	}
	if shown := (r.W - d.keys - 2) / (d.wide + 2); len(d.columns) > max(shown, 1) {
		c.Right(r.Row(r.H-1), th.Dim, fmt.Sprintf("run %d of %d", d.left+1, len(d.columns)))
	}
}
