package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hfcui/engine/model"
)

// layerTable prints layers: all of them, or, shortened, groups of those that repeat.
func layerTable(w io.Writer, layers []model.Layer, all bool) {
	fmt.Fprintf(w, "\nlayer\toperation\toutput\tparameters\tmultiply-adds\trepeats\n")
	if all {
		for _, l := range layers {
			layerRow(w, l, "")
		}
		return
	}
	const most, ends = 60, 20 // rows shown of a run that does not repeat, at each end
	for _, g := range model.GroupLayers(layers) {
		for i, l := range g.Layers {
			left := len(g.Layers) - 2*ends
			switch {
			case len(g.Layers) > most && i == ends:
				fmt.Fprintf(w, "… %d more: --layers lists them\t\t\t\t\t\n", left)
			case len(g.Layers) > most && i > ends && i < ends+left:
			case g.Times == 1:
				layerRow(w, l, "")
			case i == 0:
				layerRow(w, l, fmt.Sprintf("%d×", g.Times))
			default:
				layerRow(w, l, "│")
			}
		}
	}
}

func layerRow(w io.Writer, l model.Layer, repeats string) {
	shape := make([]string, len(l.Shape))
	for i, d := range l.Shape {
		shape[i] = fmt.Sprint(d)
	}
	params, work := "", ""
	if l.Params > 0 {
		params = fmt.Sprint(l.Params)
	}
	if l.MultiplyAdds > 0 {
		work = magnitude(l.MultiplyAdds)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", oneLine(l.Name), oneLine(l.Op), strings.Join(shape, "×"), params, work, repeats)
}

// magnitude is a large number in three digits: 1.82G.
func magnitude(n int) string {
	v, units := float64(n), []string{"", "k", "M", "G", "T"}
	for v >= 1000 && len(units) > 1 {
		v, units = v/1000, slices.Delete(units, 0, 1)
	}
	if units[0] == "" {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.3g%s", v, units[0])
}
