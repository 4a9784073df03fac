package bands

import (
	"reflect"
	"testing"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Outcomes, flips and pairs agree with predictions made image by image, in rounds of any size, in
// groups of radii, and with batch statistics, whose last batch repeats images.
func TestOutcomes(t *testing.T) {
	src := newNoise(45, 4)
	radii := []float64{1, 2.5, 4}
	type run struct {
		q Request
		c *projector
	}
	for name, of := range map[string][2]run{
		"running": {{Request{}, &projector{batch: 16, classes: 4}}, {Request{Normalize: NormalizeMax}, &projector{batch: 7, classes: 4}}},
		"batch":   {{Request{Statistics: model.BatchStatistics}, &projector{batch: 20, classes: 4, center: true}}, {Request{}, &projector{batch: 8, classes: 4}}},
	} {
		var results [2]Result
		for i, r := range of {
			r.q.Radii, r.q.Outcomes, r.q.Threads = radii, true, 2
			m, err := NewMeasurement(src, r.q)
			if err != nil {
				t.Fatal(err)
			}
			var first Result
			if results[i], err = m.Run(t.Context(), r.c, func(now Result) {
				if first.Whole.N == 0 {
					first = now
				}
			}); err != nil {
				t.Fatal(err)
			}
			if d := Subtract(first, results[i]); d.Whole.N() != first.Whole.N || d.Whole.First != 0 || d.Whole.Second != 0 || d.High[2].First+d.High[2].Second != 0 {
				t.Errorf("%s: a partial result differs from the complete one: %+v", name, d)
			}
			for k := range radii {
				var sum measure.Score
				for _, c := range results[i].Flips[k].Classes {
					sum = sum.Add(c.Score())
				}
				if sum.N != 45 || sum != results[i].Flips[k].Total() {
					t.Errorf("%s: %+v by class, %+v in total", name, sum, results[i].Flips[k].Total())
				}
			}
		}
		d := Subtract(results[0], results[1])
		for k := range radii {
			for _, c := range []struct {
				pairs measure.Paired
				a, b  measure.Score
			}{{d.Whole, results[0].Whole, results[1].Whole}, {d.Low[k], results[0].Low[k], results[1].Low[k]}, {d.High[k], results[0].High[k], results[1].High[k]}} {
				if p := c.pairs; p.Both+p.First != c.a.Correct || p.Both+p.Second != c.b.Correct || p.N() != 45 {
					t.Errorf("%s: pairs %+v of %+v and %+v", name, p, c.a, c.b)
				}
			}
		}
	}
}

func TestFlipsOfMeasurement(t *testing.T) {
	src, q := newNoise(45, 4), Request{Radii: []float64{1, 2.5}, Outcomes: true, Threads: 1}
	m, err := NewMeasurement(src, q)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Run(t.Context(), &projector{batch: 16, classes: 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, radius := range q.Radii {
		q := q
		q.Radii = []float64{radius}
		var samples []Sample
		if err := Predict(t.Context(), src, &projector{batch: 16, classes: 4}, q, measure.Order(src, 45), func(s Sample) bool {
			samples = append(samples, s)
			return true
		}); err != nil {
			t.Fatal(err)
		}
		if want := CountFlips(samples, 4); !reflect.DeepEqual(r.Flips[k], want) {
			t.Errorf("r %v: %+v, want %+v", radius, r.Flips[k], want)
		}
	}
}
