package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"hfcui/engine/graph"
	"hfcui/engine/nets"
	"hfcui/engine/op"
)

// Description is user-supplied information about a model that its file lacks or gets wrong;
// zero fields are unset.
type Description struct {
	Net       string       // expected architecture
	Mean, Std []float32    // input normalization of pixels in [0,1], one value per channel or one for all
	BGR       bool         // the model expects BGR; mean and std are BGR, too
	Input     [3]int       // channels, height, width
	Classes   []string     // in output order
	Outputs   int          // expected number of classes, if they are not named
	Assume    nets.Choices // overrides of assumptions about the net

	meanGiven, stdGiven bool // not implied by the name of the other
}

// describe overrides metadata with the description.
func (m *metadata) describe(d Description) {
	if d.Mean != nil {
		m.mean, m.meanName = d.Mean, "given mean"
	}
	if d.Std != nil {
		m.std, m.stdName = d.Std, "given std"
	}
	if d.Input != [3]int{} {
		m.input = d.Input
	}
	if d.Classes != nil {
		m.classes = d.Classes
	}
}

// found returns the network that the metadata describes, or the one recognized from the tensors.
// Overriding assumptions repeats the recognition.
func (m *metadata) found(s *stateDict, d Description) (*nets.Found, error) {
	ofNet := slices.ContainsFunc(m.assumed, func(a nets.Assumption) bool { return a.Key != nets.InputSize })
	if m.graph == "" || ofNet && len(d.Assume) > 0 {
		return m.recognized(s, d)
	}
	if len(d.Assume) > 0 {
		return nil, errors.New("no assumptions to override: the file specifies the network")
	}
	g, err := graph.Parse([]byte(m.graph))
	if err != nil {
		return nil, err
	}
	if d.Input != [3]int{} {
		g.Input = d.Input
	}
	if m.input != [3]int{} && m.input != g.Input {
		return nil, fmt.Errorf("metadata %s is %v, but the graph's input is %v", keyInput, m.input, g.Input)
	}
	shapes := make(nets.Shapes)
	for _, t := range s.shapes() {
		shapes[t.Name] = t.Shape
	}
	net, err := nets.FromGraph(g, shapes)
	if err != nil {
		return nil, err
	}
	found := &nets.Found{Net: net, Names: make(map[string]string), Assumed: m.assumed}
	if d.Input != [3]int{} {
		found.Assumed = slices.DeleteFunc(slices.Clone(m.assumed), func(a nets.Assumption) bool { return a.Key == nets.InputSize })
	}
	for _, p := range net.Params {
		found.Names[p.Name] = p.Name
	}
	return found, nil
}

// recognized returns the network recognized from the tensors. A file that names its network and has
// no assumptions was written by hfcui train.
func (m *metadata) recognized(s *stateDict, d Description) (*nets.Found, error) {
	given := nets.Choices{}
	for _, a := range m.assumed {
		if a.Given {
			given[a.Key] = a.Value
		}
	}
	if len(d.Assume) > 0 {
		open, err := nets.OpenAssumptions(s.shapes(), s.modules, m.input)
		if err != nil {
			return nil, err
		}
		closed, err := complete(d.Assume, open)
		if err != nil {
			return nil, err
		}
		maps.Copy(given, closed)
		m.name = "" // the overrides change the network
	}
	find := s.recognize
	made := m.named() && len(d.Assume) == 0
	if made {
		find = s.identify
	}
	found, err := find(m.input, given)
	if err != nil {
		return nil, err
	}
	if made {
		found.Assumed = nil
	}
	for _, a := range m.assumed { // an assumed input size stays assumed
		if a.Key == nets.InputSize && d.Input == [3]int{} {
			found.Assumed = append(found.Assumed, a)
		}
	}
	return found, nil
}

// fromBGR reverses the channel order of the first convolution and the normalization, so that
// the model takes RGB.
func (m *Model) fromBGR() error {
	w := m.Weights[m.FirstConv()]
	if len(w.Shape) != 4 || w.Shape[1] != 3 {
		return errors.New("BGR needs a model with 3 input channels")
	}
	plane := op.Size(w.Shape[2:])
	for o := range w.Shape[0] {
		at := o * 3 * plane
		for i := range plane {
			w.Data[at+i], w.Data[at+2*plane+i] = w.Data[at+2*plane+i], w.Data[at+i]
		}
	}
	m.Mean, m.Std = slices.Clone(m.Mean), slices.Clone(m.Std)
	slices.Reverse(m.Mean)
	slices.Reverse(m.Std)
	m.Notes = append(slices.Clone(m.Notes), "the model expects BGR (given); mean and std are listed as RGB")
	return nil
}
