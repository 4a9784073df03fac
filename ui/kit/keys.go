package kit

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Binding is one thing a person can do, with the keys that do it. One table of them
// drives dispatch, help, the palette and the last line, so that none can disagree.
type Binding[T any] struct {
	Keys  []string // as tea.KeyPressMsg.String gives them
	Shown string   // the keys as help shows them; "" shows the first
	Name  string   // what it does, for the palette: "next image"
	// Help is what help says of it and of the bindings after it that are marked also:
	// "previous, next image". Without it the name stands there.
	Help string
	Hint string       // what the last line says; "" keeps it off there
	Also bool         // the counterpart of the binding before
	When func(T) bool // whether it can be done now; nil: always
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

// Press does what key is bound to. It tells false when nothing is, or not now.
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

// Entry is a binding seen from outside: the type it acts on is closed over.
type Entry struct {
	Keys                    []string
	Label, Name, help, hint string
	also, Possible          bool
	Do                      func() tea.Cmd
}

// Entries lists what there is for help, palette and hints.
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

// HelpLine is one line of help: keys and what they do.
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

// Hints writes what can be pressed now into w cells: as many hints as fit whole, in the
// order of the tables, with those of last always there.
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

// hintLines joins the hints of counterparts that can be pressed now: "←→ r".
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
