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
)

func TestExploreShowsEverything(t *testing.T) {
	d := start(t, 100, 30)
	d.shows("1 Explore", "2 Bands", "3 Kernels", "5 Experim", "6 Attack", "7 Heatmap", "none · running · off",
		"test 0", "original", "low", "high", "spectrum", "10.0", "of 1,024", "% energy", "✓",
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
		if d.keys(step.keys); d.app.r != step.r {
			t.Fatalf("after %q r is %v, want %v", step.keys, d.app.r, step.r)
		}
		if got := pageOf[*explore](d.app).shown.view.R; got != step.r {
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
	d.keys("g").shows("Go to image", "0 to 1,999; now 0", "enter go there")
	d.types("5000").keys("enter").shows("a number from 0 to 1,999")
	d.keys("ctrl+u").types("x7").keys("enter").shows("a number from 0")
	d.keys("backspace backspace").types("17").shows("test 17 ·")
	d.keys("enter").hides("Go to image").shows("test 17")
	if d.app.index != 17 {
		t.Fatalf("index %d, want 17", d.app.index)
	}
	d.keys("g 3 esc").hides("Go to image")
	if d.app.index != 17 {
		t.Fatalf("esc moved to %d", d.app.index)
	}
}

func TestClassFilter(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("c").shows("Only images of class", "all classes", "circle")
	d.types("hxg").shows("class hxg").hides("all classes")
	d.keys("enter").shows("only hexagon")
	for range 5 {
		if got := d.lab.Label(d.app.index); got != 8 {
			t.Fatalf("image %d is of class %d, want 8", d.app.index, got)
		}
		d.keys("down")
	}
	d.keys("c enter").hides("only hexagon")
	if d.app.class != -1 {
		t.Fatal("the filter is still on")
	}
}

// Whoever goes to an image by its number gets it; another split keeps the filter if it can.
func TestClassFilterAndOtherKeys(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("c").types("hexagon").keys("enter t").shows("only hexagon", "train")
	if got := d.lab.Label(d.app.index); got != 8 {
		t.Fatalf("image %d of the other split is of class %d, want 8", d.app.index, got)
	}
	other := d.app.index
	for d.lab.Label(other) == 8 {
		other++
	}
	d.keys("g").types(fmt.Sprint(other)).keys("enter").shows("all classes again", fmt.Sprint("train ", other)).hides("only hexagon")
	if d.app.index != other || d.app.class != -1 {
		t.Fatalf("image %d, class %d", d.app.index, d.app.class)
	}
}

func TestEqualBarsKeepTheOrderOfClasses(t *testing.T) {
	answer := measure.Prediction{Class: 2, Probabilities: []float64{0.001, 0.0012, 0.4, 0.402, 0.003}}
	order := []int{0, 1, 2, 3, 4}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(shownRank(answer, j), shownRank(answer, i)) })
	if !slices.Equal(order, []int{2, 3, 0, 1, 4}) {
		t.Fatalf("order %v", order)
	}
}

func TestNextFlip(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("f")
	first := d.app.index
	if v := pageOf[*explore](d.app).shown.view; !v.Flip() {
		t.Fatalf("image %d is no flip", first)
	}
	d.shows("flip")
	d.keys("f")
	if d.app.index == first {
		t.Fatal("the second flip is the first")
	}
	d.keys("F")
	if d.app.index != first {
		t.Fatalf("back at %d, want %d", d.app.index, first)
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
			d.shows("SVD, rank 10 of 32 as r keeps")
		}
		d.keys("right").shows("rank 11")
		if v := pageOf[*explore](d.app).shown.view; v.By != bands.SVD {
			t.Fatalf("the view is by %v", v.By)
		}
		d.keys("d").hides("rank").hides("remainder").shows("low")
	}
	d := start(t, 100, 30)
	d.lab.bandTime = 50 * time.Millisecond
	d.hold = true
	d.keys("d f").shows("looking for a flip").keys("d").hides("looking for a flip")
}

// A flip is one at a radius and a setting: the search ends when they change.
func TestFlipSearchEndsWithWhatItIsAbout(t *testing.T) {
	for _, key := range []string{"right", "s", "m", "b"} {
		d := start(t, 100, 30)
		d.lab.bandTime = 50 * time.Millisecond
		d.hold = true
		d.keys("f").shows("looking for a flip")
		job := pageOf[*explore](d.app).job
		d.keys(key).hides("looking for a flip")
		for r := job.wait().(report); ; r = job.wait().(report) {
			d.send(r)
			if r.done {
				break
			}
		}
		if d.app.index != 0 || d.app.message != "" {
			t.Errorf("%s: image %d, message %q", key, d.app.index, d.app.message)
		}
	}
	d := start(t, 100, 30).keys("s")
	d.lab.bandTime = 50 * time.Millisecond
	d.hold = true
	d.keys("f ]").hides("looking for a flip")
}

