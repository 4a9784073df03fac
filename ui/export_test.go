package ui

import (
	"encoding/csv"
	"encoding/xml"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

func TestExportPictures(t *testing.T) {
	d := start(t, 100, 30)
	folder := d.App.options.Folder
	d.Keys("x").Shows("Export page", folder[:20], "hfcui-shapes-test-0-r10.0", "-low.png", "PNG image", "JSON with all settings", "enter writes 5 files")
	d.Keys("enter").Shows("Wrote 5 files to " + folder[:10]).Hides("Export page")
	d.Keys("x esc").Hides("Wrote", "Export page").Shows("10.0")
	for _, suffix := range []string{"-original.png", "-low.png", "-high.png", "-spectrum.png"} {
		f, err := os.Open(uitest.Exported(t, folder, suffix))
		if err != nil {
			t.Fatal(err)
		}
		im, err := png.Decode(f)
		f.Close()
		if err != nil || im.Bounds().Dx() != 256 {
			t.Fatalf("%s: %v, %v", suffix, err, im.Bounds())
		}
	}
	var doc struct {
		Label       string
		R           float64
		Kept, Total int
		// How the model was read, as commands say.
		Normalization string
		Assumed       []any
		Predictions   []struct {
			Part, Class   string
			Probabilities map[string]float64
		}
	}
	uitest.Read(t, uitest.Exported(t, folder, "r10.0.json"), &doc)
	if doc.R != 10 || doc.Total != 1024 || len(doc.Predictions) != 3 || len(doc.Predictions[1].Probabilities) != 10 || doc.Normalization != "file" {
		t.Fatalf("exported %+v", doc)
	}
}

// A second export gets a number, for all of its files, and never touches what is there.
func TestExportNeverOverwrites(t *testing.T) {
	d := start(t, 100, 30)
	folder := d.App.options.Folder
	mine := filepath.Join(folder, "hfcui-shapes-test-0-r10.0-high.png")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Keys("x enter x").Shows("hfcui-shapes-test-0-r10.0-3").Hides("overwrite?").Keys("enter")
	uitest.Exported(t, folder, "r10.0-3-low.png")
	if b, _ := os.ReadFile(mine); string(b) != "mine" {
		t.Fatal("a file that was there is overwritten")
	}
	if rest, _ := filepath.Glob(filepath.Join(folder, ".hfcui-*")); len(rest) > 0 {
		t.Fatalf("temporary files are left: %v", rest)
	}
}

func TestExportErrorsAreOneLine(t *testing.T) {
	above := filepath.Join(t.TempDir(), "above")
	if err := os.Mkdir(above, 0o755); err != nil {
		t.Fatal(err)
	}
	d := startWith(t, uitest.NewFakeLab(), Options{Folder: filepath.Join(above, "new")}, 140, 44)
	d.Keys("x").Shows("new folder")
	os.Remove(above)
	d.Keys("enter").Shows("Export failed: ")
	d.Keys("x").Shows("no such folder").Keys("enter").Shows("cannot be made", "Export page").Keys("esc x esc")
	d.Keys("right").Hides("Export failed")
	d.Lab.About.Labeled = false
	d.App.Info.Labeled = false
	d.Keys("2 x").Shows("nothing to export yet")
}

func TestExportCurve(t *testing.T) {
	d := start(t, 100, 30)
	folder := d.App.options.Folder
	d.Keys("2 s x").Shows(".csv", ".json", ".svg", ".png").Keys("enter").Shows("Wrote 4 files")
	f, err := os.Open(uitest.Exported(t, folder, ".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+2*(1+4*24) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var doc struct {
		Model, Data, Split, Normalize, BN string
		N                                 int
		Rho                               float64
		Whole                             struct{ Correct, N int }
		Bands                             []struct {
			Part     string
			R        float64
			N        int
			Accuracy float64
			CI95     [2]float64
		}
	}
	uitest.Read(t, uitest.Exported(t, folder, ".json"), &doc)
	if doc.Model != "demo" || doc.N != 2000 || doc.Rho != 0.5 || len(doc.Bands) != 48 || doc.Bands[47].Part != "high" || doc.Bands[47].R != 23 || doc.Bands[3].CI95[0] >= doc.Bands[3].Accuracy {
		t.Fatalf("exported %+v", doc)
	}
	svg, err := os.ReadFile(uitest.Exported(t, folder, ".svg"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []string{"demo on shapes", "stroke-dasharray", "fill-opacity", "cutoff radius r", "Dashed: without smoothing", ">low<", ">high<", ">whole<"} {
		if !strings.Contains(string(svg), part) {
			t.Errorf("the figure has no %s", part)
		}
	}
}

func TestExportKernels(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("3 x").Shows("kernels-rho0.50-conv1", "-before.png", "-after.png", "-response.csv", ".json").Keys("enter").Shows("Wrote 4 files")
}

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"shapes-test-0-r10.0": "hfcui-shapes-test-0-r10.0",
		"../../etc/passwd":    "hfcui-etc-passwd",
		"a b\x1b[31m/c":       "hfcui-a-b--31m-c",
		"日本":                  "hfcui-",
	} {
		if got := session.SafeName(in); got != want {
			t.Errorf("safeName(%q) = %q, want %q", in, got, want)
		}
	}
	if got := session.SafeName(strings.Repeat("x", 1000)); len(got) > 130 {
		t.Errorf("a name of %d bytes", len(got))
	}
}

// The folder, the name and the files can be changed; files that exist are overwritten only when that
// is asked for twice, and what is unfinished is named and marked.
func TestExportDialog(t *testing.T) {
	lab := uitest.NewFakeLab()
	d := startWith(t, lab, Options{}, 100, 30)
	folder := filepath.Join(t.TempDir(), "new folder")
	d.Keys("x ctrl+u").Types(folder).Keys("down ctrl+u").Types("mine").Keys("down down space").Shows("enter writes 4 files").Keys("enter").Shows("Wrote 4 files")
	if _, err := os.Stat(filepath.Join(folder, "mine-high.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "mine-low.png")); err == nil {
		t.Fatal("a file that was not chosen is written")
	}
	json := filepath.Join(folder, "mine.json")
	os.WriteFile(json, []byte("old"), 0o600)
	d.Keys("x ctrl+u").Types(folder).Keys("down ctrl+u").Types("mine").Shows("overwrite?").Keys("enter").Shows("4 files exist; enter again")
	if text, _ := os.ReadFile(json); string(text) != "old" {
		t.Fatal("overwritten at once")
	}
	d.Keys("enter").Shows("Wrote 5 files")
	if text, _ := os.ReadFile(json); string(text) == "old" {
		t.Fatal("not overwritten")
	}
	d.Keys("x down ctrl+u").Types("a/b").Keys("enter").Shows("a name without /").Keys("esc")
}
