package ui

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hfcui/engine/bands"
	"hfcui/engine/train"
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
	d := startWith(t, newFakeLab(), Options{Page: "kernels", Experiments: root}, 140, 44)
	names := func() (list []string) {
		for _, m := range d.app.Models() {
			list = append(list, m.Path)
		}
		return list
	}
	d.keys("o").shows("Compare models", "demo-shuffled", "built in", filepath.Join("table1-quick", "low-8-seed1"), "a run")
	d.types("shuffled").keys("enter")
	d.keys("o").types("low-8").keys("enter")
	d.keys("o").types("/some/where.pt").shows("file /some/where.pt").keys("enter")
	run := filepath.Join(root, "table1-quick", "low-8-seed1", train.ModelFile)
	if want := []string{"", "demo-shuffled", run, "/some/where.pt"}; !slices.Equal(names(), want) || !slices.Equal(d.lab.others, want[1:]) {
		t.Fatalf("models %q, opened %q", names(), d.lab.others)
	}
	d.keys("o").shows("▼ demo-shuffled", "remove").types("/a/fifth.pt").keys("enter").shows("at most three")
	d.keys("o").types("low-8").keys("enter") // its first is to take it away
	if want := []string{"", "demo-shuffled", "/some/where.pt"}; !slices.Equal(names(), want) || !slices.Equal(d.lab.others, want[1:]) {
		t.Fatalf("models %q, opened %q", names(), d.lab.others)
	}
	if m := d.app.Models(); m[1].Slot != 1 || m[2].Slot != 3 {
		t.Errorf("the models look like number %d and %d", m[1].Slot, m[2].Slot)
	}
	d.keys("o").types("/broken.pt").keys("enter").shows("not added: /broken.pt takes images of 28×28 gray")
	d.keys("o").types("/some/where.pt").keys("down enter").shows("is already open")
	d.keys("o").types("/other.pt").keys("enter")
	if m := d.app.Models(); len(m) != 4 || m[3].Slot != 2 {
		t.Errorf("%+v", m)
	}
}

// Two dialogs in a row, the first still opening its model: no model is there twice, and
// there are never too many.
func TestModelsBesideAtOddMoments(t *testing.T) {
	d := startWith(t, newFakeLab(), Options{Page: "kernels"}, 100, 30)
	d.hold = true
	for _, path := range []string{"/a", "/a", "/b", "/c", "/d"} {
		d.keys("o").types(path).keys("enter")
	}
	d.release()
	if m := d.app.Models(); len(m) != 4 || m[3].Path != "/c" {
		t.Errorf("%+v", m)
	}
	d.app.DropComparison("/nothing")
	d.keys("o esc o")
	d.run(d.app.DropComparison("/b"))
	d.keys("esc")
	if len(d.app.Models()) != 3 {
		t.Errorf("%+v", d.app.Models())
	}
}

// Another smoothing than the paper's is said on every page, also on narrow terminals and
// while something is measured; and it is what is asked for.
func TestOtherSmoothingIsNamed(t *testing.T) {
	for _, size := range sizes {
		d := start(t, size[0], size[1])
		d.app.SmoothedLayer, d.app.DivideGain = "layer1.0.conv1.weight", true
		d.keys("s")
		for _, page := range []string{"1", "2", "3", "4", "5"} {
			d.keys(page).shows("ρ 0.50", "layer1.0.conv1", "gain")
			d.fits(size[0], size[1])
		}
		want := bands.Setting{}
		want.Rho, want.Layer, want.DivideGain = 0.5, "layer1.0.conv1.weight", true
		if got := d.lab.views[len(d.lab.views)-1].Setting; got != want {
			t.Errorf("asked with %+v", got)
		}
		d.keys("1 s").hides("layer1.0.conv1")
	}
}

// A layer that the next model does not have is not smoothed any more.
func TestSmoothedLayerIsOfTheModel(t *testing.T) {
	d := start(t, 100, 30).keys("s")
	d.app.SmoothedLayer = "layer1.0.conv1.weight"
	info := d.lab.Info()
	info.Model, info.Convs = "lenet", []string{"conv1.weight", "conv2.weight"}
	d.run(d.app.ModelChanged(info))
	if d.app.SmoothedLayer != "" {
		t.Errorf("%q is smoothed", d.app.SmoothedLayer)
	}
	d.shows("lenet has no layer layer1.0.conv1: smoothing the first convolution")
}
