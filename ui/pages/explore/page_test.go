package explore

import (
	"errors"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// startExplore starts the page alone, on a Lab of its own; exploreWith on a Lab that is given.
func startExplore(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return exploreWith(t, uitest.NewFakeLab(), session.Start{}, w, h)
}

func exploreWith(t *testing.T, l *uitest.FakeLab, o session.Start, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, l, o, "1", w, h, func(s session.Screen, on *session.Session) *Page { return New(s, on, func(*kit.Canvas, kit.Rect) {}) })
}

func TestRadiusKeys(t *testing.T) {
	d := startExplore(t, 100, 30)
	for _, step := range []struct {
		keys string
		r    float64
	}{
		{"right", 11}, {"left left", 9}, {".", 9.1}, {"right", 10}, {", ,", 9.8}, {"left", 9},
		{"shift+right", 14}, {"shift+left", 9}, {"home", 0}, {"left", 0}, {"end", 23}, {"right", 23}, {"l h h", 21},
	} {
		if d.Keys(step.keys); d.App.R != step.r {
			t.Fatalf("after %q r is %v, want %v", step.keys, d.App.R, step.r)
		}
		if got := d.App.Page.shown.view.R; got != step.r {
			t.Fatalf("after %q the pictures are of r = %v, want %v", step.keys, got, step.r)
		}
	}
	d.Shows("21.0")
}

func TestNextFlip(t *testing.T) {
	d := startExplore(t, 100, 30)
	d.Keys("f")
	first := d.App.Index
	if v := d.App.Page.shown.view; !v.Flip() {
		t.Fatalf("image %d is no flip", first)
	}
	d.Shows("flip")
	d.Keys("f")
	if d.App.Index == first {
		t.Fatal("the second flip is the first")
	}
	d.Keys("F")
	if d.App.Index != first {
		t.Fatalf("back at %d, want %d", d.App.Index, first)
	}
}

// The other way of dividing images is asked for with a key, said on screen, and what flips
// are looked for by.
func TestSVD(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}} {
		d := startExplore(t, size[0], size[1])
		d.Keys("d").Shows("rank 10")
		if size[0] >= 100 {
			d.Shows("remainder")
			d.Shows("SVD, rank 10 of 32, matches")
		}
		d.Keys("right").Shows("rank 11")
		if v := d.App.Page.shown.view; v.By != bands.SVD {
			t.Fatalf("the view is by %v", v.By)
		}
		d.Keys("d").Hides("rank").Hides("remainder").Shows("low")
	}
	d := startExplore(t, 100, 30)
	d.Lab.BandTime = 50 * time.Millisecond
	d.Hold = true
	d.Keys("d f").Shows("flip search  0%").Keys("d").Hides("flip search ")
}

// A flip is one at a radius and a setting: the search ends when they change.
func TestFlipSearchEndsWithWhatItIsAbout(t *testing.T) {
	for _, key := range []string{"right", "s", "m", "b"} {
		d := startExplore(t, 100, 30)
		d.Lab.BandTime = 50 * time.Millisecond
		d.Hold = true
		d.Keys("f").Shows("flip search  0%")
		job := d.App.Page.job
		d.Keys(key).Hides("flip search ")
		for r := job.Wait().(kit.Report); ; r = job.Wait().(kit.Report) {
			d.Send(kit.Routed{To: d.App.Page, Msg: r})
			if r.Done {
				break
			}
		}
		if d.App.Index != 0 || d.App.Message != "" {
			t.Errorf("%s: image %d, message %q", key, d.App.Index, d.App.Message)
		}
	}
	d := startExplore(t, 100, 30).Keys("s")
	d.Lab.BandTime = 50 * time.Millisecond
	d.Hold = true
	d.Keys("f ]").Hides("flip search ")
}

func TestFlipSearchCanBeStopped(t *testing.T) {
	d := startExplore(t, 100, 30)
	d.Lab.BandTime = 50 * time.Millisecond
	d.Hold = true
	d.Keys("f").Shows("flip search  0%", "esc stop flip search")
	job := d.App.Page.job
	d.Keys("esc").Hides("flip search ")
	if d.App.Page.job != nil {
		t.Fatal("the search is still known")
	}
	for r := job.Wait().(kit.Report); !r.Done; r = job.Wait().(kit.Report) {
		d.Send(kit.Routed{To: d.App.Page, Msg: r}) // nobody listens any more
	}
	d.Held, d.Hold = nil, false
	d.Keys("right")
	if d.App.Index != 0 {
		t.Fatalf("a stopped search moved to %d", d.App.Index)
	}
}

