package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// binding is one thing a person can do, with the keys that do it. One table of them
// drives dispatch, help, the palette and the last line, so that none can disagree.
type binding[T any] struct {
	keys  []string // as tea.KeyPressMsg.String gives them
	shown string   // the keys as help shows them; "" shows the first
	name  string   // what it does, for the palette: "next image"
	// help is what help says of it and of the bindings after it that are marked also:
	// "previous, next image". Without it the name stands there.
	help string
	hint string       // what the last line says; "" keeps it off there
	also bool         // the counterpart of the binding before
	when func(T) bool // whether it can be done now; nil: always
	do   func(T) tea.Cmd
}

func (b binding[T]) possible(t T) bool { return b.when == nil || b.when(t) }

func (b binding[T]) label() string {
	if b.shown == "" && len(b.keys) > 0 {
		return b.keys[0]
	}
	return b.shown
}

// keymap is all bindings of a page, a dialog or the program.
type keymap[T any] []binding[T]

// press does what key is bound to. It tells false when nothing is, or not now.
func (m keymap[T]) press(t T, key string) (tea.Cmd, bool) {
	for _, b := range m {
		if slices.Contains(b.keys, key) && b.possible(t) {
			return b.do(t), true
		}
	}
	return nil, false
}

// entry is a binding seen from outside: the type it acts on is closed over.
type entry struct {
	keys                    []string
	label, name, help, hint string
	also, possible          bool
	do                      func() tea.Cmd
}

// entries lists what there is for help, palette and hints.
func (m keymap[T]) entries(t T) []entry {
	list := make([]entry, len(m))
	for i, b := range m {
		list[i] = entry{
			keys: b.keys, label: b.label(), name: b.name, help: b.help, hint: b.hint,
			also: b.also, possible: b.possible(t), do: func() tea.Cmd { return b.do(t) },
		}
	}
	return list
}

// helpLine is one line of help: keys and what they do.
type helpLine struct{ keys, text string }

// helpLines joins counterparts: "← →  r smaller, larger".
func helpLines(list []entry) []helpLine {
	var lines []helpLine
	for _, e := range list {
		if e.also && len(lines) > 0 {
			lines[len(lines)-1].keys += " " + e.label
			continue
		}
		text := e.help
		if text == "" {
			text = e.name
		}
		lines = append(lines, helpLine{e.label, text})
	}
	return lines
}

// hints writes what can be pressed now into w cells: as many hints as fit whole, in the
// order of the tables, with those of last always there.
func hints(th *theme, w int, list, last []entry) string {
	text, used := "", 0
	join := func(items []helpLine, room int) {
		for _, h := range items {
			n := width(h.keys) + 1 + width(h.text)
			if used > 0 {
				n += 2
			}
			if used+n > room {
				continue
			}
			if used > 0 {
				text += "  "
			}
			text += th.focus.paint(h.keys) + " " + th.dim.paint(h.text)
			used += n
		}
	}
	tail := hintLines(last)
	reserve := 0
	for _, h := range tail {
		reserve += width(h.keys) + width(h.text) + 3
	}
	join(hintLines(list), w-reserve)
	join(tail, w)
	return text
}

// hintLines joins the hints of counterparts that can be pressed now: "←→ r".
func hintLines(list []entry) []helpLine {
	var lines []helpLine
	open := false
	for _, e := range list {
		switch {
		case e.also && open && e.possible:
			lines[len(lines)-1].keys += e.label
		case e.hint != "" && e.possible:
			lines = append(lines, helpLine{e.label, e.hint})
			open = true
		case !e.also:
			open = false
		}
	}
	return lines
}
