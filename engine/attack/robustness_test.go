package attack

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// stripes are constant images of about 0.3.
type stripes int

func (s stripes) Len() int             { return int(s) }
func (s stripes) Shape() (c, h, w int) { return 1, 2, 2 }
func (s stripes) Label(i int) int      { return -i % 2 } // alternating: the order is that of the data
func (s stripes) ReadBatch(dst []float32, labels, indices []int) error {
	for k, i := range indices {
		labels[k] = 0
		for p := range 4 {
			dst[4*k+p] = 0.3 + float32(i%10)/1000
		}
	}
	return nil
}

// curve is a model that depends on the mean of an image only: right reports class 0, slope is
// the derivative of the loss.
type curve struct {
	batch int
	right func(mean float64) bool
	slope func(mean float64) float64
	asked *int // number of computed gradients

	overflows bool // logits are infinite
}

func (c curve) Batch() int            { return c.batch }
func (c curve) Classes() int          { return 2 }
func (c curve) Input() (ch, h, w int) { return 1, 2, 2 }
func (c curve) mean(image []float32) float64 {
	sum := 0.0
	for _, v := range image {
		sum += float64(v)
	}
	return sum / 4
}

func (c curve) Logits(_ context.Context, dst, x []float32, n int) error {
	for i := range n {
		dst[2*i], dst[2*i+1] = 0, 1
		if c.right(c.mean(x[4*i : 4*i+4])) {
			dst[2*i] = 2
		}
		if c.overflows {
			dst[2*i] = float32(math.Inf(1))
		}
	}
	return nil
}

func (c curve) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, _ Loss) error {
	if c.asked != nil {
		*c.asked += len(labels)
	}
	for i := range labels {
		for p := range 4 {
			dx[4*i+p] = float32(c.slope(c.mean(x[4*i : 4*i+4])))
		}
	}
	return c.Logits(ctx, logits, x, len(labels))
}

// measureGrid evaluates a grid on models by ρ.
func measureGrid(t *testing.T, n int, g Grid, models func(rho float64) curve) (Robustness, error) {
	t.Helper()
	if g.Rhos == nil {
		g.Rhos = []float64{0}
	}
	m, err := NewMeasurement(stripes(n), g, NewKnown(), func(rho float64) ModelKey { return ModelKey{Smoothing: model.Smoothing{Rho: rho}} })
	if err != nil {
		t.Fatal(err)
	}
	return m.Run(t.Context(), func(rho float64) (Target, error) { return models(rho), nil }, nil)
}

func below(limit float64) func(float64) bool { return func(v float64) bool { return v < limit } }
func up(float64) float64                     { return 1 }

// broken returns the rules that a cell fails.
func broken(c Cell) (rules []Rule) {
	for _, m := range c.Marks {
		rules = append(rules, m.Rule)
	}
	return rules
}

// TestRules: a model whose accuracy decreases with ε has no marks; a model that fails a rule is
// marked with that rule only.
func TestRules(t *testing.T) {
	one := func(c curve) func(float64) curve { return func(float64) curve { c.batch = 8; return c } }
	for _, c := range []struct {
		name    string
		methods []string
		model   curve
		step    float64
		want    map[float64][]Rule // of the last method, by ε
	}{
		{"ordinary", []string{"fgsm", "pgd"}, curve{right: below(0.345), slope: up}, 0, nil},
		{"robust", []string{"fgsm", "pgd"}, curve{right: below(0.9), slope: up}, 0, nil},
		{"a gradient that only square does without", []string{"pgd"}, curve{right: below(0.3095), slope: func(float64) float64 { return -1 }}, 0,
			map[float64][]Rule{0.02: {AboveSquare}, 0.04: {AboveSquare}, 0.08: {AboveSquare}}},
		{"an island far out", []string{"fgsm"}, curve{right: func(v float64) bool { return v < 0.32 || v > 0.375 }, slope: up}, 0, map[float64][]Rule{0.08: {RisesWithEpsilon}}},
		{"misclassified clean", []string{"fgsm"}, curve{right: func(v float64) bool { return v > 0.315 }, slope: up}, 0,
			map[float64][]Rule{0.02: {RisesWithEpsilon}, 0.04: {RisesWithEpsilon}, 0.08: {RisesWithEpsilon}}},
		{"zero gradient at some images", []string{"fgsm"}, curve{right: below(0.312), slope: func(v float64) float64 { return max(0, v-0.3045) }}, 0,
			map[float64][]Rule{0.02: {ZeroGradient}, 0.04: {ZeroGradient}, 0.08: {ZeroGradient}}},
		{"a gradient that leads back", []string{"fgsm", "pgd"}, curve{right: below(0.3125), slope: func(v float64) float64 { return 0.3105 - v }}, 0.009,
			map[float64][]Rule{0.02: {AboveFGSM}, 0.04: {FlatInEpsilon, AboveFGSM}, 0.08: {FlatInEpsilon, AboveFGSM}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := Grid{Methods: c.methods, Epsilons: []float64{0, 0.02, 0.04, 0.08}, Options: Options{Steps: 4, StepSize: c.step}}
			if strings.Contains(c.name, "square") {
				g.SquareImages = 40
			}
			r, err := measureGrid(t, 60, g, one(c.model))
			if err != nil {
				t.Fatal(err)
			}
			for _, cell := range r.Cells {
				want := c.want[cell.Epsilon]
				if cell.Method != c.methods[len(c.methods)-1] {
					want = nil
				}
				if got := broken(cell); !slices.Equal(got, want) {
					t.Errorf("%s at %v, %v correct of %d: %v, want %v", cell.Method, cell.Epsilon, cell.Correct, cell.N, cell.Marks, want)
				}
			}
			if len(c.want) > 0 == (len(r.Warnings()) == 0) {
				t.Errorf("warnings %v", r.Warnings())
			}
		})
	}
}

