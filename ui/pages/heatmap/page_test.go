package heatmap

import (
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

// startHeatmap starts the page alone, on a Lab of its own; heatmapWith on a Lab that is given.
func startHeatmap(t *testing.T, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return heatmapWith(t, uitest.NewFakeLab(), session.Start{}, w, h)
}

func heatmapWith(t *testing.T, l *uitest.FakeLab, o session.Start, w, h int) *uitest.Driver[*uitest.Host[*Page]] {
	t.Helper()
	return uitest.StartPage(t, l, o, "7", w, h, func(s session.Screen, on *session.Session) *Page { return New(s, on) })
}

func TestHeatmapFillsAndFollowsTheSetting(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}} {
		d := startHeatmap(t, size[0], size[1])
		d.Keys("7").Shows("clean", "< r", "≥ r", "norm", "n 1,000", "u  +0  v  +0")
		d.Fits(size[0], size[1])
		if d.App.Page.shown.drawn[0].Data == nil && d.App.Page.shown.drawn[0].Lines == nil {
			t.Fatal("there is no picture")
		}
		before := d.App.Page.shown.asked
		d.Keys("right right up").Shows("u  -1  v  +2", "radius  2.2")
		if now := d.App.Page.shown.asked; now == before || now.cursor != (heatmap.Frequency{U: -1, V: 2}) {
			t.Errorf("the picture is of %+v", now)
		}
		d.Keys("home shift+left shift+up shift+up").Shows("u  -8  v  -4")
		for range 12 {
			d.Keys("shift+left shift+up")
		}
		d.Shows("u -16  v -16")
		for range 12 {
			d.Keys("shift+right shift+down")
		}
		d.Shows("u +15  v +15")
		r := d.App.R
		if d.Keys(">"); d.App.R != r+1 || d.App.Page.shown.asked.r != r+1 {
			t.Errorf("the ring is at %v", d.App.Page.shown.asked.r)
		}
		d.Keys("}").Shows(" 4.50")
		d.Keys("{ { {").Shows(" 3.00")
		d.Keys("C").Shows("no clipping")
		d.Keys("C v")
		if d.App.Page.shown.asked.spread != true {
			t.Error("the colors are not spread")
		}
		d.Keys("s")
		if last := d.Lab.Heatmaps[len(d.Lab.Heatmaps)-1]; last.Rho != 0.5 || last.Norm != 3 || last.Unclipped || last.Limit != heatmapImages || last.Split != "test" {
			t.Errorf("asked for %+v", last)
		}
		n := len(d.Lab.Heatmaps)
		if d.Keys("s v , ."); len(d.Lab.Heatmaps) != n {
			t.Error("what is known is measured again")
		}
	}
}

// A map is measured while its page is on screen, and may be stopped.
func TestHeatmapIsMeasuredWhereItIsSeen(t *testing.T) {
	d := startHeatmap(t, 100, 30)
	d.Lab.BandTime = 30 * time.Millisecond
	d.Hold = true
	d.Keys("7").Shows("The Fourier heat map", "heat map  0%", "esc stop")
	p := d.App.Page
	d.Keys("esc").Shows("enter resume", "Stopped before").Hides("heat map  0%")
	d.Keys("enter").Shows("heat map  0%")
	job := p.maps.Job
	if d.Keys("1"); p.maps.Job != nil {
		t.Error("it is measured behind another page")
	}
	d.Keys("7")
	if p.maps.Job == nil || p.maps.Job == job {
		t.Error("it is not gone on with")
	}
	d.Keys("}").Shows("heat map  0%")
	if p.maps.Working.norm != 4.5 {
		t.Errorf("a map of norm %v is measured", p.maps.Working.norm)
	}
	d.Release()
	d.Shows("n 1,000").Hides("heat map  0%")
}

