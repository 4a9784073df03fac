package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

// reader shows lines that may be longer than the screen: help and messages.
type reader struct {
	noText
	stack dialogStack
	head  string
	lines []helpLine // keys, if any, stand left
	wide  int        // columns of keys
	top   int
	rows  int // on screen

	// pass, if any, gets keys that mean nothing here once they have closed it.
	pass func(key string) tea.Cmd
}

func newReader(stack dialogStack, head string, lines []helpLine) *reader {
	d := &reader{stack: stack, head: head, lines: lines}
	for _, l := range lines {
		d.wide = max(d.wide, width(l.keys))
	}
	return d
}

func (d *reader) heading() string { return d.head }

func (d *reader) size(maxW, maxH int) (int, int) {
	w := 0
	for _, l := range d.lines {
		w = max(w, width(l.text))
	}
	return min(w+d.indent(), maxW), min(len(d.lines), maxH)
}

func (d *reader) indent() int {
	if d.wide == 0 {
		return 0
	}
	return d.wide + 2
}

var readerKeys = keymap[*reader]{
	{keys: []string{"esc", "enter", "q", "?"}, shown: "esc", name: "close", hint: "close", do: func(d *reader) tea.Cmd { return d.stack.closeDialog() }},
	{keys: []string{"up", "k"}, shown: "↑", name: "line up", hint: "scroll", when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(-1) }},
	{keys: []string{"down", "j"}, shown: "↓", name: "line down", also: true, when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(1) }},
	{keys: []string{"pgup"}, name: "page up", when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(1 - d.rows) }},
	{keys: []string{"pgdown", "space"}, name: "page down", when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(d.rows - 1) }},
}

// noticeKeys are the keys of a reader that every other key closes.
var noticeKeys = append(keymap[*reader]{
	{keys: []string{"esc", "enter"}, shown: "esc", name: "close", hint: "close", do: func(d *reader) tea.Cmd { return d.stack.closeDialog() }},
}, readerKeys[1:]...)

func (d *reader) entries() []entry { return readerKeys.entries(d) }

func (d *reader) press(key string) tea.Cmd {
	own := readerKeys
	if d.pass != nil {
		own = noticeKeys
	}
	cmd, ok := own.press(d, key)
	if !ok && d.pass != nil {
		d.stack.closeDialog()
		return d.pass(key)
	}
	return cmd
}

// long tells that not everything fits.
func (d *reader) long() bool { return d.rows < len(d.lines) }

func (d *reader) scroll(by int) tea.Cmd {
	d.top = min(max(d.top+by, 0), max(len(d.lines)-d.rows, 0))
	return nil
}

func (d *reader) mouse(m mouse) tea.Cmd { return d.scroll(m.wheel * 3) }

func (d *reader) arrange(_, h int) {
	d.rows = h
	d.scroll(0)
}

func (d *reader) draw(c *canvas, r rect, th *theme) {
	for i := 0; i < r.h && d.top+i < len(d.lines); i++ {
		l, row := d.lines[d.top+i], r.row(i)
		if l.keys == "" && d.wide > 0 {
			c.left(row, bold, l.text)
			continue
		}
		c.left(row, th.focus, l.keys)
		c.left(rect{row.x + d.indent(), row.y, row.w - d.indent(), 1}, style{}, l.text)
	}
	if left := len(d.lines) - d.top - r.h; left > 0 {
		c.right(r.row(r.h-1), th.dim, fmt.Sprintf(" ↓ %d more", left))
	}
}