// outcomesOf parses outcomes: r correct, w misclassified, z correct with zero gradient.
func outcomesOf(word string) (o []outcome) {
	for _, c := range word {
		o = append(o, outcome{correct: c != 'w', zeroGradient: c == 'z'})
	}
	return o
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"rrrrrr", "wwwwww", false}, // ½⁶ is above 1 %
		{"rrrrrrr", "wwwwwww", true},
		{"wwwwwww", "rrrrrrr", false},
		{"rrrrrrrrw", "wwwwwwwwr", false}, // 10/512
		{"rrrrrrrrrw", "wwwwwwwwwr", false},
		{"rrrrrrrrrrw", "wwwwwwwwwwr", true}, // 12/2048
		{"rrrrrrr", "www", false},            // the first three only
		{"", "rrr", false},
	} {
		if got := above(outcomesOf(c.a), outcomesOf(c.b)); got != c.want {
			t.Errorf("%s above %s: %v", c.a, c.b, got)
		}
	}
}

// TestRulesByOutcomes tests rules on constructed outcomes.
func TestRulesByOutcomes(t *testing.T) {
	r, w := strings.Repeat("r", 30), strings.Repeat("w", 30)
	for _, c := range []struct {
		name  string
		cells []Cell // the first is checked
		words []string
		want  []Rule
	}{
		{"epsilon 0", []Cell{{Method: "pgd"}}, []string{r[1:] + "w"}, []Rule{ZeroEpsilon}},
		{"square", []Cell{{Method: "pgd", Epsilon: 0.1}, {Method: "square", Epsilon: 0.1, Check: true}}, []string{r, w[:10]}, []Rule{AboveSquare}},
		{"square at another epsilon", []Cell{{Method: "pgd", Epsilon: 0.1}, {Method: "square", Epsilon: 0.2, Check: true}}, []string{r, w[:10]}, nil},
		{"fgsm against square", []Cell{{Method: "fgsm", Epsilon: 0.1}, {Method: "square", Epsilon: 0.1}}, []string{r, w}, nil},
		{"one step more than fgsm", []Cell{{Method: "apgd-ce", Epsilon: 0.1}, {Method: "fgsm", Epsilon: 0.1}}, []string{"rr" + w[2:], w}, []Rule{AboveFGSM}},
		{"zero gradients that do not matter", []Cell{{Method: "pgd", Epsilon: 0.1, Score: measure.Score{}}}, []string{w}, nil},
	} {
		var outcomes [][]outcome
		for i, word := range c.words {
			outcomes = append(outcomes, outcomesOf(word))
			c.cells[i].Score = score(outcomes[i])
		}
		outcomes[0][0].zeroGradient = outcomes[0][0].zeroGradient || !outcomes[0][0].correct
		mark(c.cells, outcomes, map[float64][]outcome{0: outcomesOf(r)})
		if got := broken(c.cells[0]); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.cells[0].Marks, c.want)
		}
	}
}

