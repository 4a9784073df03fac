package runlog

import (
	"fmt"
	"strconv"

	charts "hfcui/engine/figure"
	"hfcui/ui/kit"
)

// Describe returns the figure's charts, one below the other, for files.
func (f *Figure) Describe() *charts.Figure {
	out := &charts.Figure{}
	for _, k := range f.kinds() {
		out.Panels = append(out.Panels, f.panelChart(k))
		for _, c := range f.Panels[k].Curves {
			if c.Train && out.Notes == nil {
				out.Notes = []string{"Dashed: accuracy on training images."}
			}
		}
	}
	for i, n := range f.Notes {
		out.Notes = append(out.Notes, fmt.Sprintf("Note %d, %s, step %s: %s", i+1, f.Runs[n.Row].Name, kit.Grouped(n.Step), n.Text))
	}
	return out
}

// kinds lists the charts that have data.
func (f *Figure) kinds() []PanelKind {
	var list []PanelKind
	for k, p := range f.Panels {
		if len(p.Curves) > 0 {
			list = append(list, PanelKind(k))
		}
	}
	return list
}

// heading returns a chart's title.
func (f *Figure) heading(k PanelKind) string {
	switch {
	case k == PanelBands:
		return kit.Title(k.String()) + " (" + f.BandsOf + ")"
	case k == PanelImage && f.imageOf != "":
		return kit.Title(k.String()) + " (" + f.imageOf + ")"
	case k == PanelRoughness:
		return "Roughness of the first layer's kernels"
	}
	return kit.Title(k.String())
}

// panelChart returns a chart.
func (f *Figure) panelChart(k PanelKind) charts.Panel {
	p := f.Panels[k]
	if p.Hi <= p.Lo {
		p.Lo, p.Hi = 0, 1
	}
	out := charts.Panel{
		Title: f.heading(k),
		X:     charts.Axis{Title: f.Asked.Axis.String(), From: f.From, To: f.To, Log: f.Asked.LogX},
		Y:     charts.Axis{Title: k.Unit(), From: p.Lo, To: p.Hi, Log: p.log, Percent: k.Shares()},
	}
	for _, c := range p.Curves {
		s := f.curveSeries(k, c)
		for _, at := range c.Points {
			s.Points = append(s.Points, charts.Point{X: f.At(at.X), Y: p.Value(at.Y), Lo: p.Value(at.Lo), Hi: p.Value(at.Hi)})
		}
		out.Series = append(out.Series, s)
	}
	for i, n := range f.Notes {
		if n.X >= f.From && n.X <= f.To && f.Has(k, n.Row) {
			out.Lines = append(out.Lines, charts.Reference{At: n.X, Vertical: true, Label: strconv.Itoa(i + 1)})
		}
	}
	return out
}

// curveSeries returns a curve's series: colored by run, or for bands by low, high and whole.
func (f *Figure) curveSeries(k PanelKind, c CurveFigure) charts.Series {
	switch {
	case k == PanelImage && c.Part == PartOther:
		return charts.Series{End: "another class", Color: charts.ColorOf(3)}
	case k == PanelImage:
		return charts.Series{End: "true class", Color: charts.ColorOf(0)}
	case k == PanelBands && c.Part == "whole":
		return charts.Series{Name: "whole", Color: charts.Whole, Marker: charts.Square, Interval: charts.Band}
	case k == PanelBands:
		s := charts.Series{Name: c.Part, End: fmt.Sprintf("%s %g", c.Part, c.R), Color: charts.Low, Marker: charts.Circle, Interval: charts.Band}
		if c.Part == "high" {
			s.Color, s.Marker = charts.High, charts.Triangle
		}
		return s
	}
	r := &f.Runs[c.Row]
	color, faint := charts.ColorOf(max(r.Color, 0)), r.Color == Uncolored
	if c.Train {
		return charts.Series{Color: color, Dash: charts.Dashed, Faint: faint}
	}
	s := charts.Series{Name: r.Name, Color: color, Faint: faint}
	switch {
	case faint:
		s.Name = ""
	case r.Grouped:
		s.Name += fmt.Sprintf(" (mean and range of %s)", kit.Counted(len(r.Members), "run"))
	case r.What != "":
		s.Name += " (" + r.What + ")"
	}
	if k == PanelAccuracy || c.N > 1 {
		s.Interval = charts.Band
	}
	return s
}
