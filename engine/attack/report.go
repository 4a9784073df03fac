package attack

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"hfcui/engine/measure"
	"hfcui/engine/model"
)

// Report is a Robustness with the settings it depends on, as files and commands write it.
type Report struct {
	Model string `json:"model"`
	Data  string `json:"data"`
	Split string `json:"split"`
	N     int    `json:"n"` // images evaluated under every attack
	*measure.Partial
	Norm        Norm    `json:"norm"`
	RandomStart bool    `json:"random_start"`
	Restarts    int     `json:"restarts"`
	Seed        uint64  `json:"seed"`
	Band        *Band   `json:"band,omitempty"`         // nil: all frequencies
	Layer       string  `json:"layer,omitempty"`        // the smoothed layer if it is not the first convolution
	GainDivided bool    `json:"gain_divided,omitempty"` // smoothed kernels are divided by 1+8·rho
	Clean       []Clean `json:"clean"`
	Results     []Cell  `json:"results"`
	// Checks are what results are compared with, on fewer images.
	Checks   []Cell     `json:"checks,omitempty"`
	Smallest []Smallest `json:"smallest,omitempty"`
	Warnings []string   `json:"warnings"`
}

// NewReport reports robust accuracy under attacks with options o on a model smoothed by s.
func NewReport(name, data, split string, o Options, s model.Smoothing, r Robustness) Report {
	report := Report{Model: name, Data: data, Split: split, N: r.evaluated(), Partial: r.Partial(), Norm: o.Norm, RandomStart: o.RandomStart,
		Restarts: max(1, o.Restarts), Seed: o.Seed, Layer: s.Layer, GainDivided: s.DivideGain, Clean: r.Clean, Results: []Cell{}, Smallest: r.Smallest, Warnings: []string{}}
	if !o.Band.Whole() {
		report.Band = &o.Band
	}
	for _, c := range r.Cells {
		if c.Check {
			report.Checks = append(report.Checks, c)
		} else {
			report.Results = append(report.Results, c)
		}
	}
	for _, w := range r.Warnings() {
		report.Warnings = append(report.Warnings, w.String())
	}
	return report
}

// Partial says how far an unfinished measurement is; nil if it is complete.
func (r Robustness) Partial() *measure.Partial {
	return measure.PartialOf(r.Done, int(100*r.Progress), 100, "percent")
}

// evaluated is the number of images evaluated under every attack so far.
func (r Robustness) evaluated() int {
	n := r.Images
	for _, c := range r.Cells {
		if !r.Done && !c.Check {
			n = min(n, c.N)
		}
	}
	return n
}

// MarshalJSON writes rho and the score.
func (c Clean) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Rho float64 `json:"rho"`
		measure.ScoreDocument
	}{c.Rho, c.Score.Document()})
}

// MarshalJSON writes the attack and the score; marks are the failed rules.
func (c Cell) MarshalJSON() ([]byte, error) {
	marks := make([]Rule, len(c.Marks))
	for i, m := range c.Marks {
		marks[i] = m.Rule
	}
	return json.Marshal(struct {
		Method  string  `json:"method"`
		Epsilon float64 `json:"epsilon"`
		Rho     float64 `json:"rho"`
		measure.ScoreDocument
		Steps         int      `json:"steps,omitempty"`
		StepSize      float64  `json:"step_size,omitempty"`
		TransferFrom  *float64 `json:"made_for,omitempty"` // rho of the transfer source
		ZeroGradients int      `json:"zero_gradients"`
		Marks         []Rule   `json:"marks"`
	}{c.Method, c.Epsilon, c.Rho, c.Score.Document(), c.Steps, c.StepSize, c.TransferFrom, c.ZeroGradients, marks})
}

// MarshalJSON writes null for a median that is infinite.
func (s Smallest) MarshalJSON() ([]byte, error) {
	var median *float64
	if !math.IsInf(s.Median, 0) && !math.IsNaN(s.Median) {
		median = &s.Median
	}
	return json.Marshal(struct {
		Method string   `json:"method"`
		Rho    float64  `json:"rho"`
		Median *float64 `json:"median"`
		N      int      `json:"n"`
	}{s.Method, s.Rho, median, s.N})
}

// Warning is a failed sanity check of some cells.
type Warning struct {
	Text   string
	Method string // of the cells
	Chance bool   // chance may explain it
	Cells  []int  // indices in Robustness.Cells
	where  []string
}

// String names the cells, or the first of many, and says what failed.
func (w Warning) String() string {
	const most = 4
	named := w.where
	if len(named) > most {
		named = append(named[:most-1:most-1], fmt.Sprintf("and %d others", len(w.where)-most+1))
	}
	return strings.Join(named, "; ") + ": " + w.Text
}

// Warnings lists the failed sanity checks, each once with all its cells.
func (r Robustness) Warnings() []Warning {
	var all []Warning
	at := make(map[string]int)
	for i, c := range r.Cells {
		for _, m := range c.Marks {
			k, known := at[m.Text]
			if !known {
				k = len(all)
				at[m.Text] = k
				all = append(all, Warning{Text: m.Text, Method: c.Method, Chance: m.Chance})
			}
			all[k].Cells = append(all[k].Cells, i)
			all[k].where = append(all[k].where, fmt.Sprintf("%s at epsilon %.4g, rho %.4g", c.Method, c.Epsilon, c.Rho))
		}
	}
	return all
}
