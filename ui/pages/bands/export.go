package bands

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"hfcui/engine/bands"
	charts "hfcui/engine/figure"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Export prepares the curves on the page as CSV, JSON, SVG and PNG, including partial results,
// whose n is the number of images so far. With comparison models there are the curves of all of
// them, and how they differ from the open one's on the same images.
func (p *Page) Export() (session.Exporter, error) {
	if p.view.table() {
		return p.exportTable()
	}
	now, base := p.key("")
	r := p.curves.Known[now]
	if r.Whole.N == 0 {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	model, data := p.session.Info.Model, p.session.Info.Data
	curves := []curve{{key: now, name: model, result: r, changes: p.changes()}}
	if p.compared() {
		curves = append(curves, p.comparisonCurves()...)
	} else if other := p.curves.Known[base]; now != base && other.Whole.N > 0 {
		curves = append(curves, curve{key: base, name: model, result: other})
	}
	name := fmt.Sprintf("%s-%s-%s-bands-%s-%s", model, data, now.split, now.Normalize, now.Statistics)
	if p.compared() {
		name = fmt.Sprintf("%s-and-%d-%s-%s-bands-%s-%s", model, len(curves)-1, data, now.split, now.Normalize, now.Statistics)
	}
	name += session.SmoothingSuffix(now.Smoothing)
	most, compared := p.session.Info.MaxRadius, p.compared()
	labels := fmt.Sprintf("%s on %s, %s split", model, data, now.split)
	if compared {
		labels = fmt.Sprintf("%s, %s split", data, now.split)
	}
	doc := document(p.session, data, curves, compared)
	var unfinished []string
	for _, c := range curves {
		if part := c.result.Partial(); part != nil {
			unfinished = append(unfinished, fmt.Sprintf("bands of %s, %s: %s", kit.Clean(c.name), session.SmoothingText(c.key.Smoothing), part))
		}
	}
	return session.Exporter{Base: name, Unfinished: unfinished, Files: append([]session.ExportFile{
		{Suffix: ".csv", Write: func(w io.Writer) error { return writeCSV(w, curves) }},
		{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, doc) }},
	}, session.FigureFiles("", func() *charts.Figure {
		if compared {
			return comparedFigure(labels, most, curves)
		}
		return bandsFigure(labels, most, curves)
	})...)}, nil
}

// comparisonCurves lists the curves of the comparison models that have data.
func (p *Page) comparisonCurves() (list []curve) {
	for _, m := range p.session.Comparisons {
		k, _ := p.key(m.Path)
		if r := p.curves.Known[k]; r.Whole.N > 0 {
			list = append(list, curve{key: k, name: m.Name, slot: m.Slot, result: r})
		}
	}
	return list
}

// curve is a result and its key.
type curve struct {
	key     bandsKey
	name    string // of the model
	slot    int    // of its look
	result  bands.Result
	changes bool // draw prediction changes, too
}

