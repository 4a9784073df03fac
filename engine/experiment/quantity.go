package experiment

import (
	"image"
	"math"
	"strconv"

	"hfcui/engine/measure"
	"hfcui/engine/train"
)

// Run is the result of a run.
type Run struct {
	Setting  string              `json:"setting"`
	Seed     uint64              `json:"seed"`
	Diverged string              `json:"diverged,omitempty"` // the error; there are no results
	Weights  string              `json:"weights,omitempty"`  // digest of the final weights
	Epochs   []*train.EpochEvent `json:"epochs"`
	Bands    []*train.BandsEvent `json:"bands"` // during the run
	After    []MeasurementResult `json:"after"` // training, in the order of Plan.After
}

// Quantity is a number computed from a run; NaN if the run does not have it.
type Quantity func(Run) float64

// test is accuracy on whole test images after the last epoch, with running statistics.
func test(r Run) float64 {
	if len(r.Epochs) == 0 {
		return math.NaN()
	}
	return accuracy(r.Epochs[len(r.Epochs)-1].Test)
}

// training is training accuracy during the last epoch.
func training(r Run) float64 {
	if len(r.Epochs) == 0 {
		return math.NaN()
	}
	return accuracy(r.Epochs[len(r.Epochs)-1].Train)
}

// gap is the generalization gap: training accuracy minus test accuracy.
func gap(r Run) float64 { return training(r) - test(r) }

func accuracy(s *measure.Score) float64 {
	if s == nil || s.N == 0 {
		return math.NaN()
	}
	return s.Accuracy()
}

// lastBands is the last band measurement during training.
func lastBands(r Run) *train.BandsEvent {
	if len(r.Bands) == 0 {
		return nil
	}
	return r.Bands[len(r.Bands)-1]
}

// part is accuracy on low- or high-pass images of a measurement.
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

// low is the final accuracy on low-pass images at a radius.
func low(radius float64) Quantity {
	return func(r Run) float64 { return part(lastBands(r), "low", radius) }
}

// high is the final accuracy on high-pass images at a radius.
func high(radius float64) Quantity {
	return func(r Run) float64 { return part(lastBands(r), "high", radius) }
}

// whole is the final accuracy on whole images, as measured with the bands.
func whole(r Run) float64 {
	if e := lastBands(r); e != nil {
		return accuracy(&e.Whole)
	}
	return math.NaN()
}

// highs is the mean accuracy on high-pass images over the paper's radii.
func highs(r Run) float64 {
	sum := 0.0
	for _, radius := range paperRadii {
		sum += high(radius)(r)
	}
	return sum / float64(len(paperRadii))
}

// after computes q from the i-th measurement of Plan.After instead of the run's own.
func after(i int, q Quantity) Quantity {
	return func(r Run) float64 {
		if i >= len(r.After) || r.After[i].BandsEvent == nil {
			return math.NaN()
		}
		r.Bands = []*train.BandsEvent{r.After[i].BandsEvent}
		return q(r)
	}
}

// Grid is the results of all runs of an experiment.
type Grid []Run

// find returns the run of a setting and a seed, without results if there is none.
func (g Grid) find(setting string, seed uint64) Run {
	for _, r := range g {
		if r.Setting == setting && r.Seed == seed {
			return r
		}
	}
	return Run{Setting: setting, Seed: seed}
}

// BySeed returns the run of a setting with one seed.
type BySeed func(setting string) Run

// over estimates a quantity of several settings, seed by seed: differences are between runs of
// the same seed.
func (g Grid) over(seeds []uint64, of func(BySeed) float64) Estimate {
	values := make([]float64, len(seeds))
	for i, seed := range seeds {
		values[i] = of(func(setting string) Run { return g.find(setting, seed) })
	}
	return estimate(values)
}

// Criterion is a claim of the paper that can be tested.
type Criterion struct {
	Text  string
	Parts []Part
}

// Part is a quantity and the range it must lie in.
type Part struct {
	Text string
	Of   func(BySeed) float64
	Rule Rule
}

// difference is a quantity of setting a minus that of setting b.
func difference(q Quantity, a, b string) func(BySeed) float64 {
	return func(s BySeed) float64 { return q(s(a)) - q(s(b)) }
}

// contrast is quantity a minus quantity b of one setting.
func contrast(setting string, a, b Quantity) func(BySeed) float64 {
	return func(s BySeed) float64 { return a(s(setting)) - b(s(setting)) }
}

// Table has a row for every setting, or Rows.
type Table struct {
	Title   string
	Columns []Column
	Rows    []Row // with their own quantities, under the same titles
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

// Column is a quantity, with the paper's values by setting.
type Column struct {
	Title string
	Of    Quantity
	Paper map[string]string  // with their tag; nil if there are none
	Marks func(Run) []string // failed sanity checks; nil: none
}

// partColumns are columns for low- and then high-pass images at the paper's radii.
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

// same returns q.
func same(q Quantity) Quantity { return q }

// Figure is a chart of the grid: columns by setting, curves vs epochs or another axis, or an
// image.
type Figure struct {
	File, Title string
	X, Y        string
	Columns     []Column                 // one group of points for each, a point for every setting
	Curves      []Curve                  // or curves
	Draw        func(g Grid) image.Image // or an image; nil if there is nothing to draw
}

// Curve is a quantity of a setting by epoch.
type Curve struct {
	Title, Setting string
	Of             Quantity
	// Against has positions on the axis instead of epochs, and At the quantity at each.
	Against []float64
	At      func(x float64) Quantity
}

// number formats a radius, ρ or ε.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
