package ui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	explorepage "hfcui/ui/pages/explore"
	"hfcui/ui/session"
)

func TestExploreShowsEverything(t *testing.T) {
	d := start(t, 100, 30)
	d.shows("1 Explore", "2 Bands", "3 Kernels", "5 Experim", "6 Attack", "7 Heatmap", "none · running · off",
		"test 0", "whole", "low", "high", "spectrum", "10.0", "of 1,024", "% energy", "✓",
		"demo", "shapes test", "resnet20", "? help", "q quit")
}

func TestRadiusKeys(t *testing.T) {
	d := start(t, 100, 30)
	for _, step := range []struct {
		keys string
		r    float64
	}{
		{"right", 11}, {"left left", 9}, {".", 9.1}, {"right", 10}, {", ,", 9.8}, {"left", 9},
		{"shift+right", 14}, {"shift+left", 9}, {"home", 0}, {"left", 0}, {"end", 23}, {"right", 23}, {"l h h", 21},
	} {
		if d.keys(step.keys); d.app.R != step.r {
			t.Fatalf("after %q r is %v, want %v", step.keys, d.app.R, step.r)
		}
		if got := pageOf[*explorepage.Page](d.app).Shown.View.R; got != step.r {
			t.Fatalf("after %q the pictures are of r = %v, want %v", step.keys, got, step.r)
		}
	}
	d.shows("21.0")
}

func TestImagesAreSteppedThrough(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("down n j").shows("test 3")
	d.keys("up p k up").shows("test 1999") // round the end
	d.keys("down").shows("test 0")
}

func TestJumpToIndex(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("g").shows("Go to image", "0 to 1,999; now 0", "enter go")
	d.types("5000").keys("enter").shows("a number from 0 to 1,999")
	d.keys("ctrl+u").types("x7").keys("enter").shows("a number from 0")
	d.keys("backspace backspace").types("17").shows("test 17 ·")
	d.keys("enter").hides("Go to image").shows("test 17")
	if d.app.Index != 17 {
		t.Fatalf("index %d, want 17", d.app.Index)
	}
	d.keys("g 3 esc").hides("Go to image")
	if d.app.Index != 17 {
		t.Fatalf("esc moved to %d", d.app.Index)
	}
}

func TestClassFilter(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("c").shows("Filter by class", "all classes", "circle")
	d.types("hxg").shows("class hxg").hides("all classes")
	d.keys("enter").shows("only hexagon")
	for range 5 {
		if got := d.lab.Label(d.app.Index); got != 8 {
			t.Fatalf("image %d is of class %d, want 8", d.app.Index, got)
		}
		d.keys("down")
	}
	d.keys("c enter").hides("only hexagon")
	if d.app.Class != -1 {
		t.Fatal("the filter is still on")
	}
}

// Whoever goes to an image by its number gets it; another split keeps the filter if it can.
func TestClassFilterAndOtherKeys(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("c").types("hexagon").keys("enter t").shows("only hexagon", "train")
	if got := d.lab.Label(d.app.Index); got != 8 {
		t.Fatalf("image %d of the other split is of class %d, want 8", d.app.Index, got)
	}
	other := d.app.Index
	for d.lab.Label(other) == 8 {
		other++
	}
	d.keys("g").types(fmt.Sprint(other)).keys("enter").shows("filter cleared", fmt.Sprint("train ", other)).hides("only hexagon")
	if d.app.Index != other || d.app.Class != -1 {
		t.Fatalf("image %d, class %d", d.app.Index, d.app.Class)
	}
}

func TestEqualBarsKeepTheOrderOfClasses(t *testing.T) {
	answer := measure.Prediction{Class: 2, Probabilities: []float64{0.001, 0.0012, 0.4, 0.402, 0.003}}
	order := []int{0, 1, 2, 3, 4}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(session.ShownRank(answer, j), session.ShownRank(answer, i)) })
	if !slices.Equal(order, []int{2, 3, 0, 1, 4}) {
		t.Fatalf("order %v", order)
	}
}

func TestNextFlip(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("f")
	first := d.app.Index
	if v := pageOf[*explorepage.Page](d.app).Shown.View; !v.Flip() {
		t.Fatalf("image %d is no flip", first)
	}
	d.shows("flip")
	d.keys("f")
	if d.app.Index == first {
		t.Fatal("the second flip is the first")
	}
	d.keys("F")
	if d.app.Index != first {
		t.Fatalf("back at %d, want %d", d.app.Index, first)
	}
}