// TestRiseByChance: every rise is reported, with whether it is significant.
func TestRiseByChance(t *testing.T) {
	for _, c := range []struct {
		smaller, larger, want string
	}{
		{"rwww", "rrww", "accuracy is above that at the smaller epsilon 0.1: 2 vs 1 of 4 (not significant)"},
		{"wwwwwwww", "rrrrrrrr", "accuracy is above that at the smaller epsilon 0.1: 8 vs 0 of 8"},
		{"rrww", "wwrr", ""},
	} {
		cells := []Cell{{Method: "fgsm", Epsilon: 0.1}, {Method: "fgsm", Epsilon: 0.2}}
		outcomes := [][]outcome{outcomesOf(c.smaller), outcomesOf(c.larger)}
		for i := range cells {
			cells[i].Score = score(outcomes[i])
		}
		mark(cells, outcomes, map[float64][]outcome{0: outcomesOf("rrrrrrrr"[:len(c.larger)])})
		got := ""
		for _, m := range cells[1].Marks {
			got += m.Text
			if m.Chance != strings.HasSuffix(m.Text, "(not significant)") {
				t.Errorf("%+v", m)
			}
		}
		if got != c.want || len(cells[0].Marks) > 0 {
			t.Errorf("%s after %s: %q, want %q", c.larger, c.smaller, got, c.want)
		}
	}
}

// TestMeasurementIsSteady: results depend neither on the batch size nor on interruptions.
func TestMeasurementIsSteady(t *testing.T) {
	g := Grid{Methods: []string{"pgd", "fgsm", Worst}, Epsilons: []float64{0.004, 0.008}, Rhos: []float64{0, 1},
		Options: Options{Steps: 3, RandomStart: true, Restarts: 2, Seed: 5}, Limit: 50}
	models := func(rho float64) curve { return curve{batch: 7, right: below(0.308 - rho/1000), slope: up} }
	want, err := measureGrid(t, 60, g, models)
	if err != nil || !want.Done || want.Progress != 1 || want.Images != 50 {
		t.Fatalf("%v, %+v", err, want)
	}
	for _, batch := range []int{1, 3, 64} {
		got, err := measureGrid(t, 60, g, func(rho float64) curve { c := models(rho); c.batch = batch; return c })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, in batches of %d %+v, of 7 %+v", err, batch, got, want)
		}
	}
	known := NewKnown()
	interruptions, last := 0, 0.0
	for interruptions < 1000 {
		m, err := NewMeasurement(stripes(60), g, known, func(rho float64) ModelKey { return ModelKey{Smoothing: model.Smoothing{Rho: rho}} })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := 400 // gradients until cancellation
		got, err := m.Run(ctx, func(rho float64) (Target, error) {
			c := models(rho)
			c.slope = func(float64) float64 {
				if left--; left < 0 {
					cancel()
				}
				return 1
			}
			return canceled{c, ctx}, nil
		}, nil)
		cancel()
		if err == nil {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("interrupted %d times: %+v, at once %+v", interruptions, got, want)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || got.Progress < last {
			t.Fatalf("%v, at %v after %v", err, got.Progress, last)
		}
		last = got.Progress
		interruptions++
	}
	if interruptions < 5 || interruptions == 1000 {
		t.Errorf("%d interruptions", interruptions)
	}
}

// canceled is a model that returns the error of the call's context.
type canceled struct {
	curve
	ctx context.Context
}

func (c canceled) Gradient(ctx context.Context, dx, logits, x []float32, labels []int, l Loss) error {
	if err := c.curve.Gradient(ctx, dx, logits, x, labels, l); err != nil {
		return err
	}
	return ctx.Err()
}

// TestMeasurementAsksOnce: attacks that start at the image share its gradient, and known outcomes
// are not recomputed.
func TestMeasurementAsksOnce(t *testing.T) {
	asked := 0
	models := func(float64) Target { return curve{batch: 8, right: below(0.4), slope: up, asked: &asked} }
	known := NewKnown()
	for _, c := range []struct {
		grid Grid
		want int
	}{
		{Grid{Methods: []string{"fgsm"}, Epsilons: []float64{0.1, 0.2, 0.3}}, 20},
		{Grid{Methods: []string{"fgsm"}, Epsilons: []float64{0.3, 0.2}}, 0},
		{Grid{Methods: []string{"fgsm", Worst}, Epsilons: []float64{0.3}}, 0},
		{Grid{Methods: []string{"fgsm", "pgd"}, Epsilons: []float64{0.1, 0.2}, Options: Options{Steps: 4}}, 20 + 2*3*20},
		{Grid{Methods: []string{"pgd"}, Epsilons: []float64{0.1}, Options: Options{Steps: 4}, Limit: 10}, 0},
	} {
		c.grid.Rhos = []float64{0}
		asked = 0
		m, err := NewMeasurement(stripes(20), c.grid, known, func(rho float64) ModelKey { return ModelKey{Smoothing: model.Smoothing{Rho: rho}} })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Run(t.Context(), func(rho float64) (Target, error) { return models(rho), nil }, nil); err != nil {
			t.Fatal(err)
		}
		if asked != c.want {
			t.Errorf("%+v: %d gradients computed, want %d", c.grid, asked, c.want)
		}
	}
}

