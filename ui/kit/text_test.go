package kit

import (
	"math"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                 "plain",
		"a\tb\nc\r\nd":          "a b c  d",
		"\x1b]0;title\x07x":     "]0;titlex",
		"\u009b31mred":          "31mred",
		"bad \xff\xfe utf":      "bad  utf",
		"right\u202eto\u2066l":  "righttol",
		"zero\u200bwidth\ufeff": "zerowidth",
		"日本語 é":                 "日本語 é",
		"\x00\x01\x7f":          "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWidths(t *testing.T) {
	for _, s := range []string{"", "a", "abcdef", "日本語", "●▲■", "\x1b[1mbold\x1b[m", "é"} {
		for w := range 9 {
			if got := Width(Fit(s, w)); got != w {
				t.Errorf("fit(%q, %d) is %d wide", s, w, got)
			}
			if got := Width(FitRight(s, w)); got != w {
				t.Errorf("fitRight(%q, %d) is %d wide", s, w, got)
			}
			if got := Width(Cut(s, w)); got > w {
				t.Errorf("cut(%q, %d) is %d wide", s, w, got)
			}
		}
	}
}

// Numbers keep their width while they change.
func TestNumbersKeepTheirWidth(t *testing.T) {
	for _, p := range []float64{0, 0.004, 0.0999, 0.5, 0.99999, 1, math.NaN()} {
		if got := Percent(p); Width(got) != 5 {
			t.Errorf("percent(%v) = %q", p, got)
		}
		if got := WholePercent(p); Width(got) != 4 {
			t.Errorf("wholePercent(%v) = %q", p, got)
		}
	}
	for _, r := range []float64{0, 0.1, 9.9, 10, 99.9, 625} {
		if got := RadiusText(r); Width(got) != 5 {
			t.Errorf("radiusText(%v) = %q", r, got)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := Grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{61_706: "62 k", 271_117: "271 k", 11_173_962: "11.2 M", 850: "850"} {
		if got := ShortCount(n); got != want {
			t.Errorf("shortCount(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFuzzy(t *testing.T) {
	best := func(query string, texts ...string) string {
		found, most := "", math.MinInt
		for _, s := range texts {
			if score, ok := fuzzy(query, s); ok && score > most {
				found, most = s, score
			}
		}
		return found
	}
	if got := best("ni", "previous image", "next image", "normalize band images"); got != "next image" {
		t.Errorf("ni finds %q", got)
	}
	if got := best("PAGEB", "page Explore", "page Bands"); got != "page Bands" {
		t.Errorf("PAGEB finds %q", got)
	}
	if _, ok := fuzzy("xyz", "next image"); ok {
		t.Error("xyz matches next image")
	}
}

func TestFillersAndChanceDoNotMatch(t *testing.T) {
	smooth := Choice{Text: "kernel smoothing: on, off", Words: "blur"}
	if _, ok := matches("turn on smoothing", smooth); !ok {
		t.Error("turn on smoothing does not find it")
	}
	if _, ok := matches("enlm", smooth); ok {
		t.Error("scattered letters match")
	}
	if _, ok := matches("kersm", smooth); !ok {
		t.Error("letters in a row do not match")
	}
}

func TestCanvasOverlaps(t *testing.T) {
	c := NewCanvas(12, 2)
	c.Put(0, 0, "abcdefghijkl")
	c.Put(4, 0, "\x1b[1mXY\x1b[m")
	c.Put(10, 0, "longer than the rest")
	c.Put(-1, 1, "outside")
	c.Put(0, 5, "outside")
	lines := strings.Split(c.String(), "\n")
	if got := stripStyles(lines[0]); got != "abcdXYghijlo" {
		t.Errorf("line 0 is %q", got)
	}
	if lines[1] != "" {
		t.Errorf("line 1 is %q", lines[1])
	}
}

func stripStyles(s string) string {
	for _, code := range []string{"\x1b[1m", "\x1b[m"} {
		s = strings.ReplaceAll(s, code, "")
	}
	return s
}
