package bands

import (
	"context"
	"errors"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// startBands starts the page alone, on a Lab of its own; bandsWith on a Lab that is given.
func startBands(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return bandsWith(t, uitest.NewFakeLab(), session.Start{}, w, h)
}

func bandsWith(t *testing.T, l *uitest.FakeLab, o session.Start, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, l, o, "2", w, h, func(s session.Screen, on *session.Session) *Page { return New(s, on) })
}

func TestBandsCursorIsRadius(t *testing.T) {
	d := startBands(t, 100, 30)
	d.Keys("2").Shows("r 10.0")
	d.Keys("right right").Shows("r 12.0")
	low := d.Line(2)
	d.Keys("left")
	if d.Line(2) == low {
		t.Fatal("the values at the cursor stay when it moves")
	}
	plot := d.App.Page.l.panels[0].plot
	d.Click(plot.X+plot.W/2, plot.Y+3)
	if d.App.R != 12 { // the middle of 0 to 23, rounded
		t.Fatalf("r = %v after a click in the middle", d.App.R)
	}
}

// While a curve is measured, changing the setting measures the new one instead at once.
func TestBandsRestart(t *testing.T) {
	d := startBands(t, 100, 30)
	d.Lab.BandTime = 20 * time.Millisecond
	d.Hold = true
	d.Keys("2").Shows("appear here", "bands  0% demo · shapes test", "esc stop bands")
	first := d.App.Page.curves.Job
	d.Keys("m")
	second := d.App.Page.curves.Job
	if second == first || second == nil {
		t.Fatal("the measurement goes on under the old setting")
	}
	if r := uitest.Drain(first); !errors.Is(r.Msg.(kit.Measured[bandsKey, bands.Result]).Err, context.Canceled) {
		t.Fatalf("the old measurement ended with %v", r.Msg)
	}
	d.Held = d.Held[len(d.Held)-1:] // only the second one still has something to tell
	d.Release()
	now, _ := d.App.Page.key("")
	if now.Normalize != bands.NormalizeMax || !d.App.Page.curves.Known[now].Done {
		t.Fatalf("%+v is not evaluated", now)
	}
	now.Normalize = bands.NormalizeNone
	if d.App.Page.curves.Known[now].Done {
		t.Fatal("the measurement that was replaced was finished")
	}
}

func TestKnownCurvesComeBackAtOnce(t *testing.T) {
	d := startBands(t, 100, 30)
	d.Keys("2 m")
	d.Hold = true
	d.Keys("m m").Shows("2,000 of 2,000")
	if d.App.Page.curves.Job != nil {
		t.Fatal("a known curve is measured again")
	}
}

func TestRadiiUpTo(t *testing.T) {
	for _, c := range []struct {
		most float64
		n    int
	}{{23, 24}, {20, 21}, {1, 2}, {159, 41}, {40, 41}} {
		got := bands.Radii(c.most)
		if len(got) != c.n || got[0] != 0 || got[len(got)-1] != c.most {
			t.Errorf("bands.Radii(%v) = %v", c.most, got)
		}
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] {
				t.Errorf("bands.Radii(%v) does not rise: %v", c.most, got)
			}
		}
	}
}
