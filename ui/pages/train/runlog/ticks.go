package runlog

import (
	"math"

	"hfcui/ui/kit"
)

// Ticks returns the labeled values below a plot of a width.
func (f *Figure) Ticks(w int) []float64 {
	var list []float64
	if f.Asked.LogX {
		for decade := math.Pow(10, math.Floor(math.Log10(f.From))); decade <= f.To; decade *= 10 {
			for _, k := range [...]float64{1, 2, 5} {
				if v := k * decade; v >= f.From && v <= f.To {
					list = append(list, v)
				}
			}
		}
		return list
	}
	step := fineStep(f.To-f.From, w)
	for v := math.Ceil(f.From/step-1e-9) * step; v <= f.To+step*1e-6 && len(list) < w; v += step {
		list = append(list, v)
	}
	return list
}

// fineStep is TickStep also for ranges below 1.
func fineStep(most float64, w int) float64 {
	scale := 1.0
	for most*scale < 10 {
		scale *= 10
	}
	return kit.TickStep(most*scale, w) / scale
}
