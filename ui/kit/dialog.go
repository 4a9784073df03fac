package kit

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Dialog lies over the page until it is closed. While it is there, keys are its own.
type Dialog interface {
	Heading() string
	// Size is how large it wants to be inside its frame, given how large it can be.
	Size(maxW, maxH int) (w, h int)
	// Arrange is told how large it is, after everything that happens and before it is drawn;
	// draw changes nothing.
	Arrange(w, h int)
	Draw(c *Canvas, r Rect, th *Theme)
	// Press handles a key; insert text typed or pasted.
	Press(key string) tea.Cmd
	Insert(text string)
	// Mouse handles what happens inside its rectangle, whose corner is (0, 0).
	Mouse(m Mouse) tea.Cmd
	Entries() []Entry
}

// Fixed is part of dialogs that have nothing to arrange.
type Fixed struct{}

func (Fixed) Arrange(w, h int) {}

// NoText is part of dialogs that take no text.
type NoText struct{}

func (NoText) Insert(string) {}

// Field is a line of text being typed.
type Field struct{ Text string }

// Press edits the text and tells whether the key meant that.
func (f *Field) Press(key string) bool {
	switch key {
	case "backspace", "ctrl+h":
		if r := []rune(f.Text); len(r) > 0 {
			f.Text = string(r[:len(r)-1])
		}
	case "ctrl+u":
		f.Text = ""
	case "ctrl+w":
		f.Text = strings.TrimRight(f.Text, " ")
		f.Text = f.Text[:strings.LastIndex(f.Text, " ")+1]
	case "space":
		f.Insert(" ")
	default:
		if r := []rune(key); len(r) != 1 {
			return false
		}
		f.Insert(key)
	}
	return true
}

// mostTyped bounds what is kept of a paste.
const mostTyped = 200

func (f *Field) Insert(text string) {
	f.Text += Clean(text)
	if r := []rune(f.Text); len(r) > mostTyped {
		f.Text = string(r[:mostTyped])
	}
}

// Draw shows the text, or in its place what to type, and the cursor.
func (f *Field) Draw(c *Canvas, r Rect, th *Theme, prompt, placeholder string) {
	x := c.Left(r, th.Focus, prompt)
	room := Rect{x, r.Y, r.Right() - x - 1, 1}
	text := f.Text
	for Width(text) > room.W {
		text = text[len(string([]rune(text)[:1])):] // the end is where one types
	}
	x = c.Left(room, Style{}, text)
	c.PutWide(x, r.Y, 1, reverse.Paint(" "))
	if text == "" {
		c.Left(Rect{x + 1, r.Y, room.W - 1, 1}, th.Dim, placeholder)
	}
}
