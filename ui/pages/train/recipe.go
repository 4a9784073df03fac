package train

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
	"hfcui/engine/train/follow"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// recipe asks for the settings of a training.
type recipe struct {
	kit.Form[train.Config]
	page *Page
	base train.Config
}

// firstRadii are the default radii of bands.
const firstRadii = "4,8,12,16"

// Names of rows that other code refers to, and the words of two.
const (
	rowSize    = "size"
	rowEpochs  = "epochs"
	rowImages  = "training images"
	rowStart   = "start from"
	rowFolder  = "run folder"
	rowMore    = "advanced"
	rowOn      = "train on"
	scratch    = "scratch"
	openModel  = "open model"
	moreHidden = "off"
	moreShown  = "on"
	quick      = "quick"
	fullSize   = "full"
)

// A quick run shows curves within a minute on a small network.
const quickEpochs, quickImages = 3, 2000

// The words of rowOn.
const fullImages, lowImages, highImages = "full images", "low-pass images", "high-pass images"

// newRecipe asks for a run like c, which starts from the open model. Its network may be built in, so
// that it can be trained from scratch.
func newRecipe(p *Page, c train.Config, builtin bool) *recipe {
	d := &recipe{page: p, base: c}
	size := kit.FormRow[train.Config]{Name: rowSize, Words: []string{quick, fullSize}, Field: kit.Field{Text: quick}, Chosen: d.resize, Also: d.sized}
	rows := append(append(append([]kit.FormRow[train.Config]{size}, startRows(c, builtin)...), basicRows(c)...),
		kit.FormRow[train.Config]{Name: rowFolder, Hint: "a folder", Field: kit.Field{Text: filepath.Join(follow.RunsFolder, folderName(c, builtin)+time.Now().Format("-0102-150405"))}},
		kit.FormRow[train.Config]{Name: rowMore, Words: []string{moreHidden, moreShown}, Field: kit.Field{Text: moreHidden}, Also: d.said})
	d.Form = kit.NewForm(p.screen, "train", d.start, append(rows, moreRows(c)...))
	d.Wide, d.Names = 66, 20
	d.Rows[d.Row(rowStart)].Also = func() string {
		switch {
		case fromScratch(&d.Form):
			return ""
		case !builtin:
			return ", imported network: " + kit.Clean(filepath.Base(c.Model))
		}
		return ": " + kit.Clean(filepath.Base(c.Model))
	}
	d.resize()
	d.Foot = []string{"More settings: hfcui train --help"}
	return d
}

// resize sets the rows that the size stands for.
func (d *recipe) resize() {
	epochs, images := d.base.Epochs, ""
	if d.Text(rowSize) == quick {
		epochs, images = quickEpochs, strconv.Itoa(quickImages)
	}
	d.Rows[d.Row(rowEpochs)].Field.Text = strconv.Itoa(epochs)
	row := &d.Rows[d.Row(rowImages)]
	row.Field.Text, row.Usual = images, images
}

// sized says what the size stands for, as far as that was not changed.
func (d *recipe) sized() string {
	images := "all images"
	if n, err := strconv.Atoi(d.Text(rowImages)); err == nil {
		images = "up to " + kit.Counted(n, "image")
	}
	return fmt.Sprintf(": %s epochs of %s", d.Text(rowEpochs), images)
}

// startRows returns the settings of the network and its initial weights.
func startRows(c train.Config, builtin bool) []kit.FormRow[train.Config] {
	words := []string{scratch, openModel}
	if !builtin {
		words = words[1:]
	}
	return []kit.FormRow[train.Config]{
		{Name: rowStart, Words: words, Field: kit.Field{Text: words[0]}, Take: kit.Word(func(c *train.Config, s string) {
			if s == scratch {
				c.Model = ""
			}
		})},
		{Name: "network", Field: kit.Field{Text: c.Net}, Means: fromScratch, Take: func(c *train.Config, s string) error {
			c.Net = s
			_, err := nets.ByName(s)
			return err
		}},
		{Name: "freeze", Hint: "none; first N layers, or backbone", Means: func(f *kit.Form[train.Config]) bool { return !fromScratch(f) },
			Take: func(c *train.Config, s string) error {
				c.Freeze = s
				_, err := train.ParseFreeze(s)
				return err
			}},
	}
}

func fromScratch(f *kit.Form[train.Config]) bool { return f.Text(rowStart) == scratch }

