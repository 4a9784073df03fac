package kit

import (
	"math"
	"strings"
	"testing"
)

func plain(ch *Chart) []string {
	c := NewCanvas(ch.Plot.Right(), ch.Plot.Bottom())
	for i := range ch.cells {
		ch.cells[i].style = Style{}
	}
	ch.Render(c)
	return strings.Split(c.String(), "\n")
}

func TestChartPutsValuesWhereTheyBelong(t *testing.T) {
	ch := NewChart(Rect{0, 0, 21, 11}, 20, 1)
	ch.Draw(Series{Mark: "●", Points: []Point{{0, 0, 0, 0}, {10, 0.5, 0.5, 0.5}, {20, 1, 1, 1}}}, false)
	lines := plain(ch)
	for _, want := range []struct{ x, y int }{{0, 10}, {10, 5}, {20, 0}} {
		if got := string([]rune(lines[want.y])[want.x]); got != "●" {
			t.Errorf("cell %d,%d holds %q:\n%s", want.x, want.y, got, strings.Join(lines, "\n"))
		}
	}
	for x := 1; x < 20; x++ { // a line from corner to corner passes every column
		found := false
		for y := range 11 {
			if r := []rune(lines[y]); len(r) > x && r[x] != ' ' {
				found = true
			}
		}
		if !found {
			t.Errorf("column %d is empty:\n%s", x, strings.Join(lines, "\n"))
		}
	}
}

// What is kept for comparison gives way to what is in force.
func TestChartRanks(t *testing.T) {
	flat := func(mark string) Series {
		return Series{Mark: mark, Points: []Point{{0, 0.5, 0.5, 0.5}, {4, 0.5, 0.5, 0.5}, {8, 0.5, 0.5, 0.5}}}
	}
	for _, baseFirst := range []bool{true, false} {
		ch := NewChart(Rect{0, 0, 9, 3}, 8, 1)
		ch.Grid(Style{}, 0.5)
		ch.Cursor(2, Style{})
		if baseFirst {
			ch.Draw(flat("○"), true)
		}
		ch.Draw(flat("●"), false)
		if !baseFirst {
			ch.Draw(flat("○"), true)
		}
		lines := plain(ch)
		if got := strings.Count(lines[1], "●"); got != 3 || strings.Contains(lines[1], "○") || strings.Contains(lines[1], "│") {
			t.Errorf("base first %v: %q", baseFirst, lines[1])
		}
		if !strings.Contains(lines[0], "│") {
			t.Errorf("no cursor above the line: %q", lines[0])
		}
	}
}

// Of curves that are the same both can be seen.
func TestMarksOfEqualCurvesTakeTurns(t *testing.T) {
	flat := func(mark string) Series {
		return Series{Mark: mark, Points: []Point{{0, 0.5, 0.5, 0.5}, {2, 0.5, 0.5, 0.5}, {4, 0.5, 0.5, 0.5}, {6, 0.5, 0.5, 0.5}}}
	}
	for _, base := range []bool{false, true} {
		ch := NewChart(Rect{0, 0, 13, 3}, 6, 1)
		ch.Draw(flat("▲"), base)
		ch.Draw(flat("●"), base)
		line := plain(ch)[1]
		if strings.Count(line, "▲") != 2 || strings.Count(line, "●") != 2 {
			t.Errorf("base %v: %q", base, line)
		}
	}
}

func TestChartTakesAnything(t *testing.T) {
	for _, plot := range []Rect{{}, {0, 0, 1, 1}, {0, 0, -3, 4}, {0, 0, 30, 2}} {
		ch := NewChart(plot, 23, 1)
		ch.Grid(Style{}, 0, 1)
		ch.Cursor(99, Style{})
		ch.Draw(Series{Mark: "●", Thick: true, Points: []Point{{0, math.NaN(), 0, 1}, {3, 2, -1, 5}, {23, -1, -1, -1}, {99, 0.5, 0, 1}}}, false)
		ch.Render(NewCanvas(40, 10))
	}
}

func TestTickStep(t *testing.T) {
	for _, c := range []struct {
		most float64
		w    int
		want float64
	}{{23, 200, 1}, {23, 66, 5}, {23, 100, 2}, {159, 66, 20}, {625, 66, 100}} {
		if got := TickStep(c.most, c.w); got != c.want {
			t.Errorf("tickStep(%v, %d) = %v, want %v", c.most, c.w, got, c.want)
		}
	}
}

func TestNewest(t *testing.T) {
	var n Newest[int]
	if !n.ask(1) || n.ask(2) || n.ask(3) {
		t.Fatal("more than one at a time")
	}
	if q, again := n.finish(); !again || q != 3 {
		t.Fatalf("next is %d, %v: want 3", q, again)
	}
	if n.ask(3) {
		t.Fatal("3 is being computed")
	}
	if _, again := n.finish(); again {
		t.Fatal("nothing is wanted any more")
	}
	if n.ask(3) {
		t.Fatal("3 is known")
	}
	if !n.ask(4) || n.ask(5) || n.ask(4) {
		t.Fatal("4 is being computed, and wanted again")
	}
	if q, again := n.finish(); again {
		t.Fatalf("%d is computed in vain", q)
	}
}

// Results that are not wanted are not kept without end; those that are stay.
func TestResultsKept(t *testing.T) {
	var m Measuring[int, string]
	m.Want(1)
	for i := range 2 * resultsKept {
		m.learn(i, "known")
	}
	if n := len(m.Known); n > resultsKept || m.Known[1] == "" {
		t.Fatalf("%d results are kept, of the one that is wanted %q", n, m.Known[1])
	}
}