// TestTransfer: adversarial examples transferred from another model reveal gradient masking.
func TestTransfer(t *testing.T) {
	models := func(rho float64) (Target, error) {
		return curve{batch: 7, right: below(0.33), slope: func(float64) float64 { return 1 - 2*rho }}, nil
	}
	g := Grid{Methods: []string{"pgd", "fgsm"}, Epsilons: []float64{0, 0.05}, Rhos: []float64{0, 1}, Options: Options{Steps: 3}, Limit: 30}
	known := NewKnown()
	run := func(g Grid) Robustness {
		m, err := NewMeasurement(stripes(30), g, known, func(rho float64) ModelKey { return ModelKey{Smoothing: model.Smoothing{Rho: rho}} })
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Run(t.Context(), models, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range run(g).Cells {
		if len(c.Marks) > 0 {
			t.Errorf("without transfer %+v is marked", c)
		}
	}
	g.Transfer = true
	again := run(g) // known outcomes do not suffice: adversarial examples are recomputed
	known = NewKnown()
	if r := run(g); !reflect.DeepEqual(r, again) {
		t.Errorf("%+v, with known outcomes %+v", r, again)
	}
	for _, c := range again.Cells {
		want := []Rule(nil)
		if c.Method == "pgd" && c.Epsilon > 0 && c.Rho == 1 && !c.Check {
			want = []Rule{AboveTransfer}
		}
		if got := broken(c); !slices.Equal(got, want) {
			t.Errorf("%+v is marked %v", c, got)
		}
		if c.Check && (c.TransferFrom == nil || *c.TransferFrom == c.Rho || c.Correct != int(30*(*c.TransferFrom)) || c.N != 30) {
			t.Errorf("check %+v", c)
		}
	}
	if len(again.Cells) != 8+2 {
		t.Errorf("%d cells", len(again.Cells))
	}
}

// TestSmallestIsForEveryEpsilon: minimal methods search once, and every ε counts the images whose
// smallest ε is larger.
func TestSmallestIsForEveryEpsilon(t *testing.T) {
	asked := 0
	models := func(rho float64) curve {
		return curve{batch: 16, right: below(0.34 + 0.01*rho), slope: up, asked: &asked}
	}
	g := Grid{Methods: []string{"minimal-fgsm", "minimal-pgd", Worst}, Epsilons: []float64{0.0352, 0.02, 0.08}, Rhos: []float64{0, 100}}
	r, err := measureGrid(t, 100, g, models)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Cells {
		// Images are 0.300 to 0.309: the smallest ε is 0.031 to 0.04.
		if want := map[float64]int{0.0352: 50, 0.02: 100}[c.Epsilon]; c.Rho == 0 && c.Correct != want || c.Rho > 0 && c.Correct != 100 || len(c.Marks) > 0 {
			t.Errorf("%s at %v, rho %v: %v, %v", c.Method, c.Epsilon, c.Rho, c.Score, c.Marks)
		}
	}
	if len(r.Smallest) != 4 || math.Abs(r.Smallest[0].Median-0.0355) > 6e-4 || math.Abs(r.Smallest[2].Median-0.0355) > 6e-4 ||
		!math.IsInf(r.Smallest[1].Median, 1) || r.Smallest[3].Rho != 100 || r.Smallest[3].N != 100 {
		t.Errorf("%+v", r.Smallest)
	}
	before := asked
	g.Epsilons = []float64{0.05}
	if _, err := measureGrid(t, 100, g, models); err != nil || asked-before != before {
		t.Errorf("%v: gradients of %d images for three epsilons, %d for one", err, before, asked-before)
	}
	text, err := json.Marshal(r.Smallest)
	if err != nil || !strings.Contains(string(text), `"rho":100,"median":null,"n":100`) {
		t.Errorf("%v: %s", err, text)
	}
}

func TestWorstIsRightEverywhere(t *testing.T) {
	// Images from 0.300 to 0.309; up is the wrong way from 0.305 on.
	c := curve{batch: 16, right: func(v float64) bool { return v > 0.2995 && v < 0.3125 }, slope: up}
	r, err := measureGrid(t, 100, Grid{Methods: []string{"fgsm", Worst}, Epsilons: []float64{0.005}}, func(float64) curve { return c })
	if err != nil {
		t.Fatal(err)
	}
	one, _ := r.Cell("fgsm", 0.005, 0)
	worst, ok := r.Cell(Worst, 0.005, 0)
	if !ok || worst.Score != one.Score || worst.Correct != 80 {
		t.Errorf("worst %v, fgsm %v", worst.Score, one.Score)
	}
}

// TestNoGradient: a model without gradients is an error after the first images.
func TestNoGradient(t *testing.T) {
	flat := curve{batch: 16, right: below(1), slope: func(float64) float64 { return 0 }}
	_, err := measureGrid(t, 1000, Grid{Methods: []string{"pgd"}, Epsilons: []float64{0.1}, Options: Options{Steps: 2}}, func(float64) curve { return flat })
	if err == nil || !strings.Contains(err.Error(), "zero gradient") || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}

// TestAnswersThatAreNotNumbers: logits that are not finite are an error.
func TestAnswersThatAreNotNumbers(t *testing.T) {
	_, err := measureGrid(t, 10, Grid{Methods: []string{"fgsm"}, Epsilons: []float64{0.1}}, func(float64) curve {
		return curve{batch: 4, right: func(float64) bool { return true }, slope: up, overflows: true}
	})
	if err == nil || !strings.Contains(err.Error(), "non-finite") {
		t.Error(err)
	}
}

func TestGridCheck(t *testing.T) {
	good := Grid{Methods: []string{"fgsm"}, Epsilons: []float64{0.1}, Rhos: []float64{0}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*Grid){
		func(g *Grid) { g.Methods = nil }, func(g *Grid) { g.Epsilons = nil }, func(g *Grid) { g.Rhos = nil },
		func(g *Grid) { g.Methods = []string{Worst} }, func(g *Grid) { g.Methods = []string{"fgsm", "pgd"}; g.Options.Steps = -1 },
		func(g *Grid) { g.Methods = []string{"square"}; g.Queries = -1 }, func(g *Grid) { g.Options.Restarts = 2 },
		func(g *Grid) { g.SquareImages, g.Options.Band = 10, Band{Part: Low, R: 4} },
		func(g *Grid) { g.Epsilons = []float64{0.1, math.NaN()} }, func(g *Grid) { g.Epsilons = []float64{1.5} },
	} {
		g := good
		change(&g)
		if err := g.Check(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", g, err)
		}
	}
}

func TestReport(t *testing.T) {
	blind := curve{batch: 16, right: below(0.312), slope: func(v float64) float64 { return max(0, v-0.3045) }}
	r, err := measureGrid(t, 50, Grid{Methods: []string{"fgsm"}, Epsilons: []float64{0.1}, Rhos: []float64{0.5}}, func(float64) curve { return blind })
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(NewReport("m", "d", "test", Options{Steps: 10, Band: Band{Part: Low, R: 8}}, model.Smoothing{DivideGain: true}, r))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"n":50`, `"clean":[{"rho":0.5,"correct":50,"n":50,"accuracy":1,"ci95":[`, `"band":{"part":"low","r":8}`, `"gain_divided":true`, `"norm":"linf"`,
		`"steps":1,"step_size":0.1,`, `"results":[{"method":"fgsm","epsilon":0.1,"rho":0.5,"correct":25,"n":50,"accuracy":0.5,"ci95":[`,
		`"zero_gradients":25,"marks":["zero-gradient"]}]`, `"warnings":["fgsm at epsilon 0.1, rho 0.5: suspected gradient masking: 25 of 50 images`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func TestMedian(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		v    []float32
		want float64
	}{{[]float32{3, 1, 2}, 2}, {[]float32{4, 1, 2, 3}, 2.5}, {[]float32{inf, 1, inf}, math.Inf(1)}, {[]float32{1}, 1}} {
		if got := median(c.v); got != c.want {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}
