package kernels

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// saveDialog asks for the file of a smoothed model, and which of the models to save.
type saveDialog struct {
	kit.Fixed
	page   *Page
	how    model.Smoothing
	layer  string // name
	models []session.ShownModel
	at     int // the model
	field  kit.Field
	typed  bool // the user has edited the name
	wrong  string
	busy   bool
}

// savedMsg is the outcome of saving a smoothed model.
type savedMsg struct {
	dialog *saveDialog
	path   string
	err    error
}

// save opens the dialog for the page's models.
func (p *Page) save() tea.Cmd {
	d := &saveDialog{page: p, how: p.smoothing(), layer: p.layerName(), models: p.session.Models()}
	d.suggest()
	return p.screen.Open(d)
}

// suggest suggests a file name.
func (d *saveDialog) suggest() {
	if d.typed {
		return
	}
	name := fmt.Sprintf("%s-%s-rho%.2f", d.models[d.at].Name, d.layer, d.how.Rho)
	if d.how.DivideGain {
		name += "-gain-divided"
	}
	d.field.Text = strings.TrimPrefix(session.SafeName(name), "hfcui-") + ".safetensors"
}

func (d *saveDialog) Heading() string                { return "Save the smoothed model" }
func (d *saveDialog) Size(maxW, maxH int) (int, int) { return min(72, maxW), 5 }
func (d *saveDialog) Mouse(kit.Mouse) tea.Cmd        { return nil }

func (d *saveDialog) Insert(text string) {
	d.field.Insert(text)
	d.typed, d.wrong = true, ""
}

func (d *saveDialog) Press(key string) tea.Cmd {
	if cmd, ok := saveKeys.PressTyping(d, key); ok {
		return cmd
	}
	if d.field.Press(key) {
		d.typed, d.wrong = true, ""
	}
	return nil
}

var saveKeys = kit.Keymap[*saveDialog]{
	{Act: kit.Accept, Name: "save", Hint: "save", When: func(d *saveDialog) bool { return !d.busy }, Do: (*saveDialog).start},
	{Act: kit.Next, Name: "the next model", Hint: "model", When: func(d *saveDialog) bool { return len(d.models) > 1 }, Do: (*saveDialog).next},
	{Act: kit.Back, Name: "close", Hint: "close", Do: func(d *saveDialog) tea.Cmd { return d.page.screen.CloseDialog() }},
}

func (d *saveDialog) Entries() []kit.Entry { return saveKeys.Entries(d) }

func (d *saveDialog) next() tea.Cmd {
	d.at, d.wrong = (d.at+1)%len(d.models), ""
	d.suggest()
	return nil
}

// start starts saving the model.
func (d *saveDialog) start() tea.Cmd {
	name := strings.TrimSpace(d.field.Text)
	if name == "" {
		d.wrong = "enter a file name"
		return nil
	}
	d.busy, d.wrong = true, ""
	l, ctx, folder := d.page.session.Lab, d.page.screen.Context(), d.page.folder
	q := lab.KernelsRequest{Model: d.models[d.at].Path, Smoothing: d.how}
	return d.page.screen.Task(func() tea.Msg {
		path := session.FullPath(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		return savedMsg{d, path, l.SaveSmoothed(ctx, path, q)}
	})
}

// saved reports the outcome.
func (p *Page) saved(msg savedMsg) {
	d := msg.dialog
	d.busy = false
	if msg.err != nil {
		d.wrong = kit.OneLine(msg.err)
		if errors.Is(msg.err, fs.ErrExist) {
			d.wrong = "file exists: enter another name"
		}
		if p.screen.Top() != kit.Dialog(d) {
			p.screen.Say("not saved: " + d.wrong)
		}
		return
	}
	if p.screen.Top() == kit.Dialog(d) {
		p.screen.CloseDialog()
	}
	p.screen.Say("saved " + msg.path)
}

func (d *saveDialog) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "file  ", "NAME.safetensors")
	m := d.models[d.at]
	look := th.Model(m.Slot)
	name := look.Style.Paint(look.Mark) + " " + kit.Cut(m.Name, r.W/3)
	c.Put(r.X, r.Y+2, th.Dim.Paint("model ")+name)
	what := fmt.Sprintf("ρ %.2f on %s", d.how.Rho, d.layer)
	if d.how.DivideGain {
		what += ", gain-normalized"
	}
	c.Left(r.Row(3), th.Dim, "with  "+what)
	switch {
	case d.wrong != "":
		c.Left(r.Row(4), th.Warn, d.wrong)
	case d.busy:
		c.Left(r.Row(4), th.Dim, "saving …")
	}
}
