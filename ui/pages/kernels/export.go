package kernels

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"

	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// Export prepares the kernels as pictures, the frequency responses as CSV and the page's text as
// JSON, of every model on the page.
func (p *Page) Export() (session.Exporter, error) {
	var list []shownKernels
	for _, m := range p.session.Models() {
		if k := p.of(m); k != nil && k.view != nil {
			list = append(list, *k)
		}
	}
	if len(list) == 0 {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	s := p.shown.asked.Smoothing
	s.Layer = p.layerName()
	e := session.Exporter{Base: p.session.Info.Model + "-kernels" + session.SmoothingSuffix(s)}
	for i, k := range list {
		of := ""
		if len(list) > 1 {
			of = fmt.Sprintf("-%d-%s", i+1, session.SafePart(k.view.Model))
		}
		for half, weights := range [][]float32{k.view.Before, k.view.After} {
			suffix := of + [2]string{"-before.png", "-after.png"}[half]
			e.Files = append(e.Files, session.ExportFile{Suffix: suffix, Write: func(w io.Writer) error { return session.WritePNG(w, kernelPicture(weights, k.view.Shape), false) }})
		}
	}
	document := kernelsDocument(p.session, list, p.applied())
	e.Files = append(e.Files,
		session.ExportFile{Suffix: "-response.csv", Write: func(w io.Writer) error { return writeResponses(w, list) }},
		session.ExportFile{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, document) }})
	return e, nil
}

// kernelPicture returns a picture of all of a layer's kernels.
func kernelPicture(w []float32, shape [4]int) *picture.Image {
	const side, most, largest = 640, 2048, 16
	width, height := side, side
	if o, in, kh, kw := shape[0], shape[1], shape[2], shape[3]; in != 1 && in != 3 {
		px := min(max(most/max(in*kw, o*kh), 1), largest)
		width, height = in*(kw*px+1)+1, o*(kh*px+1)+1
	}
	im := picture.New(width, height)
	im.Fill(picture.RGB{R: 24, G: 24, B: 24})
	drawWindow(im, w, shape, 0, 0, 1)
	return im
}

// kernelsDocument returns the page's text as JSON.
func kernelsDocument(of *session.Session, list []shownKernels, applied bool) any {
	type beforeAfter struct {
		Before any `json:"before"`
		After  any `json:"after"`
	}
	type layer struct {
		Model       string      `json:"model"`
		Layer       string      `json:"layer"`
		Shape       [4]int      `json:"shape"`
		Rho         float64     `json:"rho"`
		GainDivided bool        `json:"gain_divided,omitempty"`
		Applied     bool        `json:"applied"` // on all pages
		Roughness   beforeAfter `json:"roughness"`
		Response    beforeAfter `json:"response"`
	}
	var layers []lab.Document
	for _, k := range list {
		v := k.view
		layers = append(layers, of.Documented(k.path, layer{kit.Clean(v.Model), kit.Clean(v.Layer), v.Shape, v.Rho, v.DivideGain, applied,
			beforeAfter{session.Number(v.RoughnessBefore), session.Number(v.RoughnessAfter)}, beforeAfter{v.ResponseBefore, v.ResponseAfter}}))
	}
	return layers
}

// writeResponses writes a line per radial bin.
func writeResponses(w io.Writer, list []shownKernels) error {
	head := []string{"radius_from", "radius_to"}
	for _, k := range list {
		of := ""
		if len(list) > 1 {
			of = kit.Clean(k.view.Model) + " "
		}
		head = append(head, of+"before", of+"after")
	}
	c := csv.NewWriter(w)
	c.Write(head) // errors are reported by Error
	plain := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i := range list[0].view.ResponseBefore {
		from, to := kernels.ResponseBin(i)
		line := []string{plain(from), plain(to)}
		for _, k := range list {
			line = append(line, plain(k.view.ResponseBefore[i]), plain(k.view.ResponseAfter[i]))
		}
		c.Write(line)
	}
	c.Flush()
	return c.Error()
}
