package ui

import (
	"errors"
	"fmt"
	"io"

	"hfcui/engine/heatmap"
)

// export prepares the map as PNG, CSV and JSON. What is still being measured is exported as
// far as it is; n tells how far that is.
func (p *heatmapPage) export() (exporter, error) {
	r, ok := p.now()
	if !ok {
		return exporter{}, errors.New("no map to export yet")
	}
	key, name, data := p.key(), p.session.info.Model, p.session.info.Data
	for _, m := range p.session.models() {
		if m.path == p.model {
			name = m.name
		}
	}
	lo, hi := colourRange(r, p.spread)
	e := exporter{base: fmt.Sprintf("%s-%s-%s-heatmap-norm%g", name, data, key.split, key.norm)}
	if key.unclipped {
		e.base += "-unclipped"
	}
	e.base += smoothingSuffix(key.Smoothing)
	e.files = []exportFile{
		{suffix: ".png", write: func(w io.Writer) error { return r.Figure(r.Title(clean(name), clean(data)), lo, hi).WritePNG(w) }},
		{suffix: ".csv", write: r.WriteCSV},
		{suffix: ".json", write: func(w io.Writer) error {
			return writeJSON(w, heatmap.NewReport(name, data, key.split, key.Smoothing, r))
		}},
	}
	return e, nil
}
