package kit

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Form is a dialog's list of settings, one per row, that together set a T. The dialog around it has
// the heading and describes the result.
type Form[T any] struct {
	stack  DialogStack
	keys   Keymap[*Form[T]]
	Rows   []FormRow[T]
	At     int // the row being edited
	Top    int // the first row on screen
	Room   int // number of rows on screen
	wrong  string
	foot   int                  // height of what is shown below the rows
	Wide   int                  // preferred width
	Names  int                  // width of the names
	Foot   []string             // shown below unless there is an error, longest form first
	Beside func(row int) string // note at the right of a row, and for its hint; nil: none
}

// FormRow is a setting: a choice of words, or text.
type FormRow[T any] struct {
	Name   string
	Hint   string                  // meaning of an empty text
	Hints  func(f *Form[T]) string // Hint, if it depends on other rows; nil: it does not
	Words  []string                // nil: text
	Field  Field
	Usual  string                           // initial text
	Listed func(f *Form[T]) bool            // whether it is shown; nil: always
	Means  func(f *Form[T]) bool            // whether it applies; nil: always
	Chosen func()                           // called after the choice changes
	Also   func() string                    // note after its word
	Take   func(into *T, text string) error // parses the text; nil: the dialog reads it
}

// NewForm returns a form at its first row. name names the action of enter.
func NewForm[T any](stack DialogStack, name string, enter func() tea.Cmd, rows []FormRow[T]) Form[T] {
	for i := range rows {
		rows[i].Usual = rows[i].Field.Text
	}
	return Form[T]{stack: stack, Rows: rows, keys: Keymap[*Form[T]]{
		{Act: Accept, Name: name, Hint: name, Do: func(*Form[T]) tea.Cmd { return enter() }},
		{Act: Up, Too: Acts{Previous}, Name: "line up", Hint: "line", Do: func(f *Form[T]) tea.Cmd { return f.move(-1) }},
		{Act: Down, Too: Acts{Next}, Name: "line down", Also: true, Do: func(f *Form[T]) tea.Cmd { return f.move(1) }},
		{Act: Left, Name: "previous choice", Hint: "choice", When: (*Form[T]).choosing, Do: func(f *Form[T]) tea.Cmd { return f.choose(-1) }},
		{Act: Right, Too: Acts{Toggle}, Name: "next choice", Also: true, When: (*Form[T]).choosing, Do: func(f *Form[T]) tea.Cmd { return f.choose(1) }},
		{Act: Back, Name: "close", Hint: "close", Do: func(f *Form[T]) tea.Cmd { return f.stack.CloseDialog() }},
	}}
}

func (f *Form[T]) Entries() []Entry { return f.keys.Entries(f) }

func (f *Form[T]) Press(key string) tea.Cmd {
	if f.choosing() {
		cmd, _ := f.keys.Press(f, key)
		return cmd
	}
	cmd, ok := f.keys.PressTyping(f, key)
	if !ok {
		f.Rows[f.At].Field.Press(key)
		f.wrong = ""
	}
	return cmd
}

func (f *Form[T]) Insert(text string) {
	if !f.choosing() {
		f.Rows[f.At].Field.Insert(text)
		f.wrong = ""
	}
}

func (f *Form[T]) Size(maxW, maxH int) (int, int) {
	w := min(f.Wide, maxW)
	return w, min(len(f.List())+1+f.footLines(w), maxH)
}

// footLines is the height of what is shown below the rows of a form w wide. An error is wrapped, as its
// remedy is at its end.
func (f *Form[T]) footLines(w int) int {
	if f.wrong == "" {
		return 1
	}
	return min(len(Wrap(f.wrong, w)), mostFoot)
}

const mostFoot = 6

func (f *Form[T]) Mouse(m Mouse) tea.Cmd {
	if list := f.List(); m.Pressed && m.Y >= 0 && m.Y < f.Room && f.Top+m.Y < len(list) {
		f.At = list[f.Top+m.Y]
	}
	return nil
}

// List returns the indices of the shown rows.
func (f *Form[T]) List() []int {
	var list []int
	for i, r := range f.Rows {
		if r.Listed == nil || r.Listed(f) {
			list = append(list, i)
		}
	}
	return list
}

