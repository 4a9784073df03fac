package ui

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// choice is a line one can pick.
type choice struct {
	text, note string
	do         func() tea.Cmd
}

// picker is a list that is narrowed by typing: the palette and the filter by class.
type picker struct {
	stack   dialogStack
	head    string
	prompt  string
	choices []choice
	typed   func(text string) choice // what the text itself can mean, if not nil; it comes last
	field   field
	found   []int // indices of choices that match, best first
	at, top int   // chosen line of found, first line on screen
	lines   int   // on screen
}

func newPicker(stack dialogStack, head, prompt string, choices []choice) *picker {
	p := &picker{stack: stack, head: head, prompt: prompt, choices: choices}
	p.search()
	return p
}

func (p *picker) heading() string { return p.head }

func (p *picker) size(maxW, maxH int) (int, int) {
	w := 30
	for _, ch := range p.choices {
		w = max(w, width(ch.text)+width(ch.note)+6)
	}
	return min(w, maxW), min(len(p.choices)+2, 18, maxH)
}

// search finds what matches the text.
func (p *picker) search() {
	p.found = p.found[:0]
	scores := map[int]int{}
	for i, ch := range p.choices {
		if score, ok := fuzzy(p.field.text, ch.text); ok {
			scores[i] = score
			p.found = append(p.found, i)
		}
	}
	slices.SortStableFunc(p.found, func(i, j int) int { return scores[j] - scores[i] })
	if p.typed != nil && strings.TrimSpace(p.field.text) != "" {
		p.found = append(p.found, len(p.choices))
	}
	p.at, p.top = 0, 0
}

// fuzzy tells whether the letters of query occur in text in order, and how well: letters
// at the start of words and letters in a row count more.
func fuzzy(query, text string) (score int, ok bool) {
	q := []rune(strings.ToLower(strings.ReplaceAll(query, " ", "")))
	if len(q) == 0 {
		return 0, true
	}
	at, before, run := 0, ' ', 0
	for _, r := range strings.ToLower(text) {
		if at < len(q) && r == q[at] {
			at++
			run++
			score += run
			if !unicode.IsLetter(before) {
				score += 4
			}
		} else {
			run = 0
		}
		before = r
	}
	return score*16 - len(text), at == len(q)
}

// choice is one of those that found has.
func (p *picker) choice(i int) choice {
	if i == len(p.choices) {
		return p.typed(strings.TrimSpace(p.field.text))
	}
	return p.choices[i]
}

func (p *picker) insert(text string) {
	p.field.insert(text)
	p.search()
}

func (p *picker) press(key string) tea.Cmd {
	if cmd, ok := pickerKeys.press(p, key); ok {
		return cmd
	}
	if p.field.press(key) {
		p.search()
	}
	return nil
}

var pickerKeys = keymap[*picker]{
	{keys: []string{"enter"}, shown: "enter", name: "choose", hint: "choose", do: (*picker).choose},
	{keys: []string{"up", "ctrl+k"}, shown: "↑", name: "line up", hint: "line", do: func(p *picker) tea.Cmd { return p.move(-1) }},
	{keys: []string{"down", "ctrl+j", "tab"}, shown: "↓", name: "line down", also: true, do: func(p *picker) tea.Cmd { return p.move(1) }},
	{keys: []string{"pgup"}, name: "page up", do: func(p *picker) tea.Cmd { return p.move(-max(1, p.lines-1)) }},
	{keys: []string{"pgdown"}, name: "page down", do: func(p *picker) tea.Cmd { return p.move(max(1, p.lines-1)) }},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(p *picker) tea.Cmd { return p.stack.closeDialog() }},
}

func (p *picker) entries() []entry { return pickerKeys.entries(p) }

func (p *picker) move(by int) tea.Cmd {
	p.at = min(max(p.at+by, 0), max(len(p.found)-1, 0))
	return nil
}

// choose closes the list first, so that what is picked may open another dialog.
func (p *picker) choose() tea.Cmd {
	p.stack.closeDialog()
	if p.at >= len(p.found) {
		return nil
	}
	return p.choice(p.found[p.at]).do()
}

func (p *picker) mouse(m mouse) tea.Cmd {
	switch {
	case m.wheel != 0:
		return p.move(m.wheel)
	case m.pressed && m.y >= 2 && p.top+m.y-2 < len(p.found):
		p.at = p.top + m.y - 2
		return p.choose()
	}
	return nil
}

func (p *picker) arrange(_, h int) {
	p.lines = h - 2
	p.top = min(max(p.top, p.at-p.lines+1), p.at)
}

func (p *picker) draw(c *canvas, r rect, th *theme) {
	p.field.draw(c, r.row(0), th, p.prompt+" ", "type to search")
	if len(p.found) == 0 {
		c.left(r.row(2), th.dim, "nothing matches")
	}
	for i := 0; i < p.lines && p.top+i < len(p.found); i++ {
		ch := p.choice(p.found[p.top+i])
		line := r.row(2 + i)
		if p.top+i == p.at {
			c.putWide(line.x, line.y, line.w, th.selected.paint(fit("› "+ch.text, line.w-width(ch.note)-1)+" "+ch.note))
			continue
		}
		c.left(rect{line.x + 2, line.y, line.w - width(ch.note) - 3, 1}, style{}, ch.text)
		c.right(line, th.dim, ch.note)
	}
	if more := len(p.found) - p.lines; more > 0 {
		c.right(r.row(0), th.dim, fmt.Sprintf("%d/%d", p.at+1, len(p.found)))
	}
}
