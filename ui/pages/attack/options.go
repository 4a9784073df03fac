package attack

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/ui/kit"
)

// attackOptions is the dialog that says how is attacked.
type attackOptions struct {
	kit.Form[attackChoice]
	page *Page
}

// attackChoice is the dialog's result.
type attackChoice struct {
	options attack.Options
	steps   map[string]int
	band    bandChoice
	images  int
	square  bool
}

var bandNames = []string{"all", "low", "high", "ring"}

func newAttackOptions(p *Page) *attackOptions {
	d := &attackOptions{page: p}
	d.Form = kit.NewForm(p.screen, "apply", d.apply, d.settings())
	d.Wide, d.Names, d.Beside = 66, 16, d.note
	d.Foot = []string{"Square is gradient-free: if it beats PGD, suspect gradient masking", "Square is gradient-free"}
	return d
}

// settings returns the rows with the page's current values.
func (d *attackOptions) settings() []kit.FormRow[attackChoice] {
	p, o := d.page, d.page.options
	step := ""
	if o.StepSize > 0 {
		step = strconv.FormatFloat(o.StepSize, 'g', -1, 64)
	}
	with := func(has func(attack.Method) bool) func(*kit.Form[attackChoice]) bool {
		return func(*kit.Form[attackChoice]) bool { return has(attack.Lookup(d.method())) }
	}
	hasStarts := func(m attack.Method) bool { return m.RandomStart }
	return []kit.FormRow[attackChoice]{
		{Name: "method", Words: attack.Methods(), Field: kit.Field{Text: o.Method}, Chosen: d.showSteps, Take: kit.Word(func(s *attackChoice, t string) { s.options.Method = t })},
		{Name: "norm", Words: []string{"linf", "l2"}, Field: kit.Field{Text: o.Norm.String()}, Take: func(s *attackChoice, t string) (err error) { s.options.Norm, err = attack.ParseNorm(t); return err }},
		{Name: "steps", Field: kit.Field{Text: strconv.Itoa(p.attack().Steps)}, Means: with(func(m attack.Method) bool { return m.Steps > 0 }), Take: kit.Whole(func(s *attackChoice, n int) { s.steps[s.options.Method] = n })},
		{Name: "step size", Hint: "2.5·ε/steps", Field: kit.Field{Text: step}, Means: with(hasStepSize), Take: func(s *attackChoice, t string) error {
			s.options.StepSize = 0
			return kit.Optional(kit.Decimal(kit.ParseEpsilon, func(s *attackChoice, v float64) { s.options.StepSize = v }))(s, t)
		}},
		{Name: "random start", Words: kit.NoYes, Field: kit.Field{Text: kit.YesText(o.RandomStart)}, Means: with(hasStarts), Take: kit.Yes(func(s *attackChoice, on bool) { s.options.RandomStart = on })},
		{Name: "restarts", Field: kit.Field{Text: strconv.Itoa(max(o.Restarts, 1))}, Means: with(hasStarts), Take: kit.Whole(func(s *attackChoice, n int) { s.options.Restarts = n })},
		{Name: "band", Words: bandNames, Field: kit.Field{Text: bandNames[p.band]}, Means: with(func(m attack.Method) bool { return m.Band }), Take: kit.Word(func(s *attackChoice, t string) { s.band = bandChoice(slices.Index(bandNames, t)) })},
		{Name: "images", Hint: "evaluation images", Field: kit.Field{Text: strconv.Itoa(p.robust.images)}, Take: kit.Whole(func(s *attackChoice, n int) { s.images = n })},
		{Name: "Square check", Words: kit.NoYes, Field: kit.Field{Text: kit.YesText(p.robust.square)}, Means: with(func(m attack.Method) bool { return m.Iterated }), Take: kit.Yes(func(s *attackChoice, on bool) { s.square = on })},
	}
}

func (d *attackOptions) Heading() string { return "Attack settings" }

// method returns the method selected in the dialog.
func (d *attackOptions) method() string { return d.Text("method") }