func TestFlipSearchCanBeStopped(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.bandTime = 50 * time.Millisecond
	d.hold = true
	d.keys("f").shows("looking for a flip", "esc stop")
	job := pageOf[*explore](d.app).job
	d.keys("esc").hides("looking for a flip")
	if pageOf[*explore](d.app).job != nil {
		t.Fatal("the search is still known")
	}
	for r := job.wait().(report); !r.done; r = job.wait().(report) {
		d.send(r) // nobody listens any more
	}
	d.held, d.hold = nil, false
	d.keys("right")
	if d.app.index != 0 {
		t.Fatalf("a stopped search moved to %d", d.app.index)
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
	if got := pageOf[*explore](d.app).shown.view.R; got != 11 {
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
	if got := pageOf[*explore](d.app).shown.view.R; got != 15 {
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
	d.keys("s m").shows("smoothing off", "normalise max")
	d.keys("m").shows("normalise std")
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
	d.app.info.Splits = d.lab.info.Splits
	d.keys("t").shows("no such split", "test 2")
	d.keys("right").hides("no such split")
}

func TestHighPartIsNamed(t *testing.T) {
	d := start(t, 100, 30)
	d.shows("about grey").hides("the model sees")
	d.keys("v").shows("high part centred on grey")
	d.keys("v").shows("high part as it is")
	d.keys("v").shows("high part about grey ×")
}

func TestFewerLargerPictures(t *testing.T) {
	d := start(t, 100, 30)
	before := pageOf[*explore](d.app).l.slots[0].pic.w
	d.keys("w").shows("of 1,024 kept").hides("spectrum")
	if now := pageOf[*explore](d.app).l.slots[0].pic.w; now <= before {
		t.Fatalf("pictures are %d wide after w, %d before", now, before)
	}
	d.keys("w").hides("original")
	d.keys("w").shows("original", "spectrum")
}

func TestErrorsTakeThePicturesPlace(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.viewError = errors.New("cat\x1b[31m.png: not an\nimage")
	d.shows("split", "about grey ×")
	d.keys("down").shows("cat[31m.png: not an image", "– % energy", "– of – coefficients", "● low", "▲ high")
	d.hides("ms", "×", "of 1,024")
	d.lab.viewError = nil
	d.keys("down").hides("not an image").shows("✓")
}

func TestUnlabelledImages(t *testing.T) {
	lab := newFakeLab()
	lab.info.Labelled = false
	d := startWith(t, lab, Options{}, 100, 30)
	d.hides("✓", "✗", "f flip").shows("·")
	for _, key := range []string{"c", "f", "F"} {
		d.keys(key).shows("this needs labels that are the model's classes")
		d.keys("right").hides("this needs labels")
	}
	d.keys("2").shows("Accuracy needs labels")
}

func TestPhotographLayout(t *testing.T) {
	lab := newFakeLab()
	lab.w, lab.h, lab.info.MaxPreview = 160, 80, 90
	startWith(t, lab, Options{}, 60, 18).shows("sees it at 32×32")
	d := startWith(t, lab, Options{Start: Start{Radius: 30}}, 140, 44)
	d.shows("the model sees it at 32×32")
	pic := pageOf[*explore](d.app).l.slots[0].pic
	if got := float64(pic.w) / float64(2*pic.h); got < 1.7 || got > 2.3 {
		t.Fatalf("pictures of 2:1 are laid out %d×%d cells", pic.w, pic.h)
	}
	d.keys("end")
	if d.app.r != pageOf[*explore](d.app).shown.view.MaxR {
		t.Fatalf("r goes to %v, past the corner is %v", d.app.r, pageOf[*explore](d.app).shown.view.MaxR)
	}
}

func TestMouseMovesRadius(t *testing.T) {
	d := start(t, 100, 30)
	track := plotOf(pageOf[*explore](d.app).l.slider)
	d.click(track.x, track.y)
	if d.app.r != 0 {
		t.Fatalf("r = %v after a click at the track's left end", d.app.r)
	}
	d.send(tea.MouseMotionMsg{X: track.right() - 1, Y: track.y + 3, Button: tea.MouseLeft}) // off the track by now
	if d.app.r != 23 {
		t.Fatalf("r = %v after a drag to the right end", d.app.r)
	}
	d.send(tea.MouseReleaseMsg{X: track.x, Y: track.y})
	d.send(tea.MouseMotionMsg{X: track.x, Y: track.y})
	if d.app.r != 23 {
		t.Fatalf("r = %v after a move without button", d.app.r)
	}
	d.send(tea.MouseWheelMsg{X: track.x + 9, Y: track.y, Button: tea.MouseWheelDown})
	if d.app.r != 22 {
		t.Fatalf("r = %v after the wheel", d.app.r)
	}
	pic := pageOf[*explore](d.app).l.slots[1].pic
	d.send(tea.MouseWheelMsg{X: pic.x + 2, Y: pic.y + 2, Button: tea.MouseWheelDown, Mod: tea.ModShift})
	if d.app.r != 21.9 {
		t.Fatalf("r = %v after the wheel with shift over a picture", d.app.r)
	}
}

func TestNothingJumps(t *testing.T) {
	d := start(t, 100, 30)
	x, y := d.where("original")
	bx, by := d.where("q quit")
	for _, k := range strings.Fields("right . , s ] m m m b n f home end") {
		d.keys(k)
		if gx, gy := d.where("original"); gx != x || gy != y {
			t.Fatalf("after %s the title is at %d,%d, before at %d,%d", k, gx, gy, x, y)
		}
		if gx, gy := d.where("q quit"); gx != bx || gy != by {
			t.Fatalf("after %s the hints moved", k)
		}
	}
}
