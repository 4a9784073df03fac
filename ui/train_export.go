package ui

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"hfcui/engine/train/export"
)

// export prepares what the page knows of the runs it shows: every event as CSV and JSON,
// the charts as SVG and PNG, and an event file a run for TensorBoard.
func (p *trainPage) export() (exporter, error) {
	_, logs := p.book.read()
	q := p.fig.asked
	var runs []export.Run
	var names []string
	for i, l := range logs {
		if q.shows(i) && len(l.events) > 0 {
			runs = append(runs, export.Run{Name: l.name, State: l.state.String(), Config: l.config, Events: l.events})
			names = append(names, l.name)
		}
	}
	if len(runs) == 0 {
		return exporter{}, errors.New("no events to export yet")
	}
	for k := range q.columns { // all charts, with more points than a terminal has
		q.columns[k] = 400
	}
	e := exporter{base: "train-" + strings.Join(names, "-"), files: []exportFile{
		{".csv", func(w io.Writer) error { return export.CSV(w, runs) }},
		{".json", func(w io.Writer) error { return export.JSON(w, runs) }},
		{".svg", func(w io.Writer) error { return trainSVG(w, new(curveBook).makeFigure(logs, q)) }},
		{".png", func(w io.Writer) error { return trainPNG(w, new(curveBook).makeFigure(logs, q)) }},
	}}
	for i, r := range runs {
		suffix := ".tfevents"
		if len(runs) > 1 {
			suffix = fmt.Sprintf("-%d.tfevents", i+1)
		}
		e.files = append(e.files, exportFile{suffix, func(w io.Writer) error { return export.TensorBoard(w, r.Events) }})
	}
	return e, nil
}

// svgRuns are the colours of runs on white.
var svgRuns = [...]string{"#00795a", "#a3457f", "#8a7a00", "#b03060", "#3050c0", "#505050"}

// Size of one chart and its margins, in SVG units.
const (
	trainChartW, trainChartH                     = 620, 300
	trainLeft, trainRight, trainTop, trainBottom = 62, 90, 36, 40
)

// trainSVG draws the charts of a figure under each other.
func trainSVG(w io.Writer, f figure) error {
	var b strings.Builder
	legend, kinds := 24+18*len(f.runs), f.kinds()
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="%s" stroke="none">`+"\n", trainChartW, legend+len(kinds)*trainChartH, svgFg)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", trainChartW, legend+len(kinds)*trainChartH)
	for i, r := range f.runs {
		fmt.Fprintf(&b, `<path d="M%d %dh24" stroke="%s" stroke-width="3"/><text x="%d" y="%d">%s  %s</text>`+"\n",
			trainLeft, 20+18*i, svgRuns[i%len(svgRuns)], trainLeft+32, 24+18*i, escapeXML(r.name), escapeXML(r.what))
	}
	for i, k := range kinds {
		fmt.Fprintf(&b, `<g transform="translate(0 %d)">`+"\n", legend+i*trainChartH)
		f.svgPanel(&b, k)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
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

// svgPanel draws one chart.
func (f *figure) svgPanel(b *strings.Builder, k panelKind) {
	p := f.panels[k]
	if p.hi <= p.lo {
		p.lo, p.hi = 0, 1
	}
	x := func(share float64) float64 { return trainLeft + share*(trainChartW-trainLeft-trainRight) }
	y := func(share float64) float64 { return trainTop + (1-share)*(trainChartH-trainTop-trainBottom) }
	heading := f.heading(k)
	fmt.Fprintf(b, `<text x="%d" y="24" font-size="15">%s</text>`+"\n", trainLeft, escapeXML(heading))
	for share := 0.0; share <= 1; share += 0.25 {
		label := shortNumber(p.value(share))
		if k.shares() {
			label = fmt.Sprintf("%.0f%%", 100*share)
		}
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="%s"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			trainLeft, y(share), trainChartW-trainRight, svgGrid, trainLeft-8, y(share)+4, label)
	}
	for _, v := range f.ticks(60) {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(f.position(v)), trainChartH-trainBottom+18, shortNumber(v))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (trainLeft+trainChartW-trainRight)/2, trainChartH-6, f.asked.axis)
	for _, c := range p.curves {
		f.svgCurve(b, k, c, x, y)
	}
}

// paperColour is a curve's colour on white, and what stands beside it; "" where its run does.
func (f *figure) paperColour(k panelKind, c curveFigure) (colour, label string) {
	switch {
	case k == panelImage && c.part == partOther:
		return svgRuns[3], "another class"
	case k == panelImage:
		return svgRuns[0], "its class"
	case k != panelBands:
		return svgRuns[c.run%len(svgRuns)], ""
	}
	label = c.part
	if c.part != "whole" {
		label = fmt.Sprintf("%s %g", c.part, c.r)
	}
	return map[string]string{"low": svgLow, "high": svgHigh, "whole": svgWhole}[c.part], label
}

func (f *figure) svgCurve(b *strings.Builder, k panelKind, c curveFigure, x, y func(float64) float64) {
	colour, label := f.paperColour(k, c)
	mark := ""
	if k == panelBands {
		mark = map[string]string{"low": svgCircle, "high": svgTriangle, "whole": svgSquare}[c.part]
	}
	var line, ribbon, back string
	var l, upper, lower strings.Builder
	for i, pt := range c.points {
		if math.IsNaN(pt.y) {
			continue
		}
		fmt.Fprintf(&l, "%.1f,%.1f ", x(pt.x), y(pt.y))
		fmt.Fprintf(&upper, "%.1f,%.1f ", x(pt.x), y(pt.hi))
		last := c.points[len(c.points)-1-i]
		fmt.Fprintf(&lower, "%.1f,%.1f ", x(last.x), y(last.lo))
	}
	line, ribbon, back = l.String(), upper.String(), lower.String()
	dash := ""
	if c.train {
		dash = ` stroke-dasharray="5 4"`
	} else if k == panelAccuracy || k == panelBands {
		fmt.Fprintf(b, `<polygon points="%s%s" fill="%s" fill-opacity="0.15"/>`+"\n", ribbon, back, colour)
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.6"%s/>`+"\n", line, colour, dash)
	if n := len(c.points); n > 0 {
		end := c.points[n-1]
		for i := 0; mark != "" && i < n; i += max(1, n/20) {
			fmt.Fprintf(b, mark+"\n", x(c.points[i].x), y(c.points[i].y), colour)
		}
		if label != "" {
			fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="%s" font-size="11">%s</text>`+"\n", x(end.x)+8, y(end.y)+4, colour, label)
		}
	}
}
