package ui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// reader shows lines that may be longer than the screen: help and messages.
type reader struct {
	noText
	app   *App
	head  string
	lines []helpLine // keys, if any, stand left
	wide  int        // columns of keys
	top   int
	rows  int // on screen when drawn last

	passing bool // a key that means nothing here closes it and does what it does elsewhere
}

func newReader(a *App, head string, lines []helpLine) *reader {
	d := &reader{app: a, head: head, lines: lines}
	for _, l := range lines {
		d.wide = max(d.wide, width(l.keys))
	}
	return d
}

// newHelp lists what can be pressed, from the tables that dispatch it.
func newHelp(a *App) *reader {
	p := a.pages[a.page]
	var lines []helpLine
	if own := helpLines(p.entries()); len(own) > 0 {
		lines = append(append(lines, helpLine{"", title(p.name())}), own...)
		lines = append(lines, helpLine{})
	}
	lines = append(lines, helpLine{"", "Everywhere"})
	lines = append(lines, helpLines(append(a.entries(), lastKeys.entries(a)...))...)
	lines = append(lines,
		helpLine{"mouse", "slider, chart: click, drag, wheel; pictures: wheel"},
		helpLine{"", ""}, helpLine{"", "Marks"},
		helpLine{markWhole, "whole image"}, helpLine{markLow, "low part: coefficients nearer to the zero frequency than r"},
		helpLine{markHigh, "high part: all others"},
		helpLine{markRight + " " + markWrong, "the model's answer is, is not the label"},
		helpLine{markDoubt, "an accuracy under attack that fails a check of its sanity; page Attack says why"},
		helpLine{"flip", "whole and high part right, low part wrong"},
	)
	return newReader(a, "Help", lines)
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
	{keys: []string{"esc", "enter", "q", "?"}, shown: "esc", name: "close", hint: "close", do: func(d *reader) tea.Cmd { return d.app.closeDialog() }},
	{keys: []string{"up", "k"}, shown: "↑", name: "line up", hint: "scroll", when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(-1) }},
	{keys: []string{"down", "j"}, shown: "↓", name: "line down", also: true, when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(1) }},
	{keys: []string{"pgup"}, name: "page up", when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(1 - d.rows) }},
	{keys: []string{"pgdown", "space"}, name: "page down", when: (*reader).long, do: func(d *reader) tea.Cmd { return d.scroll(d.rows - 1) }},
}

// noticeKeys are the keys of a reader that every other key closes.
var noticeKeys = append(keymap[*reader]{
	{keys: []string{"esc", "enter"}, shown: "esc", name: "close", hint: "close", do: func(d *reader) tea.Cmd { return d.app.closeDialog() }},
}, readerKeys[1:]...)

func (d *reader) entries() []entry { return readerKeys.entries(d) }

func (d *reader) press(key string) tea.Cmd {
	own := readerKeys
	if d.passing {
		own = noticeKeys
	}
	cmd, ok := own.press(d, key)
	if !ok && d.passing {
		d.app.closeDialog()
		return d.app.key(key)
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

func (d *reader) draw(c *canvas, r rect, th *theme) {
	d.rows = r.h
	d.scroll(0)
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

// jump asks for the number of an image.
type jump struct {
	app   *App
	field field
	wrong string
}

func (d *jump) heading() string                { return "Go to image" }
func (d *jump) size(maxW, maxH int) (int, int) { return 44, 3 }
func (d *jump) mouse(mouse) tea.Cmd            { return nil }
func (d *jump) insert(text string)             { d.field.insert(text); d.wrong = "" }

func (d *jump) press(key string) tea.Cmd {
	if cmd, ok := jumpKeys.press(d, key); ok {
		return cmd
	}
	d.field.press(key)
	d.wrong = ""
	return nil
}

var jumpKeys = keymap[*jump]{
	{keys: []string{"enter"}, shown: "enter", name: "go", hint: "go there", do: (*jump).leap},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *jump) tea.Cmd { return d.app.closeDialog() }},
}

func (d *jump) entries() []entry { return jumpKeys.entries(d) }

// leap goes to the image, if the text is the number of one.
func (d *jump) leap() tea.Cmd {
	i, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(d.field.text), ",", ""))
	if err != nil || i < 0 || i >= d.app.info.Images {
		d.wrong = "a number from 0 to " + grouped(d.app.info.Images-1)
		return nil
	}
	d.app.closeDialog()
	return d.app.leap(i)
}

func (d *jump) draw(c *canvas, r rect, th *theme) {
	d.field.draw(c, r.row(0), th, "number ", fmt.Sprintf("0 to %s; now %d", grouped(d.app.info.Images-1), d.app.index))
	if d.wrong != "" {
		c.left(r.row(2), th.warn, d.wrong)
		return
	}
	if i, err := strconv.Atoi(strings.TrimSpace(d.field.text)); err == nil && i >= 0 && i < d.app.info.Images {
		label := ""
		if class := d.app.lab.Label(i); class >= 0 {
			label = " · " + d.app.className(class)
		}
		c.left(r.row(2), th.dim, clean(d.app.lab.Title(i))+label)
	}
}