// The other way of dividing images is asked for with a key, said on screen, and what flips
// are looked for by.
func TestSVD(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}} {
		d := start(t, size[0], size[1])
		d.keys("d").shows("rank 10")
		if size[0] >= 100 {
			d.shows("remainder")
			d.shows("SVD, rank 10 of 32, matches")
		}
		d.keys("right").shows("rank 11")
		if v := pageOf[*explorepage.Page](d.app).Shown.View; v.By != bands.SVD {
			t.Fatalf("the view is by %v", v.By)
		}
		d.keys("d").hides("rank").hides("remainder").shows("low")
	}
	d := start(t, 100, 30)
	d.lab.bandTime = 50 * time.Millisecond
	d.hold = true
	d.keys("d f").shows("searching for a flip").keys("d").hides("searching for a flip")
}

// A flip is one at a radius and a setting: the search ends when they change.
func TestFlipSearchEndsWithWhatItIsAbout(t *testing.T) {
	for _, key := range []string{"right", "s", "m", "b"} {
		d := start(t, 100, 30)
		d.lab.bandTime = 50 * time.Millisecond
		d.hold = true
		d.keys("f").shows("searching for a flip")
		job := pageOf[*explorepage.Page](d.app).Job
		d.keys(key).hides("searching for a flip")
		for r := job.Wait().(kit.Report); ; r = job.Wait().(kit.Report) {
			d.send(r)
			if r.Done {
				break
			}
		}
		if d.app.Index != 0 || d.app.message != "" {
			t.Errorf("%s: image %d, message %q", key, d.app.Index, d.app.message)
		}
	}
	d := start(t, 100, 30).keys("s")
	d.lab.bandTime = 50 * time.Millisecond
	d.hold = true
	d.keys("f ]").hides("searching for a flip")
}

func TestFlipSearchCanBeStopped(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.bandTime = 50 * time.Millisecond
	d.hold = true
	d.keys("f").shows("searching for a flip", "esc stop")
	job := pageOf[*explorepage.Page](d.app).Job
	d.keys("esc").hides("searching for a flip")
	if pageOf[*explorepage.Page](d.app).Job != nil {
		t.Fatal("the search is still known")
	}
	for r := job.Wait().(kit.Report); !r.Done; r = job.Wait().(kit.Report) {
		d.send(r) // nobody listens any more
	}
	d.held, d.hold = nil, false
	d.keys("right")
	if d.app.Index != 0 {
		t.Fatalf("a stopped search moved to %d", d.app.Index)
	}
}

// A key held down asks for many radii while one is computed: only the newest is computed
// next, and what is done meanwhile is shown.
func TestNewestRadiusWins(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.views = nil
	d.hold = true
	d.keys("right right right right right")
	if n := len(d.held); n != 1 {
		t.Fatalf("%d computations started, want 1", n)
	}
	held := d.held
	d.held = nil
	msg := held[0]()
	d.send(msg) // r = 11 arrives, r = 15 is asked for
	if got := pageOf[*explorepage.Page](d.app).Shown.View.R; got != 11 {
		t.Fatalf("r = %v is shown, want 11: it is newer than what was there", got)
	}
	d.release()
	var asked []float64
	for _, q := range d.lab.views {
		asked = append(asked, q.R)
	}
	if len(asked) != 2 || asked[0] != 11 || asked[1] != 15 {
		t.Fatalf("computed %v, want 11 and 15 only", asked)
	}
	if got := pageOf[*explorepage.Page](d.app).Shown.View.R; got != 15 {
		t.Fatalf("r = %v is shown at last, want 15", got)
	}
}

func TestSettingsChangeWhatTheModelIsAsked(t *testing.T) {
	d := start(t, 140, 44)
	d.keys("s").shows("smoothing ρ 0.50")
	if q := d.lab.views[len(d.lab.views)-1]; q.Rho != 0.5 {
		t.Fatalf("asked with ρ %v, want 0.5", q.Rho)
	}
	d.keys("] ]").shows("ρ 0.70")
	d.keys("[ [ [ [").shows("ρ 0.40")
	for range 40 {
		d.keys("[")
	}
	d.shows("ρ 0.05")
	for range 60 {
		d.keys("]")
	}
	d.shows("ρ 2.00")
	d.keys("s m").shows("smoothing off", "normalize max")
	d.keys("m").shows("normalize std")
	d.keys("b").shows("batch-norm batch")
	q := d.lab.views[len(d.lab.views)-1]
	want := bands.Setting{Normalize: 2, Statistics: 1}
	if q.Setting != want {
		t.Fatalf("asked with %+v, want %+v", q.Setting, want)
	}
}

func TestSplitSwitch(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("down down t").shows("shapes train", "train 2")
	d.keys("t").shows("shapes test", "test 2")
	d.lab.info.Splits = []string{"test", "broken"}
	d.app.Info.Splits = d.lab.info.Splits
	d.keys("t").shows("no such split", "test 2")
	d.keys("right").hides("no such split")
}

