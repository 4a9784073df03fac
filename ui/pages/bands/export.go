package bands

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"hfcui/engine/bands"
	charts "hfcui/engine/figure"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Export prepares the curves on the page as CSV, JSON, SVG and PNG, including partial results,
// whose n is the number of images so far.
func (p *Page) Export() (session.Exporter, error) {
	now, base := p.key()
	r := p.curves.Known[now]
	if r.Whole.N == 0 {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	curves := []curve{{now, r, p.changes}}
	if other := p.curves.Known[base]; now != base && other.Whole.N > 0 {
		curves = append(curves, curve{base, other, false})
	}
	name := fmt.Sprintf("%s-%s-%s-bands-%s-%s", p.session.Info.Model, p.session.Info.Data, now.split, now.Normalize, now.Statistics)
	name += session.SmoothingSuffix(now.Smoothing)
	model, data := p.session.Info.Model, p.session.Info.Data
	most, labels := p.session.Info.MaxRadius, fmt.Sprintf("%s on %s, %s split", model, data, now.split)
	return session.Exporter{Base: name, Files: append([]session.ExportFile{
		{Suffix: ".csv", Write: func(w io.Writer) error { return writeCSV(w, curves) }},
		{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, curves[0].report(model, data)) }},
	}, session.FigureFiles("", func() *charts.Figure { return bandsFigure(labels, most, curves) })...)}, nil
}

// curve is a result and its key.
type curve struct {
	key     bandsKey
	result  bands.Result
	changes bool // draw prediction changes, too
}

// writeCSV writes a line per score.
func writeCSV(w io.Writer, curves []curve) error {
	var b strings.Builder
	b.WriteString("part,r,correct,n,accuracy,ci95_lo,ci95_hi,rho,normalize,bn," + session.SmoothingColumns + "\n")
	for _, c := range curves {
		line := func(part, r string, s measure.Score) {
			lo, hi := s.Wilson()
			fmt.Fprintf(&b, "%s,%s,%d,%d,%v,%v,%v,%v,%s,%s,%s\n", part, r, s.Correct, s.N, s.Accuracy(), lo, hi, c.key.Rho, c.key.Normalize, c.key.Statistics, session.SmoothingFields(c.key.Smoothing))
		}
		line("whole", "", c.result.Whole)
		for i, r := range c.result.Radii {
			at := strconv.FormatFloat(r, 'g', -1, 64)
			line("low", at, c.result.Low[i])
			line("high", at, c.result.High[i])
			if c.result.Changes != nil { // correct is the number of changes
				line("changed", at, c.result.Changes[i].Differ)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// report returns a curve as printed by the bands command.
func (c curve) report(model, data string) bands.Report {
	return bands.NewReport(model, data, c.key.split, c.key.Normalize, c.key.Statistics, c.key.Smoothing, c.result)
}

// bandsFigure returns the chart of accuracy vs r: the first curve with intervals, others dashed
// behind it.
func bandsFigure(heading string, most float64, curves []curve) *charts.Figure {
	panel := charts.Panel{
		X: charts.Axis{Title: "cutoff radius r", Unit: "cycles per image", To: most},
		Y: charts.Axis{Title: "accuracy", To: 1, Percent: true},
	}
	notes := []string{fmt.Sprintf("%s images at every r; 95%% CI (Wilson).", kit.Grouped(curves[0].result.Whole.N))}
	if len(curves) > 1 {
		notes[0] += " Dashed: without smoothing."
	}
	for i := len(curves) - 1; i >= 0; i-- {
		panel.Series = append(panel.Series, curves[i].series(most, i > 0)...)
	}
	k := curves[0].key
	return &charts.Figure{
		Title:    heading,
		Subtitle: fmt.Sprintf("normalize %s, batch-norm statistics %s, %s", k.Normalize, k.Statistics, session.SmoothingText(k.Smoothing)),
		Panels:   []charts.Panel{panel}, Notes: notes,
	}
}

// series returns the lines of a curve, unnamed for comparison.
func (c curve) series(most float64, comparison bool) []charts.Series {
	r := c.result
	list := []charts.Series{
		{Name: "low", Color: charts.Low, Marker: charts.Circle, Points: session.ScorePoints(r.Radii, r.Low)},
		{Name: "high", Color: charts.High, Marker: charts.Triangle, Points: session.ScorePoints(r.Radii, r.High)},
		{Name: "whole", Color: charts.Whole, Marker: charts.Square, Points: session.ScorePoints([]float64{0, most}, []measure.Score{r.Whole, r.Whole})},
	}
	if c.changes {
		var differ []measure.Score
		for _, change := range r.Changes {
			differ = append(differ, change.Differ)
		}
		list = append(list, charts.Series{Name: "prediction changes on the low-pass image", Color: charts.Changed, Marker: charts.Cross, Points: session.ScorePoints(r.Radii, differ)})
	}
	for i := range list {
		if list[i].Interval = charts.Band; comparison {
			list[i].Name, list[i].Marker, list[i].Interval, list[i].Dash, list[i].Faint = "", charts.NoMarker, charts.NoInterval, charts.Dashed, true
		}
	}
	return list
}
