package ui

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/pages/train/runlog"
)

// A figure whose curves were kept from those before is the one that is made at once.
func TestFiguresOfRunsThatGoOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	book, kept := runlog.RunBook{}, new(runlog.CurveBook)
	var rest [2][]train.Event
	for i := range rest {
		book.Add(string(rune('a'+i)), "run")
		rest[i] = history(400, 0.5+0.4*float64(i))
		for _, e := range rest[i] {
			if e, ok := e.(*train.StepEvent); ok {
				e.Loss += rng.NormFloat64() * 0.2
			}
		}
	}
	for len(rest[0])+len(rest[1]) > 0 {
		i := rng.IntN(2)
		n := min(1+rng.IntN(40), len(rest[i]))
		u := follow.Update{Events: rest[i][:n], State: follow.Running, Begun: rng.IntN(25) == 0}
		if c := train.Default("resnet20", "shapes"); rng.IntN(10) == 0 {
			c.Epochs = 400
			u.Config = &c
		}
		book.Take(i, u)
		rest[i] = rest[i][n:]
		q := runlog.FigureRequest{Cursor: -1, Radius: rng.IntN(4) - 1, Run: rng.IntN(2), Axis: runlog.Axis(rng.IntN(int(runlog.Axes))),
			Smooth: rng.IntN(len(runlog.Smoothings)), LogX: rng.IntN(3) == 0, LogY: rng.IntN(3) == 0, Hidden: uint64(rng.IntN(4))}
		if rng.IntN(3) == 0 {
			q.From, q.To, q.Cursor = 10, 90, 50
		}
		for k := range q.Columns {
			q.Columns[k] = rng.IntN(80)
		}
		_, runs := book.Read()
		if got, want := kept.MakeFigure(runs, q), new(runlog.CurveBook).MakeFigure(runs, q); !same(got, want) {
			t.Fatalf("%+v:\n%+v, want\n%+v", q, got, want)
		}
	}
}

// same compares figures, in which values that are not known are NaN.
func same(a, b runlog.Figure) bool {
	for _, f := range []*runlog.Figure{&a, &b} {
		for i := range f.Runs {
			for _, v := range []*float64{&f.Runs[i].Loss, &f.Runs[i].Rate, &f.Runs[i].Speed} {
				if math.IsNaN(*v) {
					*v = -1
				}
			}
		}
		for k := range f.Panels {
			for i := range f.Panels[k].Curves {
				if v := &f.Panels[k].Curves[i].Value; math.IsNaN(*v) {
					*v = -1
				}
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

func TestExtremesOfParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var tr runlog.Trace
	for range 500 {
		tr.Add(runlog.Sample{Y: math.Round(rng.NormFloat64() * 5)})
	}
	for range 2000 {
		i := rng.IntN(len(tr.Values))
		j := i + 1 + rng.IntN(len(tr.Values)-i)
		if got, want := tr.Extremes(i, j), tr.Scan(i, j); got != want {
			t.Fatalf("from %d to %d: %+v, want %+v", i, j, got, want)
		}
	}
}

func TestFurther(t *testing.T) {
	for n := 1; n < 70; n++ {
		for end := 1; end <= n; end++ {
			if got := runlog.Further(n, func(i int) bool { return i < end }); got != end {
				t.Fatalf("%d of %d: %d", end, n, got)
			}
		}
	}
}
