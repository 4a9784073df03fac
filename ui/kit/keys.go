package kit

import (
	"cmp"
	"slices"
	"strings"

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
	Help  string
	Hint  string         // for the last line; "": the action's, NoHint: none
	Hints func(T) string // the hint where it depends on t; nil: Hint
	Rank  int            // among the hints, lowest first; 0: the action's
	Words string         // for the palette, besides the action's
	Also  bool           // the counterpart of the previous binding
	When  func(T) bool   // whether it is available; nil: always
	Why   func(T) string // the reason it is unavailable; nil: none is given
	Do    func(T) tea.Cmd
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

func (b Binding[T]) hint(t T) string {
	if b.Hints != nil {
		return b.Hints(t)
	}
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
	Words                   string // other words by which the palette finds it
	rank                    int
	Why                     string // it is not possible; "": no reason is given
	also, Possible          bool
	Do                      func() tea.Cmd
}

// Entries lists the bindings for help, palette and hints.
func (m Keymap[T]) Entries(t T) []Entry {
	list := make([]Entry, len(m))
	for i, b := range m {
		list[i] = Entry{
			Act: b.Act, Too: b.Too, Label: b.Act.Label, Name: sentence(b.name()), help: sentence(b.Help), hint: b.hint(t), Words: b.Act.Words + " " + b.Words, rank: cmp.Or(b.Rank, b.Act.rank, usualRank),
			also: b.Also, Possible: b.possible(t), Do: func() tea.Cmd { return b.Do(t) },
		}
		if b.Why != nil && !list[i].Possible {
			list[i].Why = b.Why(t)
		}
	}
	return list
}

// sentence begins with a capital, unless it begins with a symbol such as r.
func sentence(s string) string {
	if word, _, _ := strings.Cut(s, " "); len(word) < 2 || word[0] < 'a' || word[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Group is that of its keys; what is moved is of the group of other keys that move it.
func (e Entry) Group() string {
	for _, a := range e.Too {
		if e.Act.Group == GroupMove {
			return a.Group
		}
	}
	return e.Act.Group
}

// Keys lists the keys that run it.
func (e Entry) Keys() []string {
	list := slices.Clone(e.Act.Keys)
	for _, a := range e.Too {
		list = append(list, a.Keys...)
	}
	return list
}

// Unhinted returns entries without their hints.
func Unhinted(list []Entry) []Entry {
	for i := range list {
		list[i].hint = ""
	}
	return list
}

// HelpLine is a line of help: keys and their text, or text alone.
type HelpLine struct {
	Keys, Text string
	Head       bool // a heading
	Dim        bool // unavailable now
	below      bool // the continuation of a line with keys
}

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
			lines = append(lines, HelpLine{Keys: e.Label, Text: cmp.Or(e.help, e.Name), Dim: !e.Possible})
		}
		for _, a := range e.Too {
			too += " " + a.Label
		}
	}
	end()
	return lines
}
