package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

func TestKernelsPage(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("3").Shows("conv1  1/4", "16 kernels of 3×3", "before", "after, ρ 0.50 (off", "roughness 1.184", "roughness 0.592", "◆", "◇", "frequency response")
	d.Keys("s").Hides("(off").Keys("]").Shows("ρ 0.60")
	d.Keys("G").Shows("ρ 0.60, gain-normalized").Keys("G").Hides("gain-normalized")
}

func TestEveryLayerIsShown(t *testing.T) {
	d := start(t, 140, 44).Keys("3 s down")
	d.Shows("layer1.0.conv1  2/4", "16×16 kernels of 3×3", "rows: outputs")
	d.Shows("(not applied: conv1 is smoothed; press enter)", "smoothing ρ 0.50")
	d.Keys("enter").Shows("layer1.0.conv1 is smoothed on every page", "ρ 0.50 on layer1.0.conv1").Hides("not applied")
	if got := d.App.Setting().Smoothing; got != (model.Smoothing{Rho: 0.5, Layer: "layer1.0.conv1.weight"}) {
		t.Errorf("asked with %+v", got)
	}
	d.Keys("G").Shows("gain-normalized").Keys("1").Shows("gain-normalized").Keys("3 down down down down")
	d.Shows("layer2.0.downsample.0  4/4", "32×16 kernels of 1×1", "1×1: ×1")
	d.Keys("G").Shows("1×1: ×5").Keys("up up up up up").Shows("conv1  1/4", "(not applied: layer1.0.conv1 is smoothed; press enter)")
	d.Keys("enter").Hides("not applied")
	if got := d.App.Setting().Smoothing; got != (model.Smoothing{Rho: 0.5}) {
		t.Errorf("asked with %+v", got)
	}
	d.Keys("s").Shows("(off: press s)").Keys("down").Shows("(off: press enter)")
	d.Keys("g").Shows("Go to layer").Types("down").Keys("enter").Shows("layer2.0.downsample.0  4/4")
}

func TestModelsSideBySide(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := start(t, size[0], size[1]).Keys("3 s").Compare("demo-shuffled", "/other-net.pt")
		d.Fits(size[0], size[1])
		d.Shows("▼ demo-shuf", "★ /other-n", "ρ 0.50", "1.184", "0.592", "before", "after")
		d.Keys("down").Shows("other-net") // has no layer of that name
		d.Fits(size[0], size[1])
		d.Keys("up v").Shows("roughness  ◇ 1.184  ◆ 0.592", "roughness  ▽ 1.184", "frequency response").Fits(size[0], size[1])
		d.Compare("demo").Keys("v").Shows("✚ demo").Fits(size[0], size[1])
		asked := map[string]bool{}
		for _, q := range d.Lab.Asked {
			asked[q.Model] = true
		}
		if len(asked) != 4 {
			t.Errorf("asked about %v", asked)
		}
	}
	start(t, 80, 24).Keys("3").Compare("/smoothed.pt").Shows("it was saved with smoothed kernels").Keys("v").Hides("it was saved")
	d := start(t, 200, 60).Keys("3").Compare("demo-shuffled")
	d.Shows("◇▽", "◆▼", "before, roughness 1.184", "▽ before", "▼ after")
	d.Run(d.App.DropComparison("demo-shuffled"))
	d.Hides("▼").Shows("after, ρ 0.50 (off: press s)")
}

// Layers of one name may differ in size: every model says its own.
func TestLayersOfDifferentSizes(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := start(t, size[0], size[1]).Keys("3 down down").Compare("/wide.pt")
		d.Fits(size[0], size[1])
		if size[0] >= 140 {
			d.Shows("differ in size", "200×100 of 3×3", "300×7 of 3×3")
		}
		d.Keys("right pgdown v").Fits(size[0], size[1])
	}
}

// A model that cannot be read at the moment is asked about again.
func TestKernelsThatFailAreAskedForAgain(t *testing.T) {
	d := start(t, 140, 44).Keys("3").Compare("/other-net.pt").Keys("down").Shows("no layer")
	n := len(d.Lab.Asked)
	d.Keys("1 3")
	if len(d.Lab.Asked) == n {
		t.Error("not asked again")
	}
	d.Keys("x enter").Shows("Wrote 4 files") // of what there is
}

