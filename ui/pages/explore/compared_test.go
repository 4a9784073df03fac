package explore

import (
	"testing"

	"hfcui/ui/uitest"
)

// Every model's prediction for every picture is below it, at every size.
func TestExploreComparesModels(t *testing.T) {
	for _, size := range uitest.Sizes {
		d := startExplore(t, size[0], size[1]).Compare("/a.pt", "/bb.pt", "/failing.pt")
		d.Shows("◆ demo", "▼ /a.pt", "★ /bb.pt", "✚ /", "unavailable")
		d.Fits(size[0], size[1])
		if n := len(d.App.Page.shown.others); n != 3 {
			t.Errorf("predictions of %d models", n)
		}
		for _, s := range d.App.Page.l.slots {
			if s.Kind < 3 && s.Text.H < 4 {
				t.Errorf("%v: %d lines for 4 models", size, s.Text.H)
			}
		}
		d.Keys("right down")
		if q := d.App.Page.shown.asked; q.R != d.App.R || q.Index != 1 || q.n != 3 {
			t.Errorf("predictions are of %+v", q)
		}
		for _, path := range []string{"/a.pt", "/bb.pt", "/failing.pt"} {
			d.Run(d.App.DropComparison(path))
		}
		d.Hides("/a.pt", "unavailable")
	}
}

func TestExploreExportsComparisons(t *testing.T) {
	d := startExplore(t, 100, 30).Compare("/a.pt", "/failing.pt").Keys("x")
	var doc struct {
		Predictions []struct{ Part string }
		Comparisons []struct {
			Model       string
			Predictions []struct {
				Class         string
				Right         *bool
				Probabilities map[string]float64
			}
		}
	}
	uitest.Read(t, uitest.Exported(t, d.App.Folder, ".json"), &doc)
	if len(doc.Comparisons) != 1 || doc.Comparisons[0].Model != "/a.pt" || len(doc.Comparisons[0].Predictions) != 3 || doc.Comparisons[0].Predictions[2].Right == nil {
		t.Errorf("%+v", doc)
	}
}