// A key held down asks for many radii while one is computed: only the newest is computed
// next, and what is done meanwhile is shown.
func TestNewestRadiusWins(t *testing.T) {
	d := startExplore(t, 100, 30)
	d.Lab.Views = nil
	d.Hold = true
	d.Keys("right right right right right")
	if n := len(d.Held); n != 1 {
		t.Fatalf("%d computations started, want 1", n)
	}
	held := d.Held
	d.Held = nil
	msg := held[0]()
	d.Send(msg) // r = 11 arrives, r = 15 is asked for
	if got := d.App.Page.shown.view.R; got != 11 {
		t.Fatalf("r = %v is shown, want 11: it is newer than what was there", got)
	}
	d.Release()
	var asked []float64
	for _, q := range d.Lab.Views {
		asked = append(asked, q.R)
	}
	if len(asked) != 2 || asked[0] != 11 || asked[1] != 15 {
		t.Fatalf("computed %v, want 11 and 15 only", asked)
	}
	if got := d.App.Page.shown.view.R; got != 15 {
		t.Fatalf("r = %v is shown at last, want 15", got)
	}
}

func TestFewerLargerPictures(t *testing.T) {
	d := startExplore(t, 200, 60)
	before := d.App.Page.l.slots[0].Pic.W
	d.Keys("w").Shows("of 1,024 coefficients").Hides("spectrum")
	if now := d.App.Page.l.slots[0].Pic.W; now <= before {
		t.Fatalf("pictures are %d wide after w, %d before", now, before)
	}
	d.Keys("w").Hides("whole")
	d.Keys("w").Shows("whole", "spectrum")
}

// Half blocks show whole multiples of small images, fewer pictures where there is little room, and all
// on request.
func TestHalfBlocksShowEveryPixel(t *testing.T) {
	for _, c := range []struct{ w, h, pictures, cols int }{
		{80, 24, 2, 32}, {100, 30, 3, 32}, {140, 44, 4, 32}, {220, 70, 4, 32}, {60, 70, 3, 32}, {60, 18, 3, 16},
	} {
		d := startExplore(t, c.w, c.h)
		slots := d.App.Page.l.slots
		if len(slots) != c.pictures || slots[0].Pic.W != c.cols || 2*slots[0].Pic.H != c.cols {
			t.Errorf("%d×%d: %d pictures of %d×%d cells, want %d of %d columns", c.w, c.h, len(slots), slots[0].Pic.W, slots[0].Pic.H, c.pictures, c.cols)
		}
	}
	d := startExplore(t, 80, 24).Hides("whole")
	d.Keys("w").Shows("whole", "spectrum")
	d.Keys("w").Hides("whole")
}

// By SVD the fourth picture shows the singular values with the cut.
func TestSingularValues(t *testing.T) {
	var box picture.Image
	box.Resize(64, 40)
	drawSingular(&box, []float64{100, 10, 1, 0.1, 0.001, 0, 0, 0}, 3)
	at := func(x, y int) [3]uint8 { return [3]uint8(box.Pix[3*(y*64+x):]) }
	if low, high := at(1, 38), at(26, 38); low != kit.DarkTheme.CircleLow || high != kit.DarkTheme.CircleHigh {
		t.Errorf("the first bar is %v, the fourth %v", low, high)
	}
	if first, second := at(1, 1), at(9, 1); first != kit.DarkTheme.CircleLow || second == kit.DarkTheme.CircleLow {
		t.Errorf("at the top the first bar is %v, the second %v", first, second)
	}
	if cut := at(24, 0); cut != [3]uint8{255, 255, 255} {
		t.Errorf("the cut is %v", cut)
	}
	startExplore(t, 140, 44).Keys("d").Shows("singular values (log), k = 10").Hides("circle at r").Keys("d").Shows("circle at r")
}

func TestPhotographLayout(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.W, lab.H, lab.About.MaxPreview = 160, 80, 90
	exploreWith(t, lab, session.Start{}, 60, 18).Shows("32×32")
	exploreWith(t, lab, session.Start{}, 140, 44).Shows("picture 160×80 → 44×22")
	d := exploreWith(t, lab, session.Start{Radius: 30}, 140, 44)
	d.Shows("model input 32×32")
	pic := d.App.Page.l.slots[0].Pic
	if got := float64(pic.W) / float64(2*pic.H); got < 1.7 || got > 2.3 {
		t.Fatalf("pictures of 2:1 are laid out %d×%d cells", pic.W, pic.H)
	}
	d.Keys("end")
	if d.App.R != d.App.Page.shown.view.MaxR {
		t.Fatalf("r goes to %v, past the corner is %v", d.App.R, d.App.Page.shown.view.MaxR)
	}
}

