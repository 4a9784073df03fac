package kit

import (
	"fmt"
	"math"
	"strings"
)

// rowScale maps values to rows such that ticks, multiples of 1, 2 or 5 times a power of ten, are in
// the centers of rows.
type rowScale struct {
	Span
	per, zero float64 // rows per unit, and the row of value 0
	step      float64 // between ticks
	ticks     []float64
}

// row returns the position of a value in rows from the center of the top one.
func (s rowScale) row(v float64) float64 { return s.zero - v*s.per }

// bestSpacing is the distance of labels in rows that is easiest to read.
const bestSpacing = 4

// fitRows returns the scale of a span on so many rows that uses most of them with ticks a few rows
// apart. The span is extended where it holds no two ticks.
func fitRows(s Span, rows int) rowScale {
	room := float64(max(rows-1, 1))
	if s.Log && math.Floor(s.To+1e-9)-math.Ceil(s.From-1e-9) < 1 {
		s.From, s.To = math.Floor(s.From+1e-9), math.Ceil(s.To-1e-9)
		s.To = max(s.To, s.From+1)
	}
	best, bestScore := rowScale{}, math.Inf(-1)
	length := s.To - s.From
	power := math.Pow(10, math.Floor(math.Log10(length/room)))
	for range 4 {
		for _, k := range [...]float64{1, 2, 5} {
			step := k * power
			if s.Log {
				step = max(step, 1)
			}
			scale, used := s.at(step, room)
			if len(scale.ticks) < 2 {
				continue
			}
			apart := scale.per * step
			score := used - 0.04*math.Abs(apart-bestSpacing)
			if apart < 2 {
				score -= 1
			}
			if len(scale.ticks) == 2 {
				score -= 0.25
			}
			if score > bestScore+1e-9 {
				best, bestScore = scale, score
			}
		}
		power *= 10
	}
	if best.ticks == nil { // too low for two ticks
		return rowScale{Span: s, per: room / length, zero: room + s.From*room/length, step: length, ticks: []float64{s.From, s.To}}
	}
	return best
}

// at returns the scale with ticks a step apart and the fraction of the room it uses.
func (s Span) at(step, room float64) (rowScale, float64) {
	first, last := math.Ceil(s.From/step-1e-9), math.Floor(s.To/step+1e-9)
	if last <= first || last-first > room {
		return rowScale{}, 0
	}
	for apart := math.Floor(room * step / (s.To - s.From)); apart >= 1; apart-- {
		per := apart / step
		below := math.Ceil((first*step-s.From)*per - 1e-9) // rows below the first tick
		if used := below + (s.To-first*step)*per; used <= room+1e-9 {
			scale := rowScale{Span: s, per: per, zero: room - below + first*apart, step: step}
			for i := first; i <= last; i++ {
				scale.ticks = append(scale.ticks, i*step+0) // not −0
			}
			return scale, used / room
		}
	}
	return rowScale{}, 0
}

// decimalsOf returns the decimals that multiples of a step need.
func decimalsOf(step float64) int { return max(0, int(-math.Floor(math.Log10(step)+1e-9))) }

// tickLabels formats ticks in w cells, all in the same way: with the decimals of their step, without
// the zero before the point, in thousands or millions, or else with an exponent.
func tickLabels(s rowScale, w int) []string {
	if s.Log {
		return formatAll(s.ticks, powerOfTen)
	}
	decimals := decimalsOf(s.step)
	forms := []func(v float64) string{
		func(v float64) string { return fmt.Sprintf("%.*f", decimals, v) },
		func(v float64) string {
			return strings.Replace(strings.Replace(fmt.Sprintf("%.*f", decimals, v), "-0.", "-.", 1), "0.", ".", 1)
		},
	}
	for _, unit := range []struct {
		size float64
		name string
	}{{1e3, "k"}, {1e6, "M"}, {1e9, "G"}} {
		forms = append(forms, func(v float64) string {
			return fmt.Sprintf("%.*f%s", decimalsOf(s.step/unit.size), v/unit.size, unit.name)
		})
	}
	forms = append(forms, func(v float64) string {
		return strings.NewReplacer("e-0", "e-", "e+0", "e").Replace(fmt.Sprintf("%.0e", v))
	})
	var labels []string
	for i, form := range forms {
		if i == 1 && !(s.To <= 1 && s.From > -1) {
			continue // the zero is left out of fractions only
		}
		labels = formatAll(s.ticks, form)
		fits := true
		for _, label := range labels {
			fits = fits && Width(label) <= w
		}
		if fits {
			break
		}
	}
	return labels
}

func formatAll(values []float64, form func(float64) string) (labels []string) {
	for _, v := range values {
		label := form(v)
		if n := strings.Trim(label, "-.0kMGe"); n == "" {
			label = "0" // not −0 or 0k
		}
		labels = append(labels, strings.Replace(label, "-", "−", 1))
	}
	return labels
}

// powerOfTen formats 10^v: "0.01", "1", "1e−5".
func powerOfTen(v float64) string {
	switch {
	case v >= -2 && v < 0:
		return fmt.Sprintf("%.*f", int(math.Round(-v)), math.Pow(10, v))
	case v >= 0 && v <= 3:
		return fmt.Sprintf("%.0f", math.Pow(10, v))
	}
	return fmt.Sprintf("1e%.0f", v)
}

// TickStep returns the distance of ticks with at least seven columns each, an integer unless there
// would be too few.
func TickStep(most float64, w int) float64 {
	first := 1.0
	if most < 4 {
		first = 1e-6
	}
	for step := first; ; step *= 10 {
		for _, k := range [...]float64{1, 2, 5} {
			if step*k/most*float64(w) >= 7 {
				return step * k
			}
		}
	}
}
