package heatmap

import (
	"errors"
	"fmt"
	"io"

	"hfcui/engine/figure"
	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Export prepares the maps as PNG, CSV and JSON, including partial results, whose n is the number of
// images so far. With comparison models there are the maps of all of them, and how they differ from
// the open model's on the same images.
func (p *Page) Export() (session.Exporter, error) {
	keys, maps, unfinished := p.known()
	if len(maps) == 0 {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	name, data := maps[0].Name, p.session.Info.Data
	if n := len(maps) - 1; n > 0 {
		name += fmt.Sprintf("-and-%d", n)
	}
	e := session.Exporter{Base: fmt.Sprintf("%s-%s-%s-heatmap-norm%g", name, data, keys[0].split, keys[0].norm), Unfinished: unfinished}
	if keys[0].unclipped {
		e.Base += "-unclipped"
	}
	e.Base += session.SmoothingSuffix(keys[0].Smoothing)
	doc, spread := document(p.session, data, keys, maps), p.spread
	e.Files = []session.ExportFile{
		{Suffix: ".png", Write: func(w io.Writer) error { return mapsFigure(kit.Clean(data), maps, spread, unfinished).WritePNG(w) }},
		{Suffix: ".csv", Write: func(w io.Writer) error { return heatmap.WriteCSV(w, maps...) }},
		{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, doc) }},
	}
	return e, nil
}

// known lists the maps that have results, the open model's first, and which of all are not complete.
// Without results of the open model it lists only the map whose numbers are shown.
func (p *Page) known() (keys []heatmapKey, list []heatmap.Named, unfinished []string) {
	models := p.session.Models()
	if p.maps.Known[p.keyOf("")].Clean.N == 0 {
		m, _ := p.session.Model(p.model)
		models = []session.ShownModel{m}
	}
	for _, m := range models {
		k := p.keyOf(m.Path)
		r := p.maps.Known[k]
		what := "heat map"
		if len(models) > 1 {
			what += " of " + kit.Clean(m.Name)
		}
		part := r.Partial()
		if r.Clean.N == 0 {
			unfinished = append(unfinished, what+": not measured")
			continue
		}
		if part != nil {
			unfinished = append(unfinished, what+": "+part.String())
		}
		keys, list = append(keys, k), append(list, heatmap.Named{Name: m.Name, Result: r})
	}
	return keys, list, unfinished
}

// document returns the maps as JSON: the first as printed by the heatmap command, comparison models
// with it, and their differences from it.
func document(of *session.Session, data string, keys []heatmapKey, maps []heatmap.Named) any {
	report := func(i int) heatmap.Report {
		return heatmap.NewReport(maps[i].Name, data, keys[i].split, keys[i].Smoothing, maps[i].Result)
	}
	if len(maps) == 1 {
		return of.Documented(keys[0].model, report(0))
	}
	doc := struct {
		heatmap.Report
		Comparisons []lab.Document        `json:"comparisons"`
		Differences []heatmap.Differences `json:"differences"`
	}{Report: report(0)}
	for i := 1; i < len(maps); i++ {
		doc.Comparisons = append(doc.Comparisons, of.Documented(keys[i].model, report(i)))
		doc.Differences = append(doc.Differences, heatmap.NewDifferences(maps[i].Name, maps[0].Name, maps[i].Result, maps[0].Result))
	}
	return of.Documented(keys[0].model, doc)
}

// mapsFigure returns the maps with one color scale, and below them their differences from the first.
func mapsFigure(data string, maps []heatmap.Named, spread bool, unfinished []string) *figure.Figure {
	results := make([]heatmap.Result, len(maps))
	for i, m := range maps {
		results[i] = m.Result
	}
	lo, hi := sharedRange(results, spread)
	first := maps[0]
	if len(maps) == 1 {
		return first.Figure(first.Title(kit.Clean(first.Name), data), lo, hi)
	}
	f := &figure.Figure{Title: first.Title(kit.Counted(len(maps), "model"), data), Columns: 2}
	for _, what := range unfinished {
		f.Notes = append(f.Notes, "Unfinished: "+what+".")
	}
	f.Notes = append(f.Notes, fmt.Sprintf("Differences: error rate minus that of %s on the same images, in percentage points.", kit.Clean(first.Name)))
	most := 0.0
	for _, m := range maps {
		panel := m.Panel(lo, hi)
		panel.Title = kit.Clean(m.Name)
		f.Panels = append(f.Panels, panel)
		most = max(most, largestDifference(m.Result, first.Result))
	}
	for _, m := range maps[1:] {
		panel := m.DifferencePanel(first.Result, most, differenceColor)
		panel.Title = kit.Clean(m.Name) + " − " + kit.Clean(first.Name)
		f.Panels = append(f.Panels, panel)
	}
	return f
}
