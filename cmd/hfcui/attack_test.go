package main

import (
	"path/filepath"
	"strings"
	"testing"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/nets"
)

// attackJSON is the contract's document, with what is told besides.
type attackJSON struct {
	N                  *int
	Results            []attackedJSON
	Warnings           []string
	Model, Data, Split *string
	Norm               *string
	Restarts           *int
	RandomStart        *bool `json:"random_start"`
	Seed               *uint64
	Band               *struct {
		Part  string
		R, To float64
	}
	Layer       string
	GainDivided bool `json:"gain_divided"`
	Clean       []struct {
		Rho *float64
		scoreJSON
	}
	Checks   []attackedJSON
	Smallest []struct {
		Method      string
		Rho, Median float64
		N           int
	}
}

type attackedJSON struct {
	Method       *string
	Epsilon, Rho *float64
	scoreJSON
	Steps         int
	StepSize      float64  `json:"step_size"`
	MadeFor       *float64 `json:"made_for"`
	ZeroGradients *int     `json:"zero_gradients"`
	Marks         []string
}

func TestAttackReports(t *testing.T) {
	const data = "shapes:test=64"
	got := document[attackJSON](t, hfcui(t, "attack", "--data", data, "-n", "20", "--method", "fgsm,pgd", "--epsilon", "0,0.01,8/255", "--rho", "0,0.5", "--steps", "4", "--json"))
	if *got.N != 20 || *got.Model != "demo" || *got.Data != data || *got.Split != "test" || *got.Norm != "linf" || *got.RandomStart || *got.Restarts != 1 || got.Warnings == nil || got.Band != nil {
		t.Errorf("%+v", got)
	}
	if len(got.Clean) != 2 || len(got.Results) != 12 || len(got.Checks) != 4 {
		t.Fatalf("%d without attack, %d results, %d checks", len(got.Clean), len(got.Results), len(got.Checks))
	}
	for i, r := range got.Results {
		method, rho, epsilon := []string{"fgsm", "pgd"}[i/6], []float64{0, 0.5}[i/3%2], []float64{0, 0.01, 8.0 / 255}[i%3]
		if *r.Method != method || *r.Rho != rho || *r.Epsilon != epsilon || *r.ZeroGradients != 0 || r.Marks == nil {
			t.Errorf("result %d is %s at %v, rho %v, %d zero gradients, marks %v", i, *r.Method, *r.Epsilon, *r.Rho, *r.ZeroGradients, r.Marks)
		}
		if step := map[string]float64{"fgsm": epsilon, "pgd": 2.5 * epsilon / 4}[method]; r.StepSize != step || r.Steps != map[string]int{"fgsm": 1, "pgd": 4}[method] {
			t.Errorf("result %d has %d steps of %v", i, r.Steps, r.StepSize)
		}
		r.check(t, method, 20)
		if clean := got.Clean[i/3%2]; epsilon == 0 && *r.Correct != *clean.Correct {
			t.Errorf("%s at 0 leaves %d right, without an attack it is %d", method, *r.Correct, *clean.Correct)
		}
	}
	for i, c := range got.Checks {
		if *c.Method != "pgd" || c.MadeFor == nil || *c.MadeFor+*c.Rho != 0.5 || *c.Epsilon != []float64{0.01, 8.0 / 255}[i/2] {
			t.Errorf("check %d: %+v", i, c)
		}
		c.check(t, "check", 20)
	}
	if *got.Results[7].Correct > *got.Results[1].Correct || *got.Results[1].Correct >= *got.Clean[0].Correct {
		t.Errorf("clean %d, fgsm %d, pgd %d", *got.Clean[0].Correct, *got.Results[1].Correct, *got.Results[7].Correct)
	}
}

