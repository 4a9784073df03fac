package bands

import (
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Report is the JSON form of a Result with everything that determined it.
type Report struct {
	Model string `json:"model"`
	Data  string `json:"data"`
	Split string `json:"split"`
	// Corruption of the images and its severity, if the data has corruptions.
	Corruption string `json:"corruption,omitempty"`
	Severity   int    `json:"severity,omitempty"`
	N          int    `json:"n"` // evaluation images
	*measure.Partial
	Normalize string `json:"normalize"`
	BN        string `json:"bn"` // batch-norm statistics: running or batch
	model.Smoothing
	Whole measure.Score `json:"whole"`
	Bands []Band        `json:"bands"`
	DType string        `json:"dtype,omitempty"` // of activations, if not fp32
}

// Band is the score of one component, "low" or "high", at one radius.
type Band struct {
	Part string  `json:"part"`
	R    float64 `json:"r"`
	measure.ScoreDocument
	// Changed counts, for "low", the images whose prediction differs from that for the whole
	// image, if requested.
	Changed *measure.ShareDocument `json:"changed,omitempty"`
	// Bound is the upper bound on robust accuracy, where there is one.
	Bound *Bound `json:"bound,omitempty"`
}

// Bound is an upper bound: at any ε of Distance or more, in either norm, robust accuracy on
// these images is at most the score. See [Bounds].
type Bound struct {
	Distance
	measure.ScoreDocument
}

// Partial says how far an unfinished measurement is; nil if it is complete.
func (r Result) Partial() *measure.Partial {
	return measure.PartialOf(r.Done, r.Whole.N, r.Images, "images")
}

// NewReport describes a result.
func NewReport(name, data, split string, n Normalization, s model.Statistics, smoothing model.Smoothing, r Result) Report {
	report := Report{Model: name, Data: data, Split: split, N: r.Whole.N, Partial: r.Partial(), Normalize: n.String(), BN: s.String(),
		Smoothing: smoothing, Whole: r.Whole, Bands: make([]Band, 0, 2*len(r.Radii))}
	for i, radius := range r.Radii {
		low := Band{Part: "low", R: radius, ScoreDocument: r.Low[i].Document()}
		if r.Changes != nil {
			changed := r.Changes[i].Differ.ShareDocument()
			low.Changed = &changed
			if Bounds(n, s) {
				low.Bound = &Bound{r.Changes[i].Epsilon, r.Changes[i].Both.Document()}
			}
		}
		report.Bands = append(report.Bands, low, Band{Part: "high", R: radius, ScoreDocument: r.High[i].Document()})
	}
	return report
}
