package experiment

import (
	"image"
	"math"
	"strconv"

	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// Run is what is known of a run that has ended.
type Run struct {
	Setting  string              `json:"setting"`
	Seed     uint64              `json:"seed"`
	Diverged string              `json:"diverged,omitempty"` // why it has no results
	Weights  string              `json:"weights,omitempty"`  // digest of what it came to
	Epochs   []*train.EpochEvent `json:"epochs"`
	Bands    []*train.BandsEvent `json:"bands"` // during the run
	After    []Found             `json:"after"` // when it had ended, in the order of Plan.After
}

// Quantity is a number read off a run; no number where the run does not have it.
type Quantity func(Run) float64

// test is accuracy on whole test images after the last epoch, with running statistics.
func test(r Run) float64 {
	if len(r.Epochs) == 0 {
		return math.NaN()
	}
	return accuracy(r.Epochs[len(r.Epochs)-1].Test)
}

// training is accuracy on what was trained on, while it was, in the last epoch.
func training(r Run) float64 {
	if len(r.Epochs) == 0 {
		return math.NaN()
	}
	return accuracy(r.Epochs[len(r.Epochs)-1].Train)
}

// gap is how much lower accuracy is on test images.
func gap(r Run) float64 { return training(r) - test(r) }

func accuracy(s *measure.Score) float64 {
	if s == nil || s.N == 0 {
		return math.NaN()
	}
	return s.Accuracy()
}

// lastBands is what the run itself measured at its end.
func lastBands(r Run) *train.BandsEvent {
	if len(r.Bands) == 0 {
		return nil
	}
	return r.Bands[len(r.Bands)-1]
}

// part is accuracy on one part of what a measurement saw.
func part(e *train.BandsEvent, which string, radius float64) float64 {
	if e != nil {
		for _, b := range e.Bands {
			if b.Part == which && b.R == radius && b.Accuracy != nil {
				return *b.Accuracy
			}
		}
	}
	return math.NaN()
}

// low is the final accuracy on low parts at a radius.
func low(radius float64) Quantity {
	return func(r Run) float64 { return part(lastBands(r), "low", radius) }
}

// high is the final accuracy on high parts at a radius.
func high(radius float64) Quantity {
	return func(r Run) float64 { return part(lastBands(r), "high", radius) }
}

// whole is the final accuracy on the whole images that parts were made of.
func whole(r Run) float64 {
	if e := lastBands(r); e != nil {
		return accuracy(&e.Whole)
	}
	return math.NaN()
}

// highs is the mean accuracy on high parts over the paper's radii.
func highs(r Run) float64 {
	sum := 0.0
	for _, radius := range paperRadii {
		sum += high(radius)(r)
	}
	return sum / float64(len(paperRadii))
}

// after reads q off the i-th measurement of Plan.After instead of the run's own.
func after(i int, q Quantity) Quantity {
	return func(r Run) float64 {
		if i >= len(r.After) || r.After[i].BandsEvent == nil {
			return math.NaN()
		}
		r.Bands = []*train.BandsEvent{r.After[i].BandsEvent}
		return q(r)
	}
}

// Grid is all runs of an experiment.
type Grid []Run

// find gives the run of a setting and a seed, without any results where there is none.
func (g Grid) find(setting string, seed uint64) Run {
	for _, r := range g {
		if r.Setting == setting && r.Seed == seed {
			return r
		}
	}
	return Run{Setting: setting, Seed: seed}
}

// Seeded is what was found with one seed: every setting's run.
type Seeded func(setting string) Run

// over estimates, seed by seed, something of several settings: differences are so taken
// between runs of the same seed.
func (g Grid) over(seeds []uint64, of func(Seeded) float64) Estimate {
	values := make([]float64, len(seeds))
	for i, seed := range seeds {
		values[i] = of(func(setting string) Run { return g.find(setting, seed) })
	}
	return estimate(values)
}

// Criterion is something the paper found, as far as it can be decided.
type Criterion struct {
	Text  string
	Parts []Part
}

// Part is a quantity and where it must lie.
type Part struct {
	Text string
	Of   func(Seeded) float64
	Rule Rule
}

// difference is how much larger a quantity is for one setting than for another.
func difference(q Quantity, a, b string) func(Seeded) float64 {
	return func(s Seeded) float64 { return q(s(a)) - q(s(b)) }
}

// contrast is how much larger one quantity is than another, for one setting.
func contrast(setting string, a, b Quantity) func(Seeded) float64 {
	return func(s Seeded) float64 { return a(s(setting)) - b(s(setting)) }
}

// Table has a row for every setting, or the rows it says.
type Table struct {
	Title   string
	Columns []Column
	Rows    []Row // each has its own quantities, under the same titles
}

// Row is a row of a table: quantities of one setting.
type Row struct {
	Title, Setting string
	Columns        []Column
}

// rows are the table's.
func (t Table) rows(settings []Setting) []Row {
	if t.Rows != nil {
		return t.Rows
	}
	rows := make([]Row, len(settings))
	for i, s := range settings {
		rows[i] = Row{s.Name, s.Name, t.Columns}
	}
	return rows
}

// titles are the columns'.
func (t Table) titles() []string {
	columns := t.Columns
	if len(t.Rows) > 0 {
		columns = t.Rows[0].Columns
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Title
	}
	return list
}

// Column is a quantity, and the paper's readings of it by setting.
type Column struct {
	Title string
	Of    Quantity
	Paper map[string]string  // with their tag; nil where there are none
	Marks func(Run) []string // why the number is not to be relied on, if it is not; nil: never
}

// partColumns are columns for low and then high parts at the paper's radii.
func partColumns(of func(Quantity) Quantity) []Column {
	var list []Column
	for i := len(paperRadii) - 1; i >= 0; i-- {
		list = append(list, Column{Title: "L" + number(paperRadii[i]), Of: of(low(paperRadii[i]))})
	}
	for _, r := range paperRadii {
		list = append(list, Column{Title: "H" + number(r), Of: of(high(r))})
	}
	return list
}

// same is a quantity itself.
func same(q Quantity) Quantity { return q }

// Figure is a picture of the grid: settings against columns, quantities against epochs or
// something else, or what Draw draws.
type Figure struct {
	File, Title string
	X, Y        string
	Columns     []Column                 // one group of points for each, a point for every setting
	Curves      []Curve                  // or curves
	Draw        func(g Grid) image.Image // or an image; nil where there is nothing to draw
}

// Curve is a quantity of a setting's runs from epoch to epoch.
type Curve struct {
	Title, Setting string
	Of             Quantity
	// Against are places on the axis, instead of epochs, and At is the quantity at each.
	Against []float64
	At      func(x float64) Quantity
}

// number writes a radius.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
