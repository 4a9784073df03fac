package kit

import (
	"cmp"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Binding is a command and the action whose keys run it. A single table of them drives dispatch,
// help, the palette and the hints, which therefore agree.
type Binding[T any] struct {
	Act  *Action
	Too  Acts   // their keys do the same here: "n" besides "↓"
	Name string // for the palette: "next layer"; "": the action's meaning
	// Help is the help text of it and of the following bindings with Also: "previous, next image".
	// Default: the name.
	Help string
	Hint string         // for the last line; "": the action's, NoHint: none
	Also bool           // the counterpart of the previous binding
	When func(T) bool   // whether it is available; nil: always
	Why  func(T) string // the reason it is unavailable; nil: none is given
	Do   func(T) tea.Cmd
}

// NoHint is the hint of bindings that have none, although their action has.
const NoHint = "-"

func (b Binding[T]) possible(t T) bool { return b.When == nil || b.When(t) }

// has reports whether a key runs it; where text is typed, keys that are text do not.
func (b Binding[T]) has(key string, typing bool) bool {
	return !(typing && typed(key)) && (b.Act.Has(key) || b.Too.has(key))
}

func (b Binding[T]) name() string {
	if b.Name == "" {
		return b.Act.Meaning
	}
	return b.Name
}

func (b Binding[T]) hint() string {
	switch b.Hint {
	case "":
		return b.Act.Hint
	case NoHint:
		return ""
	}
	return b.Hint
}

// Keymap is all bindings of a page, a dialog or the program.
type Keymap[T any] []Binding[T]

// Press runs the binding of key. It returns false if there is none, or it is not available.
func (m Keymap[T]) Press(t T, key string) (tea.Cmd, bool) { return m.press(t, key, false) }

// PressTyping is Press where text is typed: keys that are text are not bound.
func (m Keymap[T]) PressTyping(t T, key string) (tea.Cmd, bool) { return m.press(t, key, true) }

func (m Keymap[T]) press(t T, key string, typing bool) (tea.Cmd, bool) {
	for _, b := range m {
		if b.has(key, typing) && b.possible(t) {
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
	Act                     *Action
	Too                     Acts
	Label, Name, help, hint string
	Why                     string // it is not possible; "": no reason is given
	also, Possible          bool
	Do                      func() tea.Cmd
}

// Entries lists the bindings for help, palette and hints.
func (m Keymap[T]) Entries(t T) []Entry {
	list := make([]Entry, len(m))
	for i, b := range m {
		list[i] = Entry{
			Act: b.Act, Too: b.Too, Label: b.Act.Label, Name: b.name(), help: b.Help, hint: b.hint(),
			also: b.Also, Possible: b.possible(t), Do: func() tea.Cmd { return b.Do(t) },
		}
		if b.Why != nil && !list[i].Possible {
			list[i].Why = b.Why(t)
		}
	}
	return list
}

// Keys lists the keys that run it.
func (e Entry) Keys() []string {
	list := slices.Clone(e.Act.Keys)
	for _, a := range e.Too {
		list = append(list, a.Keys...)
	}
	return list
}

// HelpLine is a line of help: keys and their text.
type HelpLine struct{ Keys, Text string }

// HelpLines joins counterparts: "← →  r smaller, larger".
func HelpLines(list []Entry) []HelpLine {
	var lines []HelpLine
	too := "" // other keys of the last line
	end := func() {
		if too != "" {
			lines[len(lines)-1].Text += " (also" + too + ")"
		}
		too = ""
	}
	for _, e := range list {
		if e.also && len(lines) > 0 {
			lines[len(lines)-1].Keys += " " + e.Label
		} else {
			end()
			lines = append(lines, HelpLine{e.Label, cmp.Or(e.help, e.Name)})
		}
		for _, a := range e.Too {
			too += " " + a.Label
		}
	}
	end()
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
