package bands

import (
	"context"
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/uitest"
)

// Up to four models are in the charts and in the lines at the cursor, at every size; differences
// are paired and have an interval.
func TestBandsCompareModels(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := startBands(t, size[0], size[1]).Compare("/a.pt", "/bb.pt", "/ccc.pt")
		d.Keys("2").Shows("demo", "/a.pt", "◆", "▼", "★", "✚", "r 10.0", "low %", "high %", "whole %").Hides("    –   ")
		d.Fits(size[0], size[1])
		if size[0] >= twoPanels && size[0] != 200 {
			d.Shows("low-pass images: accuracy vs r", "high-pass images: accuracy vs r")
		}
		d.Keys("V").Hides("low %", "    –   ").Shows("−", "points")
		d.Fits(size[0], size[1])
		d.Keys("V v").Shows("low %", "demo: ", "f(x_l)")
		d.Fits(size[0], size[1])
	}
}

func TestBandsOfOtherModels(t *testing.T) {
	d := startBands(t, 140, 44).Compare("/a.pt", "/unscored.pt")
	d.Keys("2").Shows("model /unscored.pt does not match the data")
	d.Hold = true
	d.Keys("m").Shows("Accuracy on low-pass and high-pass images")
	d.Release()
	d.Keys("V").Shows("differences from demo in points", "demo (%)", "2,000")
	for range 3 {
		d.Run(d.App.DropComparison("/a.pt"))
	}
	d.Run(d.App.DropComparison("/unscored.pt"))
	d.Shows("● low").Hides("points", "/a.pt")
	if len(d.App.Page.curves.Known) != 2 || d.App.Page.minus {
		t.Errorf("%d curves stay", len(d.App.Page.curves.Known))
	}
	d.Keys("V").Hides("points")
}

// Several curves are all rough before any is measured on all images, the open model's first.
func TestBandsAreRoughFirst(t *testing.T) {
	d := startBands(t, 140, 44).Compare("/a.pt")
	d.Lab.BandTime = time.Millisecond
	type step struct {
		model string
		limit int
	}
	var steps []step
	begin := d.App.Page.curves.Begin
	d.App.Page.curves.Begin = func(work func(context.Context, func(tea.Msg)) tea.Msg) (*kit.Job, tea.Cmd) {
		steps = append(steps, step{d.App.Page.curves.Working.model, d.App.Page.curves.Limit})
		return begin(work)
	}
	d.Keys("2")
	if want := []step{{"", firstImages}, {"/a.pt", firstImages}, {"", roughImages}, {"/a.pt", roughImages}, {"", 0}, {"/a.pt", 0}}; !slices.Equal(steps, want) {
		t.Errorf("measured in the order %v", steps)
	}
}

func TestExportCompared(t *testing.T) {
	d := startBands(t, 140, 44).Compare("/a.pt", "/bb.pt").Keys("2 x").Shows("Wrote 4 files", "demo-and-2-shapes-test-bands")
	var doc struct {
		Model       string
		Comparisons []struct{ Model string }
		Differences []struct {
			Model, Minus string
			Whole        struct {
				Difference float64
				N          int
				CI95       [2]float64
			}
			Bands []struct {
				Part       string
				R          float64
				Difference float64
			}
		}
	}
	uitest.Read(t, uitest.Exported(t, d.App.Folder, ".json"), &doc)
	if len(doc.Differences) != 2 || doc.Comparisons[1].Model != "/bb.pt" || doc.Differences[0].Minus != "demo" || doc.Differences[0].Whole.N != 2000 ||
		doc.Differences[0].Whole.Difference > doc.Differences[0].Whole.CI95[1] || len(doc.Differences[1].Bands) != 48 {
		t.Errorf("%+v", doc)
	}
	f, err := os.Open(uitest.Exported(t, d.App.Folder, ".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err := csv.NewReader(f).ReadAll(); err != nil || rows[0][12] != "model" || rows[len(rows)-1][12] != "/bb.pt" {
		t.Errorf("%v, %v", rows[0], err)
	}
	svg, err := os.ReadFile(uitest.Exported(t, d.App.Folder, ".svg"))
	if err != nil || !strings.Contains(string(svg), "high-pass images: difference") || !strings.Contains(string(svg), "Newcombe") {
		t.Errorf("the figure: %v", err)
	}
}

// The number of images of several curves is a range where they differ.
func TestImagesOfSeveralCurves(t *testing.T) {
	of := func(n int) curve { return curve{result: bands.Result{Whole: measure.Score{N: n}, Images: 5000}} }
	if got, want := note([]curve{of(72), of(48)}), "48 to 72 images at every r; 95% CI (Wilson). Unfinished: 48 to 72 of 5,000 images."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
