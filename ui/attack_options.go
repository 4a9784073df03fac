package ui

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
)

// attackOptions is the dialog that says how is attacked.
type attackOptions struct {
	page  *attackPage
	rows  []attackRow
	at    int
	wrong string
}

// attackRow is one option: words to choose from, or a number.
type attackRow struct {
	name, note string
	words      []string // nil: a number
	field      field
	matters    func(method string) bool // whether it matters to a method; nil: to all
	take       func(s *attackChoice, text string) error
}

// attackChoice is what the dialog chooses.
type attackChoice struct {
	options attack.Options
	steps   map[string]int
	band    bandChoice
	images  int
	square  bool
}

var bandNames = []string{"all", "low", "high", "ring"}

func newAttackOptions(p *attackPage) *attackOptions {
	d := &attackOptions{page: p}
	o := p.options
	yes := func(b bool) string { return map[bool]string{true: "yes", false: "no"}[b] }
	step := ""
	if o.StepSize > 0 {
		step = strconv.FormatFloat(o.StepSize, 'g', -1, 64)
	}
	d.rows = []attackRow{
		{name: "method", words: attack.Methods(), field: field{o.Method}, take: func(s *attackChoice, t string) error { s.options.Method = t; return nil }},
		{name: "norm", words: []string{"linf", "l2"}, field: field{o.Norm.String()}, take: func(s *attackChoice, t string) (err error) { s.options.Norm, err = attack.ParseNorm(t); return err }},
		{name: "steps", field: field{strconv.Itoa(p.attack().Steps)}, matters: hasSteps, take: wholeChoice(func(s *attackChoice, n int) { s.steps[s.options.Method] = n })},
		{name: "step size", note: "2.5·ε/steps", field: field{step}, matters: hasStepSize, take: func(s *attackChoice, t string) (err error) {
			if s.options.StepSize = 0; t != "" {
				s.options.StepSize, err = parseEpsilon(t)
			}
			return err
		}},
		{name: "random start", words: []string{"no", "yes"}, field: field{yes(o.RandomStart)}, matters: hasStarts, take: func(s *attackChoice, t string) error { s.options.RandomStart = t == "yes"; return nil }},
		{name: "restarts", field: field{strconv.Itoa(max(o.Restarts, 1))}, matters: hasStarts, take: wholeChoice(func(s *attackChoice, n int) { s.options.Restarts = n })},
		{name: "band", words: bandNames, field: field{bandNames[p.band]}, matters: hasBand, take: func(s *attackChoice, t string) error {
			s.band = bandChoice(slices.Index(bandNames, t))
			return nil
		}},
		{name: "images", note: "of which accuracy is measured", field: field{strconv.Itoa(p.robust.images)}, take: wholeChoice(func(s *attackChoice, n int) { s.images = n })},
		{name: "Square check", words: []string{"no", "yes"}, field: field{yes(p.robust.square)}, matters: hasStarts, take: func(s *attackChoice, t string) error { s.square = t == "yes"; return nil }},
	}
	return d
}

func wholeChoice(set func(*attackChoice, int)) func(*attackChoice, string) error {
	return func(s *attackChoice, text string) error {
		n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
		if err != nil {
			return fmt.Errorf("not a whole number")
		}
		set(s, n)
		return nil
	}
}

// parseEpsilon reads a number, or a fraction such as 8/255.
func parseEpsilon(text string) (float64, error) {
	over := 1.0
	numerator, denominator, fraction := strings.Cut(text, "/")
	if fraction {
		v, err := parseReal(denominator)
		if err != nil || v == 0 {
			return 0, fmt.Errorf("not a number")
		}
		over = v
	}
	v, err := parseReal(numerator)
	if err == nil && math.IsNaN(v/over) {
		err = fmt.Errorf("not a number")
	}
	return v / over, err
}

func (d *attackOptions) heading() string { return "How to attack" }

func (d *attackOptions) size(maxW, maxH int) (int, int) { return min(66, maxW), len(d.rows) + 2 }

func (d *attackOptions) mouse(m mouse) tea.Cmd {
	if m.pressed && m.y < len(d.rows) {
		d.at = m.y
	}
	return nil
}

func (d *attackOptions) insert(text string) {
	if r := &d.rows[d.at]; r.words == nil {
		r.field.insert(text)
		d.wrong = ""
	}
}

var attackOptionsKeys = keymap[*attackOptions]{
	{keys: []string{"enter"}, shown: "enter", name: "attack so", hint: "attack so", do: (*attackOptions).apply},
	{keys: []string{"up", "shift+tab"}, shown: "↑", name: "line up", hint: "line", do: func(d *attackOptions) tea.Cmd { return d.move(-1) }},
	{keys: []string{"down", "tab"}, shown: "↓", name: "line down", also: true, do: func(d *attackOptions) tea.Cmd { return d.move(1) }},
	{keys: []string{"left"}, shown: "←", name: "the choice before", hint: "choice", when: (*attackOptions).choosing, do: func(d *attackOptions) tea.Cmd { return d.choose(-1) }},
	{keys: []string{"right", "space"}, shown: "→", name: "the next choice", also: true, when: (*attackOptions).choosing, do: func(d *attackOptions) tea.Cmd { return d.choose(1) }},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *attackOptions) tea.Cmd { return d.page.app.closeDialog() }},
}

func (d *attackOptions) entries() []entry { return attackOptionsKeys.entries(d) }

func (d *attackOptions) press(key string) tea.Cmd {
	if cmd, ok := attackOptionsKeys.press(d, key); ok {
		return cmd
	}
	if r := &d.rows[d.at]; r.words == nil {
		r.field.press(key)
		d.wrong = ""
	}
	return nil
}