// writeCSV writes a line per score.
func writeCSV(w io.Writer, curves []curve) error {
	var b strings.Builder
	b.WriteString("part,r,correct,n,accuracy,ci95_lo,ci95_hi,rho,normalize,bn," + session.SmoothingColumns + ",model,complete\n")
	for _, c := range curves {
		line := func(part, r string, s measure.Score) {
			lo, hi := s.Wilson()
			fmt.Fprintf(&b, "%s,%s,%d,%d,%v,%v,%v,%v,%s,%s,%s,%s,%v\n", part, r, s.Correct, s.N, s.Accuracy(), lo, hi, c.key.Rho, c.key.Normalize, c.key.Statistics,
				session.SmoothingFields(c.key.Smoothing), session.Quoted(c.name), c.result.Done)
		}
		line("whole", "", c.result.Whole)
		for i, r := range c.result.Radii {
			at := strconv.FormatFloat(r, 'g', -1, 64)
			line("low", at, c.result.Low[i])
			line("high", at, c.result.High[i])
			if c.result.Changes != nil { // correct is the number of changes
				line("changed", at, c.result.Changes[i].Differ)
			}
			if c.result.Flips != nil { // correct is the number of flips
				line("flips", at, c.result.Flips[i].Total())
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// report returns a curve as printed by the bands command.
func (c curve) report(data string) bands.Report {
	return bands.NewReport(c.name, data, c.key.split, c.key.Normalize, c.key.Statistics, c.key.Smoothing, c.result)
}

// difference is how a comparison model's accuracies differ from the open model's, on the same images.
type difference struct {
	Model string                 `json:"model"`
	Minus string                 `json:"minus"`
	Whole measure.PairedDocument `json:"whole"`
	Bands []bandDifference       `json:"bands"`
}

// bandDifference is that at a radius.
type bandDifference struct {
	Part string  `json:"part"`
	R    float64 `json:"r"`
	measure.PairedDocument
}

// document returns the curves as JSON: the first as printed by the bands command, comparison models
// with it, and their differences.
func document(of *session.Session, data string, curves []curve, compared bool) any {
	first := curves[0].report(data)
	if !compared {
		return of.Documented("", first)
	}
	type whole struct {
		bands.Report
		Comparisons []lab.Document `json:"comparisons"`
		Differences []difference   `json:"differences"`
	}
	doc := whole{first, []lab.Document{}, []difference{}}
	for _, c := range curves[1:] {
		doc.Comparisons = append(doc.Comparisons, of.Documented(c.key.model, c.report(data)))
		d := bands.Subtract(c.result, curves[0].result)
		change := difference{c.name, curves[0].name, d.Whole.Document(), []bandDifference{}}
		for i, r := range c.result.Radii {
			change.Bands = append(change.Bands, bandDifference{"low", r, d.Low[i].Document()}, bandDifference{"high", r, d.High[i].Document()})
		}
		doc.Differences = append(doc.Differences, change)
	}
	return of.Documented("", doc)
}

// note describes the evaluation of the curves.
func note(curves []curve) string {
	fewest, most, done := curves[0].result.Whole.N, curves[0].result.Whole.N, true
	for _, c := range curves {
		fewest, most, done = min(fewest, c.result.Whole.N), max(most, c.result.Whole.N), done && c.result.Done
	}
	text := fmt.Sprintf("%s images at every r; 95%% CI (Wilson).", rangeText(fewest, most))
	if !done {
		text += fmt.Sprintf(" Unfinished: %s of %s images.", rangeText(fewest, most), kit.Grouped(curves[0].result.Images))
	}
	return text
}

// subtitle describes what the curves have in common.
func (k bandsKey) subtitle() string {
	return fmt.Sprintf("band normalization: %s, batch norm: %s statistics, %s", k.Normalize, k.Statistics, session.SmoothingText(k.Smoothing))
}

// bandsFigure returns the chart of accuracy vs r: the first curve with intervals, others dashed
// behind it.
func bandsFigure(heading string, most float64, curves []curve) *charts.Figure {
	panel := charts.Panel{
		X: charts.Axis{Title: "cutoff radius r", Unit: "cycles per image", To: most},
		Y: charts.Axis{Title: "accuracy", To: 1, Percent: true},
	}
	notes := []string{note(curves)}
	if len(curves) > 1 {
		notes[0] += " Dashed: without smoothing."
	}
	for i := len(curves) - 1; i >= 0; i-- {
		panel.Series = append(panel.Series, curves[i].series(most, i > 0)...)
	}
	return &charts.Figure{Title: heading, Subtitle: curves[0].key.subtitle(), Panels: []charts.Panel{panel}, Notes: notes}
}

// comparedFigure returns the charts of several models: accuracy on low-pass and on high-pass images,
// and below them how the comparison models differ from the first.
func comparedFigure(heading string, most float64, curves []curve) *charts.Figure {
	f := &charts.Figure{Title: heading, Subtitle: curves[0].key.subtitle(), Columns: 2, Notes: []string{note(curves),
		fmt.Sprintf("Differences: accuracy minus that of %s on the same images, in percentage points; 95%% CI for paired proportions (Newcombe 1998, method 10).", kit.Clean(curves[0].name))}}
	x := charts.Axis{Title: "cutoff radius r", Unit: "cycles per image", To: most}
	parts := []bands.Part{bands.Low, bands.High}
	for _, part := range parts {
		panel := charts.Panel{Title: part.String() + "-pass images", X: x, Y: charts.Axis{Title: "accuracy", To: 1, Percent: true}}
		for _, c := range curves {
			scores := c.result.Low
			if part == bands.High {
				scores = c.result.High
			}
			s := c.look()
			s.Points = session.ScorePoints(c.result.Radii, scores)
			panel.Series = append(panel.Series, s)
		}
		f.Panels = append(f.Panels, panel)
	}
	if len(curves) == 1 {
		return f
	}
	for _, part := range parts {
		panel := charts.Panel{Title: part.String() + "-pass images: difference", X: x, Y: charts.Axis{Title: "accuracy difference", Percent: true},
			Lines: []charts.Reference{{At: 0}}}
		for _, c := range curves[1:] {
			d, s := bands.Subtract(c.result, curves[0].result), c.look()
			pairs := d.Low
			if part == bands.High {
				pairs = d.High
			}
			for i, r := range c.result.Radii {
				at := session.DifferencePoint(r, pairs[i])
				s.Points = append(s.Points, charts.Point{X: at.X, Y: at.Y, Lo: at.Lo, Hi: at.Hi})
			}
			panel.Series = append(panel.Series, s)
		}
		f.Panels = append(f.Panels, panel)
	}
	return f
}

// look returns a series of the model without points.
func (c curve) look() charts.Series {
	return charts.Series{Name: c.name, Color: charts.ColorOf(c.slot), Marker: charts.MarkerOf(c.slot), Interval: charts.Band}
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
