package ui

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"

	"hfcui/engine"
	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/ui/picture"
)

// exportSide is how large small pictures are made, by whole factors, when exported.
const exportSide = 256

// export prepares the pictures on the page and the predictions.
func (p *explore) export() (exporter, error) {
	v := p.shown.view
	if v == nil || p.failed != "" {
		return exporter{}, errors.New("nothing to export yet")
	}
	a := p.app
	e := exporter{base: fmt.Sprintf("%s-%s-%d-r%.1f", a.info.Data, a.info.Split, v.Index, v.R)}
	if v.By == bands.SVD {
		e.base += "-svd"
	}
	mode := p.shown.asked.high
	for kind, suffix := range [slots]string{"-original.png", "-low.png", "-high.png", "-spectrum.png"} {
		gray := kind != slotSpectrum && v.Pictures[kind].C == 1
		e.files = append(e.files, exportFile{suffix, enlarged(gray, func(src *picture.Image) {
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
	document := viewDocument(a, v)
	e.files = append(e.files, exportFile{".json", func(w io.Writer) error { return writeJSON(w, document) }})
	return e, nil
}

// enlarged writes a picture as PNG, made exportSide large by a whole factor if it is smaller:
// source fills what it is of, finish draws on it once it is large.
func enlarged(gray bool, source, finish func(*picture.Image)) func(io.Writer) error {
	return func(w io.Writer) error {
		var src, large picture.Image
		source(&src)
		factor := max(1, exportSide/max(src.W, src.H))
		large.Resize(src.W*factor, src.H*factor)
		picture.Scale(&large, &src, picture.RGB{})
		finish(&large)
		return writePNG(w, &large, gray)
	}
}

// viewDocument is what the Explore page says, as JSON.
func viewDocument(a *App, v *engine.View) any {
	type answer struct {
		Part          string              `json:"part"`
		Class         string              `json:"class"`
		Right         *bool               `json:"right"`
		Probabilities map[string]*float64 `json:"probabilities"`
	}
	var answers []answer
	for part, said := range v.Predictions {
		one := answer{Part: engine.Part(part).String(), Class: a.className(said.Class), Probabilities: a.probabilities(said)}
		if v.Label >= 0 {
			right := v.Right(engine.Part(part))
			one.Right = &right
		}
		answers = append(answers, one)
	}
	var label *string
	if v.Label >= 0 {
		name := a.className(v.Label)
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
		a.info.Model, a.info.Data, a.info.Split, v.Index, clean(v.Title), label, v.R, v.By.String(), v.Kept, v.Total,
		map[string]*float64{"low": number(v.EnergyLow), "high": number(v.EnergyHigh)},
		v.Normalize.String(), v.Statistics.String(), v.Smoothing, answers,
	}
}

// probabilities is an answer as JSON has it, by class.
func (a *App) probabilities(said engine.Prediction) map[string]*float64 {
	list := map[string]*float64{}
	for class, share := range said.Probabilities {
		list[a.className(class)] = number(share)
	}
	return list
}

// number is what JSON can hold of v: null where v is no number.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// writePNG writes im, of one channel where it is gray.
func writePNG(w io.Writer, im *picture.Image, gray bool) error {
	if gray {
		out := image.NewGray(image.Rect(0, 0, im.W, im.H))
		for i := range out.Pix {
			out.Pix[i] = im.Pix[3*i]
		}
		return png.Encode(w, out)
	}
	out := image.NewNRGBA(image.Rect(0, 0, im.W, im.H))
	for i := range im.W * im.H {
		copy(out.Pix[4*i:], im.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return png.Encode(w, out)
}

// writeJSON writes one indented document.
func writeJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(document)
}
