package heatmap

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// The maps of all models are side by side where there is room, and differences from the open one's.
func TestHeatmapsCompareModels(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := startHeatmap(t, size[0], size[1]).Compare("/a.pt", "/bb.pt", "/ccc.pt").Keys("7")
		d.Fits(size[0], size[1])
		p := d.App.Page
		if n := len(p.l.tiles); n != 1 && n != 4 || size[0] >= 140 && n != 4 {
			t.Errorf("%v: %d maps", size, n)
		}
		for i := range p.l.tiles {
			if p.shown.drawn[i] == nil {
				t.Errorf("%v: map %d is not drawn", size, i)
			}
		}
		d.Keys("i V").Shows("more errors", "Δ").Keys("right")
		d.Fits(size[0], size[1])
		if q := p.shown.asked; !q.minus || p.model != "/a.pt" || p.shown.most < 0.05 {
			t.Errorf("%v: %+v", size, q)
		}
		for _, path := range []string{"/a.pt", "/bb.pt", "/ccc.pt"} {
			d.Run(d.App.DropComparison(path))
		}
		if d.Hides("more errors", "/a.pt"); len(p.l.tiles) != 1 || p.minus || len(p.maps.Known) != 1 {
			t.Errorf("%v: %d maps, %d known", size, len(p.l.tiles), len(p.maps.Known))
		}
	}
}

// An export has the maps of all models and how they differ from the open one's.
func TestExportOfComparedHeatmaps(t *testing.T) {
	d := startHeatmap(t, 140, 44).Compare("/a.pt", "/bb.pt").Keys("7")
	e, err := d.App.Page.Export()
	if err != nil || !strings.Contains(e.Base, "-and-2-") || len(e.Unfinished) > 0 {
		t.Fatalf("%q, unfinished %q, %v", e.Base, e.Unfinished, err)
	}
	for suffix, want := range map[string][]string{
		".csv":  {"difference_ci95_lo", "a.pt,", "bb.pt,"},
		".json": {`"comparisons"`, `"differences"`, `"minus"`},
		".png":  {"PNG"},
	} {
		i := slices.IndexFunc(e.Files, func(f session.ExportFile) bool { return f.Suffix == suffix })
		var b bytes.Buffer
		if err := e.Files[i].Write(&b); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s has no %q", suffix, text)
			}
		}
	}
	d.App.Page.model = "/a.pt"
	delete(d.App.Page.maps.Known, d.App.Page.keyOf("/bb.pt"))
	if e, err := d.App.Page.Export(); err != nil || len(e.Unfinished) != 1 || !strings.Contains(e.Base, "-and-1-") {
		t.Errorf("without one of the maps: %q, unfinished %q, %v", e.Base, e.Unfinished, err)
	}
}
