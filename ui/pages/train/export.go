package train

import (
	"errors"
	"fmt"
	"io"
	"strings"

	charts "hfcui/engine/figure"
	"hfcui/engine/train/export"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/session"
)

// Export prepares the runs on the page: all events as CSV and JSON, the charts as SVG and PNG, and
// a TensorBoard event file per run.
func (p *Page) Export() (session.Exporter, error) {
	_, logs := p.book.Read()
	q := p.fig.Asked
	var runs []export.Run
	var names []string
	for _, i := range p.shownRuns() {
		if l := logs[i]; len(l.Events) > 0 {
			runs = append(runs, export.Run{Name: l.Name, State: l.State.String(), Config: l.Config, Notes: l.Notes, Events: l.Events})
			names = append(names, l.Name)
		}
	}
	if len(runs) == 0 {
		return session.Exporter{}, errors.New("no events to export yet")
	}
	for k := range q.Columns { // all charts, at higher resolution than the terminal
		q.Columns[k] = 400
	}
	base := "train-" + strings.Join(names, "-")
	if len(names) > 3 {
		base = fmt.Sprintf("train-%d-runs", len(names))
	}
	e := session.Exporter{Base: base, Files: []session.ExportFile{
		{Suffix: ".csv", Write: func(w io.Writer) error { return export.CSV(w, runs) }},
		{Suffix: ".json", Write: func(w io.Writer) error { return export.JSON(w, runs) }},
	}}
	e.Files = append(e.Files, session.FigureFiles("", func() *charts.Figure {
		f := new(runlog.CurveBook).MakeFigure(logs, q)
		return f.Describe()
	})...)
	for i, r := range runs {
		suffix := ".tfevents"
		if len(runs) > 1 {
			suffix = fmt.Sprintf("-%d.tfevents", i+1)
		}
		e.Files = append(e.Files, session.ExportFile{Suffix: suffix, Write: func(w io.Writer) error { return export.TensorBoard(w, r) }})
	}
	return e, nil
}
