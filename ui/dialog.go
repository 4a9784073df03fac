package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// dialog lies over the page until it is closed. While it is there, keys are its own.
type dialog interface {
	heading() string
	// size is how large it wants to be inside its frame, given how large it can be.
	size(maxW, maxH int) (w, h int)
	draw(c *canvas, r rect, th *theme)
	// press handles a key; insert text typed or pasted.
	press(key string) tea.Cmd
	insert(text string)
	// mouse handles what happens inside its rectangle, whose corner is (0, 0).
	mouse(m mouse) tea.Cmd
	entries() []entry
}

// dialog returns the one on top, nil when there is none.
func (a *App) dialog() dialog {
	if len(a.dialogs) == 0 {
		return nil
	}
	return a.dialogs[len(a.dialogs)-1]
}

func (a *App) open(d dialog) tea.Cmd {
	a.dialogs = append(a.dialogs, d)
	return nil
}

// closeDialog takes the top dialog away.
func (a *App) closeDialog() tea.Cmd {
	if n := len(a.dialogs); n > 0 {
		a.dialogs = a.dialogs[:n-1]
	}
	return nil
}

// dialogRect is where a dialog with its frame lies: in the middle, a little high.
func (a *App) dialogRect(d dialog) rect {
	maxW, maxH := a.layout.w-8, a.layout.h-6
	w, h := d.size(maxW, maxH)
	w, h = min(max(w, width(d.heading())+4), maxW)+4, min(h, maxH)+2
	return rect{(a.layout.w - w) / 2, max(1, (a.layout.h-h)*2/5), w, h}
}

// drawDialog draws a dialog with its frame.
func (a *App) drawDialog(c *canvas, d dialog) {
	r := a.dialogRect(d)
	line := a.theme.line
	head := " " + d.heading() + " "
	rest := max(0, r.w-3-width(head))
	c.putWide(r.x, r.y, r.w, line.paint("╭─")+bold.paint(head)+line.paint(strings.Repeat("─", rest)+"╮"))
	for y := r.y + 1; y < r.bottom()-1; y++ {
		c.putWide(r.x, y, r.w, line.paint("│")+blanks(r.w-2)+line.paint("│"))
	}
	c.putWide(r.x, r.bottom()-1, r.w, line.paint("╰"+strings.Repeat("─", r.w-2)+"╯"))
	d.draw(c, r.inset(2, 1), a.theme)
}

// noText is part of dialogs that take no text.
type noText struct{}

func (noText) insert(string) {}

// field is a line of text being typed.
type field struct{ text string }

// press edits the text and tells whether the key meant that.
func (f *field) press(key string) bool {
	switch key {
	case "backspace", "ctrl+h":
		if r := []rune(f.text); len(r) > 0 {
			f.text = string(r[:len(r)-1])
		}
	case "ctrl+u":
		f.text = ""
	case "ctrl+w":
		f.text = strings.TrimRight(f.text, " ")
		f.text = f.text[:strings.LastIndex(f.text, " ")+1]
	case "space":
		f.insert(" ")
	default:
		if r := []rune(key); len(r) != 1 {
			return false
		}
		f.insert(key)
	}
	return true
}

// mostTyped bounds what is kept of a paste.
const mostTyped = 200

func (f *field) insert(text string) {
	f.text += clean(text)
	if r := []rune(f.text); len(r) > mostTyped {
		f.text = string(r[:mostTyped])
	}
}

// draw shows the text, or in its place what to type, and the cursor.
func (f *field) draw(c *canvas, r rect, th *theme, prompt, placeholder string) {
	x := c.left(r, th.focus, prompt)
	room := rect{x, r.y, r.right() - x - 1, 1}
	text := f.text
	for width(text) > room.w {
		text = text[len(string([]rune(text)[:1])):] // the end is where one types
	}
	x = c.left(room, style{}, text)
	c.putWide(x, r.y, 1, reverse.paint(" "))
	if text == "" {
		c.left(rect{x + 1, r.y, room.w - 1, 1}, th.dim, placeholder)
	}
}
