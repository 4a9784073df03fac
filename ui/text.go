package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// clean makes text from outside (file names, class names, errors) safe to print on one
// line: control characters, which could command the terminal, and characters that turn
// the writing direction are dropped; white space becomes a blank.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
}

// width is the number of cells a string takes; escape sequences take none.
func width(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// cut shortens a string to at most w cells, with an ellipsis where something is missing.
func cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// fit makes a string exactly w cells wide, left-aligned.
func fit(s string, w int) string {
	s = cut(s, w)
	return s + blanks(w-width(s))
}

// fitRight makes a string exactly w cells wide, right-aligned.
func fitRight(s string, w int) string {
	s = cut(s, w)
	return blanks(w-width(s)) + s
}

const manyBlanks = "                                                                                "

func blanks(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(manyBlanks) {
		return manyBlanks[:n]
	}
	return strings.Repeat(" ", n)
}

// grouped writes a count with commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted writes how many there are of a thing: "1 image", "2,000 images".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "ry"); ok {
		thing = stem + "rie" // queries
	}
	return grouped(n) + " " + thing + "s"
}

// radiusText writes a radius with one decimal, always five cells up to 999.9.
func radiusText(r float64) string { return fmt.Sprintf("%5.1f", r) }

// percent writes a share with one decimal in five cells: " 61.2", "100.0", "    –".
func percent(p float64) string {
	if math.IsNaN(p) {
		return "    –"
	}
	return fmt.Sprintf("%5.1f", 100*p)
}

// wholePercent writes a share in four cells with its sign: " 61%".
func wholePercent(p float64) string {
	if math.IsNaN(p) {
		return "  – "
	}
	return fmt.Sprintf("%3.0f%%", 100*p)
}

// shortCount writes a large count in at most five cells: "271 k", "11.2 M".
func shortCount(n int) string {
	switch {
	case n < 10_000:
		return grouped(n)
	case n < 1_000_000:
		return fmt.Sprintf("%d k", (n+500)/1000)
	default:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	}
}

// oneLine is an error as a single clean line.
func oneLine(err error) string { return clean(err.Error()) }

// pick returns the first form that fits into w cells, or the last, cut.
func pick(w int, forms ...string) string {
	for _, f := range forms {
		if width(f) <= w {
			return f
		}
	}
	return cut(forms[len(forms)-1], w)
}

// title writes a page's name with a capital.
func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func decimals(v float64, format string) string {
	if v != v {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// durationText writes a time to go in at most nine cells; "–" where it is not known.
func durationText(d time.Duration) string {
	s := int(d.Seconds() + 0.5)
	switch {
	case s <= 0:
		return "–"
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%dm %02ds", s/60, s%60)
	case s < 100*3600:
		return fmt.Sprintf("%dh %02dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%d days", s/86400)
}

// shortNumber writes a number in at most five cells or so.
func shortNumber(v float64) string {
	abs := math.Abs(v)
	switch {
	case v != v:
		return "–"
	case abs < 1e-12:
		return "0"
	case abs >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case abs >= 1e4:
		return fmt.Sprintf("%.3gk", v/1e3)
	case abs >= 100:
		return fmt.Sprintf("%.0f", v)
	case abs >= 0.01:
		return fmt.Sprintf("%.3g", v)
	}
	return strings.Replace(fmt.Sprintf("%.1g", v), "e-0", "e-", 1)
}
