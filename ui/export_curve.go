package ui

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
)

// export prepares the curves on the page as CSV, JSON and SVG. What is still being
// measured is exported as far as it is; n tells how far that is.
func (p *bandsPage) export() (exporter, error) {
	now, base := p.key()
	r := p.known[now]
	if r.Whole.N == 0 {
		return exporter{}, errors.New("no curve to export yet")
	}
	a := p.app
	curves := []curve{{now, r, p.changes}}
	if other := p.known[base]; now != base && other.Whole.N > 0 {
		curves = append(curves, curve{base, other, false})
	}
	name := fmt.Sprintf("%s-%s-%s-bands-%s-%s", a.info.Model, a.info.Data, now.split, now.Normalize, now.Statistics)
	name += smoothingSuffix(now.Smoothing)
	model, data := a.info.Model, a.info.Data
	most, labels := a.info.MaxRadius, fmt.Sprintf("%s on %s, %s split", model, data, now.split)
	return exporter{name, []exportFile{
		{".csv", func(w io.Writer) error { return writeCSV(w, curves) }},
		{".json", func(w io.Writer) error { return writeJSON(w, curves[0].report(model, data)) }},
		{".svg", func(w io.Writer) error { return writeSVG(w, labels, most, curves) }},
	}}, nil
}

// curve is a measured result and what determines it.
type curve struct {
	key     bandsKey
	result  bands.Result
	changes bool // to be drawn, too
}

