package ui

import (
	"os"
	"strings"
	"testing"

	"hfcui/ui/uitest"
)

func TestBandsGrowAndFollowTheSetting(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys("2").Shows("2,000 of 2,000 images", "● low", "▲ high", "■ whole", " +", " −", "running statistics", "100%", "0%", "20")
	d.Hides("○", "△")
	d.Keys("s").Shows("○ low", "△ high", "□ whole", "ρ off")
	d.Keys("b").Shows("statistics of batches of 100")
	d.Keys("t").Shows("train: 10,000 of 10,000")
	d.Keys("s").Hides("○ low")
}

func TestFootFollowsTheSettingBeforeFigures(t *testing.T) {
	d := start(t, 100, 30)
	d.Hold = true
	d.Keys("2").Shows("running statistics")
	d.Keys("b").Shows("batch statistics").Hides("running statistics")
}

// What accuracies carry is on screen whole at every size.
func TestBandsValuesFit(t *testing.T) {
	for _, w := range []int{60, 80, 100} {
		d := start(t, w, 24).Keys("2 s end")
		if got := strings.Count(d.Line(1), " −"); got != 3 || strings.Contains(d.Line(1), "…") {
			t.Errorf("%d columns: %q", w, d.Line(1))
		}
		d.Fits(w, 24)
	}
}

func TestCurveWithoutSmoothingIsMeasuredToo(t *testing.T) {
	d := start(t, 100, 30).Keys("s")
	d.Hold = true
	d.Keys("2").Shows("ρ off   is evaluated after the smoothed curve")
	d.Release()
	d.Shows("○ low", "△ high", "□ whole").Hides("    –          ")
	d = start(t, 60, 18).Keys("s")
	d.Hold = true
	d.Keys("2 esc").Shows("ρ off   not evaluated yet; press enter to resume")
}

func TestBandsStopAndGoOn(t *testing.T) {
	d := start(t, 100, 30)
	d.Hold = true
	d.Keys("2 esc").Shows("stopped", "enter resume")
	d.Held, d.Hold = nil, false
	d.Keys("enter").Shows("2,000 of 2,000").Hides("stopped")
}

func TestBandsGoOnWhileExploring(t *testing.T) {
	d := start(t, 200, 60)
	d.Shows("Press 2 to measure")
	d.Keys("2 1").Hides("Press 2 to measure").Shows("100%", "▲")
	d.Keys("s").Shows("□")
}

// The third curve is shown on demand, with what it bounds where it bounds something.
func TestBandsShowChanges(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}} {
		d := start(t, size[0], size[1])
		d.Keys("2").Hides("f(x)").Keys("v").Shows("≠ ").Shows("f(x_l)").Shows("ε ≥ 2.50 (L2), 0.25 (L∞)").Shows("≠")
		if size[0] >= 80 {
			d.Shows("robust accuracy")
		}
		d.Keys("m").Shows("no bound").Keys("m m b").Shows("no bound").Keys("b s").Shows("○", "ε ≥ 2.50")
		if d.Keys("v").Hides("robust", "f(x)"); size[0] != 100 {
			continue
		}
		d.Keys("v x enter").Shows("Wrote 4 files")
		if svg, err := os.ReadFile(uitest.Exported(t, d.App.options.Folder, ".svg")); err != nil || !strings.Contains(string(svg), "prediction changes on the low-pass image") {
			t.Errorf("the figure has no third curve: %v", err)
		}
	}
}
