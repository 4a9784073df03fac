package bands

import (
	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Report is a Result with what determined it, as files and commands have it.
type Report struct {
	Model     string `json:"model"`
	Data      string `json:"data"`
	Split     string `json:"split"`
	N         int    `json:"n"` // images measured at every radius
	Normalize string `json:"normalize"`
	BN        string `json:"bn"` // batch-norm statistics: running or batch
	model.Smoothing
	Whole measure.Score `json:"whole"`
	Bands []Band        `json:"bands"`
	DType string        `json:"dtype,omitempty"` // of the network, where it is not fp32
}

// Band is the score of one part, "low" or "high", at one radius.
type Band struct {
	Part string  `json:"part"`
	R    float64 `json:"r"`
	measure.ScoreDocument
	// Changed is, with a low part, how many images the model takes for another class than
	// whole, where that was asked for.
	Changed *measure.ShareDocument `json:"changed,omitempty"`
	// Bound is what that says about robust accuracy, where it says something.
	Bound *Bound `json:"bound,omitempty"`
}

// Bound says that at any ε of Distance or more, in either norm, robust accuracy on these
// images is at most the score: see [Bounds].
type Bound struct {
	Distance
	measure.ScoreDocument
}

// NewReport describes a result.
func NewReport(name, data, split string, n Normalization, s model.Statistics, smoothing model.Smoothing, r Result) Report {
	report := Report{Model: name, Data: data, Split: split, N: r.Whole.N, Normalize: n.String(), BN: s.String(),
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
