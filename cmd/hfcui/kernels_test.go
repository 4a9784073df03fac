package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKernelsReport(t *testing.T) {
	dir := t.TempDir()
	type report struct {
		Layer     *string
		Shape     []int
		Rho       *float64
		Roughness *struct{ Before, After *float64 }
		Response  *struct{ Before, After []float64 }
	}
	got := document[report](t, hfcuiIn(t, dir, "kernels", "--rho", "1", "-o", "k.png", "--json"))
	if len(got.Shape) != 4 || *got.Rho != 1 || !(*got.Roughness.After < *got.Roughness.Before) || len(got.Response.Before) != len(got.Response.After) || len(got.Response.Before) == 0 {
		t.Errorf("%+v", got)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "k.png")); err != nil || !strings.HasPrefix(string(b), "\x89PNG") {
		t.Errorf("picture: %v", err)
	}
	table := hfcuiIn(t, dir, "kernels").done(t).stdout
	for _, bin := range []string{"r  0.00 to  0.94", "r  0.94 to  1.89", "r 21.68 to 22.63"} {
		if !strings.Contains(table, bin) {
			t.Errorf("the table lacks %q:\n%s", bin, table)
		}
	}
}

// Any layer can be smoothed, with its gain divided out; saved, the model answers as the one
// that is smoothed for the asking.
func TestSmoothedModelsAreSaved(t *testing.T) {
	dir := t.TempDir()
	type report struct {
		Layer                      *string
		Rho                        *float64
		GainDivided                bool `json:"gain_divided"`
		Shape, Roughness, Response any
	}
	how := []string{"--rho", "0.5", "--layer", "layer1.0.conv2", "--divide-gain"}
	got := document[report](t, hfcuiIn(t, dir, append([]string{"kernels", "--save", "s.safetensors", "-o", "k.png", "--json"}, how...)...))
	if *got.Layer != "layer1.0.conv2.weight" || *got.Rho != 0.5 || !got.GainDivided {
		t.Errorf("%+v", got)
	}
	type measured struct {
		Layer                                string
		Rho                                  *float64
		GainDivided                          bool `json:"gain_divided"`
		Whole                                scoreJSON
		Model, Data, Split, N, Normalize, BN any
		Bands                                []struct {
			Correct                                    *int
			Part, R, N, Accuracy, CI95, Changed, Bound any
		}
	}
	bands := []string{"bands", "--data", "shapes:test=40", "-r", "4,8", "--json"}
	live := document[measured](t, hfcuiIn(t, dir, append(bands, how...)...))
	if live.Layer != "layer1.0.conv2.weight" || *live.Rho != 0.5 || !live.GainDivided {
		t.Errorf("%+v", live)
	}
	of := hfcuiIn(t, dir, append(bands, "--model", "s.safetensors")...)
	if !strings.Contains(of.stderr, "note: s was saved with smoothed kernels: ρ 0.50 on layer1.0.conv2, gain-normalized") {
		t.Errorf("nothing says what was done to the model: %q", of.stderr)
	}
	of.stderr = ""
	saved := document[measured](t, of)
	if *saved.Rho != 0 || saved.Layer != "" || *saved.Whole.Correct != *live.Whole.Correct {
		t.Errorf("%+v", saved)
	}
	for i := range live.Bands {
		if *saved.Bands[i].Correct != *live.Bands[i].Correct {
			t.Errorf("band %d: %d right saved, %d live", i, *saved.Bands[i].Correct, *live.Bands[i].Correct)
		}
	}
	table := hfcuiIn(t, dir, append([]string{"bands", "--data", "shapes:test=4", "-r", "4"}, how...)...).done(t).stdout
	if !strings.Contains(table, "rho 0.5 on layer1.0.conv2, gain-normalized") {
		t.Errorf("the table does not say what was smoothed:\n%s", table)
	}
	one := hfcuiIn(t, dir, "kernels", "--rho", "0.5", "--layer", "layer2.0.downsample.0").done(t).stdout
	if !strings.Contains(one, "1×1 kernels have no neighbors: smoothing scales them by 5") {
		t.Errorf("1×1 kernels:\n%s", one)
	}
	for _, args := range [][]string{
		{"kernels", "--rho", "1", "--save", "s.safetensors"}, {"kernels", "--save", "new.safetensors"},
		{"kernels", "--rho", "1", "--layer", "fc"}, {"predict", "k.png", "--rho", "1", "--layer", "nothing"},
		{"flips", "-r", "4", "--data", "shapes:test=20", "--rho", "1", "--layer", "bn1"},
	} {
		if r := hfcuiIn(t, dir, args...); r.status != 1 || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%v: status %d, %q", args, r.status, r.stderr)
		}
	}
}
