package model

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/checkpoints"
	"hfcui/engine/nets"
)

// stripped returns the demo without metadata, like a PyTorch state dict.
func stripped(t *testing.T) *checkpoints.File {
	t.Helper()
	f, ok := checkpoints.Embedded("demo")
	if !ok {
		t.Fatal("no embedded model demo")
	}
	clear(f.Metadata)
	return f
}

func TestDescriptionsAreParsed(t *testing.T) {
	names := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(names, []byte("tench, Tinca tinca\r\ngoldfish\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var d Description
	for _, err := range []error{d.SetMean("imagenet"), d.SetInput("1×28×28"), d.SetClasses(names), d.SetAssume("stem-pool=max, epsilon=1e-3"), d.SetAssume("input=3x64x64")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if NameOf(d.Mean, d.Std) != "imagenet" || d.Input != [3]int{3, 64, 64} || len(d.Assume) != 2 || d.Assume["epsilon"] != "1e-3" {
		t.Errorf("%+v", d)
	}
	if want := []string{"tench, Tinca tinca", "goldfish"}; !slices.Equal(d.Classes, want) {
		t.Errorf("classes %q", d.Classes)
	}
	if err := d.SetStd("0.5"); err != nil || NameOf(d.Mean, d.Std) != "" || d.Std[0] != 0.5 {
		t.Errorf("a given std is overridden by a named normalization: %+v, %v", d, err)
	}
	if got := d.Flags(); got != "--mean 0.485,0.456,0.406 --std 0.5 --input 3x64x64 --assume epsilon=1e-3 --assume stem-pool=max" {
		t.Error(got)
	}
	if err := d.SetClasses("12"); err != nil || d.Outputs != 12 || d.Classes != nil {
		t.Errorf("%+v, %v", d, err)
	}
	for want, err := range map[string]error{
		"not a number or one of":    d.SetMean("image-net"),
		"must be finite":            d.SetStd("1e99"),
		"more than three":           d.SetMean("1,2,3,4"),
		"channels x height x width": d.SetInput("32x32"),
		"comma-separated names":     d.SetClasses("no-such-file"),
		"is empty":                  d.SetClasses("a,,b"),
		"key=value":                 d.SetAssume("max"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestWhatIsGivenIsChecked(t *testing.T) {
	for _, c := range []struct {
		given func(*Description) error
		want  string
	}{
		{func(d *Description) error { return d.SetAssume("stem-pol=max") }, "stem-pool"},
		{func(d *Description) error { return d.SetAssume("stem-pool=average") }, "none, max"},
		{func(d *Description) error { return d.SetMean("0.5,0.5") }, "given mean: 2 values for 3 channels"},
		{func(d *Description) error { return d.SetStd("0") }, "given std"},
		{func(d *Description) error { return d.SetClasses("11") }, "11 classes"},
		{func(d *Description) error { return d.SetInput("1x32x32") }, "channels"},
	} {
		var d Description
		if err := c.given(&d); err != nil {
			t.Fatal(err)
		}
		if _, err := FromFileAs("x", stripped(t), d); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// Origins (assumed, given, in the file) survive saving and loading.
func TestReadingsSurviveSaving(t *testing.T) {
	again := func(m *Model) Reading {
		t.Helper()
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		m, err := Load(path, "")
		if err != nil {
			t.Fatal(err)
		}
		return m.Reading()
	}
	demo, err := Load("demo", "")
	if err != nil {
		t.Fatal(err)
	}
	if r := demo.Reading(); r.Open() || r.Normalized != InFile || len(r.Assumed) > 0 || r.Brief() != "" || again(demo).Open() {
		t.Errorf("a model trained here: %+v", r)
	}
	m, err := FromFileAs("x", stripped(t), Description{})
	if err != nil {
		t.Fatal(err)
	}
	r := m.Reading()
	if !r.Open() || r.Normalized != Assumed || len(r.Assumed) == 0 || !strings.Contains(strings.Join(r.Lines(), "\n"), "no normalization (assumed)\nassumed stem-pool=none") {
		t.Errorf("a state dict: %q", r.Lines())
	}
	if got := again(m); !slices.Equal(got.Lines(), r.Lines()) {
		t.Errorf("saved %q, read %q", r.Lines(), got.Lines())
	}
	m, err = FromFileAs("x", stripped(t), Description{Mean: []float32{0.5}, Assume: nets.Choices{"stem": "max"}})
	if err != nil {
		t.Fatal(err)
	}
	r = again(m)
	if text := strings.Join(r.Lines(), "\n"); !strings.Contains(text, "mean 0.5,0.5,0.5 std 1,1,1 (from the file)\ngiven stem-pool=max\nassumed ") {
		t.Error(text)
	}
	if _, err := FromFileAs("x", stripped(t), Description{Assume: nets.Choices{"stem-p": "max", "stem-pool": "none"}}); err == nil || !strings.Contains(err.Error(), "stem-pool is given twice") {
		t.Errorf("two values of one assumption: %v", err)
	}
	m, err = FromFileAs("x", stripped(t), Description{Assume: nets.Choices{"stem-pool": "none"}, BGR: true})
	if err != nil {
		t.Fatal(err)
	}
	if m.Weights[m.FirstConv()].Data[0] != demo.Weights[demo.FirstConv()].Data[2*9] {
		t.Error("the first convolution still expects BGR")
	}
	if notes := strings.Join(m.Reading().Notes, "\n"); !strings.Contains(notes, "BGR") {
		t.Errorf("notes %q do not mention BGR", notes)
	}
}
