package kit

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// Reader shows scrollable text: help and messages.
type Reader struct {
	NoText
	stack DialogStack
	head  string
	lines []HelpLine // keys, if any, at the left
	wide  int        // width of the keys
	top   int
	rows  int // on screen

	// Pass, if any, receives unbound keys after they have closed it.
	Pass func(key string) tea.Cmd
}

func NewReader(stack DialogStack, head string, lines []HelpLine) *Reader {
	d := &Reader{stack: stack, head: head, lines: lines}
	for _, l := range lines {
		d.wide = max(d.wide, Width(l.Keys))
	}
	return d
}

func (d *Reader) Heading() string { return d.head }

func (d *Reader) Size(maxW, maxH int) (int, int) {
	w := 0
	for _, l := range d.lines {
		w = max(w, Width(l.Text))
	}
	return min(w+d.indent(), maxW), min(len(d.lines), maxH)
}

func (d *Reader) indent() int {
	if d.wide == 0 {
		return 0
	}
	return d.wide + 2
}

var readerKeys = Keymap[*Reader]{
	{Act: Back, Too: Acts{Accept, Quit, Help}, Name: "close", Hint: "close", Do: func(d *Reader) tea.Cmd { return d.stack.CloseDialog() }},
	{Act: Up, Name: "line up", Hint: "scroll", When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(-1) }},
	{Act: Down, Name: "line down", Also: true, When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(1) }},
	{Act: PageUp, Name: "page up", When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(1 - d.rows) }},
	{Act: PageDown, Name: "page down", When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(d.rows - 1) }},
}

// noticeKeys are the keys of a reader that any other key closes.
var noticeKeys = append(Keymap[*Reader]{
	{Act: Back, Too: Acts{Accept}, Name: "close", Hint: "close", Do: func(d *Reader) tea.Cmd { return d.stack.CloseDialog() }},
}, readerKeys[1:]...)

func (d *Reader) Entries() []Entry { return d.keys().Entries(d) }

func (d *Reader) keys() Keymap[*Reader] {
	if d.Pass != nil {
		return noticeKeys
	}
	return readerKeys
}

func (d *Reader) Press(key string) tea.Cmd {
	cmd, ok := d.keys().Press(d, key)
	if !ok && d.Pass != nil {
		d.stack.CloseDialog()
		return d.Pass(key)
	}
	return cmd
}

// long reports whether the text is longer than the screen.
func (d *Reader) long() bool { return d.rows < len(d.lines) }

func (d *Reader) scroll(by int) tea.Cmd {
	d.top = min(max(d.top+by, 0), max(len(d.lines)-d.rows, 0))
	return nil
}

func (d *Reader) Mouse(m Mouse) tea.Cmd { return d.scroll(m.Wheel * 3) }

func (d *Reader) Arrange(_, h int) {
	d.rows = h
	d.scroll(0)
}

func (d *Reader) Draw(c *Canvas, r Rect, th *Theme) {
	for i := 0; i < r.H && d.top+i < len(d.lines); i++ {
		l, row := d.lines[d.top+i], r.Row(i)
		if l.Keys == "" && d.wide > 0 {
			c.Left(row, Bold, l.Text)
			continue
		}
		c.Left(row, th.Focus, l.Keys)
		c.Left(Rect{row.X + d.indent(), row.Y, row.W - d.indent(), 1}, Style{}, l.Text)
	}
	if left := len(d.lines) - d.top - r.H; left > 0 {
		c.Right(r.Row(r.H-1), th.Dim, fmt.Sprintf(" ↓ %d more", left))
	}
}
