package heatmap

import (
	"errors"
	"fmt"
	"io"

	"hfcui/engine/heatmap"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Export prepares the map as PNG, CSV and JSON, including partial results, whose n is the number of
// images so far.
func (p *Page) Export() (session.Exporter, error) {
	r, ok := p.now()
	if !ok {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	m, _ := p.session.Model(p.model)
	key, name, data := p.key(), m.Name, p.session.Info.Data
	document := p.session.Documented(key.model, heatmap.NewReport(name, data, key.split, key.Smoothing, r))
	lo, hi := colorRange(r, p.spread)
	e := session.Exporter{Base: fmt.Sprintf("%s-%s-%s-heatmap-norm%g", name, data, key.split, key.norm)}
	if key.unclipped {
		e.Base += "-unclipped"
	}
	e.Base += session.SmoothingSuffix(key.Smoothing)
	e.Files = []session.ExportFile{
		{Suffix: ".png", Write: func(w io.Writer) error {
			return r.Figure(r.Title(kit.Clean(name), kit.Clean(data)), lo, hi).WritePNG(w)
		}},
		{Suffix: ".csv", Write: r.WriteCSV},
		{Suffix: ".json", Write: func(w io.Writer) error {
			return session.WriteJSON(w, document)
		}},
	}
	if part := r.Partial(); part != nil {
		e.Unfinished = []string{"heat map: " + part.String()}
	}
	return e, nil
}
