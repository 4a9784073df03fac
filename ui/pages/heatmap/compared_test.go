package heatmap

import (
	"testing"

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
