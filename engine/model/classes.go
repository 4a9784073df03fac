package model

import (
	"fmt"
	"slices"
	"strings"
)

// ClassNames returns the names of the model's outputs; "class 0" etc. if the file has none.
func (m *Model) ClassNames() []string {
	if len(m.Classes) > 0 {
		return m.Classes
	}
	names := make([]string, m.Net.Classes)
	for i := range names {
		names[i] = fmt.Sprint("class ", i)
	}
	return names
}

// Predicts reports whether the model's outputs can be these classes, judging by number and by the
// names in its file.
func (m *Model) Predicts(classes []string) bool {
	if len(classes) != m.Net.Classes {
		return false
	}
	for i, name := range m.Classes {
		if !strings.EqualFold(classes[i], name) {
			return false
		}
	}
	return true
}

// Match returns the model's output for each of some classes, by name: in any case, with _ and - as
// spaces. aliases are other names of each, or nil. missing are the classes that have no output of
// their own.
func (m *Model) Match(classes []string, aliases [][]string) (outputs []int, missing []string) {
	free := map[string][]int{} // outputs by name: a few names of ImageNet stand for two
	for i, name := range m.Classes {
		name = normalName(name)
		free[name] = append(free[name], i)
		if first, _, more := strings.Cut(name, ","); more { // synonyms
			free[first] = append(free[first], i)
		}
	}
	claimed := map[int]bool{}
	claim := func(name string) bool {
		for _, i := range free[normalName(name)] {
			if !claimed[i] {
				claimed[i] = true
				outputs = append(outputs, i)
				return true
			}
		}
		return false
	}
	for k, class := range classes {
		names := []string{class}
		if aliases != nil {
			names = append(names, aliases[k]...)
		}
		if !slices.ContainsFunc(names, claim) {
			missing = append(missing, class)
		}
	}
	return outputs, missing
}

// normalName is a name as it is compared.
func normalName(name string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(name))), " ")
}

// Select returns the model with some of its outputs, in this order, and the same weights. It is for
// evaluation: it is not to be saved, since the weights have all outputs.
func (m *Model) Select(outputs []int) (*Model, error) {
	net, err := m.Net.Select(outputs)
	if err != nil {
		return nil, err
	}
	s := *m
	s.Net, s.Classes = net, nil
	for _, i := range outputs {
		if m.Classes != nil {
			s.Classes = append(s.Classes, m.Classes[i])
		}
	}
	return &s, nil
}
