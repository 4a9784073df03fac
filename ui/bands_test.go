package ui

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hfcui/engine/bands"
	"hfcui/ui/kit"
	bandspage "hfcui/ui/pages/bands"
	explorepage "hfcui/ui/pages/explore"
)

func TestBandsGrowAndFollowTheSetting(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("2").shows("2,000 of 2,000 images", "● low", "▲ high", "■ whole", " +", " −", "running statistics", "100%", "0%", "20")
	d.hides("○", "△")
	d.keys("s").shows("○ low", "△ high", "□ whole", "ρ off")
	d.keys("b").shows("statistics of batches of 100")
	d.keys("t").shows("train: 10,000 of 10,000")
	d.keys("s").hides("○ low")
}

func TestBandsCursorIsRadius(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("2").shows("r 10.0")
	d.keys("right right").shows("r 12.0")
	low := d.line(2)
	d.keys("left")
	if d.line(2) == low {
		t.Fatal("the values at the cursor stay when it moves")
	}
	plot := pageOf[*bandspage.Page](d.app).L.Plot
	d.click(plot.X+plot.W/2, plot.Y+3)
	if d.app.R != 12 { // the middle of 0 to 23, rounded
		t.Fatalf("r = %v after a click in the middle", d.app.R)
	}
	d.keys("1")
	if got := pageOf[*explorepage.Page](d.app).Shown.View.R; got != 12 {
		t.Fatalf("Explore shows r = %v, want 12", got)
	}
}

// While a curve is measured, changing the setting measures the new one instead at once.
func TestBandsRestart(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.bandTime = 20 * time.Millisecond
	d.hold = true
	d.keys("2").shows("will appear here", "bands,", "esc stop")
	first := pageOf[*bandspage.Page](d.app).Curves.Job
	d.keys("m")
	second := pageOf[*bandspage.Page](d.app).Curves.Job
	if second == first || second == nil {
		t.Fatal("the measurement goes on under the old setting")
	}
	if r := drain(first); !errors.Is(r.Msg.(kit.Measured[bandspage.BandsKey, bands.Result]).Err, context.Canceled) {
		t.Fatalf("the old measurement ended with %v", r.Msg)
	}
	d.held = d.held[len(d.held)-1:] // only the second one still has something to tell
	d.release()
	now, _ := pageOf[*bandspage.Page](d.app).Key()
	if now.Normalize != bands.NormalizeMax || !pageOf[*bandspage.Page](d.app).Curves.Known[now].Done {
		t.Fatalf("%+v is not evaluated", now)
	}
	now.Normalize = bands.NormalizeNone
	if pageOf[*bandspage.Page](d.app).Curves.Known[now].Done {
		t.Fatal("the measurement that was replaced was finished")
	}
}

func drain(j *kit.Job) kit.Report {
	for {
		if r := j.Wait().(kit.Report); r.Done {
			return r
		}
	}
}

func TestFootFollowsTheSettingBeforeFigures(t *testing.T) {
	d := start(t, 100, 30)
	d.hold = true
	d.keys("2").shows("running statistics")
	d.keys("b").shows("batch statistics").hides("running statistics")
}

// What accuracies carry is on screen whole at every size.
func TestBandsValuesFit(t *testing.T) {
	for _, w := range []int{60, 80, 100} {
		d := start(t, w, 24).keys("2 s end")
		if got := strings.Count(d.line(1), " −"); got != 3 || strings.Contains(d.line(1), "…") {
			t.Errorf("%d columns: %q", w, d.line(1))
		}
		d.fits(w, 24)
	}
}

func TestCurveWithoutSmoothingIsMeasuredToo(t *testing.T) {
	d := start(t, 100, 30).keys("s")
	d.hold = true
	d.keys("2").shows("ρ off   is evaluated after the smoothed curve")
	d.release()
	d.shows("○ low", "△ high", "□ whole").hides("    –          ")
	d = start(t, 60, 18).keys("s")
	d.hold = true
	d.keys("2 esc").shows("ρ off   not evaluated yet; press enter to resume")
}

func TestBandsStopAndGoOn(t *testing.T) {
	d := start(t, 100, 30)
	d.hold = true
	d.keys("2 esc").shows("stopped", "enter resume")
	d.held, d.hold = nil, false
	d.keys("enter").shows("2,000 of 2,000").hides("stopped")
}

func TestKnownCurvesComeBackAtOnce(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("2 m")
	d.hold = true
	d.keys("m m").shows("2,000 of 2,000")
	if pageOf[*bandspage.Page](d.app).Curves.Job != nil {
		t.Fatal("a known curve is measured again")
	}
}

func TestBandsGoOnWhileExploring(t *testing.T) {
	d := start(t, 200, 60)
	d.shows("Press 2 to evaluate")
	d.keys("2 1").hides("Press 2 to evaluate").shows("100%", "▲")
	d.keys("s").shows("○")
}

func TestRadiiUpTo(t *testing.T) {
	for _, c := range []struct {
		most float64
		n    int
	}{{23, 24}, {20, 21}, {1, 2}, {159, 41}, {40, 41}} {
		got := bandspage.RadiiUpTo(c.most)
		if len(got) != c.n || got[0] != 0 || got[len(got)-1] != c.most {
			t.Errorf("radiiUpTo(%v) = %v", c.most, got)
		}
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] {
				t.Errorf("radiiUpTo(%v) does not rise: %v", c.most, got)
			}
		}
	}
}

// The third curve is shown on demand, with what it bounds where it bounds something.
func TestBandsShowChanges(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}} {
		d := start(t, size[0], size[1])
		d.keys("2").hides("f(x)").keys("c").shows("≠ ").shows("f(x_l)").shows("ε ≥ 2.50 (L2), 0.25 (L∞)").shows("≠")
		if size[0] >= 80 {
			d.shows("robust accuracy")
		}
		d.keys("m").shows("no bound").keys("m m b").shows("no bound").keys("b s").shows("○", "ε ≥ 2.50")
		d.keys("x").shows("Wrote 4 files")
		if svg, err := os.ReadFile(exported(t, d.app.options.Folder, ".svg")); err != nil || !strings.Contains(string(svg), "prediction changes on the low-pass image") {
			t.Errorf("the figure has no third curve: %v", err)
		}
		d.keys("c").hides("robust").hides("f(x)")
	}
}
