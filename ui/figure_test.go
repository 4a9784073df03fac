package ui

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"hfcui/engine/train"
	"hfcui/engine/train/follow"
)

// A figure whose curves were kept from those before is the one that is made at once.
func TestFiguresOfRunsThatGoOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	book, kept := runBook{}, new(curveBook)
	var rest [2][]train.Event
	for i := range rest {
		book.add(string(rune('a'+i)), "run")
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
		book.take(i, u)
		rest[i] = rest[i][n:]
		q := figureRequest{cursor: -1, radius: rng.IntN(4) - 1, run: rng.IntN(2), axis: axis(rng.IntN(int(axes))),
			smooth: rng.IntN(len(smoothings)), logX: rng.IntN(3) == 0, logY: rng.IntN(3) == 0, hidden: uint64(rng.IntN(4))}
		if rng.IntN(3) == 0 {
			q.from, q.to, q.cursor = 10, 90, 50
		}
		for k := range q.columns {
			q.columns[k] = rng.IntN(80)
		}
		_, runs := book.read()
		if got, want := kept.makeFigure(runs, q), new(curveBook).makeFigure(runs, q); !same(got, want) {
			t.Fatalf("%+v:\n%+v, want\n%+v", q, got, want)
		}
	}
}

// same compares figures, in which values that are not known are NaN.
func same(a, b figure) bool {
	for _, f := range []*figure{&a, &b} {
		for i := range f.runs {
			for _, v := range []*float64{&f.runs[i].loss, &f.runs[i].rate, &f.runs[i].speed} {
				if math.IsNaN(*v) {
					*v = -1
				}
			}
		}
		for k := range f.panels {
			for i := range f.panels[k].curves {
				if v := &f.panels[k].curves[i].value; math.IsNaN(*v) {
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
