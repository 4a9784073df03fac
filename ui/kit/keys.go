package kit

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Binding is a command and its keys. A single table of them drives dispatch, help, the palette and
// the hints, which therefore agree.
type Binding[T any] struct {
	Keys  []string // as of tea.KeyPressMsg.String
	Shown string   // the keys in help; "" is the first
	Name  string   // for the palette: "next image"
	// Help is the help text of it and of the following bindings with Also: "previous, next image".
	// Default: the name.
	Help string
	Hint string       // for the last line; "": not shown there
	Also bool         // the counterpart of the previous binding
	When func(T) bool // whether it is available; nil: always
	Do   func(T) tea.Cmd
}

func (b Binding[T]) possible(t T) bool { return b.When == nil || b.When(t) }

func (b Binding[T]) label() string {
	if b.Shown == "" && len(b.Keys) > 0 {
		return b.Keys[0]
	}
	return b.Shown
}

// Keymap is all bindings of a page, a dialog or the program.
type Keymap[T any] []Binding[T]

// Press runs the binding of key. It returns false if there is none, or it is not available.
func (m Keymap[T]) Press(t T, key string) (tea.Cmd, bool) {
	for _, b := range m {
		if slices.Contains(b.Keys, key) && b.possible(t) {
			return b.Do(t), true
		}
	}
	return nil, false
}

// Bound is a key table with what it acts on.
type Bound interface {
	Entries() []Entry
	Press(key string) (tea.Cmd, bool)
}

type bound[T any] struct {
	keys Keymap[T]
	on   T
}

func (b bound[T]) Entries() []Entry                 { return b.keys.Entries(b.on) }
func (b bound[T]) Press(key string) (tea.Cmd, bool) { return b.keys.Press(b.on, key) }

// On is the table as it acts on t.
func (m Keymap[T]) On(t T) Bound { return bound[T]{m, t} }

// Tables are key tables of several things, in the order in which help and hints list them.
type Tables []Bound

func (l Tables) Entries() (list []Entry) {
	for _, b := range l {
		list = append(list, b.Entries()...)
	}
	return list
}

// Press does what the first table that has the key binds it to.
func (l Tables) Press(key string) (tea.Cmd, bool) {
	for _, b := range l {
		if cmd, ok := b.Press(key); ok {
			return cmd, true
		}
	}
	return nil, false
}

// Entry is a binding with its receiver bound.
type Entry struct {
	Keys                    []string
	Label, Name, help, hint string
	also, Possible          bool
	Do                      func() tea.Cmd
}

// Entries lists the bindings for help, palette and hints.
func (m Keymap[T]) Entries(t T) []Entry {
	list := make([]Entry, len(m))
	for i, b := range m {
		list[i] = Entry{
			Keys: b.Keys, Label: b.label(), Name: b.Name, help: b.Help, hint: b.Hint,
			also: b.Also, Possible: b.possible(t), Do: func() tea.Cmd { return b.Do(t) },
		}
	}
	return list
}

// HelpLine is a line of help: keys and their text.
type HelpLine struct{ Keys, Text string }

// HelpLines joins counterparts: "← →  r smaller, larger".
func HelpLines(list []Entry) []HelpLine {
	var lines []HelpLine
	for _, e := range list {
		if e.also && len(lines) > 0 {
			lines[len(lines)-1].Keys += " " + e.Label
			continue
		}
		text := e.help
		if text == "" {
			text = e.Name
		}
		lines = append(lines, HelpLine{e.Label, text})
	}
	return lines
}

// Hints formats the available bindings in w cells: as many hints as fit, in the order of the
// tables, always with those of last.
func Hints(th *Theme, w int, list, last []Entry) string {
	text, used := "", 0
	join := func(items []HelpLine, room int) {
		for _, h := range items {
			n := Width(h.Keys) + 1 + Width(h.Text)
			if used > 0 {
				n += 2
			}
			if used+n > room {
				continue
			}
			if used > 0 {
				text += "  "
			}
			text += th.Focus.Paint(h.Keys) + " " + th.Dim.Paint(h.Text)
			used += n
		}
	}
	tail := hintLines(last)
	reserve := 0
	for _, h := range tail {
		reserve += Width(h.Keys) + Width(h.Text) + 3
	}
	join(hintLines(list), w-reserve)
	join(tail, w)
	return text
}

// hintLines joins the hints of available counterparts: "←→ r".
func hintLines(list []Entry) []HelpLine {
	var lines []HelpLine
	open := false
	for _, e := range list {
		switch {
		case e.also && open && e.Possible:
			lines[len(lines)-1].Keys += e.Label
		case e.hint != "" && e.Possible:
			lines = append(lines, HelpLine{e.Label, e.hint})
			open = true
		case !e.also:
			open = false
		}
	}
	return lines
}
