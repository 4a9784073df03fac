package train

import (
	"fmt"
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/train"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
)

// noteDialog edits the note of a run at a step.
type noteDialog struct {
	kit.Fixed
	page  *Page
	field kit.Field
	run   runlog.RunFacts
	step  int
	had   bool // there is a note at the step
	wrong string
}

// noteMsg is the outcome of writing a note.
type noteMsg struct {
	dialog *noteDialog
	dir    string
	notes  []train.Note
	err    error
}

// annotate opens the dialog for a note at the cursor's step of the selected run, or at its last step.
func (p *Page) annotate() tea.Cmd {
	r := p.selected()
	if r == nil || !r.Begun {
		p.screen.Say("no step to annotate yet")
		return nil
	}
	d := &noteDialog{page: p, run: *r, step: r.Here}
	if n := p.noteAtCursor(); n != nil {
		d.field.Text, d.step, d.had = n.Text, n.Step, true
	}
	return p.screen.Open(d)
}

// noteAtCursor returns the note of the selected run within a column of the cursor, nil if there is
// none.
func (p *Page) noteAtCursor() *runlog.NoteMark {
	at := p.cursor
	if at < 0 {
		at = p.fig.Most
	}
	width := max(1, p.l.plots[p.l.order()[0]].W-1)
	var best *runlog.NoteMark
	for i := range p.fig.Notes {
		n := &p.fig.Notes[i]
		away := math.Abs(p.fig.Position(n.X)-p.fig.Position(at)) * float64(width)
		if n.Row == p.row() && away <= 1 && (best == nil || math.Abs(n.X-at) < math.Abs(best.X-at)) {
			best = n
		}
	}
	return best
}

var noteKeys = kit.Keymap[*noteDialog]{
	{Act: kit.Accept, Name: "save the note", Hint: "save", Do: (*noteDialog).save},
	{Act: kit.Back, Name: "cancel", Hint: "cancel", Do: func(d *noteDialog) tea.Cmd { return d.page.screen.CloseDialog() }},
}

func (d *noteDialog) Heading() string {
	return fmt.Sprintf("Note on %s at step %s", d.run.Name, kit.Grouped(d.step))
}
func (d *noteDialog) Entries() []kit.Entry           { return noteKeys.Entries(d) }
func (d *noteDialog) Size(maxW, maxH int) (w, h int) { return min(70, maxW), min(5, maxH) }
func (d *noteDialog) Mouse(kit.Mouse) tea.Cmd        { return nil }
func (d *noteDialog) Insert(text string)             { d.field.Insert(text) }

func (d *noteDialog) Press(key string) tea.Cmd {
	if cmd, ok := noteKeys.PressTyping(d, key); ok {
		return cmd
	}
	d.field.Press(key)
	return nil
}

// save writes the note in the background; the dialog is closed when it is on disk.
func (d *noteDialog) save() tea.Cmd {
	dir, n := d.run.Dir, train.Note{Step: d.step, Text: d.field.Text, Time: time.Now().UTC()}
	return d.page.screen.Task(func() tea.Msg {
		notes, err := train.SetNote(dir, n)
		return noteMsg{d, dir, notes, err}
	})
}

// noted shows a note that was written, or why it was not.
func (p *Page) noted(msg noteMsg) tea.Cmd {
	if msg.err != nil {
		msg.dialog.wrong = kit.OneLine(msg.err)
		return nil
	}
	if p.screen.Top() == kit.Dialog(msg.dialog) {
		p.screen.CloseDialog()
	}
	p.book.Annotated(msg.dir, msg.notes)
	return p.request()
}

func (d *noteDialog) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "", "what happened here")
	foot := "saved in the run folder, shown on charts and in exports"
	if d.had {
		foot = "an empty text removes the note"
	}
	if d.wrong != "" {
		c.Paragraph(kit.NewRect(r.X, r.Y+2, r.W, r.H-2), th.Warn, d.wrong)
		return
	}
	c.Left(r.Row(2), th.Dim, foot)
}
