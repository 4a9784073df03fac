package model

import (
	"fmt"
	"strings"

	"hfcui/engine/nets"
)

// Origin is the source of a property of a model.
type Origin string

// The origins; the zero value is an assumption.
const (
	Assumed Origin = ""
	InFile  Origin = "file"  // or trained here
	Given   Origin = "given" // by the user
)

// MarshalText writes "assumed", "file" or "given".
func (o Origin) MarshalText() ([]byte, error) {
	if o == Assumed {
		return []byte("assumed"), nil
	}
	return []byte(o), nil
}

// Reading is how a model's file was interpreted: what is in the file, given or assumed. Its JSON
// keys are part of the output of every command that opens a model.
type Reading struct {
	Input      [3]int            `json:"input"` // channels, height, width
	Mean       []float32         `json:"mean"`  // null: no normalization
	Std        []float32         `json:"std"`
	Normalized Origin            `json:"normalization"` // file, given or assumed
	Assumed    []nets.Assumption `json:"assumed"`
	Notes      []string          `json:"notes"`
}

// Reading returns how m was interpreted.
func (m *Model) Reading() Reading {
	r := Reading{Input: m.Net.Input, Mean: m.Mean, Std: m.Std, Normalized: m.Normalized, Assumed: m.Assumed, Notes: m.Notes}
	if r.Assumed == nil {
		r.Assumed = []nets.Assumption{}
	}
	if r.Notes == nil {
		r.Notes = []string{}
	}
	return r
}

// Open reports whether an assumption about the model has alternatives.
func (r Reading) Open() bool {
	if r.Normalized == Assumed {
		return true
	}
	for _, a := range r.Assumed {
		if !a.Given && len(a.Others) > 0 {
			return true
		}
	}
	return false
}

// Lines formats the model's input, then the given and the assumed properties, one line each.
func (r Reading) Lines() []string {
	kind := map[int]string{1: "gray", 3: "RGB"}[r.Input[0]]
	lines := []string{fmt.Sprintf("input %d×%d %s, %s", r.Input[2], r.Input[1], kind, r.Normalization())}
	var assumed, given []string
	for _, a := range r.Assumed {
		if text := a.Key + "=" + a.Value; a.Given {
			given = append(given, text)
		} else {
			assumed = append(assumed, text)
		}
	}
	if len(given) > 0 {
		lines = append(lines, "given "+strings.Join(given, ", "))
	}
	if len(assumed) > 0 {
		lines = append(lines, "assumed "+strings.Join(assumed, ", "))
	}
	return lines
}

// Normalization formats the input normalization and its origin.
func (r Reading) Normalization() string {
	text := "no normalization"
	if r.Mean != nil {
		text = "mean " + numbers(r.Mean) + " std " + numbers(r.Std)
	}
	return text + map[Origin]string{Assumed: " (assumed)", InFile: " (from the file)", Given: " (given)"}[r.Normalized]
}

// Brief is a short form of Normalization, e.g. "no mean, std (assumed)" or "imagenet (given)"; ""
// if nothing is assumed or given.
func (r Reading) Brief() string {
	text := "no mean, std"
	if r.Mean != nil {
		if text = NameOf(r.Mean, r.Std); text == "" || text == "none" {
			text = "mean " + numbers(r.Mean[:1])
		}
	}
	switch r.Normalized {
	case InFile:
		if r.Mean == nil {
			return ""
		}
		return text
	case Given:
		return text + " (given)"
	}
	return text + " (assumed)"
}
