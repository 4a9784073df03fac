package figure

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"hfcui/engine/printable"
)

// tick is a labeled position on an axis.
type tick struct {
	at    float64
	label string
}

// label returns an axis's title with its unit.
func (a Axis) label() string {
	if a.Unit == "" || a.Title == "" {
		return printable.Line(a.Title + a.Unit)
	}
	return printable.Line(fmt.Sprintf("%s (%s)", a.Title, a.Unit))
}

// share returns the position of a value on the axis, 0 at From and 1 at To.
func (a Axis) share(v float64) float64 {
	if len(a.Categories) > 0 {
		return (v + 0.5) / float64(len(a.Categories))
	}
	if a.Log {
		return math.Log(v/a.From) / math.Log(a.To/a.From)
	}
	return (v - a.From) / (a.To - a.From)
}

// fit sets the ends of an axis without ends to the range of the values, optionally extended to the
// next ticks.
func (a Axis) fit(values []float64, outwards bool) Axis {
	if a.From != a.To || len(a.Categories) > 0 {
		return a
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) && (!a.Log || v > 0) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	switch {
	case lo > hi:
		lo, hi = 0, 1
		if a.Log {
			lo = 0.1
		}
	case lo == hi && a.Log:
		lo, hi = lo/2, hi*2
	case lo == hi:
		lo, hi = lo-0.5, hi+0.5
	}
	if outwards && !a.Log {
		step := roundStep((hi-lo)/8, a.Percent)
		lo, hi = math.Floor(lo/step+1e-9)*step, math.Ceil(hi/step-1e-9)*step
	}
	a.From, a.To = lo, hi
	return a
}

// widened extends the axis from the centers of the first and last of n cells to their outer edges.
func (a Axis) widened(n int) Axis {
	half := (a.To - a.From) / float64(max(1, n-1)) / 2
	a.From, a.To = a.From-half, a.To+half
	return a
}

// ticks returns as many ticks as fit, where fits reports whether their labels do.
func (a Axis) ticks(fits func([]tick) bool) []tick {
	if len(a.Categories) > 0 {
		list := make([]tick, len(a.Categories))
		for i, name := range a.Categories {
			list[i] = tick{float64(i), printable.Line(name)}
		}
		return list
	}
	lo, hi := min(a.From, a.To), max(a.From, a.To)
	var list []tick
	for most := 10; most >= 1; most-- {
		if a.Log {
			list = logTicks(lo, hi, most)
		}
		if len(list) < 2 || !a.Log {
			list = a.linearTicks(lo, hi, most)
		}
		if fits(list) {
			break
		}
	}
	return list
}

// linearTicks returns multiples of 1, 2 or 5 times a power of ten, at most most steps.
func (a Axis) linearTicks(lo, hi float64, most int) []tick {
	step := roundStep((hi-lo)/float64(most), a.Percent)
	var list []tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		list = append(list, tick{i * step, a.number(i*step, step)})
	}
	return list
}

// logTicks returns powers of ten and, if these are few, 2 and 5 times them.
func logTicks(lo, hi float64, most int) []tick {
	first, last := int(math.Floor(math.Log10(lo)+1e-9)), int(math.Ceil(math.Log10(hi)-1e-9))
	digits, every := []float64{1}, 1+(last-first)/most
	if decades := math.Log10(hi / lo); 3*decades <= float64(most) {
		digits = []float64{1, 2, 5}
	}
	var list []tick
	for e := first; e <= last; e += every {
		for _, d := range digits {
			v, _ := strconv.ParseFloat(fmt.Sprintf("%ge%d", d, e), 64)
			if v >= lo*(1-1e-9) && v <= hi*(1+1e-9) {
				list = append(list, tick{v, Axis{}.number(v, v)})
			}
		}
	}
	return list
}

// roundStep returns the smallest of 1, 2, 5, 10 … times a power of ten not below least; for
// percentages also 25 %.
func roundStep(least float64, percent bool) float64 {
	if percent && least > 0.1 && least <= 0.25 {
		return 0.25
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, k := range [...]float64{1, 2, 5} {
		if k*power >= least*(1-1e-9) {
			return k * power
		}
	}
	return 10 * power
}

// number formats a value with the decimals that multiples of step need.
func (a Axis) number(v, step float64) string {
	unit := ""
	if v == 0 {
		v = 0 // not −0
	}
	if a.Percent {
		v, step, unit = 100*v, 100*step, "%"
	}
	size := math.Abs(v)
	if size != 0 && (size >= 1e6 || step < 1e-4) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
		if len(mantissa) > 4 {
			mantissa, exponent, _ = strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e")
		}
		e, _ := strconv.Atoi(exponent)
		return minus(fmt.Sprintf("%se%d", mantissa, e)) + unit
	}
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	if s := step * math.Pow(10, float64(decimals)); s != math.Round(s) && math.Abs(s-math.Round(s)) > 1e-6 {
		decimals++ // 2.5, 12.5
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if whole, rest, _ := strings.Cut(text, "."); size >= 1000 {
		for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
		if text = whole; rest != "" {
			text += "." + rest
		}
	}
	return minus(text) + unit
}

// minus replaces hyphens by minus signs.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

func finite(v float64) bool { return v-v == 0 }
