package heatmap

import (
	"encoding/csv"
	"io"
	"strconv"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Report is the JSON form of a Result with everything that determined it.
type Report struct {
	Model  string  `json:"model"`
	Data   string  `json:"data"`
	Split  string  `json:"split"`
	N      int     `json:"n"` // fewest evaluation images at any frequency
	Norm   float64 `json:"norm"`
	Clip   bool    `json:"clip"` // pixels are clipped to [0,1]
	Seed   uint64  `json:"seed"`
	Height int     `json:"height"`
	Width  int     `json:"width"`
	model.Smoothing
	Clean measure.Score `json:"clean"`
	Cells []Cell        `json:"cells"` // one of (u,v) and (-u,-v), which are equal
}

// Cell is the score at a frequency; the error rate is 1 − accuracy.
type Cell struct {
	U int `json:"u"`
	V int `json:"v"`
	measure.ScoreDocument
}

// NewReport describes a result.
func NewReport(name, data, split string, smoothing model.Smoothing, r Result) Report {
	report := Report{Model: name, Data: data, Split: split, N: r.Clean.N, Norm: r.Norm, Clip: !r.Unclipped, Seed: r.Seed,
		Height: r.H, Width: r.W, Smoothing: smoothing, Clean: r.Clean, Cells: []Cell{}}
	g := grid{r.H, r.W}
	for i, s := range r.Cells {
		f := Frequency{i/r.W - r.H/2, i%r.W - r.W/2}
		if g.own(f) == f {
			report.N = min(report.N, s.N)
			report.Cells = append(report.Cells, Cell{f.U, f.V, s.Document()})
		}
	}
	return report
}

// WriteCSV writes one row per frequency.
func (r Result) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	_ = out.Write([]string{"u", "v", "correct", "n", "error", "ci95_lo", "ci95_hi", "norm", "clip"}) // reported by Error
	for i, s := range r.Cells {
		lo, hi := s.Wilson()
		_ = out.Write([]string{strconv.Itoa(i/r.W - r.H/2), strconv.Itoa(i%r.W - r.W/2), strconv.Itoa(s.Correct), strconv.Itoa(s.N),
			number(1 - s.Accuracy()), number(1 - hi), number(1 - lo), number(r.Norm), strconv.FormatBool(!r.Unclipped)})
	}
	out.Flush()
	return out.Error()
}
