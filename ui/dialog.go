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
	// arrange is told how large it is, after everything that happens and before it is drawn;
	// draw changes nothing.
	arrange(w, h int)
	draw(c *canvas, r rect, th *theme)
	// press handles a key; insert text typed or pasted.
	press(key string) tea.Cmd
	insert(text string)
	// mouse handles what happens inside its rectangle, whose corner is (0, 0).
	mouse(m mouse) tea.Cmd
	entries() []entry
}

// dialogStack is the dialogs that lie over the page; keys are those of the one on top.
type dialogStack interface {
	open(d dialog) tea.Cmd
	closeDialog() tea.Cmd
	top() dialog // nil when there is none
}

// fixed is part of dialogs that have nothing to arrange.
type fixed struct{}

func (fixed) arrange(w, h int) {}

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
