package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	kernelspage "hfcui/ui/pages/kernels"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// beside opens models beside the open one.
func (d *driver) beside(paths ...string) *driver {
	d.t.Helper()
	for _, path := range paths {
		d.run(d.app.AddComparison(path))
	}
	return d
}

func TestKernelsPage(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("3").shows("conv1  1/4", "16 kernels of 3×3", "before", "after, ρ 0.50 (off", "roughness 1.184", "roughness 0.592", "◆", "◇", "frequency response")
	d.keys("s").hides("(off").keys("]").shows("ρ 0.60")
	d.keys("d").shows("ρ 0.60, gain-normalized").keys("d").hides("gain-normalized")
}

func TestEveryLayerIsShown(t *testing.T) {
	d := start(t, 140, 44).keys("3 s down")
	d.shows("layer1.0.conv1  2/4", "16×16 kernels of 3×3", "rows: outputs")
	d.shows("(not applied: conv1 is smoothed; press a)", "smoothing ρ 0.50")
	d.keys("a").shows("layer1.0.conv1 is smoothed on every page", "ρ 0.50 on layer1.0.conv1").hides("not applied")
	if got := d.app.Setting().Smoothing; got != (model.Smoothing{Rho: 0.5, Layer: "layer1.0.conv1.weight"}) {
		t.Errorf("asked with %+v", got)
	}
	d.keys("d").shows("gain-normalized").keys("1").shows("gain-normalized").keys("3 down down down down")
	d.shows("layer2.0.downsample.0  4/4", "32×16 kernels of 1×1", "1×1: ×1")
	d.keys("d").shows("1×1: ×5").keys("up up up up up").shows("conv1  1/4", "(not applied: layer1.0.conv1 is smoothed; press a)")
	d.keys("a").hides("not applied")
	if got := d.app.Setting().Smoothing; got != (model.Smoothing{Rho: 0.5}) {
		t.Errorf("asked with %+v", got)
	}
	d.keys("s").shows("(off: press s)").keys("down").shows("(off: press a)")
	d.keys("g").shows("Go to layer").types("down").keys("enter").shows("layer2.0.downsample.0  4/4")
}

// Where not all kernels fit, what is shown is said and the rest can be gone to.
func TestManyKernels(t *testing.T) {
	d := start(t, 100, 30).keys("3 down down")
	d.shows("200×100 kernels of 3×3", "outputs 1–", "of 200", "inputs 1–", "of 100", "channels")
	first := pageOf[*kernelspage.Page](d.app).Window()
	d.keys("right").shows(fmt.Sprintf("inputs %d–", 1+first.Ins/2))
	d.keys("pgdown").shows(fmt.Sprintf("outputs %d–", 1+first.Outs/2))
	for range 70 {
		d.keys("right pgdown")
	}
	d.shows("–200 of 200", "–100 of 100")
	for range 80 {
		d.keys("left pgup")
	}
	d.shows("outputs 1–", "inputs 1–")
	d.keys("right pgdown up down").shows("outputs 1–", "inputs 1–")
}

func TestModelsSideBySide(t *testing.T) {
	for _, size := range sizes {
		d := start(t, size[0], size[1]).keys("3 s").beside("demo-shuffled", "/other-net.pt")
		d.fits(size[0], size[1])
		d.shows("▼ demo-shuf", "★ /other-n", "ρ 0.50", "1.184", "0.592", "before", "after")
		d.keys("down").shows("other-net") // has no layer of that name
		d.fits(size[0], size[1])
		d.keys("up v").shows("roughness  ◇ 1.184  ◆ 0.592", "roughness  ▽ 1.184", "frequency response").fits(size[0], size[1])
		d.beside("demo").keys("v").shows("✚ demo").fits(size[0], size[1])
		asked := map[string]bool{}
		for _, q := range d.lab.kernels {
			asked[q.Model] = true
		}
		if len(asked) != 4 {
			t.Errorf("asked about %v", asked)
		}
	}
	start(t, 80, 24).keys("3").beside("/smoothed.pt").shows("it was saved with smoothed kernels").keys("v").hides("it was saved")
	d := start(t, 200, 60).keys("3").beside("demo-shuffled")
	d.shows("◇▽", "◆▼", "before, roughness 1.184", "▽ before", "▼ after")
	d.run(d.app.DropComparison("demo-shuffled"))
	d.hides("▼").shows("after, ρ 0.50 (off: press s)")
}

