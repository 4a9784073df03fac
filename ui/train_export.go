package ui

import (
	"errors"
	"fmt"
	"io"
	"strings"

	charts "hfcui/engine/figure"
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
		{suffix: ".csv", write: func(w io.Writer) error { return export.CSV(w, runs) }},
		{suffix: ".json", write: func(w io.Writer) error { return export.JSON(w, runs) }},
	}}
	e.files = append(e.files, figureFiles("", func() *charts.Figure {
		f := new(curveBook).makeFigure(logs, q)
		return f.describe()
	})...)
	for i, r := range runs {
		suffix := ".tfevents"
		if len(runs) > 1 {
			suffix = fmt.Sprintf("-%d.tfevents", i+1)
		}
		e.files = append(e.files, exportFile{suffix: suffix, write: func(w io.Writer) error { return export.TensorBoard(w, r.Events) }})
	}
	return e, nil
}
