package explore

import (
	"errors"
	"fmt"
	"io"

	"hfcui/engine/bands"
	charts "hfcui/engine/figure"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/engine/view"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// Export prepares the pictures on the page and the predictions.
func (p *Page) Export() (session.Exporter, error) {
	v := p.shown.view
	if v == nil || p.failed != "" {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	e := session.Exporter{Base: fmt.Sprintf("%s-%s-%d-r%.1f", p.session.Info.Data, p.session.Info.Split, v.Index, v.R)}
	if v.By == bands.SVD {
		e.Base += "-svd"
	}
	mode := p.shown.asked.high
	for kind, suffix := range [kit.Slots]string{"-original.png", "-low.png", "-high.png", "-spectrum.png"} {
		if kind == kit.SlotSpectrum && v.Singular != nil {
			title := fmt.Sprintf("%s: singular values", kit.Clean(v.Title))
			e.Files = append(e.Files, session.FigureFiles("-singular", func() *charts.Figure { return singularFigure(title, v) })...)
			continue
		}
		gray := kind != kit.SlotSpectrum && v.Pictures[kind].C == 1
		e.Files = append(e.Files, session.ExportFile{Suffix: suffix, Write: session.Enlarged(gray, func(src *picture.Image) {
			switch kind {
			case kit.SlotSpectrum:
				session.SpectrumImage(src, spectrumOf(v), v.R, 1)
			case kit.SlotHigh:
				highImage(src, v.Pictures[kind], mode, 1)
			default:
				session.PlaneImage(src, v.Pictures[kind], 1, 0, 1)
			}
		}, func(large *picture.Image) {
			if kind == kit.SlotSpectrum {
				session.DrawCircle(large, spectrumOf(v), v.R)
			}
		})})
	}
	document := p.session.Documented("", viewDocument(p.session, v, p.comparisons()))
	e.Files = append(e.Files, session.ExportFile{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, document) }})
	return e, nil
}

// answer is a prediction as JSON.
type answer struct {
	Part          string              `json:"part"`
	Class         string              `json:"class"`
	Right         *bool               `json:"right"`
	Probabilities map[string]*float64 `json:"probabilities"`
}

// answersOf returns a model's predictions as JSON; label is −1 where there is none.
func answersOf(m session.ShownModel, list lab.Predictions, label int) (answers []answer) {
	for part, said := range list {
		one := answer{Part: bands.Part(part).String(), Class: m.ClassName(said.Class), Probabilities: m.Probabilities(said)}
		if label >= 0 && m.Scored() {
			right := said.Class == label
			one.Right = &right
		}
		answers = append(answers, one)
	}
	return answers
}

// comparison is the predictions of a comparison model as JSON.
type comparison struct {
	Model       string   `json:"model"`
	Predictions []answer `json:"predictions"`
}

// comparisons returns those of the comparison models on screen.
func (p *Page) comparisons() (list []lab.Document) {
	for _, m := range p.session.Comparisons {
		if one, ok := p.predictionOf(m); ok && one.err == nil {
			list = append(list, p.session.Documented(m.Path, comparison{m.Name, answersOf(m, one.list, p.shown.view.Label)}))
		}
	}
	return list
}

// viewDocument returns the page's contents as JSON.
func viewDocument(of *session.Session, v *view.View, others []lab.Document) any {
	var label *string
	if v.Label >= 0 {
		name := of.ClassName(v.Label)
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
		By        string              `json:"by"` // fourier: kept frequencies; svd: kept singular values
		Kept      int                 `json:"kept"`
		Total     int                 `json:"total"`
		Energy    map[string]*float64 `json:"energy"`
		Normalize string              `json:"normalize"`
		BN        string              `json:"bn"`
		model.Smoothing
		Predictions []answer       `json:"predictions"`
		Comparisons []lab.Document `json:"comparisons,omitempty"`
	}{
		of.Info.Model, of.Info.Data, of.Info.Split, v.Index, kit.Clean(v.Title), label, v.R, v.By.String(), v.Kept, v.Total,
		map[string]*float64{"low": session.Number(v.EnergyLow), "high": session.Number(v.EnergyHigh)},
		v.Normalize.String(), v.Statistics.String(), v.Smoothing, answersOf(of.Models()[0], v.Predictions, v.Label), others,
	}
}