// showSteps shows the method's steps in their row.
func (d *attackOptions) showSteps() {
	steps := composed(attack.Options{Method: d.method()}, d.page.steps, bandAll, 0).Steps
	d.Rows[d.Row("steps")].Field.Text = strconv.Itoa(steps)
}

// note returns the note beside a row.
func (d *attackOptions) note(row int) string {
	switch r := d.Rows[row]; {
	case !d.Meaningful(row):
		return "not used by " + d.method()
	case r.Name == "steps" && !attack.Lookup(d.method()).Gradient:
		return "model queries"
	default:
		return r.Hint
	}
}

// choice returns the dialog's result, or an error and its row.
func (d *attackOptions) choice() (attackChoice, int, error) {
	p := d.page
	s := attackChoice{p.options, maps.Clone(p.steps), p.band, p.robust.images, p.robust.square}
	before := s.options.Norm
	at, err := d.Take(&s)
	switch {
	case err != nil:
		return s, at, err
	case s.images < 1:
		return s, at, fmt.Errorf("images: use 1 or more")
	case s.options.Restarts > 1:
		s.options.RandomStart = true // restarts would be identical without
	}
	if s.options.Norm != before { // budgets of the norms are not comparable
		s.options.Epsilon = 0.3 * firstMost(s.options.Norm)
	}
	return s, at, composed(s.options, s.steps, s.band, p.session.R).Check()
}

// apply applies the dialog's result.
func (d *attackOptions) apply() tea.Cmd {
	s, at, err := d.choice()
	if err != nil {
		d.Refuse(at, err)
		return nil
	}
	p := d.page
	if s.options.Norm != p.options.Norm {
		p.most = firstMost(s.options.Norm)
	}
	p.options, p.steps, p.band, p.robust.images, p.robust.square = s.options, s.steps, s.band, s.images, s.square
	p.screen.CloseDialog()
	return p.altered()
}

// epsilonField is the dialog that sets ε.
type epsilonField struct {
	kit.Fixed
	page  *Page
	field kit.Field
	wrong string
}

func (d *epsilonField) Heading() string                { return "Perturbation budget ε" }
func (d *epsilonField) Size(maxW, maxH int) (int, int) { return 52, 3 }
func (d *epsilonField) Mouse(kit.Mouse) tea.Cmd        { return nil }
func (d *epsilonField) Insert(text string)             { d.field.Insert(text); d.wrong = "" }

func (d *epsilonField) Press(key string) tea.Cmd {
	if cmd, ok := epsilonKeys.PressTyping(d, key); ok {
		return cmd
	}
	d.field.Press(key)
	d.wrong = ""
	return nil
}

var epsilonKeys = kit.Keymap[*epsilonField]{
	{Act: kit.Accept, Name: "set ε", Hint: "set ε", Do: (*epsilonField).set},
	{Act: kit.Back, Name: "close", Hint: "close", Do: func(d *epsilonField) tea.Cmd { return d.page.screen.CloseDialog() }},
}

func (d *epsilonField) Entries() []kit.Entry { return epsilonKeys.Entries(d) }

// set sets ε if the number is valid.
func (d *epsilonField) set() tea.Cmd {
	p := d.page
	e, err := kit.ParseEpsilon(strings.TrimSpace(d.field.Text))
	if largest := largestEpsilon(p.options.Norm); err != nil || !(e >= 0 && e <= largest) {
		d.wrong = fmt.Sprintf("a number from 0 to %.4g, or a fraction, e.g. 8/255", largest)
		return nil
	}
	p.screen.CloseDialog()
	return p.setEpsilon(e)
}

func (d *epsilonField) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	d.field.Draw(c, r.Row(0), th, "ε ", fmt.Sprintf("0.03, or 8/255; now %.4g", d.page.options.Epsilon))
	if d.wrong != "" {
		c.Left(r.Row(2), th.Warn, d.wrong)
		return
	}
	c.Left(r.Row(2), th.Dim, kit.Pick(r.W, "in "+normText(d.page.options.Norm)+", pixels in [0,1]"))
}
