package kit

import (
	"cmp"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// hint is a hint on the last line: keys that do related things, and what.
type hint struct {
	keys []Entry
	text string
	rank int
	x, w int // where it is drawn
}

// label is its keys: "←→", "pgup/pgdn".
func (h hint) label() string {
	label := ""
	for i, e := range h.keys {
		if i > 0 && Width(e.Label) > 1 {
			label += "/"
		}
		label += e.Label
	}
	return label
}

// hintsOf joins the hints of available counterparts, by rank.
func hintsOf(list []Entry) []hint {
	var hints []hint
	open := false
	for _, e := range list {
		switch {
		case e.also && open && e.Possible:
			last := &hints[len(hints)-1]
			last.keys = append(last.keys, e)
		case e.hint != "" && e.Possible:
			hints = append(hints, hint{keys: []Entry{e}, text: e.hint, rank: e.rank})
			open = true
		case !e.also:
			open = false
		}
	}
	slices.SortStableFunc(hints, func(a, b hint) int { return cmp.Compare(a.rank, b.rank) })
	return hints
}

// hintGap is the number of blanks between hints.
const hintGap = 2

// placeHints places hints in w cells: as many as fit, in order of rank, always with those of last.
func placeHints(w int, list, last []Entry) []hint {
	var placed []hint
	used := 0
	join := func(hints []hint, room int) {
		for _, h := range hints {
			h.x, h.w = used, Width(h.label())+1+Width(h.text)
			if used > 0 {
				h.x += hintGap
			}
			if h.x+h.w <= room {
				placed, used = append(placed, h), h.x+h.w
			}
		}
	}
	tail := hintsOf(last)
	reserve := 0
	for _, h := range tail {
		reserve += Width(h.label()) + 1 + Width(h.text) + hintGap
	}
	join(hintsOf(list), w-reserve)
	join(tail, w)
	return placed
}

// DrawHints draws the hints of available bindings, always with those of last.
func DrawHints(c *Canvas, r Rect, th *Theme, list, last []Entry) {
	for _, h := range placeHints(r.W, list, last) {
		c.Put(r.X+h.x, r.Y, th.Focus.Paint(h.label())+" "+th.Dim.Paint(h.text))
	}
}

// PressHint runs the hint drawn at column x of the line: the key that is pressed, or the first of
// those that a text tells of.
func PressHint(w int, list, last []Entry, x int) tea.Cmd {
	for _, h := range placeHints(w, list, last) {
		if x < h.x || x >= h.x+h.w {
			continue
		}
		end := h.x
		for i, e := range h.keys {
			if i > 0 && Width(e.Label) > 1 {
				end++ // the slash
			}
			if end += Width(e.Label); x < end {
				return e.Do()
			}
		}
		return h.keys[0].Do()
	}
	return nil
}