// Layers of one name may differ in size: every model says its own.
func TestLayersOfDifferentSizes(t *testing.T) {
	for _, size := range sizes {
		d := start(t, size[0], size[1]).keys("3 down down").beside("/wide.pt")
		d.fits(size[0], size[1])
		if size[0] >= 140 {
			d.shows("differ in size", "200×100 of 3×3", "300×7 of 3×3")
		}
		d.keys("right pgdown v").fits(size[0], size[1])
	}
}

// A model that cannot be read at the moment is asked about again.
func TestKernelsThatFailAreAskedForAgain(t *testing.T) {
	d := start(t, 140, 44).keys("3").beside("/other-net.pt").keys("down").shows("no layer")
	n := len(d.lab.kernels)
	d.keys("1 3")
	if len(d.lab.kernels) == n {
		t.Error("not asked again")
	}
	d.keys("x").shows("Wrote 4 files") // of what there is
}

func TestSaveSmoothedModel(t *testing.T) {
	folder := t.TempDir()
	d := startWith(t, newFakeLab(), Options{Folder: folder}, 100, 30).keys("3 down d S")
	d.shows("Save the smoothed model", "demo-layer1.0.conv1-rho0.50-gain-divided.safetensors", "ρ 0.50 on layer1.0.conv1, gain-normalized")
	d.keys("enter").shows("saved " + folder).hides("Save the smoothed model")
	how := model.Smoothing{Rho: 0.5, Layer: "layer1.0.conv1.weight", DivideGain: true}
	want := savedModel{filepath.Join(folder, "demo-layer1.0.conv1-rho0.50-gain-divided.safetensors"), lab.KernelsRequest{Smoothing: how}}
	if !slices.Equal(d.lab.saved, []savedModel{want}) {
		t.Errorf("saved %+v, want %+v", d.lab.saved, want)
	}
	d.keys("S ctrl+u").types("/is/there.safetensors").keys("enter").shows("Save the smoothed model", "file exists")
	d.keys("ctrl+u enter").shows("give a file name").keys("esc")
	d.beside("demo-shuffled").keys("S tab").shows("▼ demo-shuffled", "demo-shuffled-layer1.0").keys("tab tab enter")
	if got := d.lab.saved[len(d.lab.saved)-1]; len(d.lab.saved) != 2 || got.Model != "demo-shuffled" {
		t.Errorf("saved %+v", d.lab.saved)
	}
	// Closed before it is written, the dialog stays closed and what came of it is said.
	d.hold = true
	d.keys("S ctrl+u").types("/is/there").keys("enter esc 1")
	d.release()
	d.shows("not saved: ", "test 0")
}

func TestKernelsAreExported(t *testing.T) {
	folder := t.TempDir()
	d := startWith(t, newFakeLab(), Options{Folder: folder}, 140, 44).keys("3 d down down").beside("demo-shuffled")
	d.keys("x").shows("Wrote 6 files", "rho0.50-layer2.0.conv1-gain-divided-1-demo-before.png", "-2-demodemo-shuffled-after.png")
	var doc []struct {
		Model, Layer string
		Shape        [4]int
		Rho          float64
		GainDivided  bool `json:"gain_divided"`
		Applied      bool
		Roughness    struct{ Before, After float64 }
		Response     struct{ Before, After []float64 }
	}
	read(t, exported(t, folder, ".json"), &doc)
	if len(doc) != 2 || doc[1].Layer != "layer2.0.conv1.weight" || doc[0].Rho != 0.5 || !doc[0].GainDivided || doc[0].Applied || doc[0].Shape != [4]int{200, 100, 3, 3} || len(doc[1].Response.After) != 24 {
		t.Errorf("%+v", doc)
	}
	table, err := os.ReadFile(exported(t, folder, ".csv"))
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
	d := startWith(t, newFakeLab(), Options{Folder: folder, Start: session.Start{Smoothing: how}}, 140, 44)
	d.keys("3").shows("layer1.0.conv1  2/4").keys("1 x esc 2 x esc")
	var doc model.Smoothing
	for _, name := range []string{"-r10.0.json", "rho0.50-layer1.0.conv1-gain-divided.json"} {
		if read(t, exported(t, folder, name), &doc); doc != how {
			t.Errorf("%s says %+v", name, doc)
		}
	}
	for suffix, want := range map[string]string{".csv": "0.5,none,running,layer1.0.conv1.weight,true\n", ".svg": "ρ 0.5 on layer1.0.conv1, gain-normalized"} {
		if text, err := os.ReadFile(exported(t, folder, suffix)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q (%v)", suffix, want, err)
		}
	}
	for want, s := range map[string]model.Smoothing{"ρ 0": {DivideGain: true}, "ρ 0.25": {Rho: 0.25}} {
		if got := session.SmoothingText(s); got != want {
			t.Errorf("%+v: %q", s, got)
		}
	}
}