func TestMouseMovesRadius(t *testing.T) {
	d := startExplore(t, 100, 30)
	track := kit.PlotOf(d.App.Page.l.slider)
	d.Click(track.X, track.Y)
	if d.App.R != 0 {
		t.Fatalf("r = %v after a click at the track's left end", d.App.R)
	}
	d.Send(tea.MouseMotionMsg{X: track.Right() - 1, Y: track.Y + 3, Button: tea.MouseLeft}) // off the track by now
	if d.App.R != 23 {
		t.Fatalf("r = %v after a drag to the right end", d.App.R)
	}
	d.Send(tea.MouseReleaseMsg{X: track.X, Y: track.Y})
	d.Send(tea.MouseMotionMsg{X: track.X, Y: track.Y})
	if d.App.R != 23 {
		t.Fatalf("r = %v after a move without button", d.App.R)
	}
	d.Send(tea.MouseWheelMsg{X: track.X + 9, Y: track.Y, Button: tea.MouseWheelDown})
	if d.App.R != 22 {
		t.Fatalf("r = %v after the wheel", d.App.R)
	}
	pic := d.App.Page.l.slots[1].Pic
	d.Send(tea.MouseWheelMsg{X: pic.X + 2, Y: pic.Y + 2, Button: tea.MouseWheelDown, Mod: tea.ModShift})
	if d.App.R != 21.9 {
		t.Fatalf("r = %v after the wheel with shift over a picture", d.App.R)
	}
}

func TestExploreLayoutHasNoOverlaps(t *testing.T) {
	cells := []kit.CellSize{{W: 9, H: 18, MostW: 0, MostH: 0}, {W: 9, H: 19, MostW: 140, MostH: 52}, {W: 8, H: 16, MostW: 0, MostH: 0}, {W: 1, H: 2, MostW: 0, MostH: 0}, {W: 10, H: 24, MostW: 30, MostH: 12}}
	for w := kit.MinWidth; w <= 220; w += 7 {
		for h := kit.MinHeight; h <= 70; h += 3 {
			for _, aspect := range []float64{1, 0.5, 2, 4.0 / 3, 0.2, 5} {
				l := kit.NewLayout(w, h, map[bool]string{true: "note"}[h%2 == 0])
				e := layoutExplore(l.Body, l.Roomy(), aspect, cells[(w+h)%len(cells)], 10, 1+(w+h)%4, kit.Slots, w%2 == 0)
				var all []kit.Rect
				for _, s := range e.slots {
					all = append(all, s.Title, s.Pic, s.Text)
				}
				if all = append(all, e.caption, e.slider); !e.legend.Empty() {
					all = append(all, e.legend)
				}
				if !e.chart.Empty() {
					all = append(all, e.chart)
				}
				for i, r := range all {
					if r.Empty() || r.X < 0 || r.Right() > w || r.Y < l.Body.Y || r.Bottom() > l.Body.Bottom() {
						t.Fatalf("%d×%d aspect %.2f: rectangle %d %+v is outside the body %+v", w, h, aspect, i, r, l.Body)
					}
					for j, o := range all[:i] {
						if r.Overlaps(o) {
							t.Fatalf("%d×%d aspect %.2f: rectangles %d %+v and %d %+v overlap", w, h, aspect, i, r, j, o)
						}
					}
				}
			}
		}
	}
}

func TestPicturesAreLarge(t *testing.T) {
	for _, c := range []struct{ w, h, pictures, rows int }{
		{60, 18, 3, 9}, {80, 24, 4, 9}, {100, 30, 4, 12}, {140, 44, 4, 17}, {200, 60, 4, 24}, {80, 50, 4, 14},
	} {
		l := kit.NewLayout(c.w, c.h, "")
		e := layoutExplore(l.Body, l.Roomy(), 1, kit.CellSize{W: 9, H: 18}, 10, 1, kit.Slots, true)
		if len(e.slots) != c.pictures || e.slots[0].Pic.H < c.rows {
			t.Errorf("%d×%d: %d pictures of %d rows, want %d of at least %d", c.w, c.h, len(e.slots), e.slots[0].Pic.H, c.pictures, c.rows)
		}
	}
}

// A narrow picture keeps all panels and their titles.
func TestNarrowPictures(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.W, lab.H, lab.About.MaxPreview = 16, 160, 81
	d := exploreWith(t, lab, session.Start{}, 100, 30)
	if n := len(d.App.Page.l.slots); n != kit.Slots {
		t.Fatalf("%d panels", n)
	}
	d.Shows("■ whole", "● low", "▲ high", "spectrum", " %")
	d.Lab.ViewError = errors.New("not an image")
	d.Keys("down").Shows("■ whole", "● low ", "▲ high ", "– %")
}