// What cannot be measured says why, and what is asked for next is measured again.
func TestHeatmapErrors(t *testing.T) {
	d := startHeatmap(t, 100, 30)
	d.App.Page.norm = 64
	d.Keys("7").Shows("too much noise", "enter resume")
	d.Keys("{").Hides("too much noise").Shows("n 1,000")
	l := uitest.NewFakeLab()
	l.About.Labeled = false
	heatmapWith(t, l, session.Start{}, 80, 24).Keys("7").Shows("Error rates unavailable").Keys("x").Shows("nothing to export")
	l = uitest.NewFakeLab()
	l.About.Width, l.About.Height = 224, 112
	wide := heatmapWith(t, l, session.Start{}, 120, 40).Keys("7")
	if wide.App.Page.norm != largeNorm || wide.App.Page.l.tiles[0].pic.W < 2*wide.App.Page.l.tiles[0].pic.H {
		t.Errorf("norm %v, picture %+v", wide.App.Page.norm, wide.App.Page.l.tiles[0].pic)
	}
}

// The models side by side have maps of their own.
func TestHeatmapOfModelsBeside(t *testing.T) {
	d := startHeatmap(t, 120, 30)
	d.App.ComparisonOpened(session.ComparisonMsg{Path: "other.pt", Info: lab.Info{Model: "other"}})
	d.Keys("7 i").Shows("other")
	d.Lab.Mu.Lock()
	if !slices.ContainsFunc(d.Lab.Heatmaps, func(r lab.HeatmapRequest) bool { return r.Model == "other.pt" }) {
		t.Errorf("asked for %+v", d.Lab.Heatmaps)
	}
	d.Lab.Mu.Unlock()
	d.App.DropComparison("other.pt")
	d.App.Changed(session.ChangedModels)
	if d.App.Page.model != "" {
		t.Error("a model that was taken away is shown")
	}
}

func TestHeatmapMouse(t *testing.T) {
	d := startHeatmap(t, 100, 30)
	d.Keys("7")
	p := d.App.Page
	click := func(x, y int) { d.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(p.l.tiles[0].pic.X, p.l.tiles[0].pic.Y)
	if p.cursor.U > -15 || p.cursor.V != -16 { // a cell has two frequencies
		t.Errorf("the cursor is at %v", p.cursor)
	}
	click(p.l.tiles[0].pic.Right()-1, p.l.tiles[0].pic.Bottom()-1)
	if p.cursor.U < 14 || p.cursor.V < 14 {
		t.Errorf("the cursor is at %v", p.cursor)
	}
	track := kit.PlotOf(p.l.norm)
	click(track.Right()-1, track.Y)
	if p.norm != smallTrack {
		t.Errorf("norm %v", p.norm)
	}
	click(track.X, track.Y)
	if p.norm != 0 {
		t.Errorf("norm %v", p.norm)
	}
}

// Places that are not measured yet look like their neighbors; without any they are gray.
func TestHeatmapImage(t *testing.T) {
	r := heatmap.Result{H: 8, W: 8, Cells: make([]measure.Score, 64)}
	var im picture.Image
	lo, hi := colorRange(r, true)
	heatmapImage(&im, r, lo, hi)
	if !slices.Equal(im.Pix[:3], []byte{0x60, 0x60, 0x60}) {
		t.Errorf("nothing looks like %v", im.Pix[:3])
	}
	r.Cells[4*8+4] = measure.Score{Correct: 0, N: 3}
	heatmapImage(&im, r, 0, 1)
	if c := heatmap.Color(1); !slices.Equal(im.Pix[3*(4*8+5):][:3], []byte{c.R, c.G, c.B}) {
		t.Errorf("the neighbor looks like %v", im.Pix[3*(4*8+5):][:3])
	}
}

// On a tall, narrow terminal the map has its width, and the text is below.
func TestTallLayout(t *testing.T) {
	l := kit.NewLayout(60, 70, "")
	h := layoutHeatmap(l.Body, l.Roomy(), 1, kit.CellSize{W: 9, H: 18}, 1)
	if h.tiles[0].pic.W < 50 || h.text.Y <= h.tiles[0].pic.Bottom() || h.text.H < heatmapLines-1 || h.text.Bottom() > h.norm.Y {
		t.Errorf("the map is %+v, the text %+v", h.tiles[0].pic, h.text)
	}
	wide := kit.NewLayout(140, 44, "")
	if h := layoutHeatmap(wide.Body, wide.Roomy(), 1, kit.CellSize{W: 9, H: 18}, 1); h.text.X <= h.tiles[0].pic.Right() {
		t.Errorf("the map is %+v, the text %+v", h.tiles[0].pic, h.text)
	}
}
