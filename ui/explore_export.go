package ui

import (
	"errors"
	"fmt"
	"io"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/engine/view"
	"hfcui/ui/picture"
)

// export prepares the pictures on the page and the predictions.
func (p *explore) export() (exporter, error) {
	v := p.shown.view
	if v == nil || p.failed != "" {
		return exporter{}, errors.New("nothing to export yet")
	}
	e := exporter{base: fmt.Sprintf("%s-%s-%d-r%.1f", p.session.info.Data, p.session.info.Split, v.Index, v.R)}
	if v.By == bands.SVD {
		e.base += "-svd"
	}
	mode := p.shown.asked.high
	for kind, suffix := range [slots]string{"-original.png", "-low.png", "-high.png", "-spectrum.png"} {
		gray := kind != slotSpectrum && v.Pictures[kind].C == 1
		e.files = append(e.files, exportFile{suffix: suffix, write: enlarged(gray, func(src *picture.Image) {
			switch kind {
			case slotSpectrum:
				spectrumImage(src, spectrumOf(v), v.R, 1)
			case slotHigh:
				highImage(src, v.Pictures[kind], mode, 1)
			default:
				planeImage(src, v.Pictures[kind], 1, 0, 1)
			}
		}, func(large *picture.Image) {
			if kind == slotSpectrum {
				drawCircle(large, spectrumOf(v), v.R)
			}
		})})
	}
	document := viewDocument(p.session, v)
	e.files = append(e.files, exportFile{suffix: ".json", write: func(w io.Writer) error { return writeJSON(w, document) }})
	return e, nil
}

// viewDocument is what the Explore page says, as JSON.
func viewDocument(of *session, v *view.View) any {
	type answer struct {
		Part          string              `json:"part"`
		Class         string              `json:"class"`
		Right         *bool               `json:"right"`
		Probabilities map[string]*float64 `json:"probabilities"`
	}
	var answers []answer
	for part, said := range v.Predictions {
		one := answer{Part: bands.Part(part).String(), Class: of.className(said.Class), Probabilities: of.probabilities(said)}
		if v.Label >= 0 {
			right := v.Right(bands.Part(part))
			one.Right = &right
		}
		answers = append(answers, one)
	}
	var label *string
	if v.Label >= 0 {
		name := of.className(v.Label)
		label = &name
	}
	return struct {
		Model     string              `json:"model"`
		Data      string              `json:"data"`
		Split     string              `json:"split"`
		Index     int                 `json:"index"`
		Title     string              `json:"title"`
		Label     *string             `json:"label"`
		R         float64             `json:"r"`
		By        string              `json:"by"` // fourier: kept are frequencies; svd: singular values
		Kept      int                 `json:"kept"`
		Total     int                 `json:"total"`
		Energy    map[string]*float64 `json:"energy"`
		Normalize string              `json:"normalize"`
		BN        string              `json:"bn"`
		model.Smoothing
		Predictions []answer `json:"predictions"`
	}{
		of.info.Model, of.info.Data, of.info.Split, v.Index, clean(v.Title), label, v.R, v.By.String(), v.Kept, v.Total,
		map[string]*float64{"low": number(v.EnergyLow), "high": number(v.EnergyHigh)},
		v.Normalize.String(), v.Statistics.String(), v.Smoothing, answers,
	}
}