// basicRows returns the other settings that are always shown.
func basicRows(c train.Config) []kit.FormRow[train.Config] {
	return []kit.FormRow[train.Config]{
		{Name: rowEpochs, Field: kit.Field{Text: strconv.Itoa(c.Epochs)}, Take: kit.Whole(func(c *train.Config, n int) { c.Epochs = n })},
		{Name: "batch size", Field: kit.Field{Text: strconv.Itoa(c.Batch)}, Take: kit.Whole(func(c *train.Config, n int) { c.Batch = n })},
		{Name: "optimizer", Words: optim.Names(), Field: kit.Field{Text: c.Name}, Take: func(c *train.Config, s string) (err error) {
			c.Optimizer, c.LearningRate, err = train.Usual(s)
			return err
		}},
		{Name: "learning rate", Hints: usualRate, Take: kit.Optional(kit.Decimal(kit.ParseReal, func(c *train.Config, v float64) { c.LearningRate = v }))},
		{Name: rowOn, Words: []string{fullImages, lowImages, highImages}, Field: kit.Field{Text: fullImages}, Take: kit.Word(func(c *train.Config, s string) {
			c.Input, c.Radius = map[string]string{fullImages: train.Whole, lowImages: train.Low, highImages: train.High}[s], 0
		})},
		{Name: "cutoff radius r", Field: kit.Field{Text: "8"}, Means: func(f *kit.Form[train.Config]) bool { return f.Text(rowOn) != fullImages },
			Take: kit.Decimal(kit.ParseReal, func(c *train.Config, v float64) { c.Radius = v })},
		{Name: "random crop, flip", Words: kit.NoYes, Field: kit.Field{Text: "no"}, Take: kit.Yes(func(c *train.Config, on bool) {
			if c.Flip = on; on {
				c.Crop = 4
			}
		})},
		{Name: "shuffle labels", Words: kit.NoYes, Field: kit.Field{Text: "no"}, Take: kit.Yes(func(c *train.Config, on bool) { c.ShuffleLabels = on })},
		{Name: "bands at r", Hint: "not evaluated", Field: kit.Field{Text: firstRadii}, Take: takeBands},
	}
}

// usualRate is the hint of the learning rate.
func usualRate(f *kit.Form[train.Config]) string {
	name := f.Text("optimizer")
	_, rate, err := train.Usual(name)
	if err != nil {
		return "optimizer default"
	}
	return fmt.Sprintf("default for %s (%g)", optim.Title(name), rate)
}

func takeBands(c *train.Config, s string) error {
	c.Bands = nil
	if s == "" {
		return nil
	}
	b := &train.Bands{Every: 1, Limit: 1000, Split: "test", Normalize: "none", BN: "running"}
	for word := range strings.SplitSeq(s, ",") {
		r, err := kit.ParseReal(word)
		if err != nil {
			return err
		}
		b.Radii = append(b.Radii, r)
	}
	c.Bands = b
	return nil
}

// folderName is the first part of a run folder's default name: the network, or the file of one that
// is not built in, whose name is a description.
func folderName(c train.Config, builtin bool) string {
	name := c.Net
	if !builtin {
		name = strings.TrimSuffix(filepath.Base(c.Model), filepath.Ext(c.Model))
	}
	if name = session.SafePart(name); name == "" {
		return "run"
	}
	return name
}

func (d *recipe) Heading() string { return "Train on " + kit.Clean(d.base.Data) }

// config is what was asked for, or what is wrong with it and in which line.
func (d *recipe) config() (train.Config, int, error) {
	c := d.base
	at, err := d.Take(&c)
	if err == nil {
		err = c.Check()
	}
	return c, at, err
}

// start starts the run.
func (d *recipe) start() tea.Cmd {
	c, at, err := d.config()
	dir := d.Text(rowFolder)
	if err == nil && dir == "" {
		at, err = d.Row(rowFolder), fmt.Errorf("run folder: enter a name")
	}
	if err != nil {
		if d.Rows[at].Listed != nil {
			d.Rows[d.Row(rowMore)].Field.Text = moreShown
		}
		d.Refuse(at, err)
		return nil
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(d.page.options.Folder, dir)
	}
	d.page.screen.CloseDialog()
	return d.page.begin(dir, c)
}

// said lists hidden settings that differ from the defaults.
func (d *recipe) said() string {
	var list []string
	for _, r := range d.Rows {
		if r.Listed != nil && r.Field.Text != r.Usual {
			list = append(list, r.Name+" "+r.Field.Text)
		}
	}
	if len(list) == 0 || d.Text(rowMore) == moreShown {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}
