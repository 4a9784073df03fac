package kit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"hfcui/engine/printable"
)

// Clean returns untrusted text (file names, class names, errors) safe to print on one line.
func Clean(s string) string { return printable.Line(s) }

// Width returns the width of a string in cells; escape sequences have none.
func Width(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// Cut truncates a string to w cells, with an ellipsis.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if Width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, "…")
}

// CutMiddle truncates a string to w cells in the middle, where names of runs have least in them:
// "resnet20…seed3".
func CutMiddle(s string, w int) string {
	if w < 5 || Width(s) <= w {
		return Cut(s, w)
	}
	end := w / 2
	return ansi.Truncate(s, w-end, "…") + ansi.TruncateLeft(s, Width(s)-end, "")
}

// Fit pads or truncates a string to w cells, left-aligned.
func Fit(s string, w int) string {
	s = Cut(s, w)
	return s + Blanks(w-Width(s))
}

// FitRight pads or truncates a string to w cells, right-aligned.
func FitRight(s string, w int) string {
	s = Cut(s, w)
	return Blanks(w-Width(s)) + s
}

const manyBlanks = "                                                                                "

func Blanks(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(manyBlanks) {
		return manyBlanks[:n]
	}
	return strings.Repeat(" ", n)
}

// Grouped formats a count with thousands separators.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted formats a count with its noun: "1 image", "2,000 images".
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "ry"); ok {
		thing = stem + "rie" // queries
	}
	return Grouped(n) + " " + thing + "s"
}

// RadiusText formats a radius with one decimal, in five cells up to 999.9.
func RadiusText(r float64) string { return fmt.Sprintf("%5.1f", r) }

// Percent formats a fraction in percent with one decimal in five cells: " 61.2", "100.0", "    –".
func Percent(p float64) string {
	if math.IsNaN(p) {
		return "    –"
	}
	return fmt.Sprintf("%5.1f", 100*p)
}

// WholePercent formats a fraction in percent in four cells: " 61%".
func WholePercent(p float64) string {
	if math.IsNaN(p) {
		return "  – "
	}
	return fmt.Sprintf("%3.0f%%", 100*p)
}

// ShortCount formats a large count in at most five cells: "271 k", "11.2 M".
func ShortCount(n int) string {
	switch {
	case n < 10_000:
		return Grouped(n)
	case n < 1_000_000:
		return fmt.Sprintf("%d k", (n+500)/1000)
	default:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	}
}

// OneLine returns an error as a single clean line.
func OneLine(err error) string { return Clean(err.Error()) }

// CutLeft truncates a string to its last w cells, with an ellipsis.
func CutLeft(s string, w int) string {
	n := Width(s)
	if n <= w {
		return s
	}
	return ansi.TruncateLeft(s, n-max(w, 1)+1, "…")
}

// Wrap breaks a text into lines of at most w cells, at blanks where possible.
func Wrap(s string, w int) []string { return strings.Split(ansi.Wrap(s, max(1, w), ""), "\n") }

// Pick returns the first form that fits into w cells, or the last, cut.
func Pick(w int, forms ...string) string {
	for _, f := range forms {
		if Width(f) <= w {
			return f
		}
	}
	return Cut(forms[len(forms)-1], w)
}

// Title capitalizes a page's name.
func Title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func Decimals(v float64, format string) string {
	if v != v {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// DurationText formats a duration in at most nine cells; "–" if unknown.
func DurationText(d time.Duration) string {
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

// ShortNumber formats a number in about five cells.
func ShortNumber(v float64) string {
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