func TestAttackSaysWhatItDid(t *testing.T) {
	const data = "shapes:test=20"
	got := document[attackJSON](t, hfcui(t, "attack", "--data", data, "--method", "pgd,worst", "--epsilon", "1", "--norm", "l2", "--steps", "3", "--step-size", "0.5",
		"--random-start", "--restarts", "2", "--seed", "9", "--band", "ring", "-r", "2,8", "--rho", "0.25", "--layer", "layer1.0.conv1", "--divide-gain", "--split", "train", "-n", "10", "--json"))
	if *got.Norm != "l2" || !*got.RandomStart || *got.Restarts != 2 || *got.Seed != 9 || got.Band == nil || got.Band.Part != "ring" || got.Band.R != 2 || got.Band.To != 8 ||
		!strings.HasPrefix(got.Layer, "layer1.0.conv1") || !got.GainDivided || *got.Split != "train" || len(got.Results) != 2 || got.Results[0].StepSize != 0.5 {
		t.Errorf("%+v", got)
	}
	usual := document[attackJSON](t, hfcui(t, "attack", "--data", data, "--method", "fgsm", "--norm", "l2", "-n", "4", "--json"))
	for i, want := range []float64{0.25, 0.5, 1} {
		if *usual.Results[i].Epsilon != want {
			t.Errorf("in L2, ε number %d is %v, not %v", i, *usual.Results[i].Epsilon, want)
		}
	}
	table := hfcui(t, "attack", "--data", data, "--method", "pgd", "--epsilon", "0.02", "--steps", "2", "--rho", "0,1", "--band", "high", "-r", "6").done(t).stdout
	for _, want := range []string{"demo on shapes:test=20 (test, 20 images), L∞, frequencies r ≥ 6", "rho 0", "rho 1", "clean", "pgd", "2 × 0.025", "%"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not say %q:\n%s", want, table)
		}
	}
}

func TestAttackSearchesTheSmallest(t *testing.T) {
	const data = "shapes:test=6"
	args := []string{"attack", "--data", data, "--method", "minimal-fgsm,square", "--epsilon", "0.01,0.1", "--queries", "30"}
	got := document[attackJSON](t, hfcui(t, append(args, "--json")...))
	if len(got.Results) != 4 || *got.Results[0].Correct < *got.Results[1].Correct || got.Results[2].Steps != 30 || len(got.Smallest) != 1 || got.Smallest[0].N != 6 || !(got.Smallest[0].Median > 0) {
		t.Errorf("%+v", got)
	}
	table := hfcui(t, append(args, "--square")...).done(t).stdout
	if !strings.Contains(table, "median") || !strings.Contains(table, "of 6\n") || strings.Contains(table, "first") {
		t.Errorf("table:\n%s", table)
	}
	table = hfcui(t, "attack", "--data", data, "--method", "pgd", "--epsilon", "0.01", "--steps", "2", "--square", "--queries", "9").done(t).stdout
	if !strings.Contains(table, "square, first 6") {
		t.Errorf("table:\n%s", table)
	}
}

// TestAttackMarksWhatMakesNoSense: a model with saturated answers has zero gradients.
func TestAttackMarksWhatMakesNoSense(t *testing.T) {
	dir := t.TempDir()
	m, err := model.Load("demo", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Weights["fc.weight"].Data {
		m.Weights["fc.weight"].Data[i] *= 15
	}
	if err := m.Save(filepath.Join(dir, "sure.safetensors")); err != nil {
		t.Fatal(err)
	}
	args := []string{"attack", "--model", "sure.safetensors", "--data", "shapes:test=20", "--epsilon", "0.01", "--steps", "3"}
	got := document[attackJSON](t, hfcuiIn(t, dir, append(args, "--json")...))
	if r := got.Results[0]; *r.ZeroGradients == 0 || len(r.Marks) != 1 || r.Marks[0] != "zero-gradient" || len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], "zero gradient") {
		t.Errorf("%+v, warnings %q", r, got.Warnings)
	}
	table := hfcuiIn(t, dir, args...).done(t).stdout
	if !strings.Contains(table, ") †1\n") || !strings.Contains(table, "\n†1 fgsm at epsilon 0.01, rho 0") {
		t.Errorf("table:\n%s", table)
	}
}

func TestAttackRefusesModels(t *testing.T) {
	dir := t.TempDir()
	m, err := model.Load("demo", "")
	if err != nil {
		t.Fatal(err)
	}
	clear(m.Weights["fc.weight"].Data)
	if err := m.Save(filepath.Join(dir, "dead.safetensors")); err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Open(t.Context(), "shapes", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	gray, err := model.New("lenet5", [3]int{1, 28, 28}, data.Test.Classes(), nets.He, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := gray.Save(filepath.Join(dir, "gray.safetensors")); err != nil {
		t.Fatal(err)
	}
	hfcuiIn(t, dir, "attack", "--model", "dead.safetensors", "--data", "shapes:test=20", "--steps", "2").refused(t, 1, "zero gradient")
	hfcuiIn(t, dir, "attack", "--model", "gray.safetensors").refused(t, 1, "28×28 gray", "32×32 RGB", "shapes")
}