func (d *attackOptions) choosing() bool { return d.rows[d.at].words != nil }

func (d *attackOptions) move(by int) tea.Cmd {
	d.at = (d.at + by + len(d.rows)) % len(d.rows)
	return nil
}

func (d *attackOptions) choose(by int) tea.Cmd {
	r := &d.rows[d.at]
	n := len(r.words)
	r.field.text = r.words[(slices.Index(r.words, r.field.text)+by+n)%n]
	d.wrong = ""
	if d.at == 0 { // every method has steps of its own
		d.rows[2].field.text = strconv.Itoa(composed(attack.Options{Method: d.method()}, d.page.steps, bandAll, 0).Steps)
	}
	return nil
}

// method is the one that is chosen in the dialog.
func (d *attackOptions) method() string { return d.rows[0].field.text }

// choice is what was asked for, or what is wrong with it and in which line.
func (d *attackOptions) choice() (attackChoice, int, error) {
	p := d.page
	s := attackChoice{p.options, maps.Clone(p.steps), p.band, p.robust.images, p.robust.square}
	before := s.options.Norm
	for i, r := range d.rows {
		if r.matters != nil && !r.matters(d.method()) {
			continue
		}
		if err := r.take(&s, strings.TrimSpace(r.field.text)); err != nil {
			return s, i, fmt.Errorf("%s: %w", r.name, err)
		}
	}
	switch {
	case s.images < 1:
		return s, d.at, fmt.Errorf("images: use 1 or more")
	case s.options.Restarts > 1:
		s.options.RandomStart = true // all would be the same without
	}
	if s.options.Norm != before { // the ε of the other norm means nothing in this one
		s.options.Epsilon = 0.3 * firstMost(s.options.Norm)
	}
	return s, d.at, composed(s.options, s.steps, s.band, p.app.r).Check()
}

// apply takes over what is chosen.
func (d *attackOptions) apply() tea.Cmd {
	s, at, err := d.choice()
	if err != nil {
		d.at, d.wrong = at, oneLine(err)
		return nil
	}
	p := d.page
	if s.options.Norm != p.options.Norm {
		p.most = firstMost(s.options.Norm)
	}
	p.options, p.steps, p.band, p.robust.images, p.robust.square = s.options, s.steps, s.band, s.images, s.square
	p.app.closeDialog()
	return p.altered()
}

func (d *attackOptions) draw(c *canvas, r rect, th *theme) {
	const names = 16
	for i, row := range d.rows {
		line := r.row(i)
		value := rect{line.x + names, line.y, line.w - names, 1}
		st, note := style{}, row.note
		switch {
		case row.matters != nil && !row.matters(d.method()):
			st, note = th.dim, "not with "+d.method()
		case row.name == "steps" && d.method() == attack.SquareMethod:
			note = "queries to the model"
		}
		if i == d.at {
			c.put(line.x, line.y, th.focus.paint("› "+row.name))
		} else {
			c.put(line.x+2, line.y, th.dim.paint(row.name))
		}
		inner := rect{value.x + 2, value.y, value.w - 2, 1}
		text := row.field.text
		switch {
		case row.words != nil && i == d.at:
			c.left(value, th.focus, "‹ "+text+" ›")
		case row.words == nil && i == d.at:
			row.field.draw(c, value, th, "  ", note)
		case text == "":
			c.left(inner, th.dim, note)
			continue
		default:
			c.left(inner, st, text)
		}
		if note != "" && text != "" {
			c.right(value, th.dim, note)
		}
	}
	if d.wrong != "" {
		c.left(r.row(len(d.rows)+1), th.warn, d.wrong)
		return
	}
	c.left(r.row(len(d.rows)+1), th.dim, pick(r.w, "Square knows no gradient: where it beats one, that misleads", "Square knows no gradient"))
}

// epsilonField asks for ε as a number.
type epsilonField struct {
	page  *attackPage
	field field
	wrong string
}

func (d *epsilonField) heading() string                { return "Size of the perturbation" }
func (d *epsilonField) size(maxW, maxH int) (int, int) { return 52, 3 }
func (d *epsilonField) mouse(mouse) tea.Cmd            { return nil }
func (d *epsilonField) insert(text string)             { d.field.insert(text); d.wrong = "" }

func (d *epsilonField) press(key string) tea.Cmd {
	if cmd, ok := epsilonKeys.press(d, key); ok {
		return cmd
	}
	d.field.press(key)
	d.wrong = ""
	return nil
}

var epsilonKeys = keymap[*epsilonField]{
	{keys: []string{"enter"}, shown: "enter", name: "set ε", hint: "set ε", do: (*epsilonField).set},
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *epsilonField) tea.Cmd { return d.page.app.closeDialog() }},
}

func (d *epsilonField) entries() []entry { return epsilonKeys.entries(d) }

// set takes over the number, if it is one that attacks take.
func (d *epsilonField) set() tea.Cmd {
	p := d.page
	e, err := parseEpsilon(strings.TrimSpace(d.field.text))
	if largest := largestEpsilon(p.options.Norm); err != nil || !(e >= 0 && e <= largest) {
		d.wrong = fmt.Sprintf("a number from 0 to %.4g, or a fraction such as 8/255", largest)
		return nil
	}
	p.app.closeDialog()
	return p.setEpsilon(e)
}

func (d *epsilonField) draw(c *canvas, r rect, th *theme) {
	d.field.draw(c, r.row(0), th, "ε ", fmt.Sprintf("0.03, or 8/255; now %.4g", d.page.options.Epsilon))
	if d.wrong != "" {
		c.left(r.row(2), th.warn, d.wrong)
		return
	}
	c.left(r.row(2), th.dim, pick(r.w, "in "+normText(d.page.options.Norm)+", pixels being 0 to 1"))
}
