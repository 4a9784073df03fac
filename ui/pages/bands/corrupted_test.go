package bands

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

func startCorrupted(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	l := uitest.NewFakeLab()
	l.About.Corruptions, l.About.Corruption, l.About.Severity = uitest.Corruptions(), "brightness", 1
	return bandsWith(t, l, session.Start{}, w, h)
}

// Accuracy by corruption is two views on, then that on low- and high-pass images at r.
func TestCorruptedTable(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := startCorrupted(t, size[0], size[1]).Keys("2 v v")
		d.Fits(size[0], size[1])
		d.Shows("whole images", "brightness", "mean", "n 2,000 of each of 75 versions")
		if size[1] >= 24 {
			d.Shows("zoom_blur")
		}
		d.Keys("v").Shows("low-pass images, r 10", "n 2,000 of each of 75 versions")
		d.Keys("right").Shows("low-pass images, r 11")
		d.Keys("v").Shows("high-pass images, r 11")
		d.Fits(size[0], size[1])
		d.Keys("v").Hides("high-pass images", "75 versions")
	}
}

// The table stops, resumes, and gives way to the curves.
func TestCorruptedTableStops(t *testing.T) {
	d := startCorrupted(t, 100, 30)
	d.Lab.BandTime = 20 * time.Millisecond
	d.Hold = true
	d.Keys("2 v v").Shows("will appear here", "corruptions  0%", "esc stop corruptions")
	if p := d.App.Page; p.curves.Job != nil || p.versions.Job == nil {
		t.Fatal("the curves are measured behind the table")
	}
	d.Keys("esc").Shows("Stopped before the first results", "enter resume")
	d.Keys("enter").Shows("corruptions  0%")
	d.Keys("v")
	if p := d.App.Page; p.versions.Working != p.corruptedKey() || !p.versions.Working.bands {
		t.Fatal("the table of the view before is measured")
	}
	d.Keys("v v")
	if p := d.App.Page; p.versions.Job != nil || p.curves.Job == nil {
		t.Fatal("the table is measured behind the curves")
	}
}

func TestNoCorruptedTable(t *testing.T) {
	d := startBands(t, 100, 30).Keys("2 v").Shows("≠").Keys("v").Hides("≠", "mean corruption")
	if d.App.Page.view != curvesView {
		t.Fatal("data without corruptions have a table of them")
	}
}

func TestExportOfCorruptedTable(t *testing.T) {
	d := startCorrupted(t, 140, 44).Keys("2 v v v")
	e, err := d.App.Page.Export()
	if err != nil || !strings.Contains(e.Base, "corruptions") || len(e.Unfinished) > 0 {
		t.Fatalf("%q, unfinished %q, %v", e.Base, e.Unfinished, err)
	}
	for _, f := range e.Files {
		if f.Suffix == ".png" {
			continue // drawn as the SVG is
		}
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range map[string][]string{".csv": {"zoom_blur\",5,low,10", "complete"}, ".json": {"mean_corruption_accuracy", "unweighted mean", `"versions"`}, ".svg": {"zoom_blur", "severity"}}[f.Suffix] {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s has no %q", f.Suffix, want)
			}
		}
	}
}
