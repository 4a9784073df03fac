package model_test

import (
	"fmt"
	"slices"
	"testing"

	"hfcui/engine/cpu"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

func TestMatch(t *testing.T) {
	m := &model.Model{Classes: []string{"tench, Tinca tinca", "Great_White-Shark", "crane", "crane", "n02123045"}}
	for _, c := range []struct {
		classes []string
		aliases [][]string
		outputs []int
		missing []string
	}{
		{[]string{"great white shark", "TENCH"}, nil, []int{1, 0}, nil},
		{[]string{"crane (n1)", "tabby", "crane (n2)"}, [][]string{{"n1", "crane"}, {"n02123045"}, {"n2", "crane"}}, []int{2, 4, 3}, nil},
		{[]string{"tench", "cat"}, nil, []int{0}, []string{"cat"}},
	} {
		if outputs, missing := m.Match(c.classes, c.aliases); !slices.Equal(outputs, c.outputs) || !slices.Equal(missing, c.missing) {
			t.Errorf("%v: %v, missing %v", c.classes, outputs, missing)
		}
	}
}

// TestSelect: the logits are those of the outputs, on the CPU as by reference, and the gradient is
// taken of them only.
func TestSelect(t *testing.T) {
	m, err := model.New("lenet5", [3]int{1, 28, 28}, []string{"a", "b", "c", "d"}, nets.He, 5)
	if err != nil {
		t.Fatal(err)
	}
	outputs := []int{3, 0, 1}
	s, err := m.Select(outputs)
	if err != nil || !slices.Equal(s.Classes, []string{"d", "a", "b"}) || s.Net.Classes != 3 || s.Net.Name != "lenet5" {
		t.Fatalf("%v: %v", err, s)
	}
	device, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 2*28*28)
	for i := range x {
		x[i] = float32(i%17) / 16
	}
	logits := func(m *model.Model) []float32 {
		e, err := m.NewEvaluator(device, 2, model.RunningStatistics)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		dst := make([]float32, 2*m.Net.Classes)
		if err := e.Logits(t.Context(), dst, x, 2); err != nil {
			t.Fatal(err)
		}
		return dst
	}
	all, some := logits(m), logits(s)
	for i := range 2 {
		for k, from := range outputs {
			if some[3*i+k] != all[4*i+from] {
				t.Errorf("image %d: output %d is %v, not %v", i, k, some[3*i+k], all[4*i+from])
			}
		}
	}
	if layers, err := s.Layers(); err != nil || fmt.Sprint(layers[len(layers)-1].Shape) != "[3]" {
		t.Error(err, layers)
	}
	if _, err := m.Select([]int{4}); err == nil {
		t.Error("an output that is not there")
	}
}
