package ui

import (
	"fmt"

	charts "hfcui/engine/figure"
)

// describe is the figure's charts under each other, for files.
func (f *figure) describe() *charts.Figure {
	out := &charts.Figure{}
	for _, k := range f.kinds() {
		out.Panels = append(out.Panels, f.panelChart(k))
		for _, c := range f.panels[k].curves {
			if c.train && out.Notes == nil {
				out.Notes = []string{"Dashed: accuracy on training images."}
			}
		}
	}
	return out
}

// kinds are the charts that have something to show.
func (f *figure) kinds() []panelKind {
	var list []panelKind
	for k, p := range f.panels {
		if len(p.curves) > 0 {
			list = append(list, panelKind(k))
		}
	}
	return list
}

// heading is what stands above a chart.
func (f *figure) heading(k panelKind) string {
	switch {
	case k == panelBands:
		return title(k.String()) + " (" + f.bandsOf + ")"
	case k == panelImage && f.imageOf != "":
		return title(k.String()) + " (" + f.imageOf + ")"
	case k == panelRoughness:
		return "Roughness of the first layer's kernels"
	}
	return title(k.String())
}

// panelChart is one chart.
func (f *figure) panelChart(k panelKind) charts.Panel {
	p := f.panels[k]
	if p.hi <= p.lo {
		p.lo, p.hi = 0, 1
	}
	out := charts.Panel{
		Title: f.heading(k),
		X:     charts.Axis{Title: f.asked.axis.String(), From: f.from, To: f.to, Log: f.asked.logX},
		Y:     charts.Axis{From: p.lo, To: p.hi, Log: p.log, Percent: k.shares()},
	}
	for _, c := range p.curves {
		s := f.curveSeries(k, c)
		for _, at := range c.points {
			s.Points = append(s.Points, charts.Point{X: f.at(at.x), Y: p.value(at.y), Lo: p.value(at.lo), Hi: p.value(at.hi)})
		}
		out.Series = append(out.Series, s)
	}
	return out
}

// curveSeries is how a curve looks in a chart: runs have colors of their own, bands those of
// their parts.
func (f *figure) curveSeries(k panelKind, c curveFigure) charts.Series {
	switch {
	case k == panelImage && c.part == partOther:
		return charts.Series{End: "another class", Color: charts.ColorOf(3)}
	case k == panelImage:
		return charts.Series{End: "its class", Color: charts.ColorOf(0)}
	case k == panelBands && c.part == "whole":
		return charts.Series{Name: "whole", Color: charts.Whole, Marker: charts.Square, Interval: charts.Band}
	case k == panelBands:
		s := charts.Series{Name: c.part, End: fmt.Sprintf("%s %g", c.part, c.r), Color: charts.Low, Marker: charts.Circle, Interval: charts.Band}
		if c.part == "high" {
			s.Color, s.Marker = charts.High, charts.Triangle
		}
		return s
	case c.train:
		return charts.Series{Color: charts.ColorOf(c.run), Dash: charts.Dashed}
	}
	s := charts.Series{Name: f.runs[c.run].name, Color: charts.ColorOf(c.run)}
	if what := f.runs[c.run].what; what != "" {
		s.Name += " (" + what + ")"
	}
	if k == panelAccuracy {
		s.Interval = charts.Band
	}
	return s
}
