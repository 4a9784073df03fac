package attack

import (
	"context"
	"slices"
	"testing"
)

// invert is an attack added by the test: it moves every pixel by −ε.
var invert = Method{
	Name:        "invert",
	Description: "all pixels darker by ε",
	Norms:       []Norm{LInf},
	Gradient:    true,
	Iterated:    true,
	Steps:       3,
	Cost:        gradientCost,
	attacker:    func() attacker { return darker{} },
}

type darker struct{}

func (darker) run(_ context.Context, a *Attack, _ Target, j job) error {
	for i, v := range j.x {
		j.dst[i] = projectPixel(v-float32(a.options.Epsilon), v, float32(a.options.Epsilon))
	}
	return nil
}

// TestTable: an attack added as an entry of the table is listed, checked, run and measured like the
// others.
func TestTable(t *testing.T) {
	before := table
	table = append(slices.Clone(table), invert)
	t.Cleanup(func() { table = before })

	if names := Methods(); names[len(names)-1] != "invert" {
		t.Fatalf("methods %v", names)
	}
	o := Default("invert", 0.02)
	if o.Steps != 3 || o.Check() != nil {
		t.Errorf("defaults %+v: %v", o, o.Check())
	}
	for _, refused := range []Options{{Method: "invert", Norm: L2, Epsilon: 1, Steps: 3}, {Method: "invert", Epsilon: 0.02},
		{Method: "invert", Epsilon: 0.02, Steps: 3, Band: Band{Part: Low, R: 4}}} {
		if refused.Check() == nil {
			t.Errorf("accepted %+v", refused)
		}
	}
	dark := curve{batch: 7, right: func(v float64) bool { return v > 0.295 }, slope: func(float64) float64 { return -1 }}
	r, err := measureGrid(t, 20, Grid{Methods: []string{"invert", "fgsm", Worst}, Epsilons: []float64{0.004, 0.02}}, func(float64) curve { return dark })
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range r.Cells {
		if want := map[float64]int{0.004: 20, 0.02: 0}[cell.Epsilon]; cell.Correct != want || cell.N != 20 {
			t.Errorf("%s at %v: %d of %d correct, want %d", cell.Method, cell.Epsilon, cell.Correct, cell.N, want)
		}
	}
	if c, ok := r.Cell("invert", 0.02, 0); !ok || c.Steps != 3 {
		t.Errorf("%+v", c)
	}
}

// TestEntries: all entries of the table are complete.
func TestEntries(t *testing.T) {
	for _, m := range table {
		o := Default(m.Name, 0.1)
		switch {
		case m.Name == "" || m.Description == "" || len(m.Norms) == 0 || m.Cost == nil || m.attacker == nil:
			t.Errorf("%q is incomplete", m.Name)
		case o.Check() != nil:
			t.Errorf("%s: defaults: %v", m.Name, o.Check())
		case m.Cost(o) < 1 || m.Preview() > m.Steps || m.ChoosesStepSize && m.StepSize == nil:
			t.Errorf("%s: cost %d, %d of %d steps", m.Name, m.Cost(o), m.Preview(), m.Steps)
		}
	}
}
