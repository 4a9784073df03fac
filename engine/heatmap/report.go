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
		if f := g.frequency(i); g.own(f) == f {
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
		f := g.frequency(i)
		if g.own(f) == f {
			if s.N > 0 {
				report.N = min(report.N, s.N)
			}
			report.Cells = append(report.Cells, Cell{f.U, f.V, s.Document()})
		}
	}
	return report
}

// Named is a model's map among several.
type Named struct {
	Name string
	Result
}

// WriteCSV writes one row per model and frequency. The differences of a model's error rates are from
// the first model's, on the same images.
func WriteCSV(w io.Writer, maps ...Named) error {
	out := csv.NewWriter(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	_ = out.Write([]string{"u", "v", "correct", "n", "error", "ci95_lo", "ci95_hi", "norm", "clip", "complete",
		"model", "difference", "difference_ci95_lo", "difference_ci95_hi", "difference_n"}) // reported by Error
	for k, m := range maps {
		for i, s := range m.Cells {
			f := grid{m.H, m.W}.frequency(i)
			lo, hi := s.Wilson()
			row := []string{strconv.Itoa(f.U), strconv.Itoa(f.V), strconv.Itoa(s.Correct), strconv.Itoa(s.N),
				number(1 - s.Accuracy()), number(1 - hi), number(1 - lo), number(m.Norm), strconv.FormatBool(!m.Unclipped), strconv.FormatBool(m.Done), m.Name}
			difference := []string{"", "", "", ""}
			if pairs := m.Subtract(maps[0].Result, f); k > 0 && pairs.N() > 0 {
				lo, hi := pairs.Newcombe()
				difference = []string{number(pairs.Difference()), number(lo), number(hi), strconv.Itoa(pairs.N())}
			}
			_ = out.Write(append(row, difference...))
		}
	}
	out.Flush()
	return out.Error()
}
