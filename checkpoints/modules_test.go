package checkpoints

import (
	"fmt"
	"slices"
	"testing"
)

// TestModules: modules of a pickled model are read with classes and attributes, in every format.
func TestModules(t *testing.T) {
	for _, name := range []string{"module", "module_protocol4", "module_legacy"} {
		f, err := Open("testdata/" + name + ".pt")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range f.Modules {
			got = append(got, fmt.Sprint(m.Name, ": ", m.Class, " ", m.Numbers["stride"], m.Numbers["eps"], m.Texts["padding_mode"]))
		}
		want := []string{
			": torch.nn.modules.container.Sequential [] []", "features: torch.nn.modules.container.Sequential [] []",
			"features.0: torch.nn.modules.conv.Conv2d [1 1] []zeros", "features.1: torch.nn.modules.batchnorm.BatchNorm2d [] [1e-05]",
			"fc: torch.nn.modules.linear.Linear [] []",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if f, err := Open("testdata/zip.pt"); err != nil || f.Modules != nil {
		t.Errorf("a state dict has modules %v (%v)", f.Modules, err)
	}
}

func TestAttributesAreNumbers(t *testing.T) {
	for _, c := range []struct {
		value any
		want  []float64
	}{
		{3, []float64{3}}, {true, []float64{1}}, {0.5, []float64{0.5}}, {tuple{2, 1}, []float64{2, 1}}, {tuple{4}, []float64{4}},
		{tuple{1, 2, 3}, nil}, {tuple{tuple{1, 2}, 1}, nil}, {"same", nil}, {nil, nil},
	} {
		if got := numbers(c.value); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v", c.value, got)
		}
	}
}
