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
	at    int // the row that is edited
	top   int // the first that is shown
	more  bool
	wrong string
}

// recipeRow is one setting: words to choose from, or text.
type recipeRow struct {
	name  string
	words []string // nil: text
	field field
	usual string                                   // what the text is at first
	more  bool                                     // only shown where more is wanted
	hint  string                                   // what an empty text means
	take  func(c *train.Config, text string) error // puts it into a Config
}

// firstRadii are at which radii bands are measured unless something else is said.
const firstRadii = "4,8,12,16"

func newRecipe(p *trainPage, c train.Config) *recipe {
	d := &recipe{page: p, base: c}
	row := func(name, text string, words []string, take func(c *train.Config, text string) error) {
		d.rows = append(d.rows, recipeRow{name: name, words: words, field: field{text}, usual: text, hint: recipeHints[name], take: take})
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
	row(rowFolder, filepath.Join("runs", c.Net+time.Now().Format("-0102-150405")), nil, func(*train.Config, string) error { return nil })
	row(rowMore, moreHidden, []string{moreHidden, moreShown}, func(*train.Config, string) error { return nil })
	basic := len(d.rows)
	moreRows(c, row)
	for i := basic; i < len(d.rows); i++ {
		d.rows[i].more = true
	}
	return d
}

// Names of rows that are more than a setting, and the words of one.
const (
	rowFolder  = "run folder"
	rowMore    = "more settings"
	moreHidden = "hidden"
	moreShown  = "shown"
)

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

func (d *recipe) size(maxW, maxH int) (int, int) { return min(64, maxW), min(len(d.visible())+2, maxH) }

// visible lists the rows there are to go through.
func (d *recipe) visible() []int {
	var list []int
	for i, r := range d.rows {
		if d.more || !r.more {
			list = append(list, i)
		}
	}
	return list
}

func (d *recipe) mouse(m mouse) tea.Cmd {
	if list := d.visible(); m.pressed && m.y >= 0 && d.top+m.y < len(list) {
		d.at = list[d.top+m.y]
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
	list := d.visible()
	d.at = list[(slices.Index(list, d.at)+by+len(list))%len(list)]
	return nil
}

func (d *recipe) choose(by int) tea.Cmd {
	r := &d.rows[d.at]
	n := len(r.words)
	r.field.text = r.words[(slices.Index(r.words, r.field.text)+by+n)%n]
	if r.name == rowMore {
		d.more = r.field.text == moreShown
	}
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

// folder is the row of the run folder.
func (d *recipe) folder() int {
	return slices.IndexFunc(d.rows, func(r recipeRow) bool { return r.name == rowFolder })
}

// start begins the training.
func (d *recipe) start() tea.Cmd {
	c, at, err := d.config()
	dir := strings.TrimSpace(d.rows[d.folder()].field.text)
	if err == nil && dir == "" {
		at, err = d.folder(), fmt.Errorf("run folder: name one")
	}
	if err != nil {
		d.at, d.wrong = at, oneLine(err)
		if d.rows[at].more {
			d.show()
		}
		return nil
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(d.page.app.options.Folder, dir)
	}
	d.page.app.closeDialog()
	return d.page.begin(dir, c)
}

// show shows all rows.
func (d *recipe) show() {
	d.more = true
	for i := range d.rows {
		if d.rows[i].name == rowMore {
			d.rows[i].field.text = moreShown
		}
	}
}

func (d *recipe) draw(c *canvas, r rect, th *theme) {
	list, room := d.visible(), max(1, r.h-2)
	at := slices.Index(list, d.at)
	d.top = min(max(d.top, at-room+1), at, max(0, len(list)-room))
	for y := 0; y < room && d.top+y < len(list); y++ {
		d.drawRow(c, r.row(y), th, list[d.top+y])
	}
	last := r.row(r.h - 1)
	if hidden := len(list) - room; hidden > 0 {
		c.right(last, th.dim, fmt.Sprintf("%d/%d", at+1, len(list)))
		last.w -= 8
	}
	if d.wrong != "" {
		c.left(last, th.warn, d.wrong)
		return
	}
	c.left(last, th.dim, pick(last.w, "hfcui train has every setting, and resumes what this begins", "hfcui train has every setting"))
}

// drawRow draws one setting.
func (d *recipe) drawRow(c *canvas, line rect, th *theme, i int) {
	const names = 18
	row, st := d.rows[i], style{}
	value := rect{line.x + names, line.y, line.w - names, 1}
	if d.idle(row.name) {
		st = th.dim
	}
	if i == d.at {
		c.put(line.x, line.y, th.focus.paint("› "+row.name))
	} else {
		c.put(line.x+2, line.y, th.dim.paint(row.name))
	}
	text, shown := row.field.text, rect{value.x + 2, value.y, value.w - 2, 1}
	if said := d.said(); row.name == rowMore && !d.more && said != "" {
		text += ": " + said // what is hidden is not silent
	}
	switch {
	case row.words != nil && i == d.at:
		c.left(value, th.focus, "‹ "+text+" ›")
	case row.words != nil:
		c.left(shown, st, text)
	case i == d.at:
		row.field.draw(c, value, th, "  ", row.hint)
	case text == "":
		c.left(shown, th.dim, row.hint)
	default:
		c.left(shown, st, text)
	}
}

// idle tells that a setting has no meaning with the others.
func (d *recipe) idle(name string) bool {
	text := func(name string) string {
		i := slices.IndexFunc(d.rows, func(r recipeRow) bool { return r.name == name })
		return strings.TrimSpace(d.rows[i].field.text)
	}
	switch name {
	case "radius":
		return text("inputs") == train.Whole
	case "milestones":
		return text("schedule") != "step"
	case "momentum":
		return !train.Uses(text("optimizer"), "momentum")
	case "PGD steps", "PGD step size", "random start":
		return text("adversarial ε") == ""
	}
	return false
}

// said lists the further settings that are not as usual.
func (d *recipe) said() string {
	var list []string
	for _, r := range d.rows {
		if r.more && r.field.text != r.usual {
			list = append(list, r.name+" "+r.field.text)
		}
	}
	return strings.Join(list, ", ")
}

// recipeHints say what an empty line means.
var recipeHints = map[string]string{
	"rate": "the optimizer's usual one", "bands at": "not measured", rowFolder: "a folder",
	"milestones": "epochs after which the rate falls: 30,60", "momentum": "the optimizer's usual one", "weight decay": "the optimizer's usual one",
	"images": "all", "adversarial ε": "none; of [0,1], such as 8/255", "PGD step size": "a tenth of ε", "mixup α": "none",
	"dropout": "none", "label noise": "none: share of labels made wrong",
}
