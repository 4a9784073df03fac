package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"hfcui/engine/nets"
	"hfcui/engine/printable"
)

// Metadata keys of model files.
const (
	keyNet     = "hfcui.net"     // "resnet20"
	keyClasses = "hfcui.classes" // JSON array of names
	keyInput   = "hfcui.input"   // "3x32x32"
	keyMean    = "hfcui.mean"    // JSON array, one number per channel
	keyStd     = "hfcui.std"     // JSON array, one number per channel
	keyGraph   = "hfcui.graph"   // a graph.Graph as JSON, for nets outside of package nets' families
	keyAssume  = "hfcui.assume"  // assumptions about the net, as JSON

	// KeySource describes the foreign file the model was imported from.
	KeySource = "hfcui.source"

	// keyNormalized describes for readers how an ONNX graph normalizes its input; only the value
	// normalizedNot is parsed.
	keyNormalized = "hfcui.normalization"
	normalizedNot = "none" // no input normalization
)

// metadata is a file's metadata; every field may be absent.
type metadata struct {
	name      string
	classes   []string
	input     [3]int
	mean, std []float32
	none      bool   // explicitly no normalization
	graph     string // a graph.Graph as JSON
	assumed   []nets.Assumption
	rest      map[string]string // all other keys

	meanName, stdName string // their source, for errors
}

func readMetadata(values map[string]string) (metadata, error) {
	m := metadata{name: values[keyNet], graph: values[keyGraph], none: values[keyNormalized] == normalizedNot, rest: make(map[string]string),
		meanName: "metadata " + keyMean, stdName: "metadata " + keyStd}
	for k, v := range values {
		switch k {
		case keyNet, keyClasses, keyInput, keyMean, keyStd, keyGraph, keyAssume, keyNormalized:
		default:
			m.rest[k] = v
		}
	}
	if s, ok := values[keyClasses]; ok {
		if err := json.Unmarshal([]byte(s), &m.classes); err != nil || len(m.classes) == 0 {
			return m, fmt.Errorf("metadata %s is not a JSON array of names", keyClasses)
		}
		for i, c := range m.classes {
			m.classes[i] = printable.Line(c)
		}
	}
	if s, ok := values[keyInput]; ok {
		if !parseInput(s, &m.input) {
			return m, fmt.Errorf("metadata %s is %.20q, not channels x height x width", keyInput, s)
		}
	}
	if s, ok := values[keyAssume]; ok {
		if err := json.Unmarshal([]byte(s), &m.assumed); err != nil {
			return m, fmt.Errorf("metadata %s: invalid JSON", keyAssume)
		}
	}
	for key, dst := range map[string]*[]float32{keyMean: &m.mean, keyStd: &m.std} {
		s, ok := values[key]
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(s), dst); err != nil || len(*dst) == 0 {
			return m, fmt.Errorf("metadata %s is not a JSON array of numbers", key)
		}
	}
	return m, nil
}

// named reports whether the model was trained here: the file names its network and has no
// assumptions.
func (m *metadata) named() bool { return m.name != "" && m.graph == "" && m.assumed == nil }

// parseInput reads "3x32x32", and reports whether it is of that form.
func parseInput(s string, input *[3]int) bool {
	fields := strings.Split(s, "x")
	if len(fields) != len(input) {
		return false
	}
	var read [3]int
	for i := range read {
		n, err := strconv.Atoi(fields[i])
		if err != nil || n < 1 {
			return false
		}
		read[i] = n
	}
	*input = read
	return true
}

// minStd is the smallest valid standard deviation.
const minStd = 1e-6

// normalization returns mean and standard deviation per channel, or nil for both.
func (m metadata) normalization(channels int) (mean, std []float32, err error) {
	if m.mean == nil && m.std == nil {
		return nil, nil, nil
	}
	if mean, err = perChannel(m.mean, 0, channels); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", m.meanName, err)
	}
	if std, err = perChannel(m.std, 1, channels); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", m.stdName, err)
	}
	for _, s := range std {
		if s < minStd {
			return nil, nil, fmt.Errorf("%s: %g is not a valid standard deviation", m.stdName, s)
		}
	}
	return mean, std, nil
}

// perChannel returns one value per channel; a single value is repeated, none yields absent.
func perChannel(values []float32, absent float32, channels int) ([]float32, error) {
	if values == nil {
		values = []float32{absent}
	}
	if len(values) != 1 && len(values) != channels {
		return nil, fmt.Errorf("%d values for %d channels", len(values), channels)
	}
	out := make([]float32, channels)
	for i := range out {
		out[i] = values[i%len(values)]
	}
	return out, nil
}

// metadata returns the metadata that Save writes.
func (m *Model) metadata() map[string]string {
	values := make(map[string]string)
	maps.Copy(values, m.Metadata)
	c, h, w := m.Input()
	values[keyNet] = m.Net.Name
	values[keyInput] = fmt.Sprintf("%dx%dx%d", c, h, w)
	if m.Classes != nil {
		values[keyClasses] = jsonText(m.Classes)
	}
	if len(m.Assumed) > 0 {
		values[keyAssume] = jsonText(m.Assumed)
	}
	switch {
	case m.Mean != nil:
		values[keyMean], values[keyStd] = jsonText(m.Mean), jsonText(m.Std)
	case m.Normalized != Assumed && (m.Net.Described() != nil || len(m.Assumed) > 0): // else implied, see named
		values[keyNormalized] = normalizedNot
	}
	if g := m.Net.Described(); g != nil {
		values[keyGraph] = jsonText(g)
	}
	return values
}

// jsonText encodes a value that cannot fail: strings, finite numbers, valid graphs.
func jsonText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
