package ui

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"

	"hfcui/engine/kernels"
	"hfcui/ui/picture"
)

// export prepares the kernels as pictures, the frequency responses as CSV and what is said
// of them as JSON, of every model on the page.
func (p *kernelsPage) export() (exporter, error) {
	var list []shownKernels
	for _, m := range p.session.models() {
		if k := p.of(m); k != nil && k.view != nil {
			list = append(list, *k)
		}
	}
	if len(list) == 0 {
		return exporter{}, errors.New("nothing to export yet")
	}
	s := p.shown.asked.Smoothing
	s.Layer = p.layerName()
	e := exporter{base: p.session.info.Model + "-kernels" + smoothingSuffix(s)}
	for i, k := range list {
		of := ""
		if len(list) > 1 {
			of = fmt.Sprintf("-%d-%s", i+1, safePart(k.view.Model))
		}
		for half, weights := range [][]float32{k.view.Before, k.view.After} {
			suffix := of + [2]string{"-before.png", "-after.png"}[half]
			e.files = append(e.files, exportFile{suffix: suffix, write: func(w io.Writer) error { return writePNG(w, kernelPicture(weights, k.view.Shape), false) }})
		}
	}
	document := kernelsDocument(list, p.applied())
	e.files = append(e.files,
		exportFile{suffix: "-response.csv", write: func(w io.Writer) error { return writeResponses(w, list) }},
		exportFile{suffix: ".json", write: func(w io.Writer) error { return writeJSON(w, document) }})
	return e, nil
}

// kernelPicture is all of a layer's kernels, whatever their number.
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

// kernelsDocument is what the Kernels page says, as JSON.
func kernelsDocument(list []shownKernels, applied bool) any {
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
		Applied     bool        `json:"applied"` // whether it is in force on all pages
		Roughness   beforeAfter `json:"roughness"`
		Response    beforeAfter `json:"response"`
	}
	var layers []layer
	for _, k := range list {
		v := k.view
		layers = append(layers, layer{clean(v.Model), clean(v.Layer), v.Shape, v.Rho, v.DivideGain, applied,
			beforeAfter{number(v.RoughnessBefore), number(v.RoughnessAfter)}, beforeAfter{v.ResponseBefore, v.ResponseAfter}})
	}
	return layers
}

// writeResponses writes a line a radial bin.
func writeResponses(w io.Writer, list []shownKernels) error {
	head := []string{"radius_from", "radius_to"}
	for _, k := range list {
		of := ""
		if len(list) > 1 {
			of = clean(k.view.Model) + " "
		}
		head = append(head, of+"before", of+"after")
	}
	c := csv.NewWriter(w)
	c.Write(head) // Flush and Error tell
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