func TestSaveSmoothedModel(t *testing.T) {
	folder := t.TempDir()
	d := startWith(t, uitest.NewFakeLab(), Options{Folder: folder}, 100, 30).Keys("3 down G ctrl+s")
	d.Shows("Save the smoothed model", "demo-layer1.0.conv1-rho0.50-gain-divided.safetensors", "ρ 0.50 on layer1.0.conv1, gain-normalized")
	d.Keys("enter").Shows("saved " + folder).Hides("Save the smoothed model")
	how := model.Smoothing{Rho: 0.5, Layer: "layer1.0.conv1.weight", DivideGain: true}
	want := uitest.SavedModel{Path: filepath.Join(folder, "demo-layer1.0.conv1-rho0.50-gain-divided.safetensors"), KernelsRequest: lab.KernelsRequest{Smoothing: how}}
	if !slices.Equal(d.Lab.Saved, []uitest.SavedModel{want}) {
		t.Errorf("saved %+v, want %+v", d.Lab.Saved, want)
	}
	d.Keys("ctrl+s ctrl+u").Types("/is/there.safetensors").Keys("enter").Shows("Save the smoothed model", "file exists")
	d.Keys("ctrl+u enter").Shows("enter a file name").Keys("esc")
	d.Compare("demo-shuffled").Keys("ctrl+s tab").Shows("▼ demo-shuffled", "demo-shuffled-layer1.0").Keys("tab tab enter")
	if got := d.Lab.Saved[len(d.Lab.Saved)-1]; len(d.Lab.Saved) != 2 || got.Model != "demo-shuffled" {
		t.Errorf("saved %+v", d.Lab.Saved)
	}
	// Closed before it is written, the dialog stays closed and what came of it is said.
	d.Hold = true
	d.Keys("ctrl+s ctrl+u").Types("/is/there").Keys("enter esc 1")
	d.Release()
	d.Shows("not saved: ", "test 0")
}

func TestKernelsAreExported(t *testing.T) {
	folder := t.TempDir()
	d := startWith(t, uitest.NewFakeLab(), Options{Folder: folder}, 140, 44).Keys("3 G down").Compare("demo-shuffled")
	d.Keys("x").Shows("conv1-gain-divided", "-1-demo-before.png", "-2-demodemo-shuffled-after").Keys("enter").Shows("Wrote 6 files")
	var doc []struct {
		Model, Layer string
		Shape        [4]int
		Rho          float64
		GainDivided  bool `json:"gain_divided"`
		Applied      bool
		Roughness    struct{ Before, After float64 }
		Response     struct{ Before, After []float64 }
	}
	uitest.Read(t, uitest.Exported(t, folder, ".json"), &doc)
	if len(doc) != 2 || doc[1].Layer != "layer1.0.conv1.weight" || doc[0].Rho != 0.5 || !doc[0].GainDivided || doc[0].Applied || doc[0].Shape != [4]int{16, 16, 3, 3} || len(doc[1].Response.After) != 24 {
		t.Errorf("%+v", doc)
	}
	table, err := os.ReadFile(uitest.Exported(t, folder, ".csv"))
	if err != nil {
		t.Fatal(err)
	}
	if head, _, _ := strings.Cut(string(table), "\n"); head != "radius_from,radius_to,demo before,demo after,demodemo-shuffled before,demodemo-shuffled after" {
		t.Errorf("columns %q", head)
	}
}

// Files say what was smoothed, and that the gain was divided out.
func TestExportsNameTheSmoothing(t *testing.T) {
	folder := t.TempDir()
	how := model.Smoothing{Rho: 0.5, Layer: "layer1.0.conv1.weight", DivideGain: true}
	d := startWith(t, uitest.NewFakeLab(), Options{Folder: folder, Start: session.Start{Smoothing: how}}, 140, 44)
	d.Keys("3").Shows("layer1.0.conv1  2/4").Keys("1 x enter 2 x enter")
	var doc model.Smoothing
	for _, name := range []string{"-r10.0.json", "rho0.50-layer1.0.conv1-gain-divided.json"} {
		if uitest.Read(t, uitest.Exported(t, folder, name), &doc); doc != how {
			t.Errorf("%s says %+v", name, doc)
		}
	}
	for suffix, want := range map[string]string{".csv": "0.5,none,running,layer1.0.conv1.weight,true,\"demo\",true\n", ".svg": "ρ 0.5 on layer1.0.conv1, gain-normalized"} {
		if text, err := os.ReadFile(uitest.Exported(t, folder, suffix)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q (%v)", suffix, want, err)
		}
	}
	for want, s := range map[string]model.Smoothing{"ρ 0": {DivideGain: true}, "ρ 0.25": {Rho: 0.25}} {
		if got := session.SmoothingText(s); got != want {
			t.Errorf("%+v: %q", s, got)
		}
	}
}
