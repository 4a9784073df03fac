package kit

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Dialog is a modal dialog over the page: it receives the keys until it is closed.
type Dialog interface {
	Heading() string
	// Size returns the preferred size inside the frame, given the maximum.
	Size(maxW, maxH int) (w, h int)
	// Arrange sets the size, after every message and before drawing; Draw changes no state.
	Arrange(w, h int)
	Draw(c *Canvas, r Rect, th *Theme)
	// Press handles a key; insert text typed or pasted.
	Press(key string) tea.Cmd
	Insert(text string)
	// Mouse handles the mouse inside its rectangle, with upper left corner (0, 0).
	Mouse(m Mouse) tea.Cmd
	Entries() []Entry
}

// Fixed is embedded by dialogs without Arrange.
type Fixed struct{}

func (Fixed) Arrange(w, h int) {}

// NoText is embedded by dialogs without text input.
type NoText struct{}

func (NoText) Insert(string) {}

// Field is a text input of one line.
type Field struct{ Text string }

// Press edits the text and reports whether the key was an editing key.
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

// mostTyped bounds the length of the text, e.g. of a paste.
const mostTyped = 4096

func (f *Field) Insert(text string) {
	f.Text += Clean(text)
	if r := []rune(f.Text); len(r) > mostTyped {
		f.Text = string(r[:mostTyped])
	}
}

// Draw draws the text, or the placeholder, and the cursor.
func (f *Field) Draw(c *Canvas, r Rect, th *Theme, prompt, placeholder string) {
	x := c.Left(r, th.Focus, prompt)
	room := Rect{x, r.Y, r.Right() - x - 1, 1}
	text := f.Text
	if n := Width(text); n > room.W {
		text = ansi.TruncateLeft(text, n-room.W, "") // keep the end, with the cursor, visible
	}
	x = c.Left(room, Style{}, text)
	c.PutWide(x, r.Y, 1, reverse.Paint(" "))
	if text == "" {
		c.Left(Rect{x + 1, r.Y, room.W - 1, 1}, th.Dim, placeholder)
	}
}
