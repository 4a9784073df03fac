package ui

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/engine/model"
)

// saveDialog asks where a smoothed model goes, and which of those side by side.
type saveDialog struct {
	fixed
	page   *kernelsPage
	how    model.Smoothing
	layer  string // its name
	models []shownModel
	at     int // the model
	field  field
	typed  bool // the name is the person's, not the suggestion
	wrong  string
	busy   bool
}

// savedMsg tells that a smoothed model was saved, or why not.
type savedMsg struct {
	dialog *saveDialog
	path   string
	err    error
}

// save opens the dialog for what the page shows.
func (p *kernelsPage) save() tea.Cmd {
	d := &saveDialog{page: p, how: p.smoothing(), layer: p.layerName(), models: p.session.models()}
	d.suggest()
	return p.screen.open(d)
}

// suggest proposes a name.
func (d *saveDialog) suggest() {
	if d.typed {
		return
	}
	name := fmt.Sprintf("%s-%s-rho%.2f", d.models[d.at].name, d.layer, d.how.Rho)
	if d.how.DivideGain {
		name += "-gain-divided"
	}
	d.field.text = strings.TrimPrefix(safeName(name), "hfcui-") + ".safetensors"
}

func (d *saveDialog) heading() string                { return "Save the smoothed model" }
func (d *saveDialog) size(maxW, maxH int) (int, int) { return min(72, maxW), 5 }
func (d *saveDialog) mouse(mouse) tea.Cmd            { return nil }

func (d *saveDialog) insert(text string) {
	d.field.insert(text)
	d.typed, d.wrong = true, ""
}

func (d *saveDialog) press(key string) tea.Cmd {
	if cmd, ok := saveKeys.press(d, key); ok {
		return cmd
	}
	if d.field.press(key) {
		d.typed, d.wrong = true, ""
	}
	return nil
}

var saveKeys = keymap[*saveDialog]{
	{keys: []string{"enter"}, shown: "enter", name: "save", hint: "save", when: func(d *saveDialog) bool { return !d.busy }, do: (*saveDialog).start},
	{keys: []string{"tab"}, name: "the next model", hint: "model", when: func(d *saveDialog) bool { return len(d.models) > 1 }, do: (*saveDialog).next},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *saveDialog) tea.Cmd { return d.page.screen.closeDialog() }},
}

func (d *saveDialog) entries() []entry { return saveKeys.entries(d) }

func (d *saveDialog) next() tea.Cmd {
	d.at, d.wrong = (d.at+1)%len(d.models), ""
	d.suggest()
	return nil
}

// start saves the model.
func (d *saveDialog) start() tea.Cmd {
	name := strings.TrimSpace(d.field.text)
	if name == "" {
		d.wrong = "name a file"
		return nil
	}
	d.busy, d.wrong = true, ""
	l, ctx, folder := d.page.session.lab, d.page.screen.context(), d.page.folder
	q := lab.KernelsRequest{Model: d.models[d.at].path, Smoothing: d.how}
	return d.page.screen.task(func() tea.Msg {
		path := fullPath(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		return savedMsg{d, path, l.SaveSmoothed(ctx, path, q)}
	})
}

// saved tells what came of it.
func (p *kernelsPage) saved(msg savedMsg) {
	d := msg.dialog
	d.busy = false
	if msg.err != nil {
		d.wrong = oneLine(msg.err)
		if errors.Is(msg.err, fs.ErrExist) {
			d.wrong = "there is a file of this name already: give another"
		}
		if p.screen.top() != dialog(d) {
			p.screen.say("not saved: " + d.wrong)
		}
		return
	}
	if p.screen.top() == dialog(d) {
		p.screen.closeDialog()
	}
	p.screen.say("saved " + msg.path)
}

func (d *saveDialog) draw(c *canvas, r rect, th *theme) {
	d.field.draw(c, r.row(0), th, "file  ", "a name that ends in .safetensors")
	m := d.models[d.at]
	look := th.model(m.slot)
	name := look.style.paint(look.mark) + " " + cut(m.name, r.w/3)
	c.put(r.x, r.y+2, th.dim.paint("model ")+name)
	what := fmt.Sprintf("ρ %.2f on %s", d.how.Rho, d.layer)
	if d.how.DivideGain {
		what += ", gain divided out"
	}
	c.left(r.row(3), th.dim, "with  "+what)
	switch {
	case d.wrong != "":
		c.left(r.row(4), th.warn, d.wrong)
	case d.busy:
		c.left(r.row(4), th.dim, "being written")
	}
}
