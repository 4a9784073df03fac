package ui

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hfcui/ui/session"
)

func exported(t *testing.T, folder, suffix string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*"+suffix))
	if err != nil || len(found) == 0 {
		t.Fatalf("no file ends in %s: %v", suffix, err)
	}
	return found[len(found)-1]
}

func TestExportPictures(t *testing.T) {
	d := start(t, 100, 30)
	folder := d.app.options.Folder
	d.keys("x").shows("Wrote 5 files", "in "+folder[:20], "hfcui-shapes-test-0-r10.0-low.png", "esc close")
	d.keys("esc").hides("Wrote").shows("10.0")
	d.keys("x right").hides("Wrote").shows("11.0") // any other key closes it and acts
	d.keys("x 2").hides("Wrote").shows("images at every r")
	d.keys("1 left")
	for _, suffix := range []string{"-original.png", "-low.png", "-high.png", "-spectrum.png"} {
		f, err := os.Open(exported(t, folder, suffix))
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
		Predictions []struct {
			Part, Class   string
			Probabilities map[string]float64
		}
	}
	read(t, exported(t, folder, "r10.0.json"), &doc)
	if doc.R != 10 || doc.Total != 1024 || len(doc.Predictions) != 3 || len(doc.Predictions[1].Probabilities) != 10 {
		t.Fatalf("exported %+v", doc)
	}
}

func read(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A second export gets a number, for all of its files, and never touches what is there.
func TestExportNeverOverwrites(t *testing.T) {
	d := start(t, 100, 30)
	folder := d.app.options.Folder
	mine := filepath.Join(folder, "hfcui-shapes-test-0-r10.0-high.png")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.keys("x esc x").shows("r10.0-3-low.png")
	if b, _ := os.ReadFile(mine); string(b) != "mine" {
		t.Fatal("a file that was there is overwritten")
	}
	if rest, _ := filepath.Glob(filepath.Join(folder, ".hfcui-*")); len(rest) > 0 {
		t.Fatalf("temporary files are left: %v", rest)
	}
}

func TestExportErrorsAreOneLine(t *testing.T) {
	d := startWith(t, newFakeLab(), Options{Folder: filepath.Join(t.TempDir(), "missing")}, 140, 44)
	d.keys("x").shows("not exported: ")
	d.keys("right").hides("not exported")
	d.lab.info.Labeled = false
	d.app.Info.Labeled = false
	d.keys("2 x").shows("nothing to export yet")
}

func TestExportCurve(t *testing.T) {
	d := start(t, 100, 30)
	folder := d.app.options.Folder
	d.keys("2 s x").shows("Wrote 4 files", ".csv", ".json", ".svg", ".png")
	f, err := os.Open(exported(t, folder, ".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+2*(1+3*24) {
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
	read(t, exported(t, folder, ".json"), &doc)
	if doc.Model != "demo" || doc.N != 2000 || doc.Rho != 0.5 || len(doc.Bands) != 48 || doc.Bands[47].Part != "high" || doc.Bands[47].R != 23 || doc.Bands[3].CI95[0] >= doc.Bands[3].Accuracy {
		t.Fatalf("exported %+v", doc)
	}
	svg, err := os.ReadFile(exported(t, folder, ".svg"))
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
	d.keys("3 x").shows("Wrote 4 files", "kernels-rho0.50-conv1-before.png", "-after.png", "-response.csv", ".json")
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
