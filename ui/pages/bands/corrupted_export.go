package bands

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"hfcui/engine/bands"
	charts "hfcui/engine/figure"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// exportTable prepares accuracies by corruption and severity as CSV, JSON, SVG and PNG.
func (p *Page) exportTable() (session.Exporter, error) {
	k := p.corruptedKey()
	v := p.versions.Known[k]
	if v.Results == nil {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	info := p.session.Info
	data := strings.TrimSuffix(info.Data, fmt.Sprintf(" %s %d", info.Corruption, info.Severity)) // all are measured
	name := fmt.Sprintf("%s-%s-corruptions-%s-%s", info.Model, data, k.Normalize, k.Statistics) + session.SmoothingSuffix(k.Smoothing)
	var radii []float64
	parts := []bands.Part{bands.Whole}
	if k.bands {
		radii, parts = []float64{k.r}, []bands.Part{bands.Low, bands.High}
		name += fmt.Sprintf("-r%g", k.r)
	}
	report := bands.NewCorruptedReport(info.Model, data, "test", k.Normalize, k.Statistics, k.Smoothing, radii, v.Corrupted)
	doc := p.session.Documented("", report)
	var unfinished []string
	if part := v.Partial(); part != nil {
		unfinished = []string{fmt.Sprintf("corruptions of %s: %s", kit.Clean(info.Model), part)}
	}
	return session.Exporter{Base: name, Unfinished: unfinished, Files: append([]session.ExportFile{
		{Suffix: ".csv", Write: func(w io.Writer) error { return writeCorruptedCSV(w, info.Model, k, v.Corrupted) }},
		{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, doc) }},
	}, session.FigureFiles("", func() *charts.Figure {
		return corruptedFigure(fmt.Sprintf("%s on %s", info.Model, data), k, v, parts)
	})...)}, nil
}

// writeCorruptedCSV writes a line per score.
func writeCorruptedCSV(w io.Writer, model string, k corruptedKey, c bands.Corrupted) error {
	var b strings.Builder
	b.WriteString("corruption,severity,part,r,correct,n,accuracy,ci95_lo,ci95_hi,rho,normalize,bn," + session.SmoothingColumns + ",model,complete\n")
	for i, corruption := range c.Corruptions {
		for j, r := range c.Results[i] {
			line := func(part, at string, s measure.Score) {
				lo, hi := s.Wilson()
				fmt.Fprintf(&b, "%s,%d,%s,%s,%d,%d,%v,%v,%v,%v,%s,%s,%s,%s,%v\n", session.Quoted(corruption.Name), corruption.Severities[j], part, at, s.Correct, s.N, s.Accuracy(), lo, hi,
					k.Rho, k.Normalize, k.Statistics, session.SmoothingFields(k.Smoothing), session.Quoted(model), r.Done)
			}
			line("whole", "", r.Whole)
			if k.bands && len(r.Radii) > 0 {
				line("low", fmt.Sprint(k.r), r.Low[0])
				line("high", fmt.Sprint(k.r), r.High[0])
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// corruptedFigure returns a panel for each corruption, accuracy vs severity, and one for their mean.
func corruptedFigure(heading string, k corruptedKey, v corruptedView, parts []bands.Part) *charts.Figure {
	severities := v.Severities()
	f := &charts.Figure{Title: heading, Subtitle: bandsKey{Setting: k.Setting}.subtitle(), Columns: 4}
	if k.bands {
		f.Subtitle += fmt.Sprintf(", cutoff radius r %g", k.r)
	}
	_, _, fewest := v.Count()
	f.Notes = []string{fmt.Sprintf("%s images of each version at least; 95%% CI (Wilson). Mean: %s.", kit.Grouped(fewest), bands.MeanDefinition)}
	if part := v.Partial(); part != nil {
		f.Notes[0] += " Unfinished: " + part.String() + "."
	}
	x := charts.Axis{Title: "severity"}
	if n := len(severities); n > 0 {
		x.From, x.To = float64(severities[0])-0.5, float64(severities[n-1])+0.5
	}
	panel := func(title string, points func(bands.Part) []charts.Point) {
		one := charts.Panel{Title: title, X: x, Y: charts.Axis{Title: "accuracy", To: 1, Percent: true}}
		for _, part := range parts {
			one.Series = append(one.Series, charts.Series{
				Name: part.String(), Color: [...]charts.Color{charts.Whole, charts.Low, charts.High}[part],
				Marker: [...]charts.Marker{charts.Square, charts.Circle, charts.Triangle}[part], Interval: charts.Bars, Points: points(part),
			})
		}
		f.Panels = append(f.Panels, one)
	}
	for i, corruption := range v.Corruptions {
		panel(corruption.Name, func(part bands.Part) (list []charts.Point) {
			for j, s := range corruption.Severities {
				if score := v.Results[i][j].Score(part, 0); score.N > 0 {
					lo, hi := score.Wilson()
					list = append(list, charts.Point{X: float64(s), Y: score.Accuracy(), Lo: lo, Hi: hi})
				}
			}
			return list
		})
	}
	panel("mean over corruptions", func(part bands.Part) (list []charts.Point) {
		for j, m := range v.means[part].bySeverity {
			if m.N > 0 {
				list = append(list, charts.Point{X: float64(severities[j]), Y: m.Accuracy, Lo: m.Lo, Hi: m.Hi})
			}
		}
		return list
	})
	return f
}
