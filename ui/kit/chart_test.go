package kit

import (
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// plain returns the lines of a chart without styles.
func plain(ch *Chart) []string {
	c := NewCanvas(ch.Plot.Right(), ch.Plot.Bottom())
	ch.Render(c)
	return strings.Split(ansi.Strip(c.String()), "\n")
}

// dotAt reports whether a dot of the plot is set.
func dotAt(lines []string, x, y int) bool {
	r := []rune(lines[y/4])
	return x/2 < len(r) && r[x/2] >= 0x2800 && (r[x/2]-0x2800)&rune(dotBits[y%4][x%2]) != 0
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

// A marker is within a dot of its value, and no part of it is outside the plot.
func TestMarkersAreAtTheirValues(t *testing.T) {
	for _, y := range []float64{0, 0.02, 0.31, 0.5, 0.78, 0.99, 1} {
		ch := NewChart(Rect{0, 1, 9, 11}, 8, 1)
		ch.Draw(Series{Mark: MarkWhole, Points: []Point{{4, y, y, y}}, NoLine: true}, false)
		lines := plain(ch)[1:]
		sum, n := 0.0, 0
		for row := range 44 {
			for x := range 18 {
				if dotAt(lines, x, row) {
					sum, n = sum+float64(row), n+1
				}
				if x == 8 && strings.Contains(lines[row/4], MarkWhole) { // in the middle
					sum, n = sum+float64(row), n+2
					sum += float64(row)
				}
			}
		}
		if n < 6 || math.Abs(sum/float64(n)-ch.DotY(y)) > 1 {
			t.Errorf("%v: %d dots around row %.1f, want %.1f:\n%s", y, n, sum/float64(n), ch.DotY(y), strings.Join(lines, "\n"))
		}
	}
	ch := NewChart(Rect{0, 0, 9, 3}, 8, 1)
	ch.Draw(Series{Mark: MarkWhole, Points: []Point{{4, -1, -1, -1}, {5, 3, 3, 3}}, NoLine: true}, false)
	if got := strings.TrimSpace(strings.Join(plain(ch), "")); got != "" {
		t.Errorf("values outside the range are drawn: %q", got)
	}
}

// What is kept for comparison gives way to what is in force.
func TestChartRanks(t *testing.T) {
	flat := func(st Style) Series {
		return Series{Line: st, Mark: MarkLow, Points: []Point{{0, 0.5, 0.5, 0.5}, {4, 0.5, 0.5, 0.5}, {8, 0.5, 0.5, 0.5}}}
	}
	for _, baseFirst := range []bool{true, false} {
		ch := NewChart(Rect{0, 0, 9, 3}, 8, 1)
		ch.Grid(Style{}, 0.5)
		ch.Cursor(2, Style{})
		if baseFirst {
			ch.Draw(flat(DarkTheme.LowDim), true)
		}
		ch.Draw(flat(DarkTheme.Low), false)
		if !baseFirst {
			ch.Draw(flat(DarkTheme.LowDim), true)
		}
		c := NewCanvas(9, 3)
		ch.Render(c)
		lines := strings.Split(c.String(), "\n")
		if strings.Contains(lines[1], DarkTheme.LowDim.on) || strings.Contains(lines[1], "│") {
			t.Errorf("base first %v: %q", baseFirst, lines[1])
		}
		if !strings.Contains(lines[0], "│") {
			t.Errorf("no cursor above the line: %q", lines[0])
		}
	}
}

// Of curves that are the same both can be seen.
func TestMarksOfEqualCurvesTakeTurns(t *testing.T) {
	flat := func(st Style) Series {
		return Series{Line: st, Mark: MarkLow, Points: []Point{{0, 0.5, 0.5, 0.5}, {2, 0.5, 0.5, 0.5}, {4, 0.5, 0.5, 0.5}, {6, 0.5, 0.5, 0.5}}}
	}
	ch := NewChart(Rect{0, 0, 13, 3}, 6, 1)
	ch.Draw(flat(DarkTheme.High), false)
	ch.Draw(flat(DarkTheme.Low), false)
	c := NewCanvas(13, 3)
	ch.Render(c)
	if line := strings.Split(c.String(), "\n")[1]; !strings.Contains(line, DarkTheme.High.on) || !strings.Contains(line, DarkTheme.Low.on) {
		t.Errorf("%q", line)
	}
}

// Without colors curves differ in their dashes.
func TestPlainCurvesDiffer(t *testing.T) {
	flat := func(y float64) Series {
		return Series{Points: []Point{{0, y, y, y}, {20, y, y, y}}}
	}
	ch := NewChart(Rect{0, 0, 21, 11}, 20, 1)
	for _, y := range []float64{0, 0.5, 1} {
		ch.Draw(flat(y), false)
	}
	c := NewCanvas(21, 11)
	c.Plain = true
	ch.Render(c)
	lines := strings.Split(c.String(), "\n")
	if lines[0] == lines[5] || lines[5] == lines[10] || lines[0] == lines[10] {
		t.Errorf("two lines look the same:\n%s", c.String())
	}
}

// Ticks are multiples of 1, 2 or 5 in the centers of rows, with labels of one format.
func TestTicksOfRows(t *testing.T) {
	for _, c := range []struct {
		span Span
		rows int
		want string
	}{
		{Span{To: 1}, 11, "0 0.5 1.0"},
		{Span{To: 1}, 20, "0 0.2 0.4 0.6 0.8 1.0"},
		{Span{To: 381}, 12, "0 100 200 300"},
		{Span{To: 0.0125}, 12, "0 .005 .010"},
		{Span{To: 14_000}, 12, "0 5k 10k"},
		{Span{To: 61_234}, 9, "0 20k 40k 60k"},
		{Span{To: 2.34}, 16, "0 0.5 1.0 1.5 2.0"},
		{Span{To: 3e-6}, 9, "0 1e−6 2e−6 3e−6"},
		{Span{From: -0.4, To: 0.4}, 12, "−0.4 −0.2 0 0.2 0.4"},
		{Span{From: -1.7, To: 0.36, Log: true}, 12, "0.1 1"},
		{Span{From: -0.5, To: -0.4, Log: true}, 9, "0.1 1"},
		{Span{From: -9, To: -3, Log: true}, 13, "1e−8 1e−6 1e−4"},
		{Span{To: 1}, 1, "0 1"},
	} {
		s := fitRows(c.span, c.rows)
		if got := strings.Join(tickLabels(s, 4), " "); got != c.want {
			t.Errorf("%+v on %d rows: %s, want %s", c.span, c.rows, got, c.want)
		}
		for _, v := range s.ticks {
			if row := s.row(v); math.Abs(row-math.Round(row)) > 1e-6 && c.rows > 1 {
				t.Errorf("%+v on %d rows: %v is at row %v", c.span, c.rows, v, row)
			}
		}
		if s.row(s.From) > float64(c.rows) || s.row(s.To) < -1e-6 {
			t.Errorf("%+v on %d rows reaches from %v to %v", c.span, c.rows, s.row(s.From), s.row(s.To))
		}
	}
}

// Most of the rows are used whatever the range.
func TestRowsAreUsed(t *testing.T) {
	for rows := 6; rows < 60; rows++ {
		for _, to := range []float64{1, 0.37, 2.34, 7, 95, 381, 61234} {
			s := fitRows(Span{To: to}, rows)
			if used := (s.row(0) - s.row(to)) / float64(rows-1); used < 0.62 {
				t.Errorf("0 to %v uses %.2f of %d rows, ticks %v", to, used, rows, s.ticks)
			}
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