func TestHighPartIsNamed(t *testing.T) {
	d := start(t, 100, 30)
	d.shows("on gray").hides("the input")
	d.keys("v").shows("high-pass centered on gray")
	d.keys("v").shows("high-pass unscaled")
	d.keys("v").shows("high-pass on gray ×")
}

func TestFewerLargerPictures(t *testing.T) {
	d := start(t, 100, 30)
	before := pageOf[*explorepage.Page](d.app).L.Slots[0].Pic.W
	d.keys("w").shows("of 1,024 kept").hides("spectrum")
	if now := pageOf[*explorepage.Page](d.app).L.Slots[0].Pic.W; now <= before {
		t.Fatalf("pictures are %d wide after w, %d before", now, before)
	}
	d.keys("w").hides("whole")
	d.keys("w").shows("whole", "spectrum")
}

func TestErrorsTakeThePicturesPlace(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.viewError = errors.New("cat\x1b[31m.png: not an\nimage")
	d.shows("split", "on gray ×")
	d.keys("down").shows("cat[31m.png: not an image", "– % energy", "– of – coefficients", "● low", "▲ high")
	d.hides("ms", "×", "of 1,024")
	d.lab.viewError = nil
	d.keys("down").hides("not an image").shows("✓")
}

func TestUnlabelledImages(t *testing.T) {
	lab := newFakeLab()
	lab.info.Labeled = false
	d := startWith(t, lab, Options{}, 100, 30)
	d.hides("✓", "✗", "f flip").shows("·")
	for _, key := range []string{"c", "f", "F"} {
		d.keys(key).shows("unavailable: no labels that match the model's classes")
		d.keys("right").hides("this needs labels")
	}
	d.keys("2").shows("Accuracy needs labels")
}

func TestPhotographLayout(t *testing.T) {
	lab := newFakeLab()
	lab.w, lab.h, lab.info.MaxPreview = 160, 80, 90
	startWith(t, lab, Options{}, 60, 18).shows("32×32")
	d := startWith(t, lab, Options{Start: session.Start{Radius: 30}}, 140, 44)
	d.shows("model input 32×32")
	pic := pageOf[*explorepage.Page](d.app).L.Slots[0].Pic
	if got := float64(pic.W) / float64(2*pic.H); got < 1.7 || got > 2.3 {
		t.Fatalf("pictures of 2:1 are laid out %d×%d cells", pic.W, pic.H)
	}
	d.keys("end")
	if d.app.R != pageOf[*explorepage.Page](d.app).Shown.View.MaxR {
		t.Fatalf("r goes to %v, past the corner is %v", d.app.R, pageOf[*explorepage.Page](d.app).Shown.View.MaxR)
	}
}

func TestMouseMovesRadius(t *testing.T) {
	d := start(t, 100, 30)
	track := kit.PlotOf(pageOf[*explorepage.Page](d.app).L.Slider)
	d.click(track.X, track.Y)
	if d.app.R != 0 {
		t.Fatalf("r = %v after a click at the track's left end", d.app.R)
	}
	d.send(tea.MouseMotionMsg{X: track.Right() - 1, Y: track.Y + 3, Button: tea.MouseLeft}) // off the track by now
	if d.app.R != 23 {
		t.Fatalf("r = %v after a drag to the right end", d.app.R)
	}
	d.send(tea.MouseReleaseMsg{X: track.X, Y: track.Y})
	d.send(tea.MouseMotionMsg{X: track.X, Y: track.Y})
	if d.app.R != 23 {
		t.Fatalf("r = %v after a move without button", d.app.R)
	}
	d.send(tea.MouseWheelMsg{X: track.X + 9, Y: track.Y, Button: tea.MouseWheelDown})
	if d.app.R != 22 {
		t.Fatalf("r = %v after the wheel", d.app.R)
	}
	pic := pageOf[*explorepage.Page](d.app).L.Slots[1].Pic
	d.send(tea.MouseWheelMsg{X: pic.X + 2, Y: pic.Y + 2, Button: tea.MouseWheelDown, Mod: tea.ModShift})
	if d.app.R != 21.9 {
		t.Fatalf("r = %v after the wheel with shift over a picture", d.app.R)
	}
}

func TestNothingJumps(t *testing.T) {
	d := start(t, 100, 30)
	x, y := d.where("whole")
	bx, by := d.where("q quit")
	for _, k := range strings.Fields("right . , s ] m m m b n f home end") {
		d.keys(k)
		if gx, gy := d.where("whole"); gx != x || gy != y {
			t.Fatalf("after %s the title is at %d,%d, before at %d,%d", k, gx, gy, x, y)
		}
		if gx, gy := d.where("q quit"); gx != bx || gy != by {
			t.Fatalf("after %s the hints moved", k)
		}
	}
}