// writeCSV writes one line a score.
func writeCSV(w io.Writer, curves []curve) error {
	var b strings.Builder
	b.WriteString("part,r,correct,n,accuracy,ci95_lo,ci95_hi,rho,normalize,bn," + smoothingColumns + "\n")
	for _, c := range curves {
		line := func(part, r string, s measure.Score) {
			lo, hi := s.Wilson()
			fmt.Fprintf(&b, "%s,%s,%d,%d,%v,%v,%v,%v,%s,%s,%s\n", part, r, s.Correct, s.N, s.Accuracy(), lo, hi, c.key.Rho, c.key.Normalize, c.key.Statistics, smoothingFields(c.key.Smoothing))
		}
		line("whole", "", c.result.Whole)
		for i, r := range c.result.Radii {
			at := strconv.FormatFloat(r, 'g', -1, 64)
			line("low", at, c.result.Low[i])
			line("high", at, c.result.High[i])
			if c.result.Changes != nil { // here correct is how many changed
				line("changed", at, c.result.Changes[i].Differ)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// report is a curve as the bands command prints it.
func (c curve) report(model, data string) bands.Report {
	return bands.NewReport(model, data, c.key.split, c.key.Normalize, c.key.Statistics, c.key.Smoothing, c.result)
}

// Size of the figure and the margins of its plot, in SVG units.
const (
	svgWidth, svgHeight                       = 760, 460
	svgLeft, svgRight, svgTop, svgBottom      = 60, 20, 56, 52
	svgLow, svgHigh, svgWhole, svgGrid, svgFg = "#0072b2", "#e69f00", "#404040", "#dddddd", "#222222"
	svgChanged                                = "#7a3fb0"
)

// The marks of the parts, the same as on screen, at a point in a colour.
const (
	svgCircle   = `<circle cx="%.1f" cy="%.1f" r="3.6" fill="%s"/>`
	svgTriangle = `<polygon transform="translate(%.1f %.1f)" points="0,-4.5 4.5,3.5 -4.5,3.5" fill="%s"/>`
	svgCross    = `<path transform="translate(%.1f %.1f)" d="M-3.5-3.5 3.5 3.5M-3.5 3.5 3.5-3.5" stroke="%s" stroke-width="1.8"/>`
	svgSquare   = `<rect transform="translate(%.1f %.1f)" x="-3.5" y="-3.5" width="7" height="7" fill="%s"/>`
)

// svgPlot is a figure of accuracies that is being written.
type svgPlot struct {
	b    strings.Builder
	most float64 // end of the horizontal axis
}

func (p *svgPlot) x(v float64) float64 { return svgLeft + v/p.most*(svgWidth-svgLeft-svgRight) }
func (p *svgPlot) y(v float64) float64 { return svgTop + (1-v)*(svgHeight-svgTop-svgBottom) }

// newSVGPlot begins a figure with its two lines of heading and its axes.
func newSVGPlot(heading, under, axis string, most float64) *svgPlot {
	p := &svgPlot{most: most}
	b := &p.b
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="%s" stroke="none">`+"\n", svgWidth, svgHeight, svgFg)
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="white"/>`+"\n", svgWidth, svgHeight)
	fmt.Fprintf(b, `<text x="%d" y="24" font-size="15">%s</text>`+"\n", svgLeft, escapeXML(heading))
	fmt.Fprintf(b, `<text x="%d" y="43">%s</text>`+"\n", svgLeft, escapeXML(under))
	for v := 0.0; v <= 1; v += 0.25 {
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="%s"/><text x="%d" y="%.1f" text-anchor="end">%.0f%%</text>`+"\n",
			svgLeft, p.y(v), svgWidth-svgRight, svgGrid, svgLeft-8, p.y(v)+4, 100*v)
	}
	step := tickStep(most, 120)
	for i := 0; float64(i)*step <= most*(1+1e-9); i++ {
		v := float64(i) * step
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.4g</text>`+"\n", p.x(v), svgHeight-svgBottom+20, v)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (svgLeft+svgWidth-svgRight)/2, svgHeight-12, axis)
	return p
}

// save ends the figure and writes it.
func (p *svgPlot) save(w io.Writer) error {
	p.b.WriteString("</svg>\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

// writeSVG draws curves with their intervals: those of the first in full, others dashed.
func writeSVG(w io.Writer, heading string, most float64, curves []curve) error {
	first := curves[0]
	p := newSVGPlot(heading, fmt.Sprintf("normalise %s, batch-norm %s, %s; %d images at every r, 95%% intervals",
		first.key.Normalize, first.key.Statistics, smoothingText(first.key.Smoothing), first.result.Whole.N), "radius r", most)
	for i, c := range curves {
		whole := []measure.Score{c.result.Whole, c.result.Whole}
		p.curve([]float64{0, most}, whole, svgWhole, i > 0, "")
		if c.changes {
			var differ []measure.Score
			for _, change := range c.result.Changes {
				differ = append(differ, change.Differ)
			}
			p.curve(c.result.Radii[:len(differ)], differ, svgChanged, i > 0, svgCross)
		}
		p.curve(c.result.Radii, c.result.High, svgHigh, i > 0, svgTriangle)
		p.curve(c.result.Radii, c.result.Low, svgLow, i > 0, svgCircle)
	}
	svgLegend(&p.b, len(curves) > 1, first.changes)
	return p.save(w)
}

// curve draws one curve: its intervals as an area, then line and marks.
func (p *svgPlot) curve(radii []float64, scores []measure.Score, colour string, dashed bool, mark string) {
	b, x, y := &p.b, p.x, p.y
	var line, upper, lower strings.Builder
	for i, s := range scores {
		if s.N == 0 {
			continue
		}
		lo, hi := s.Wilson()
		fmt.Fprintf(&line, "%.1f,%.1f ", x(radii[i]), y(s.Accuracy()))
		fmt.Fprintf(&upper, "%.1f,%.1f ", x(radii[i]), y(hi))
		before := lower.String()
		lower.Reset()
		fmt.Fprintf(&lower, "%.1f,%.1f %s", x(radii[i]), y(lo), before)
	}
	dash := ""
	if dashed {
		dash = ` stroke-dasharray="5 4" stroke-opacity="0.6"`
	} else {
		fmt.Fprintf(b, `<polygon points="%s%s" fill="%s" fill-opacity="0.18"/>`+"\n", upper.String(), lower.String(), colour)
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.8"%s/>`+"\n", line.String(), colour, dash)
	for i, s := range scores {
		if mark != "" && s.N > 0 && !dashed && !math.IsNaN(s.Accuracy()) {
			fmt.Fprintf(b, mark+"\n", x(radii[i]), y(s.Accuracy()), colour)
		}
	}
}

func svgLegend(b *strings.Builder, both, changes bool) {
	legend := [][3]string{{svgCircle, svgLow, "low"}, {svgTriangle, svgHigh, "high"}, {svgSquare, svgWhole, "whole"}}
	at := svgWidth - svgRight - 190
	if changes {
		legend = append([][3]string{{svgCross, svgChanged, "≠"}}, legend...)
		at -= 62
	}
	for i, l := range legend {
		x := at + 62*i
		fmt.Fprintf(b, `<path d="M%d 38h18" stroke="%s" stroke-width="1.8"/>`, x, l[1])
		fmt.Fprintf(b, l[0], float64(x+9), 38.0, l[1])
		fmt.Fprintf(b, `<text x="%d" y="43">%s</text>`+"\n", x+23, l[2])
	}
	if both {
		fmt.Fprintf(b, `<text x="%d" y="24">dashed: without smoothing</text>`+"\n", svgWidth-svgRight-190)
	}
}

// escapeXML makes text from outside safe inside an element.
func escapeXML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(clean(s))
}
