package heatmap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"hfcui/engine/measure"
)

// constant predicts one class.
type constant struct {
	projector
	class int
}

func (c *constant) Logits(ctx context.Context, dst, x []float32, n int) error {
	if err := c.projector.Logits(ctx, dst, x, n); err != nil {
		return err
	}
	clear(dst)
	for i := range n {
		dst[3*i+c.class] = 1
	}
	return nil
}

// Differences of two maps are those of their error rates, paired image by image, also where a
// measurement was interrupted; while one is under way, on the images that both have completed.
func TestSubtract(t *testing.T) {
	src, q := newNoise(40, 3, 6, 4), Request{Norm: 2, Seed: 1}
	run := func(c measure.Classifier) (r Result) {
		t.Helper()
		m, err := NewMeasurement(src, q)
		if err != nil {
			t.Fatal(err)
		}
		for {
			if r, err = m.Run(t.Context(), c, nil); err == nil {
				return r
			}
			if !errors.Is(err, errStopped) {
				t.Fatal(err)
			}
		}
	}
	a, b := run(&projector{batch: 24, failAt: 5}), run(&constant{projector{batch: 24}, 1})
	for i := range a.Cells {
		f := grid{6, 4}.frequency(i)
		p := a.Subtract(b, f)
		want := b.At(f).Accuracy() - a.At(f).Accuracy()
		if p.N() != 40 || math.Abs(p.Difference()-want) > 1e-12 || p.Both+p.Second != a.At(f).Correct || p.Both+p.First != b.At(f).Correct {
			t.Errorf("%v: %+v, error rates differ by %v", f, p, want)
		}
	}
	if p := a.SubtractClean(b); p.Both+p.Second != a.Clean.Correct || p.Both+p.First != b.Clean.Correct {
		t.Errorf("clean: %+v of %+v and %+v", p, a.Clean, b.Clean)
	}
	m, _ := NewMeasurement(src, q)
	part, err := m.Run(t.Context(), &projector{batch: 24, failAt: 20}, nil)
	if p := a.Subtract(part, Frequency{}); err == nil || p.N() != 16 || p.First+p.Second > 0 {
		t.Errorf("with an unfinished map: %+v after %v", p, err)
	}
	other := a
	other.Norm = 3
	if p := a.Subtract(other, Frequency{}); p.N() != 0 {
		t.Errorf("maps of other norms are compared: %+v", p)
	}

	text, err := json.Marshal(NewDifferences("a", "b", a, b))
	if err != nil || strings.Count(string(text), `"u":`) != (24-4)/2+4 || !strings.Contains(string(text), `"n":40`) {
		t.Errorf("%s, %v", text, err)
	}
	if text, err = json.Marshal(NewDifferences("a", "b", a, other)); err != nil || !strings.Contains(string(text), `"difference":null,"ci95":[-1,1],"n":0`) {
		t.Errorf("%s, %v", text, err)
	}
	var table bytes.Buffer
	if err := WriteCSV(&table, Named{"b", b}, Named{"a", a}); err != nil || strings.Count(table.String(), ",40\n") != 24 || strings.Count(table.String(), ",b,,,,\n") != 24 {
		t.Errorf("%v\n%s", err, table.String())
	}
}
