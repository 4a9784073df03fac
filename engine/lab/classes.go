package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hfcui/engine/model"
)

// classMatch is how the classes of data are matched to a model's outputs.
type classMatch struct {
	unscored string // why they are not; ""
	note     string // what accuracy has to be read with; or ""
}

// matchClasses returns a model with the outputs that stand for the classes of data, in the order of
// their labels, and these outputs, nil being all: by name where both have names; by number where the classes are numbers of outputs;
// else by order, if there are as many. A model without class names is matched only to data that was
// chosen. If the classes do not match the model is returned as it is.
func matchClasses(m *model.Model, data *source) (*model.Model, []int, classMatch) {
	names := data.Test.Classes()
	if len(names) == 0 {
		return m, nil, classMatch{}
	}
	outputs, how, unscored := outputsOf(m, data, names)
	if unscored != "" {
		return m, nil, classMatch{unscored: unscored}
	}
	if !slices.ContainsFunc(indices(len(names)), func(i int) bool { return outputs[i] != i }) && len(names) == m.Net.Classes {
		return m, nil, classMatch{note: how}
	}
	s, err := m.Select(outputs)
	if err != nil {
		return m, nil, classMatch{unscored: err.Error()}
	}
	note := fmt.Sprintf("the outputs of %s are in the order of the classes of %s", m.Name, data.Name)
	if len(outputs) < m.Net.Classes {
		note = fmt.Sprintf("%d of the %d outputs of %s: those of the classes of %s", len(outputs), m.Net.Classes, m.Name, data.Name)
	}
	if how == "" {
		how = "matched by name"
	}
	return s, outputs, classMatch{note: note + ", " + how}
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// outputsOf returns the output of each class, and how it was found if not by name; or why the classes
// are not those of the model.
func outputsOf(m *model.Model, data *source, names []string) (outputs []int, how, unscored string) {
	if len(m.Classes) > 0 {
		outputs, missing := m.Match(names, data.Aliases)
		switch {
		case len(missing) == 0:
			return outputs, "", ""
		case len(missing) < len(names):
			return nil, "", fmt.Sprintf("%s does not predict %d of the %d classes of %s: %s", m.Name, len(missing), len(names), data.Name, someOf(missing))
		}
	}
	if outputs := numbered(names, m.Net.Classes); outputs != nil && (len(m.Classes) > 0 || len(names) < m.Net.Classes) {
		return outputs, "the names of the classes are taken as numbers of outputs", ""
	}
	switch {
	case len(names) != m.Net.Classes:
		return nil, "", fmt.Sprintf("%s predicts %d classes, %s has %d", m.Name, m.Net.Classes, data.Name, len(names))
	case len(m.Classes) > 0:
		return nil, "", fmt.Sprintf("%s was trained on other classes than those of %s", m.Name, data.Name)
	case !data.chosen:
		return nil, "", fmt.Sprintf("%s has no class names and no dataset was chosen for it; %s is the default", m.Name, data.Name)
	case data.Unordered != "":
		return nil, "", data.Unordered
	}
	return indices(len(names)), fmt.Sprintf("%s has no class names: its outputs are taken to be %s", m.Name, someOf(names)), ""
}

// numbered returns names as numbers of outputs; nil if one is not.
func numbered(names []string, outputs int) []int {
	all := make([]int, len(names))
	for i, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n >= outputs || name != strconv.Itoa(n) {
			return nil
		}
		all[i] = n
	}
	return all
}

// someOf lists the first of some names.
func someOf(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown-1], ", ") + ", …, " + names[len(names)-1]
}

// DefaultModelNote is the note on predictions for images of which no dataset is known.
const DefaultModelNote = "predictions are by " + defaultModel + ", trained on shapes"

// compareClasses notes how the classes of the data were matched to the model's, or why accuracy is
// unavailable.
func (s *study) compareClasses(match classMatch) {
	if len(s.data.Test.Classes()) == 0 {
		s.unscored, s.unlabeled = s.data.Name+" has no labels", true
		if !s.chosen {
			s.note(DefaultModelNote)
		}
		return
	}
	if s.unscored = match.unscored; s.unscored != "" {
		s.note("predictions shown, not scored: %s", s.unscored)
	} else if match.note != "" {
		s.note("%s", match.note)
	}
}
