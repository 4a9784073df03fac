package opener

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/preview"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// aboutLines is the height of the preview, below a separator.
const aboutLines = 4

func (d *Opener) Heading() string {
	if d.wanted == OnlyData {
		return "Open the dataset of " + kit.Clean(d.session.Info.Model)
	}
	return "Open"
}

// Size is that of the largest dialog, so that it does not change while folders are listed.
func (d *Opener) Size(maxW, maxH int) (int, int) { return min(100, maxW), maxH }

func (d *Opener) Arrange(_, h int) {
	d.lines = max(1, h-aboutLines-3)
	d.top = min(max(d.top, d.at-d.lines+1), d.at)
}

func (d *Opener) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "› ", "name or path; tab completes")
	for y := 0; y < d.lines && d.top+y < len(d.found); y++ {
		d.drawEntry(c, r.Row(y+2), th, d.top+y)
	}
	if len(d.found) == 0 {
		c.Left(r.Row(2), th.Dim, d.empty())
	}
	line := r.Row(r.H - aboutLines - 1)
	c.Put(line.X, line.Y, th.Line.Paint(strings.Repeat("─", line.W)))
	if left := len(d.found) - d.top - d.lines; left > 0 {
		c.Right(line, th.Dim, fmt.Sprintf(" ↓ %d more ", left))
	}
	about := kit.NewRect(r.X, line.Y+1, r.W, aboutLines)
	st, lines := d.about(th)
	var wrapped []string
	for _, text := range lines {
		wrapped = append(wrapped, kit.Wrap(text, about.W)...)
	}
	for i := range min(len(wrapped), about.H) {
		c.Left(about.Row(i), st, wrapped[i])
	}
}

// empty says why the list is.
func (d *Opener) empty() string {
	if d.files.err != nil {
		return "This folder cannot be read."
	}
	if strings.TrimSpace(d.field.Text) == "" {
		return "Nothing here."
	}
	return "No match. Enter opens the path as typed."
}

// drawEntry draws a row of the list.
func (d *Opener) drawEntry(c *kit.Canvas, row kit.Rect, th *kit.Theme, i int) {
	e := d.entries[d.found[i]]
	note := kit.Cut(e.note, row.W/2)
	kit.DrawChoice(c, row, th, kit.CutLeft(e.text, row.W-kit.Width(note)-4), note, i == d.at)
}

// about describes the entry at the cursor, or what is being done or went wrong.
func (d *Opener) about(th *kit.Theme) (kit.Style, []string) {
	e, ok := d.current()
	switch {
	case d.wrong != "":
		return th.Warn, []string{d.wrong}
	case d.opening != nil:
		return th.Text, []string{"Opening " + kit.Clean(d.what) + " … esc cancels; what is open stays usable."}
	case !ok:
		return th.Dim, d.hint()
	case e.split != "":
		return th.Dim, []string{"the " + e.split + " split of the open data"}
	case e.device != "":
		return th.Dim, []string{e.about}
	case e.path == "":
		return th.Dim, nil
	case !d.read:
		return th.Dim, []string{"Reading …"}
	case d.shown.Err != nil:
		return th.Dim, append([]string{strings.TrimPrefix(kit.OneLine(d.shown.Err), kit.Clean(session.FullPath(e.path))+": ")}, d.shown.Lines...)
	case d.shown.Kind == preview.Folder:
		return th.Dim, append(d.shown.Lines, "enter lists the folder")
	}
	return th.Dim, d.shown.Lines
}

// hint says what is asked for.
func (d *Opener) hint() []string {
	if d.wanted == OnlyData {
		return []string{kit.Clean(d.session.Info.Unscored) + "."}
	}
	return nil
}

var openerKeys = kit.Keymap[*Opener]{
	{Act: kit.Accept, Name: "open", Hint: "open", Do: (*Opener).accept},
	{Act: kit.Up, Name: "line up", Hint: "line", Do: func(d *Opener) tea.Cmd { return d.move(-1) }},
	{Act: kit.Down, Name: "line down", Also: true, Do: func(d *Opener) tea.Cmd { return d.move(1) }},
	{Act: kit.Next, Name: "complete the path", Hint: "complete", Do: (*Opener).complete},
	{Act: kit.Right, Name: "list the folder", Hint: "into folder", When: (*Opener).onFolder, Do: (*Opener).enter},
	{Act: kit.Left, Name: "list the folder above", Hint: "folder above", Do: (*Opener).up},
	{Act: kit.PageUp, Name: "page up", Do: func(d *Opener) tea.Cmd { return d.move(-max(1, d.lines-1)) }},
	{Act: kit.PageDown, Name: "page down", Do: func(d *Opener) tea.Cmd { return d.move(max(1, d.lines-1)) }},
	{Act: kit.Back, Name: "close", Hint: "close", Do: (*Opener).back},
}

func (d *Opener) onFolder() bool {
	e, ok := d.current()
	return ok && e.into != ""
}

func (d *Opener) Entries() []kit.Entry { return openerKeys.Entries(d) }

func (d *Opener) Press(key string) tea.Cmd {
	if cmd, ok := openerKeys.PressTyping(d, key); ok {
		return cmd
	}
	if d.opening == nil && d.field.Press(key) {
		return d.edited()
	}
	return nil
}

// Insert types pasted text. Pasted follows.
func (d *Opener) Insert(text string) { d.field.Insert(text) }

// Pasted lists what the text now means.
func (d *Opener) Pasted() tea.Cmd { return d.edited() }

func (d *Opener) Mouse(m kit.Mouse) tea.Cmd {
	switch {
	case m.Wheel != 0:
		return d.move(m.Wheel)
	case m.Pressed && m.Y >= 2 && m.Y < d.lines+2 && d.top+m.Y-2 < len(d.found):
		if at := d.top + m.Y - 2; at != d.at {
			return d.move(at - d.at)
		}
		return d.accept()
	}
	return nil
}
