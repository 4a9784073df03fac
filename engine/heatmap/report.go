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
	Model string `json:"model"`
	Data  string `json:"data"`
	Split string `json:"split"`
	N     int    `json:"n"` // fewest evaluation images at any frequency that was evaluated
	*measure.Partial
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

// Partial says how far an unfinished map is; nil if it is complete.
func (r Result) Partial() *measure.Partial {
	own, g := 0, grid{r.H, r.W}
	for i := range r.Cells {
		if f := (Frequency{i/r.W - r.H/2, i%r.W - r.W/2}); g.own(f) == f {
			own++
		}
	}
	total := own * r.Images
	return measure.PartialOf(r.Done, int(r.Share*float64(total)+0.5), total, "evaluations")
}

// NewReport describes a result.
func NewReport(name, data, split string, smoothing model.Smoothing, r Result) Report {
	report := Report{Model: name, Data: data, Split: split, N: r.Clean.N, Partial: r.Partial(), Norm: r.Norm, Clip: !r.Unclipped, Seed: r.Seed,
		Height: r.H, Width: r.W, Smoothing: smoothing, Clean: r.Clean, Cells: []Cell{}}
	g := grid{r.H, r.W}
	for i, s := range r.Cells {
		f := Frequency{i/r.W - r.H/2, i%r.W - r.W/2}
		if g.own(f) == f {
			if s.N > 0 {
				report.N = min(report.N, s.N)
			}
			report.Cells = append(report.Cells, Cell{f.U, f.V, s.Document()})
		}
	}
	return report
}

// WriteCSV writes one row per frequency.
func (r Result) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	_ = out.Write([]string{"u", "v", "correct", "n", "error", "ci95_lo", "ci95_hi", "norm", "clip", "complete"}) // reported by Error
	for i, s := range r.Cells {
		lo, hi := s.Wilson()
		_ = out.Write([]string{strconv.Itoa(i/r.W - r.H/2), strconv.Itoa(i%r.W - r.W/2), strconv.Itoa(s.Correct), strconv.Itoa(s.N),
			number(1 - s.Accuracy()), number(1 - hi), number(1 - lo), number(r.Norm), strconv.FormatBool(!r.Unclipped), strconv.FormatBool(r.Done)})
	}
	out.Flush()
	return out.Error()
}
