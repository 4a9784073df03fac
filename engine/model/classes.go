package model

import (
	"fmt"
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
