package ui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
)

// attackOptions is the dialog that says how is attacked.
type attackOptions struct {
	form[attackChoice]
	page *attackPage
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
	d.form = newForm(p.screen, "attack so", d.apply, d.settings())
	d.wide, d.names, d.beside = 66, 16, d.note
	d.foot = []string{"Square knows no gradient: where it beats one, that misleads", "Square knows no gradient"}
	return d
}

// settings are the rows, as the page has them now.
func (d *attackOptions) settings() []formRow[attackChoice] {
	p, o := d.page, d.page.options
	step := ""
	if o.StepSize > 0 {
		step = strconv.FormatFloat(o.StepSize, 'g', -1, 64)
	}
	with := func(has func(method string) bool) func(*form[attackChoice]) bool {
		return func(*form[attackChoice]) bool { return has(d.method()) }
	}
	return []formRow[attackChoice]{
		{name: "method", words: attack.Methods(), field: field{text: o.Method}, chosen: d.showSteps, take: word(func(s *attackChoice, t string) { s.options.Method = t })},
		{name: "norm", words: []string{"linf", "l2"}, field: field{text: o.Norm.String()}, take: func(s *attackChoice, t string) (err error) { s.options.Norm, err = attack.ParseNorm(t); return err }},
		{name: "steps", field: field{text: strconv.Itoa(p.attack().Steps)}, means: with(hasSteps), take: whole(func(s *attackChoice, n int) { s.steps[s.options.Method] = n })},
		{name: "step size", hint: "2.5·ε/steps", field: field{text: step}, means: with(hasStepSize), take: func(s *attackChoice, t string) error {
			s.options.StepSize = 0
			return optional(decimal(parseEpsilon, func(s *attackChoice, v float64) { s.options.StepSize = v }))(s, t)
		}},
		{name: "random start", words: noYes, field: field{text: yesText(o.RandomStart)}, means: with(hasStarts), take: yes(func(s *attackChoice, on bool) { s.options.RandomStart = on })},
		{name: "restarts", field: field{text: strconv.Itoa(max(o.Restarts, 1))}, means: with(hasStarts), take: whole(func(s *attackChoice, n int) { s.options.Restarts = n })},
		{name: "band", words: bandNames, field: field{text: bandNames[p.band]}, means: with(hasBand), take: word(func(s *attackChoice, t string) { s.band = bandChoice(slices.Index(bandNames, t)) })},
		{name: "images", hint: "of which accuracy is measured", field: field{text: strconv.Itoa(p.robust.images)}, take: whole(func(s *attackChoice, n int) { s.images = n })},
		{name: "Square check", words: noYes, field: field{text: yesText(p.robust.square)}, means: with(hasStarts), take: yes(func(s *attackChoice, on bool) { s.square = on })},
	}
}

func (d *attackOptions) heading() string { return "How to attack" }

// method is the one that is chosen in the dialog.
func (d *attackOptions) method() string { return d.text("method") }

// showSteps puts the method's own steps into their row.
func (d *attackOptions) showSteps() {
	steps := composed(attack.Options{Method: d.method()}, d.page.steps, bandAll, 0).Steps
	d.rows[d.row("steps")].field.text = strconv.Itoa(steps)
}

// note is what is said beside a row.
func (d *attackOptions) note(row int) string {
	switch r := d.rows[row]; {
	case !d.meaningful(row):
		return "not with " + d.method()
	case r.name == "steps" && d.method() == attack.SquareMethod:
		return "queries to the model"
	default:
		return r.hint
	}
}

// choice is what was asked for, or what is wrong with it and in which line.
func (d *attackOptions) choice() (attackChoice, int, error) {
	p := d.page
	s := attackChoice{p.options, maps.Clone(p.steps), p.band, p.robust.images, p.robust.square}
	before := s.options.Norm
	at, err := d.take(&s)
	switch {
	case err != nil:
		return s, at, err
	case s.images < 1:
		return s, at, fmt.Errorf("images: use 1 or more")
	case s.options.Restarts > 1:
		s.options.RandomStart = true // all would be the same without
	}
	if s.options.Norm != before { // the ε of the other norm means nothing in this one
		s.options.Epsilon = 0.3 * firstMost(s.options.Norm)
	}
	return s, at, composed(s.options, s.steps, s.band, p.session.r).Check()
}

// apply takes over what is chosen.
func (d *attackOptions) apply() tea.Cmd {
	s, at, err := d.choice()
	if err != nil {
		d.refuse(at, err)
		return nil
	}
	p := d.page
	if s.options.Norm != p.options.Norm {
		p.most = firstMost(s.options.Norm)
	}
	p.options, p.steps, p.band, p.robust.images, p.robust.square = s.options, s.steps, s.band, s.images, s.square
	p.screen.closeDialog()
	return p.altered()
}

// epsilonField asks for ε as a number.
type epsilonField struct {
	fixed
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
	{keys: []string{"esc"}, shown: "esc", name: "close", hint: "close", do: func(d *epsilonField) tea.Cmd { return d.page.screen.closeDialog() }},
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
	p.screen.closeDialog()
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
