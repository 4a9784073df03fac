package ui

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/train"
	"hfcui/ui/uitest"
)

// runFolder is a folder of runs with one that has a model.
func runFolder(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "runs")
	dir := filepath.Join(root, "table1-quick", "low-8-seed1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, train.ModelFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestModelsBeside(t *testing.T) {
	root := runFolder(t)
	d := startWith(t, uitest.NewFakeLab(), Options{Page: "kernels", Experiments: root}, 140, 44)
	names := func() (list []string) {
		for _, m := range d.App.Models() {
			list = append(list, m.Path)
		}
		return list
	}
	d.Keys("o").Shows("Compare models", "demo-shuffled", "embedded", filepath.Join("table1-quick", "low-8-seed1"), "run")
	d.Types("shuffled").Keys("enter")
	d.Keys("o").Types("low-8").Keys("enter")
	d.Keys("o").Types("/some/where.pt").Shows("file /some/where.pt").Keys("enter")
	run := filepath.Join(root, "table1-quick", "low-8-seed1", train.ModelFile)
	if want := []string{"", "demo-shuffled", run, "/some/where.pt"}; !slices.Equal(names(), want) || !slices.Equal(d.Lab.Others, want[1:]) {
		t.Fatalf("models %q, opened %q", names(), d.Lab.Others)
	}
	d.Keys("o").Shows("▼ demo-shuffled", "remove").Types("/a/fifth.pt").Keys("enter").Shows("at most three")
	d.Keys("o").Types("low-8").Keys("enter") // its first is to take it away
	if want := []string{"", "demo-shuffled", "/some/where.pt"}; !slices.Equal(names(), want) || !slices.Equal(d.Lab.Others, want[1:]) {
		t.Fatalf("models %q, opened %q", names(), d.Lab.Others)
	}
	if m := d.App.Models(); m[1].Slot != 1 || m[2].Slot != 3 {
		t.Errorf("the models look like number %d and %d", m[1].Slot, m[2].Slot)
	}
	d.Keys("o").Types("/broken.pt").Keys("enter").Shows("not added: /broken.pt takes images of 28×28 gray")
	d.Keys("o").Types("/some/where.pt").Keys("down enter").Shows("is already open")
	d.Keys("o").Types("/other.pt").Keys("enter")
	if m := d.App.Models(); len(m) != 4 || m[3].Slot != 2 {
		t.Errorf("%+v", m)
	}
}

// Two dialogs in a row, the first still opening its model: no model is there twice, and
// there are never too many.
func TestModelsBesideAtOddMoments(t *testing.T) {
	d := startWith(t, uitest.NewFakeLab(), Options{Page: "kernels"}, 100, 30)
	d.Hold = true
	for _, path := range []string{"/a", "/a", "/b", "/c", "/d"} {
		d.Keys("o").Types(path).Keys("enter")
	}
	d.Release()
	if m := d.App.Models(); len(m) != 4 || m[3].Path != "/c" {
		t.Errorf("%+v", m)
	}
	d.App.DropComparison("/nothing")
	d.Keys("o esc o")
	d.Run(d.App.DropComparison("/b"))
	d.Keys("esc")
	if len(d.App.Models()) != 3 {
		t.Errorf("%+v", d.App.Models())
	}
}

// Another smoothing than the paper's is said on every page, also on narrow terminals and
// while something is measured; and it is what is asked for.
func TestOtherSmoothingIsNamed(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := start(t, size[0], size[1])
		d.App.SmoothedLayer, d.App.DivideGain = "layer1.0.conv1.weight", true
		d.Keys("s")
		for _, page := range []string{"1", "2", "3", "4", "5"} {
			d.Keys(page).Shows("ρ 0.50", "layer1.0.conv1", "gain")
			d.Fits(size[0], size[1])
		}
		want := bands.Setting{}
		want.Rho, want.Layer, want.DivideGain = 0.5, "layer1.0.conv1.weight", true
		if got := d.Lab.Views[len(d.Lab.Views)-1].Setting; got != want {
			t.Errorf("asked with %+v", got)
		}
		d.Keys("1 s").Hides("layer1.0.conv1")
	}
}

// A layer that the next model does not have is not smoothed any more.
func TestSmoothedLayerIsOfTheModel(t *testing.T) {
	d := start(t, 100, 30).Keys("s")
	d.App.SmoothedLayer = "layer1.0.conv1.weight"
	info := d.Lab.Info()
	info.Model, info.Convs = "lenet", []string{"conv1.weight", "conv2.weight"}
	d.Run(d.App.ModelChanged(info))
	if d.App.SmoothedLayer != "" {
		t.Errorf("%q is smoothed", d.App.SmoothedLayer)
	}
	d.Shows("lenet has no layer layer1.0.conv1: smoothing the first convolution")
}
