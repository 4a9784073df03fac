package ui

import (
	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// peopleDialog shows who is connected and what viewers may do, which the presenter decides.
type peopleDialog struct {
	kit.Fixed
	kit.NoText
	app *App
	at  int // selected privilege
	top int // first member shown
}

// openPeople opens the dialog.
func (a *App) openPeople() tea.Cmd { return a.Open(&peopleDialog{app: a}) }

var peopleKeys = kit.Keymap[*peopleDialog]{
	{Act: kit.Toggle, Too: kit.Acts{kit.Accept}, Name: "allow, do not allow", Hint: "allow", When: (*peopleDialog).decides, Why: func(*peopleDialog) string { return "the presenter decides" }, Do: (*peopleDialog).toggle},
	{Act: kit.Up, Name: "previous", Hint: "choice", When: (*peopleDialog).decides, Do: func(d *peopleDialog) tea.Cmd { return d.move(-1) }},
	{Act: kit.Down, Name: "next", Also: true, When: (*peopleDialog).decides, Do: func(d *peopleDialog) tea.Cmd { return d.move(1) }},
	{Act: kit.PageUp, Name: "scroll", Do: func(d *peopleDialog) tea.Cmd { return d.scroll(-8) }},
	{Act: kit.PageDown, Name: "scroll", Also: true, Do: func(d *peopleDialog) tea.Cmd { return d.scroll(8) }},
	{Act: kit.New, Name: "present", Hint: "present", When: (*peopleDialog).canPresent, Do: (*peopleDialog).present},
	{Act: kit.Back, Too: kit.Acts{kit.People}, Name: "close", Hint: "close", Do: func(d *peopleDialog) tea.Cmd { return d.app.CloseDialog() }},
}

func (d *peopleDialog) decides() bool { return d.app.audience.Presenting }

func (d *peopleDialog) canPresent() bool {
	return d.app.audience.CanPresent && !d.app.audience.Presenting
}

func (d *peopleDialog) present() tea.Cmd {
	d.app.options.Audience.Present()
	return nil
}

func (d *peopleDialog) toggle() tea.Cmd {
	p := Privileges[d.at]
	d.app.options.Audience.Allow(p, d.app.audience.Allowed&p == 0)
	return nil
}

func (d *peopleDialog) move(by int) tea.Cmd {
	d.at = min(max(d.at+by, 0), len(Privileges)-1)
	return nil
}

func (d *peopleDialog) scroll(by int) tea.Cmd {
	d.top = min(max(d.top+by, 0), max(len(d.app.audience.Members)-1, 0))
	return nil
}

func (d *peopleDialog) Entries() []kit.Entry { return peopleKeys.Entries(d) }

func (d *peopleDialog) Press(key string) tea.Cmd {
	cmd, _ := peopleKeys.Press(d, key)
	return cmd
}

func (d *peopleDialog) Heading() string { return "Audience" }

func (d *peopleDialog) Size(maxW, maxH int) (int, int) {
	return min(60, maxW), min(len(d.app.audience.Members)+2+len(Privileges), maxH)
}

func (d *peopleDialog) Mouse(kit.Mouse) tea.Cmd { return nil }

// role says what a member does.
func role(th *kit.Theme, one Member) (string, kit.Style) {
	switch {
	case one.Presenting:
		return "presenting", th.Focus
	case one.Following:
		return "following", th.Dim
	}
	return "alone", th.Dim
}

func (d *peopleDialog) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	m := &d.app.audience
	rows := max(r.H-2-len(Privileges), 1)
	for i := range rows {
		at := d.top + i
		if at >= len(m.Members) {
			break
		}
		one := m.Members[at]
		name := one.Name
		if one.Self {
			name += " (you)"
		}
		text, st := role(th, one)
		row := r.Row(i)
		c.Right(row, st, text)
		c.Left(kit.NewRect(row.X, row.Y, row.W-len(text)-1, 1), kit.Style{}, name)
	}
	head := r.H - 1 - len(Privileges)
	c.Left(r.Row(head), th.Dim, "Viewers may")
	for i, p := range Privileges {
		mark, st := "  ", kit.Style{}
		if m.Presenting && i == d.at {
			mark, st = "› ", th.Focus
		}
		box := "no   "
		if m.Allowed&p != 0 {
			box = "yes  "
		}
		c.Left(r.Row(head+1+i), st, mark+box+p.String())
	}
}
