package kit

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Reader shows scrollable text: help and messages.
type Reader struct {
	stack DialogStack
	head  string
	lines []HelpLine
	wide  int        // width of the keys
	shown []HelpLine // what matches the filter, wrapped
	cut   int        // the width that whole is wrapped to
	whole int        // the number of lines of all of the text at that width
	top   int
	rows  int // on screen

	// Pass, if any, receives unbound keys after they have closed it.
	Pass func(key string) tea.Cmd
	// Filtered offers a filter, on a line of its own.
	Filtered bool
	filter   Field
	text     string // the filter that shown is of
	typing   bool
}

func NewReader(stack DialogStack, head string, lines []HelpLine) *Reader {
	d := &Reader{stack: stack, head: head, lines: lines, shown: lines}
	for _, l := range lines {
		d.wide = max(d.wide, Width(l.Keys))
	}
	return d
}

func (d *Reader) Heading() string { return d.head }

// mostRead is the maximum width of text, for the eye.
const mostRead = 96

func (d *Reader) Size(maxW, maxH int) (int, int) {
	w := 0
	for _, l := range d.lines {
		w = max(w, Width(l.Text)+d.indent(l))
	}
	w = min(w, maxW, mostRead)
	whole := d.whole
	if w != d.cut {
		whole = len(d.wrapped(d.lines, w))
	}
	return w, min(whole+d.above(), maxH)
}

// above is the number of rows above the text.
func (d *Reader) above() int {
	if d.Filtered {
		return 2
	}
	return 0
}

// indent is where a line's text begins.
func (d *Reader) indent(l HelpLine) int {
	if d.wide == 0 || l.Keys == "" && !l.below {
		return 0
	}
	return d.wide + 2
}

// wrapped wraps lines to w cells.
func (d *Reader) wrapped(lines []HelpLine, w int) []HelpLine {
	var list []HelpLine
	for _, l := range lines {
		for i, part := range strings.Split(ansi.Wordwrap(l.Text, max(1, w-d.indent(l)), ""), "\n") {
			next := l
			if next.Text = part; i > 0 {
				next.Keys, next.below = "", l.Keys != ""
			}
			list = append(list, next)
		}
	}
	return list
}

// matching lists the lines that have every word of the filter, below their headings.
func (d *Reader) matching() []HelpLine {
	words := strings.Fields(strings.ToLower(d.filter.Text))
	if len(words) == 0 {
		return d.lines
	}
	var list []HelpLine
	head := -1 // the heading that is not listed yet
	for i, l := range d.lines {
		if l.Head {
			head = i
			continue
		}
		text, found := strings.ToLower(l.Keys+" "+l.Text), true
		for _, w := range words {
			found = found && strings.Contains(text, w)
		}
		if !found || l.Text == "" {
			continue
		}
		if head >= 0 {
			list, head = append(list, d.lines[head]), -1
		}
		list = append(list, l)
	}
	return list
}

var readerKeys = Keymap[*Reader]{
	{Act: Back, Too: Acts{Accept, Quit, Help}, Name: "close", Hint: "close", When: (*Reader).reading, Do: func(d *Reader) tea.Cmd { return d.stack.CloseDialog() }},
	{Act: Filter, When: (*Reader).filterable, Do: (*Reader).find},
	{Act: Back, Name: "clear the filter", Hint: "clear", When: func(d *Reader) bool { return d.typing }, Do: (*Reader).clear},
	{Act: Accept, Name: "keep the filter", Hint: "keep", When: func(d *Reader) bool { return d.typing }, Do: (*Reader).keep},
	{Act: Up, Name: "line up", Hint: "scroll", When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(-1) }},
	{Act: Down, Name: "line down", Also: true, When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(1) }},
	{Act: PageUp, Name: "page up", When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(1 - d.rows) }},
	{Act: PageDown, Name: "page down", When: (*Reader).long, Do: func(d *Reader) tea.Cmd { return d.scroll(d.rows - 1) }},
}

