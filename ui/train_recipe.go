package ui

import (
	"fmt"
	"path/filepath"
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
	form[train.Config]
	page *trainPage
	base train.Config
}

// firstRadii are at which radii bands are measured unless something else is said.
const firstRadii = "4,8,12,16"

// Names of rows that are more than a setting, and the words of one.
const (
	rowFolder  = "run folder"
	rowMore    = "more settings"
	moreHidden = "hidden"
	moreShown  = "shown"
)

func newRecipe(p *trainPage, c train.Config) *recipe {
	d := &recipe{page: p, base: c}
	rows := append(basicRows(c),
		formRow[train.Config]{name: rowFolder, hint: "a folder", field: field{text: filepath.Join("runs", c.Net+time.Now().Format("-0102-150405"))}},
		formRow[train.Config]{name: rowMore, words: []string{moreHidden, moreShown}, field: field{text: moreHidden}, also: d.said})
	d.form = newForm(p.screen, "train", d.start, append(rows, moreRows(c)...))
	d.wide, d.names = 64, 18
	d.foot = []string{"hfcui train has every setting, and resumes what this begins", "hfcui train has every setting"}
	return d
}

// basicRows are the settings that are asked for at once.
func basicRows(c train.Config) []formRow[train.Config] {
	return []formRow[train.Config]{
		{name: "network", field: field{text: c.Net}, take: func(c *train.Config, s string) error {
			c.Net = s
			_, err := nets.ByName(s)
			return err
		}},
		{name: "epochs", field: field{text: strconv.Itoa(c.Epochs)}, take: whole(func(c *train.Config, n int) { c.Epochs = n })},
		{name: "batch", field: field{text: strconv.Itoa(c.Batch)}, take: whole(func(c *train.Config, n int) { c.Batch = n })},
		{name: "optimizer", words: optim.Names(), field: field{text: c.Name}, take: func(c *train.Config, s string) (err error) {
			c.Optimizer, c.LearningRate, err = train.Usual(s)
			return err
		}},
		{name: "rate", hint: "the optimizer's usual one", take: optional(decimal(parseReal, func(c *train.Config, v float64) { c.LearningRate = v }))},
		{name: "inputs", words: []string{train.Whole, train.Low, train.High}, field: field{text: c.Input}, take: word(func(c *train.Config, s string) { c.Input, c.Radius = s, 0 })},
		{name: "radius", field: field{text: "8"}, means: func(f *form[train.Config]) bool { return f.text("inputs") != train.Whole },
			take: decimal(parseReal, func(c *train.Config, v float64) { c.Radius = v })},
		{name: "crop, flip", words: noYes, field: field{text: "no"}, take: yes(func(c *train.Config, on bool) {
			if c.Flip = on; on {
				c.Crop = 4
			}
		})},
		{name: "shuffle labels", words: noYes, field: field{text: "no"}, take: yes(func(c *train.Config, on bool) { c.ShuffleLabels = on })},
		{name: "bands at", hint: "not measured", field: field{text: firstRadii}, take: takeBands},
	}
}

func takeBands(c *train.Config, s string) error {
	c.Bands = nil
	if s == "" {
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

// config is what was asked for, or what is wrong with it and in which line.
func (d *recipe) config() (train.Config, int, error) {
	c := d.base
	at, err := d.take(&c)
	if err == nil {
		err = c.Check()
	}
	return c, at, err
}

// start begins the training.
func (d *recipe) start() tea.Cmd {
	c, at, err := d.config()
	dir := d.text(rowFolder)
	if err == nil && dir == "" {
		at, err = d.row(rowFolder), fmt.Errorf("run folder: name one")
	}
	if err != nil {
		if d.rows[at].listed != nil {
			d.rows[d.row(rowMore)].field.text = moreShown
		}
		d.refuse(at, err)
		return nil
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(d.page.options.Folder, dir)
	}
	d.page.screen.closeDialog()
	return d.page.begin(dir, c)
}

// said lists the further settings that are not as usual: what is hidden is not silent.
func (d *recipe) said() string {
	var list []string
	for _, r := range d.rows {
		if r.listed != nil && r.field.text != r.usual {
			list = append(list, r.name+" "+r.field.text)
		}
	}
	if len(list) == 0 || d.text(rowMore) == moreShown {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}