// Row returns the index of a row by name.
func (f *Form[T]) Row(name string) int {
	return slices.IndexFunc(f.Rows, func(r FormRow[T]) bool { return r.Name == name })
}

// Text returns the current text of a row.
func (f *Form[T]) Text(name string) string {
	return strings.TrimSpace(f.Rows[f.Row(name)].Field.Text)
}

func (f *Form[T]) Meaningful(row int) bool {
	means := f.Rows[row].Means
	return means == nil || means(f)
}

func (f *Form[T]) choosing() bool { return f.Rows[f.At].Words != nil }

func (f *Form[T]) move(by int) tea.Cmd {
	list := f.List()
	f.At = list[(slices.Index(list, f.At)+by+len(list))%len(list)]
	return nil
}

func (f *Form[T]) choose(by int) tea.Cmd {
	r := &f.Rows[f.At]
	n := len(r.Words)
	r.Field.Text = r.Words[(slices.Index(r.Words, r.Field.Text)+by+n)%n]
	f.wrong = ""
	if r.Chosen != nil {
		r.Chosen()
	}
	return nil
}

// Take parses the rows that apply into into. It returns the first error and its row; without an
// error, the row being edited.
func (f *Form[T]) Take(into *T) (row int, err error) {
	for i, r := range f.Rows {
		if r.Take == nil || !f.Meaningful(i) {
			continue
		}
		if err := r.Take(into, strings.TrimSpace(r.Field.Text)); err != nil {
			return i, fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return f.At, nil
}

// Refuse moves to a row and shows its error.
func (f *Form[T]) Refuse(row int, err error) { f.At, f.wrong = row, OneLine(err) }

func (f *Form[T]) Arrange(w, h int) {
	list := f.List()
	at := slices.Index(list, f.At)
	f.foot = max(1, min(f.footLines(w), h-2))
	f.Room = max(1, h-1-f.foot)
	f.Top = min(max(f.Top, at-f.Room+1), at, max(0, len(list)-f.Room))
}

func (f *Form[T]) Draw(c *Canvas, r Rect, th *Theme) {
	list := f.List()
	at := slices.Index(list, f.At)
	for y := 0; y < f.Room && f.Top+y < len(list); y++ {
		f.drawRow(c, r.Row(y), th, list[f.Top+y])
	}
	last := r.Row(r.H - 1)
	if len(list) > f.Room {
		c.Right(r.Row(f.Room), th.Dim, fmt.Sprintf("%d/%d", at+1, len(list)))
	}
	if f.wrong != "" {
		lines := Wrap(f.wrong, r.W)
		for i, line := range lines[:min(f.foot, len(lines))] {
			c.Left(r.Row(r.H-f.foot+i), th.Warn, line)
		}
		return
	}
	c.Left(last, th.Dim, Pick(last.W, f.Foot...))
}

// drawRow draws a setting.
func (f *Form[T]) drawRow(c *Canvas, line Rect, th *Theme, i int) {
	row, here, st := &f.Rows[i], i == f.At, Style{}
	value := Rect{line.X + f.Names, line.Y, line.W - f.Names, 1}
	shown := Rect{value.X + 2, value.Y, value.W - 2, 1}
	if !f.Meaningful(i) {
		st = th.Dim
	}
	if here {
		c.Put(line.X, line.Y, th.Focus.Paint("› "+row.Name))
	} else {
		c.Put(line.X+2, line.Y, th.Dim.Paint(row.Name))
	}
	text, hint, beside := row.Field.Text, row.Hint, ""
	if row.Hints != nil {
		hint = row.Hints(f)
	}
	if f.Beside != nil {
		beside = f.Beside(i)
		hint = beside
	}
	if row.Also != nil {
		text += row.Also()
	}
	switch {
	case row.Words != nil && here:
		c.Left(value, th.Focus, "‹ "+text+" ›")
	case here:
		row.Field.Draw(c, value, th, "  ", hint)
	case text == "":
		c.Left(shown, th.Dim, hint)
	default:
		c.Left(shown, st, text)
	}
	if beside != "" && text != "" {
		c.Right(value, th.Dim, beside)
	}
}
