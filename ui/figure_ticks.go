package ui

import (
	"math"
)

// ticks are the values that are written under a plot of a width.
func (f *figure) ticks(w int) []float64 {
	var list []float64
	if f.asked.logX {
		for decade := math.Pow(10, math.Floor(math.Log10(f.from))); decade <= f.to; decade *= 10 {
			for _, k := range [...]float64{1, 2, 5} {
				if v := k * decade; v >= f.from && v <= f.to {
					list = append(list, v)
				}
			}
		}
		return list
	}
	step := fineStep(f.to-f.from, w)
	for v := math.Ceil(f.from/step-1e-9) * step; v <= f.to+step*1e-6 && len(list) < w; v += step {
		list = append(list, v)
	}
	return list
}

// fineStep is tickStep for ranges below 1 too.
func fineStep(most float64, w int) float64 {
	scale := 1.0
	for most*scale < 10 {
		scale *= 10
	}
	return tickStep(most*scale, w) / scale
}
