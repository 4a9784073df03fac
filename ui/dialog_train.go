package ui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/train"
)

// recipe asks for the settings of a training.
type recipe struct {
	page  *trainPage
	base  train.Config
	rows  []recipeRow
	at    int
	wrong string
}

// recipeRow is one setting: words to choose from, or text.
type recipeRow struct {
	name  string
	words []string // nil: text
	field field
	take  func(c *train.Config, text string) error // puts it into a Config
}

// firstRadii are at which radii bands are measured unless something else is said.
const firstRadii = "4,8,12,16"

func newRecipe(p *trainPage, c train.Config) *recipe {
	d := &recipe{page: p, base: c}
	row := func(name, text string, words []string, take func(c *train.Config, text string) error) {
		d.rows = append(d.rows, recipeRow{name, words, field{text}, take})
	}
	row("network", c.Net, nil, func(c *train.Config, s string) error {
		c.Net = s
		_, err := nets.ByName(s)
		return err
	})
	row("epochs", strconv.Itoa(c.Epochs), nil, whole(func(c *train.Config, n int) { c.Epochs = n }))
	row("batch", strconv.Itoa(c.Batch), nil, whole(func(c *train.Config, n int) { c.Batch = n }))
	row("optimizer", c.Name, optim.Names(), func(c *train.Config, s string) (err error) {
		c.Optimizer, c.LearningRate, err = train.Usual(s)
		return err
	})
	row("rate", "", nil, func(c *train.Config, s string) (err error) {
		if s != "" {
			c.LearningRate, err = parseReal(s)
		}
		return err
	})
	row("inputs", c.Input, []string{train.Whole, train.Low, train.High}, func(c *train.Config, s string) error { c.Input = s; return nil })
	row("radius", "8", nil, func(c *train.Config, s string) (err error) {
		if c.Radius = 0; c.Input != train.Whole {
			c.Radius, err = parseReal(s)
		}
		return err
	})
	row("crop, flip", "no", []string{"no", "yes"}, func(c *train.Config, s string) error {
		if c.Flip = s == "yes"; c.Flip {
			c.Crop = 4
		}
		return nil
	})
	row("shuffle labels", "no", []string{"no", "yes"}, func(c *train.Config, s string) error { c.ShuffleLabels = s == "yes"; return nil })
	row("bands at", firstRadii, nil, takeBands)
	row("run folder", filepath.Join("runs", c.Net+time.Now().Format("-0102-150405")), nil, func(*train.Config, string) error { return nil })
	return d
}

func whole(set func(*train.Config, int)) func(*train.Config, string) error {
	return func(c *train.Config, s string) error {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("not a whole number")
		}
		set(c, n)
		return nil
	}
}

func parseReal(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return 0, fmt.Errorf("not a number")
	}
	return v, nil
}

func takeBands(c *train.Config, s string) error {
	c.Bands = nil
	if strings.TrimSpace(s) == "" {
		return nil
	}
	b := &train.Bands{Every: 1, Limit: 1000, Split: "test", Normalize: "none", BN: "running"}
	for word := range strings.SplitSeq(s, ",") {
		r, err := parseReal(word)
		if err != nil {
			return err
		}
		b.Radii = append(b.Radii, r)
	}
	c.Bands = b
	return nil
}

func (d *recipe) heading() string { return "Train on " + clean(d.base.Data) }

func (d *recipe) size(maxW, maxH int) (int, int) { return min(64, maxW), len(d.rows) + 2 }

func (d *recipe) mouse(m mouse) tea.Cmd {
	if m.pressed && m.y < len(d.rows) {
		d.at = m.y
	}
	return nil
}

func (d *recipe) insert(text string) {
	if r := &d.rows[d.at]; r.words == nil {
		r.field.insert(text)
		d.wrong = ""
	}
}

