package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// form is a dialog's list of settings to fill in, one a row, that together set a T. The
// dialog around it has the heading and says what comes of what is filled in.
type form[T any] struct {
	stack  dialogStack
	keys   keymap[*form[T]]
	rows   []formRow[T]
	at     int // the row that is edited
	top    int // the first that is on screen
	room   int // how many are
	wrong  string
	wide   int                  // how wide it wants to be
	names  int                  // how much of that is the names'
	foot   []string             // said below as long as nothing is wrong, in more and in less room
	beside func(row int) string // what stands at the right of a row, and for its hint; nil: nothing does
}

// formRow is one setting: words to choose from, or text.
type formRow[T any] struct {
	name   string
	hint   string   // what an empty text means
	words  []string // nil: text
	field  field
	usual  string                           // what the text is at first
	listed func(f *form[T]) bool            // whether it is there now; nil: always
	means  func(f *form[T]) bool            // whether it has a meaning with the others; nil: always
	chosen func()                           // called after another word was chosen
	also   func() string                    // what is said after its word
	take   func(into *T, text string) error // sets what the text asks for; nil: the dialog reads it
}

// newForm starts with the first row. What enter does is called name.
func newForm[T any](stack dialogStack, name string, enter func() tea.Cmd, rows []formRow[T]) form[T] {
	for i := range rows {
		rows[i].usual = rows[i].field.text
	}
	return form[T]{stack: stack, rows: rows, keys: keymap[*form[T]]{
		{keys: []string{"enter"}, shown: "enter", name: name, hint: name, do: func(*form[T]) tea.Cmd { return enter() }},
		{keys: []string{"up", "shift+tab"}, shown: "↑", name: "line up", hint: "line", do: func(f *form[T]) tea.Cmd { return f.move(-1) }},
		{keys: []string{"down", "tab"}, shown: "↓", name: "line down", also: true, do: func(f *form[T]) tea.Cmd { return f.move(1) }},
		{keys: []string{"left"}, shown: "←", name: "the choice before", hint: "choice", when: (*form[T]).choosing, do: func(f *form[T]) tea.Cmd { return f.choose(-1) }},
		{keys: []string{"right", "space"}, shown: "→", name: "the next choice", also: true, when: (*form[T]).choosing, do: func(f *form[T]) tea.Cmd { return f.choose(1) }},
		{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(f *form[T]) tea.Cmd { return f.stack.closeDialog() }},
	}}
}

func (f *form[T]) entries() []entry { return f.keys.entries(f) }

func (f *form[T]) press(key string) tea.Cmd {
	if cmd, ok := f.keys.press(f, key); ok {
		return cmd
	}
	if !f.choosing() {
		f.rows[f.at].field.press(key)
		f.wrong = ""
	}
	return nil
}

func (f *form[T]) insert(text string) {
	if !f.choosing() {
		f.rows[f.at].field.insert(text)
		f.wrong = ""
	}
}

func (f *form[T]) size(maxW, maxH int) (int, int) {
	return min(f.wide, maxW), min(len(f.list())+2, maxH)
}

func (f *form[T]) mouse(m mouse) tea.Cmd {
	if list := f.list(); m.pressed && m.y >= 0 && m.y < f.room && f.top+m.y < len(list) {
		f.at = list[f.top+m.y]
	}
	return nil
}

// list is the rows there are to go through.
func (f *form[T]) list() []int {
	var list []int
	for i, r := range f.rows {
		if r.listed == nil || r.listed(f) {
			list = append(list, i)
		}
	}
	return list
}

// row finds a row by its name.
func (f *form[T]) row(name string) int {
	return slices.IndexFunc(f.rows, func(r formRow[T]) bool { return r.name == name })
}

// text is what a row says now.
func (f *form[T]) text(name string) string {
	return strings.TrimSpace(f.rows[f.row(name)].field.text)
}

func (f *form[T]) meaningful(row int) bool {
	means := f.rows[row].means
	return means == nil || means(f)
}

func (f *form[T]) choosing() bool { return f.rows[f.at].words != nil }

func (f *form[T]) move(by int) tea.Cmd {
	list := f.list()
	f.at = list[(slices.Index(list, f.at)+by+len(list))%len(list)]
	return nil
}

func (f *form[T]) choose(by int) tea.Cmd {
	r := &f.rows[f.at]
	n := len(r.words)
	r.field.text = r.words[(slices.Index(r.words, r.field.text)+by+n)%n]
	f.wrong = ""
	if r.chosen != nil {
		r.chosen()
	}
	return nil
}

// take sets what the rows ask for that have a meaning, one after the other. It returns what
// is wrong and in which row; without an error, the row that is edited.
func (f *form[T]) take(into *T) (row int, err error) {
	for i, r := range f.rows {
		if r.take == nil || !f.meaningful(i) {
			continue
		}
		if err := r.take(into, strings.TrimSpace(r.field.text)); err != nil {
			return i, fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return f.at, nil
}

// refuse goes to a row and says what is wrong with it.
func (f *form[T]) refuse(row int, err error) { f.at, f.wrong = row, oneLine(err) }

func (f *form[T]) arrange(_, h int) {
	list := f.list()
	at := slices.Index(list, f.at)
	f.room = max(1, h-2)
	f.top = min(max(f.top, at-f.room+1), at, max(0, len(list)-f.room))
}

func (f *form[T]) draw(c *canvas, r rect, th *theme) {
	list := f.list()
	at := slices.Index(list, f.at)
	for y := 0; y < f.room && f.top+y < len(list); y++ {
		f.drawRow(c, r.row(y), th, list[f.top+y])
	}
	last := r.row(r.h - 1)
	if len(list) > f.room {
		c.right(last, th.dim, fmt.Sprintf("%d/%d", at+1, len(list)))
		last.w -= 8
	}
	if f.wrong != "" {
		c.left(last, th.warn, f.wrong)
		return
	}
	c.left(last, th.dim, pick(last.w, f.foot...))
}

// drawRow draws one setting.
func (f *form[T]) drawRow(c *canvas, line rect, th *theme, i int) {
	row, here, st := &f.rows[i], i == f.at, style{}
	value := rect{line.x + f.names, line.y, line.w - f.names, 1}
	shown := rect{value.x + 2, value.y, value.w - 2, 1}
	if !f.meaningful(i) {
		st = th.dim
	}
	if here {
		c.put(line.x, line.y, th.focus.paint("› "+row.name))
	} else {
		c.put(line.x+2, line.y, th.dim.paint(row.name))
	}
	text, hint, beside := row.field.text, row.hint, ""
	if f.beside != nil {
		beside = f.beside(i)
		hint = beside
	}
	if row.also != nil {
		text += row.also()
	}
	switch {
	case row.words != nil && here:
		c.left(value, th.focus, "‹ "+text+" ›")
	case here:
		row.field.draw(c, value, th, "  ", hint)
	case text == "":
		c.left(shown, th.dim, hint)
	default:
		c.left(shown, st, text)
	}
	if beside != "" && text != "" {
		c.right(value, th.dim, beside)
	}
}
