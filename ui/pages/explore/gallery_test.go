package explore

import (
	"testing"

	"hfcui/engine/bands"
	"hfcui/ui/uitest"
)

// All flips are walked through, shown, and come back to, at every size.
func TestAllFlips(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := startExplore(t, size[0], size[1])
		d.Keys("L").Shows("Flips at r = 10.0:", "of 2,000 images", "by chance:", "→", "by class")
		d.Fits(size[0], size[1])
		g := d.App.Page.gallery
		list := g.flips()
		if len(list) == 0 || g.shown.asked.n == 0 || len(g.shown.rows) == 0 {
			t.Fatalf("%v: %d flips, %+v", size, len(list), g.shown.asked)
		}
		d.Keys("home right down")
		want := list[min(1+g.l.across, len(list)-1)]
		d.Keys("enter").Shows("flip").Hides("by chance")
		if d.App.Index != want.Index || !d.App.Page.view().Flip() {
			t.Errorf("%v: image %d, want %d", size, d.App.Index, want.Index)
		}
		d.Keys("L")
		if list[g.selected()].Index != want.Index {
			t.Errorf("%v: flip %d is selected, want %d", size, list[g.selected()].Index, want.Index)
		}
		d.Keys("> esc").Hides("by chance")
		d.Fits(size[0], size[1])
	}
}

func TestFlipsFollowTheSetting(t *testing.T) {
	d := startExplore(t, 140, 44).Keys("L").Shows("by chance, vs r")
	before := d.App.Page.gallery.now().Counts.Total()
	d.Keys("> >").Shows("Flips at r = 12.0")
	if d.App.Page.gallery.now().Counts.Total() == before {
		t.Error("another r has the same flips")
	}
	d.Keys("d").Shows("Flips by SVD at r = 12.0")
	if k, _ := d.App.Page.gallery.keys(); k.by != bands.SVD || d.App.Page.gallery.found.Known[k].flips.Images == 0 {
		t.Errorf("%+v is not evaluated", k)
	}
	d.Keys("c").Types("circle").Keys("enter").Shows("only circle")
	for _, f := range d.App.Page.gallery.flips() {
		if f.Label != 0 {
			t.Errorf("flip %+v", f)
		}
	}
	d.Keys("end pgup pgdown")
	d.Keys("2 1").Shows("Flips by SVD")
	for d.App.R < d.App.MaxR {
		d.Keys(">")
	}
	d.Keys("c").Types("square").Keys("enter").Shows("No flip at r")
	d.Keys("enter esc").Hides("No flip at r")
}

// A flip's classes are both named, however narrow.
func TestFlipText(t *testing.T) {
	for _, c := range []struct {
		label, low string
		w          int
		want       string
	}{
		{"ring", "bar", 12, "ring → bar"}, {"triangle", "ring", 13, "triangle→ring"}, {"triangle", "heart", 9, "tria→hear"},
		{"triangle", "bar", 10, "triang→bar"}, {"bar", "triangle", 10, "bar→triang"},
	} {
		if got := flipText(c.label, c.low, c.w); got != c.want {
			t.Errorf("%s, %s in %d cells: %q, want %q", c.label, c.low, c.w, got, c.want)
		}
	}
}