var recipeKeys = keymap[*recipe]{
	{keys: []string{"enter"}, shown: "enter", name: "train", hint: "train", do: (*recipe).start},
	{keys: []string{"up", "shift+tab"}, shown: "↑", name: "line up", hint: "line", do: func(d *recipe) tea.Cmd { return d.move(-1) }},
	{keys: []string{"down", "tab"}, shown: "↓", name: "line down", also: true, do: func(d *recipe) tea.Cmd { return d.move(1) }},
	{keys: []string{"left"}, shown: "←", name: "the choice before", hint: "choice", when: (*recipe).choosing, do: func(d *recipe) tea.Cmd { return d.choose(-1) }},
	{keys: []string{"right", "space"}, shown: "→", name: "the next choice", also: true, when: (*recipe).choosing, do: func(d *recipe) tea.Cmd { return d.choose(1) }},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *recipe) tea.Cmd { return d.page.app.closeDialog() }},
}

func (d *recipe) entries() []entry { return recipeKeys.entries(d) }

func (d *recipe) press(key string) tea.Cmd {
	if cmd, ok := recipeKeys.press(d, key); ok {
		return cmd
	}
	if r := &d.rows[d.at]; r.words == nil {
		r.field.press(key)
		d.wrong = ""
	}
	return nil
}

func (d *recipe) choosing() bool { return d.rows[d.at].words != nil }

func (d *recipe) move(by int) tea.Cmd {
	d.at = (d.at + by + len(d.rows)) % len(d.rows)
	return nil
}

func (d *recipe) choose(by int) tea.Cmd {
	r := &d.rows[d.at]
	n := len(r.words)
	r.field.text = r.words[(slices.Index(r.words, r.field.text)+by+n)%n]
	d.wrong = ""
	return nil
}

// config is what was asked for, or what is wrong with it and in which line.
func (d *recipe) config() (train.Config, int, error) {
	c := d.base
	for i, r := range d.rows {
		if err := r.take(&c, strings.TrimSpace(r.field.text)); err != nil {
			return c, i, fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return c, d.at, c.Check()
}

// start begins the training.
func (d *recipe) start() tea.Cmd {
	c, at, err := d.config()
	dir := strings.TrimSpace(d.rows[len(d.rows)-1].field.text)
	if err == nil && dir == "" {
		at, err = len(d.rows)-1, fmt.Errorf("run folder: name one")
	}
	if err != nil {
		d.at, d.wrong = at, oneLine(err)
		return nil
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(d.page.app.options.Folder, dir)
	}
	d.page.app.closeDialog()
	return d.page.begin(dir, c)
}

func (d *recipe) draw(c *canvas, r rect, th *theme) {
	const names = 16
	input := ""
	for i, row := range d.rows {
		if row.name == "inputs" {
			input = row.field.text
		}
		line := r.row(i)
		value := rect{line.x + names, line.y, line.w - names, 1}
		st := style{}
		if row.name == "radius" && input == train.Whole {
			st = th.dim
		}
		if i == d.at {
			c.put(line.x, line.y, th.focus.paint("› "+row.name))
		} else {
			c.put(line.x+2, line.y, th.dim.paint(row.name))
		}
		switch {
		case row.words != nil && i == d.at:
			c.left(value, th.focus, "‹ "+row.field.text+" ›")
		case row.words != nil:
			c.left(rect{value.x + 2, value.y, value.w - 2, 1}, st, row.field.text)
		case i == d.at:
			row.field.draw(c, value, th, "  ", recipeHint(row.name))
		case row.field.text == "":
			c.left(rect{value.x + 2, value.y, value.w - 2, 1}, th.dim, recipeHint(row.name))
		default:
			c.left(rect{value.x + 2, value.y, value.w - 2, 1}, st, row.field.text)
		}
	}
	if d.wrong != "" {
		c.left(r.row(len(d.rows)+1), th.warn, d.wrong)
		return
	}
	c.left(r.row(len(d.rows)+1), th.dim, pick(r.w, "one-cycle rate, seed 1; hfcui train has every other setting", "hfcui train has every other setting"))
}

// recipeHint says what an empty line means.
func recipeHint(name string) string {
	return map[string]string{"rate": "the optimizer's usual one", "bands at": "not measured", "run folder": "a folder"}[name]
}