// noticeKeys are the keys of a reader that any other key closes.
var noticeKeys = append(Keymap[*Reader]{
	{Act: Back, Too: Acts{Accept}, Name: "close", Hint: "close", Do: func(d *Reader) tea.Cmd { return d.stack.CloseDialog() }},
}, readerKeys[4:]...)

func (d *Reader) Entries() []Entry { return d.keys().Entries(d) }

func (d *Reader) keys() Keymap[*Reader] {
	if d.Pass != nil {
		return noticeKeys
	}
	return readerKeys
}

func (d *Reader) Press(key string) tea.Cmd {
	if d.typing {
		cmd, ok := readerKeys.PressTyping(d, key)
		if !ok && d.filter.Press(key) {
			d.top = 0
		}
		return cmd
	}
	cmd, ok := d.keys().Press(d, key)
	if !ok && d.Pass != nil {
		d.stack.CloseDialog()
		return d.Pass(key)
	}
	return cmd
}

func (d *Reader) Insert(text string) {
	if d.typing {
		d.filter.Insert(text)
		d.top = 0
	}
}

func (d *Reader) reading() bool    { return !d.typing }
func (d *Reader) filterable() bool { return d.Filtered && !d.typing }

func (d *Reader) find() tea.Cmd {
	d.typing, d.top = true, 0
	return nil
}

func (d *Reader) keep() tea.Cmd {
	d.typing = false
	return nil
}

func (d *Reader) clear() tea.Cmd {
	d.filter.Text, d.typing = "", false
	return nil
}

// long reports whether the text is longer than the screen.
func (d *Reader) long() bool { return d.rows < len(d.shown) }

func (d *Reader) scroll(by int) tea.Cmd {
	d.top = min(max(d.top+by, 0), max(len(d.shown)-d.rows, 0))
	return nil
}

func (d *Reader) Mouse(m Mouse) tea.Cmd {
	if m.Pressed && m.Y == 0 && d.filterable() {
		return d.find()
	}
	return d.scroll(m.Wheel * 3)
}

func (d *Reader) Arrange(w, h int) {
	d.rows = max(0, h-d.above())
	if w != d.cut || d.text != d.filter.Text {
		d.cut, d.whole = w, len(d.wrapped(d.lines, w))
		d.text, d.shown = d.filter.Text, d.wrapped(d.matching(), w)
	}
	d.scroll(0)
}

func (d *Reader) Draw(c *Canvas, r Rect, th *Theme) {
	if d.Filtered {
		d.drawFilter(c, r.Row(0), th)
		r.Y, r.H = r.Y+d.above(), r.H-d.above()
	}
	for i := 0; i < r.H && d.top+i < len(d.shown); i++ {
		l, row := d.shown[d.top+i], r.Row(i)
		st := Style{}
		switch {
		case l.Head:
			st = Bold
		case l.Dim:
			st = th.Dim
		}
		c.Left(row, th.Focus, l.Keys)
		c.Left(Rect{row.X + d.indent(l), row.Y, row.W - d.indent(l), 1}, st, l.Text)
	}
	if left := len(d.shown) - d.top - r.H; left > 0 {
		c.Right(r.Row(r.H-1), th.Dim, fmt.Sprintf(" ↓ %d more", left))
	}
}

// drawFilter draws the filter, or how to get it.
func (d *Reader) drawFilter(c *Canvas, row Rect, th *Theme) {
	switch {
	case d.typing:
		d.filter.Draw(c, row, th, "/ ", "type to filter")
	case d.filter.Text != "":
		c.Left(row, Style{}, th.Focus.Paint("/ ")+d.filter.Text)
	default:
		c.Left(row, th.Dim, "/ to filter")
	}
	if len(d.shown) == 0 {
		c.Right(row, th.Dim, "No match")
	}
}
