package runlog

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"hfcui/engine/measure"
	"hfcui/engine/train"
	"hfcui/engine/train/follow"
	"hfcui/ui/uitest"
)

// A figure whose curves were kept from those before is the one that is made at once.
func TestFiguresOfRunsThatGoOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	book, kept := RunBook{}, new(CurveBook)
	var rest [2][]train.Event
	for i := range rest {
		book.Add(string(rune('a'+i)), "run")
		rest[i] = uitest.History(400, 0.5+0.4*float64(i))
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
		q := FigureRequest{Cursor: -1, Radius: rng.IntN(4) - 1, Run: rng.IntN(2), Axis: Axis(rng.IntN(int(Axes))),
			Smooth: rng.IntN(len(Smoothings)), LogX: rng.IntN(3) == 0, LogY: rng.IntN(3) == 0, Hidden: RunSet("").With(0, rng.IntN(2) == 0).With(1, rng.IntN(2) == 0),
			Pinned: RunSet("").With(1, rng.IntN(3) == 0), Sort: SortKeys()[rng.IntN(len(SortKeys()))], Group: []string{"", "", "net"}[rng.IntN(3)]}
		if rng.IntN(3) == 0 {
			q.From, q.To, q.Cursor = 10, 90, 50
		}
		for k := range q.Columns {
			q.Columns[k] = rng.IntN(80)
		}
		_, runs := book.Read()
		if got, want := kept.MakeFigure(runs, q), new(CurveBook).MakeFigure(runs, q); !same(got, want) {
			t.Fatalf("%+v:\n%+v, want\n%+v", q, got, want)
		}
	}
}

// same compares figures, in which values that are not known are NaN.
func same(a, b Figure) bool {
	for _, f := range []*Figure{&a, &b} {
		for i := range f.Runs {
			r := &f.Runs[i]
			for _, v := range []*float64{&r.Loss, &r.Rate, &r.Speed, &r.Accuracy, &r.Lo, &r.Hi, &r.TrainAccuracy, &r.Best} {
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
	var tr trace
	for range 500 {
		tr.add(sample{y: math.Round(rng.NormFloat64() * 5)})
	}
	for range 2000 {
		i := rng.IntN(len(tr.values))
		j := i + 1 + rng.IntN(len(tr.values)-i)
		if got, want := tr.extremes(i, j), tr.scan(i, j); got != want {
			t.Fatalf("from %d to %d: %+v, want %+v", i, j, got, want)
		}
	}
}

func TestFurther(t *testing.T) {
	for n := 1; n < 70; n++ {
		for end := 1; end <= n; end++ {
			if got := further(n, func(i int) bool { return i < end }); got != end {
				t.Fatalf("%d of %d: %d", end, n, got)
			}
		}
	}
}

// What is seen of a curve is all that is kept of it.
func TestFiguresAreThin(t *testing.T) {
	l := runLog{Name: "long"}
	b := RunBook{runs: []*runLog{&l}}
	b.Take(0, follow.Update{Events: uitest.History(5000, 0.9)})
	_, runs := b.Read()
	q := FigureRequest{Cursor: -1, Radius: -1}
	for k := range q.Columns {
		q.Columns[k] = 60
	}
	f := new(CurveBook).MakeFigure(runs, q)
	for k, p := range f.Panels {
		for _, c := range p.Curves {
			if n := len(c.Points); n < 60 || n > 250 {
				t.Errorf("%s: %d points", PanelKind(k), n)
			}
			if last := c.Points[len(c.Points)-1]; math.Abs(last.X-1) > 1e-9 {
				t.Errorf("%s ends at %v", PanelKind(k), last.X)
			}
		}
	}
	q.From, q.To = 1000.25, 1001.75
	f = new(CurveBook).MakeFigure(runs, q)
	if c := f.Panels[PanelLoss].Curves[0].Points; len(c) != 3 || c[0].X != 0 || c[2].X != 1 {
		t.Errorf("zoomed: %+v", c)
	}
}

func BenchmarkFigureOf10000Epochs(b *testing.B) {
	book := RunBook{runs: []*runLog{{Name: "long"}}}
	book.Take(0, follow.Update{Events: uitest.History(10000, 0.9)})
	q := FigureRequest{Cursor: -1, Radius: -1}
	for k := range q.Columns {
		q.Columns[k] = 80
	}
	list, kept := uitest.History(20000, 0.9)[3*10000:], new(CurveBook)
	for b.Loop() {
		book.Take(0, follow.Update{Events: list[:1]}) // one more event, then the figure
		list = append(list[1:], list[0])
		_, runs := book.Read()
		kept.MakeFigure(runs, q)
	}
}

func TestTrainPageMeasuresWeights(t *testing.T) {
	b := &RunBook{}
	b.Add("dir", "weights")
	event := func(correct int) *train.BandsEvent {
		return &train.BandsEvent{Whole: measure.Score{Correct: correct, N: 10}}
	}
	for i, n := range []int{3, 1, 2} {
		e := event(i)
		b.Measured(0, follow.Snapshot{Path: fmt.Sprint(n), Number: n}, e, nil)
	}
	again := event(9)
	b.Measured(0, follow.Snapshot{Path: "2", Number: 2}, again, nil)
	_, runs := b.Read()
	if l := runs[0]; len(l.bands) != 3 || l.bands[0].Step != 1 || l.bands[1] != again || l.bands[1].Step != 2 || l.bands[2].Step != 3 || l.perEpoch() != 1 {
		t.Fatalf("%+v", l)
	}
	four := follow.Snapshot{Path: "4", Number: 4}
	b.Appeared(0, four)
	if _, runs := b.Read(); runs[0].last().Step != 4 {
		t.Fatalf("%+v", runs[0].last())
	}
	b.Measured(0, four, nil, errors.New("torn"))
	if _, runs := b.Read(); runs[0].fault != "torn" || runs[0].last().Step != 3 {
		t.Fatalf("%+v", runs[0])
	}
	b.Measured(0, follow.Snapshot{Path: "5", Number: 5}, event(4), nil)
	if _, runs := b.Read(); runs[0].fault != "" || len(runs[0].weights) != 4 {
		t.Fatalf("%+v", runs[0])
	} else if text, late := runs[0].status(); text != "4 files, 1 skipped: torn" || late {
		t.Fatalf("%q, %v", text, late)
	}
	b.Measured(0, four, event(5), nil)
	if _, runs := b.Read(); len(runs[0].refused) != 0 || len(runs[0].bands) != 5 {
		t.Fatalf("%+v", runs[0])
	}
}
