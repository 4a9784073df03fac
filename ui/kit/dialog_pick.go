package kit

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// Choice is an entry of a Picker.
type Choice struct {
	Text, Note string
	Words      string // other words by which it is found
	Do         func() tea.Cmd
}

// Picker is a list filtered by typing: the palette and the filter by class.
type Picker struct {
	stack   DialogStack
	head    string
	prompt  string
	Choices []Choice
	Typed   func(text string) Choice // if not nil, the choice that the text itself is; listed last
	field   Field
	found   []int // indices of choices that match, best first
	At, top int   // selected line of found, first line on screen
	lines   int   // on screen
}

func NewPicker(stack DialogStack, head, prompt string, choices []Choice) *Picker {
	p := &Picker{stack: stack, head: head, prompt: prompt, Choices: choices}
	p.Search()
	return p
}

func (p *Picker) Heading() string { return p.head }

func (p *Picker) Size(maxW, maxH int) (int, int) {
	w := 30
	for _, ch := range p.Choices {
		w = max(w, Width(ch.Text)+Width(ch.Note)+6)
	}
	return min(w, maxW), min(len(p.Choices)+2, maxH)
}

// Search updates the matches of the text.
func (p *Picker) Search() {
	p.found = best(len(p.Choices), func(i int) (int, bool) { return matches(p.field.Text, p.Choices[i]) })
	if p.Typed != nil && strings.TrimSpace(p.field.Text) != "" {
		p.found = append(p.found, len(p.Choices))
	}
	p.At, p.top = 0, 0
}

// Scores of matches by whole words: of the text, or of it and the other words. Those of letters are
// lower.
const (
	textScore  = 1 << 20
	wordsScore = 1 << 19
)

// matches tells whether a query finds a choice, and how well: by beginnings of words of its text, of
// other words, or by letters of its text.
func matches(query string, ch Choice) (score int, ok bool) {
	q := strings.Fields(strings.ToLower(query))
	if len(q) == 0 {
		return 0, true
	}
	if telling := slices.DeleteFunc(slices.Clone(q), func(w string) bool { return slices.Contains(fillers, w) }); len(telling) > 0 {
		q = telling
	}
	begins := func(text string) bool {
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		return !slices.ContainsFunc(q, func(part string) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, part) })
		})
	}
	switch {
	case begins(ch.Text):
		score, _ = fuzzy(query, ch.Text)
		return textScore + score, true
	case begins(ch.Text + " " + ch.Words):
		return wordsScore - len(ch.Text), true
	}
	score, ok = fuzzy(strings.Join(q, " "), ch.Text)
	return min(score, wordsScore/2), ok && score+len(ch.Text) >= 16*leastFuzzy*utf8.RuneCountInString(strings.Join(q, ""))
}

// fillers are words of a query that tell no command from another.
var fillers = strings.Fields("a an the to of in on off turn switch set toggle use mode please")

// leastFuzzy is the least score per letter of a match by letters: scattered ones are chance.
const leastFuzzy = 2

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

// Match returns the indices of the texts that match a query, best first.
func Match(query string, texts []string) []int {
	return best(len(texts), func(i int) (int, bool) { return fuzzy(query, texts[i]) })
}

// best returns the indices below n that match, by descending score.
func best(n int, match func(i int) (score int, ok bool)) []int {
	var found []int
	scores := map[int]int{}
	for i := range n {
		if score, ok := match(i); ok {
			scores[i] = score
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(i, j int) int { return scores[j] - scores[i] })
	return found
}

// choice returns the i-th match.
func (p *Picker) choice(i int) Choice {
	if i == len(p.Choices) {
		return p.Typed(strings.TrimSpace(p.field.Text))
	}
	return p.Choices[i]
}

func (p *Picker) Insert(text string) {
	p.field.Insert(text)
	p.Search()
}

func (p *Picker) Press(key string) tea.Cmd {
	if cmd, ok := pickerKeys.PressTyping(p, key); ok {
		return cmd
	}
	if p.field.Press(key) {
		p.Search()
	}
	return nil
}

var pickerKeys = Keymap[*Picker]{
	{Act: Accept, Name: "choose", Hint: "choose", Do: (*Picker).choose},
	{Act: Up, Name: "line up", Hint: "line", Do: func(p *Picker) tea.Cmd { return p.Move(-1) }},
	{Act: Down, Too: Acts{Next}, Name: "line down", Also: true, Do: func(p *Picker) tea.Cmd { return p.Move(1) }},
	{Act: PageUp, Name: "page up", Do: func(p *Picker) tea.Cmd { return p.Move(-max(1, p.lines-1)) }},
	{Act: PageDown, Name: "page down", Do: func(p *Picker) tea.Cmd { return p.Move(max(1, p.lines-1)) }},
	{Act: Back, Name: "close", Hint: "close", Do: func(p *Picker) tea.Cmd { return p.stack.CloseDialog() }},
}

func (p *Picker) Entries() []Entry { return pickerKeys.Entries(p) }

func (p *Picker) Move(by int) tea.Cmd {
	p.At = min(max(p.At+by, 0), max(len(p.found)-1, 0))
	return nil
}

// choose closes the list first, so that the choice may open another dialog.
func (p *Picker) choose() tea.Cmd {
	p.stack.CloseDialog()
	if p.At >= len(p.found) {
		return nil
	}
	return p.choice(p.found[p.At]).Do()
}

func (p *Picker) Mouse(m Mouse) tea.Cmd {
	switch {
	case m.Wheel != 0:
		return p.Move(m.Wheel)
	case m.Pressed && m.Y >= 2 && p.top+m.Y-2 < len(p.found):
		p.At = p.top + m.Y - 2
		return p.choose()
	}
	return nil
}

func (p *Picker) Arrange(_, h int) {
	p.lines = h - 2
	p.top = min(max(p.top, p.At-p.lines+1), p.At)
}

func (p *Picker) Draw(c *Canvas, r Rect, th *Theme) {
	p.field.Draw(c, r.Row(0), th, p.prompt+" ", "type to search")
	if len(p.found) == 0 {
		c.Left(r.Row(2), th.Dim, "No match")
	}
	for i := 0; i < p.lines && p.top+i < len(p.found); i++ {
		ch := p.choice(p.found[p.top+i])
		DrawChoice(c, r.Row(2+i), th, ch.Text, ch.Note, p.top+i == p.At)
	}
	if more := len(p.found) - p.lines; more > 0 {
		c.Right(r.Row(0), th.Dim, fmt.Sprintf("%d/%d", p.At+1, len(p.found)))
	}
}

// DrawChoice draws a row of a list, with the cursor on it if here.
func DrawChoice(c *Canvas, line Rect, th *Theme, text, note string, here bool) {
	if here {
		c.PutWide(line.X, line.Y, line.W, th.selected.Paint(Fit("› "+text, line.W-Width(note)-1)+" "+note))
		return
	}
	c.Left(Rect{line.X + 2, line.Y, line.W - Width(note) - 3, 1}, Style{}, text)
	c.Right(line, th.Dim, note)
}
