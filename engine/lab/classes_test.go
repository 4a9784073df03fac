package lab

import (
	"slices"
	"strings"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// named is a set of which only the classes matter.
type named struct {
	dataset.Set
	classes []string
}

func (s named) Classes() []string { return s.classes }

func TestMatchClasses(t *testing.T) {
	abcd := []string{"Tench", "great white", "cat", "dog"}
	for name, c := range map[string]struct {
		model, data []string
		aliases     [][]string
		unordered   string
		outputs     []int // nil: all, in order
		note, wrong string
	}{
		"the same":           {model: abcd, data: []string{"tench", "Great_White", "cat", "dog"}},
		"another order":      {model: abcd, data: []string{"cat", "dog", "tench", "great white"}, outputs: []int{2, 3, 0, 1}, note: "in the order of the classes of data, matched by name"},
		"a subset by alias":  {model: abcd, data: []string{"n1", "n2"}, aliases: [][]string{{"dog"}, {"tench"}}, outputs: []int{3, 0}, note: "2 of the 4 outputs of m: those of the classes of data, matched by name"},
		"one too many":       {model: abcd, data: []string{"cat", "emu"}, wrong: "does not predict 1 of the 2 classes of data: emu"},
		"other classes":      {model: abcd, data: []string{"a", "b", "c", "d"}, wrong: "was trained on other classes"},
		"numbers of outputs": {model: abcd, data: []string{"1", "3"}, outputs: []int{1, 3}, note: "2 of the 4 outputs of m: those of the classes of data, the names of the classes are taken as numbers of outputs"},
		"no names":           {data: []string{"a", "b", "c", "d"}, note: "m has no class names: its outputs are taken to be a, b, c, d"},
		"no names, numbers":  {data: []string{"0", "2"}, outputs: []int{0, 2}, note: "taken as numbers"},
		"no names, fewer":    {data: []string{"a", "b"}, wrong: "m predicts 4 classes, data has 2"},
		"no order":           {data: []string{"a", "b", "c", "d"}, unordered: "IDs are not outputs", wrong: "IDs are not outputs"},
	} {
		m, err := model.New("lenet5", [3]int{1, 28, 28}, abcd, nets.He, 1)
		if err != nil {
			t.Fatal(err)
		}
		m.Name, m.Classes = "m", c.model
		data := &source{Data: &dataset.Data{Name: "data", Test: named{classes: c.data}, Aliases: c.aliases, Unordered: c.unordered}, chosen: true}
		got, outputs, match := matchClasses(m, data)
		if !slices.Equal(outputs, c.outputs) || !strings.Contains(match.unscored, c.wrong) || (c.wrong == "") != (match.unscored == "") || !strings.Contains(match.note, c.note) || (c.note == "") != (match.note == "") {
			t.Errorf("%s: %v, %+v", name, outputs, match)
		}
		if outputs != nil && got.Net.Classes != len(outputs) || outputs == nil && got != m {
			t.Errorf("%s: %d outputs", name, got.Net.Classes)
		}
	}
}
