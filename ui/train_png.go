package ui

import (
	"image/color"
	"io"
	"strconv"

	"gonum.org/v1/plot/vg/draw"

	"hfcui/engine/plots"
)

// trainPNG draws the charts of a figure under each other.
func trainPNG(w io.Writer, f figure) error {
	var charts []plots.Chart
	for _, k := range f.kinds() {
		charts = append(charts, f.paperChart(k))
	}
	return plots.PNG(w, charts)
}

// paperChart is a chart for a file.
func (f *figure) paperChart(k panelKind) plots.Chart {
	p := f.panels[k]
	if p.hi <= p.lo {
		p.lo, p.hi = 0, 1
	}
	c := plots.Chart{
		Title: clean(f.heading(k)), X: f.asked.axis.String(), FromX: f.from, ToX: f.to, LogX: f.asked.logX,
		FromY: p.lo, ToY: p.hi, LogY: p.log, PercentOfWhole: k.shares(),
	}
	named := map[int]bool{}
	for _, curve := range p.curves {
		colour, label := f.paperColour(k, curve)
		name := ""
		if label == "" && !curve.train && !named[curve.run] {
			name, named[curve.run] = f.runs[curve.run].name, true
		}
		out := plots.Curve{Name: clean(name), End: label, Colour: hexColour(colour), Dashed: curve.train}
		if k == panelBands {
			out.Glyph = map[string]draw.GlyphDrawer{"low": draw.CircleGlyph{}, "high": draw.PyramidGlyph{}, "whole": draw.BoxGlyph{}}[curve.part]
		}
		intervals := !curve.train && (k == panelAccuracy || k == panelBands)
		for _, at := range curve.points {
			out.X, out.Y = append(out.X, f.at(at.x)), append(out.Y, p.value(at.y))
			if intervals {
				out.Lo, out.Hi = append(out.Lo, p.value(at.lo)), append(out.Hi, p.value(at.hi))
			}
		}
		c.Curves = append(c.Curves, out)
	}
	return c
}

// hexColour reads "#rrggbb".
func hexColour(s string) color.RGBA {
	v, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		panic(err) // of our own constants
	}
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}