func TestKernelWindow(t *testing.T) {
	for _, c := range []struct {
		w, h, outs, ins, least int
		shape                  [4]int
		want                   kernelspage.KernelWindow
	}{
		{160, 160, 0, 0, 2, [4]int{16, 16, 3, 3}, kernelspage.KernelWindow{Out: 0, Outs: 16, AllOuts: 16, In: 0, Ins: 16, AllIns: 16, Px: 3, Gap: 1}},
		{160, 160, 5, 5, 2, [4]int{16, 16, 3, 3}, kernelspage.KernelWindow{Out: 0, Outs: 16, AllOuts: 16, In: 0, Ins: 16, AllIns: 16, Px: 3, Gap: 1}},
		{69, 69, 5, 90, 2, [4]int{64, 64, 3, 3}, kernelspage.KernelWindow{Out: 5, Outs: 10, AllOuts: 64, In: 54, Ins: 10, AllIns: 64, Px: 2, Gap: 1}},
		{2, 2, -3, 1000, 2, [4]int{64, 64, 3, 3}, kernelspage.KernelWindow{Out: 0, Outs: 1, AllOuts: 64, In: 63, Ins: 1, AllIns: 64, Px: 2, Gap: 1}},
		{100, 30, 0, 0, 1, [4]int{8, 64, 1, 1}, kernelspage.KernelWindow{Out: 0, Outs: 8, AllOuts: 8, In: 0, Ins: 50, AllIns: 64, Px: 1, Gap: 1}},
	} {
		if got := kernelspage.WindowOf(c.w, c.h, c.shape, c.outs, c.ins, c.least); got != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// The grid shows outputs down and inputs across, zero in gray, rows by their own scale.
func TestKernelGrid(t *testing.T) {
	im := picture.New(11, 11) // 2×2 kernels of 2×2, weights of 2 pixels, gaps of 1, and a border
	w := []float32{
		4, 0, 0, 0, -4, 0, 0, 0,
		0, 0, 0, 0, 0.5, 0, 0, 0,
	}
	win := kernelspage.DrawWindow(im, w, [4]int{2, 2, 2, 2}, 0, 0, 1)
	if win.Px != 2 || win.Cropped() {
		t.Fatalf("%+v", win)
	}
	at := func(x, y int) byte { return im.Pix[3*(y*im.W+x)] }
	for _, c := range []struct {
		x, y int
		want byte
	}{{1, 1, 255}, {3, 1, 127}, {6, 1, 0}, {1, 6, 127}, {6, 6, 255}, {8, 8, 127}} {
		if got := at(c.x, c.y); got != c.want {
			t.Errorf("(%d, %d) is %d, want %d", c.x, c.y, got, c.want)
		}
	}
}

func TestKernelsLayoutHasNoOverlaps(t *testing.T) {
	for w := kit.MinWidth; w <= 220; w += 5 {
		for h := kit.MinHeight; h <= 70; h += 2 {
			for models := 1; models <= session.MostComparisons+1; models++ {
				for _, curves := range []bool{false, true} {
					l := kit.NewLayout(w, h, h%4 == 0)
					k := kernelspage.LayoutKernels(l.Body, l.Roomy(), kit.CellSize{W: 9, H: 18}, models, curves)
					all := []kit.Rect{k.Caption, k.Legend}
					for _, r := range append([]kit.Rect{k.State, k.Chart}, k.Lines...) {
						if !r.Empty() {
							all = append(all, r)
						}
					}
					for _, c := range k.Columns {
						for i := range 2 {
							for _, r := range []kit.Rect{c.Head, c.Titles[i], c.Pics[i], c.Notes[i]} {
								if !r.Empty() && !slices.Contains(all, r) {
									all = append(all, r)
								}
							}
						}
					}
					if want := 2 + 4*models; !curves && len(all) < want {
						t.Fatalf("%d×%d, %d models: %d rectangles, want at least %d", w, h, models, len(all), want)
					}
					for i, r := range all {
						if r.Empty() || r.Right() > w || r.Y < l.Body.Y || r.Bottom() > l.Body.Bottom() {
							t.Fatalf("%d×%d, %d models: rectangle %d %+v is outside the body %+v", w, h, models, i, r, l.Body)
						}
						for j, o := range all[:i] {
							if r.Overlaps(o) {
								t.Fatalf("%d×%d, %d models: rectangles %d %+v and %d %+v overlap", w, h, models, i, r, j, o)
							}
						}
					}
				}
			}
		}
	}
}
