package kit

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// Substitutes are as wide as what they stand for and end with ASCII, and markers that share a chart do
// not become the same.
func TestSubstitutes(t *testing.T) {
	for r, list := range substitutes {
		last := rune(0)
		for _, o := range list {
			if last = o; ansi.StringWidth(string(o)) != 1 {
				t.Errorf("%q stands for %q and is not one cell wide", o, r)
			}
		}
		if last == 0 || last > 0x7e {
			t.Errorf("%q has no ASCII substitute", r)
		}
	}
	ascii := &Canvas{Has: func(rune) bool { return false }}
	marks := []string{MarkLow, MarkHigh, MarkWhole, MarkLowBase, MarkHighBase, MarkWBase, MarkChanged, MarkUnknown}
	marks = append(append(marks, modelMarks[:]...), modelBases[:]...)
	seen := map[string]string{}
	for _, m := range marks {
		s := ascii.spell(m)
		if other := seen[s]; other != "" {
			t.Errorf("%s and %s both become %s", m, other, s)
		}
		seen[s] = m
	}
	c := NewCanvas(8, 1)
	c.Has = func(r rune) bool { return r == 'é' }
	c.Put(0, 0, "é✓世x⠿")
	if got := c.String(); got != "év世x?" {
		t.Errorf("%q", got)
	}
}

func TestChartsWithoutBraille(t *testing.T) {
	c := NewCanvas(20, 6)
	c.Has = func(r rune) bool {
		return r == '▀' || r == '▄' || r == '█' || r == '░' || r == '·' || r == '•'
	}
	ch := NewChart(Rect{0, 0, 20, 6}, 10, 1)
	ch.Curves = []Curve{{Series: Series{Mark: MarkLow, Points: []Point{{X: 0, Y: 0.1, Lo: 0, Hi: 0.3}, {X: 10, Y: 0.9, Lo: 0.7, Hi: 1}}}}}
	ch.DrawCells(c)
	got := ansi.Strip(c.String())
	for _, want := range "▀▄░•" {
		if !strings.ContainsRune(got, want) {
			t.Errorf("no %c in\n%s", want, got)
		}
	}
	if strings.ContainsRune(got, '?') {
		t.Errorf("braille in\n%s", got)
	}
}
