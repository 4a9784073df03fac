package ui

import (
	"bytes"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
	"hfcui/ui/kit"
	heatmappage "hfcui/ui/pages/heatmap"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

func TestHeatmapFillsAndFollowsTheSetting(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}} {
		d := start(t, size[0], size[1])
		d.keys("7").shows("7 Hea", "clean", "below r", "r and up", "norm", "n 1,000", "u  +0  v  +0")
		d.fits(size[0], size[1])
		if pageOf[*heatmappage.Page](d.app).Shown.Drawn.Data == nil && pageOf[*heatmappage.Page](d.app).Shown.Drawn.Lines == nil {
			t.Fatal("there is no picture")
		}
		before := pageOf[*heatmappage.Page](d.app).Shown.Asked
		d.keys("right right up").shows("u  -1  v  +2", "radius  2.2")
		if now := pageOf[*heatmappage.Page](d.app).Shown.Asked; now == before || now.Cursor != (heatmap.Frequency{U: -1, V: 2}) {
			t.Errorf("the picture is of %+v", now)
		}
		d.keys("home shift+left shift+up K").shows("u  -8  v  -4")
		for range 12 {
			d.keys("H K")
		}
		d.shows("u -16  v -16")
		for range 12 {
			d.keys("L J")
		}
		d.shows("u +15  v +15")
		r := d.app.R
		if d.keys(">"); d.app.R != r+1 || pageOf[*heatmappage.Page](d.app).Shown.Asked.R != r+1 {
			t.Errorf("the ring is at %v", pageOf[*heatmappage.Page](d.app).Shown.Asked.R)
		}
		d.keys("+").shows(" 4.50")
		d.keys("- - -").shows(" 3.00")
		d.keys("e").shows("not clipped")
		d.keys("e v")
		if pageOf[*heatmappage.Page](d.app).Shown.Asked.Spread != true {
			t.Error("the colors are not spread")
		}
		d.keys("s")
		if last := d.lab.heatmaps[len(d.lab.heatmaps)-1]; last.Rho != 0.5 || last.Norm != 3 || last.Unclipped || last.Limit != heatmappage.HeatmapImages || last.Split != "test" {
			t.Errorf("asked for %+v", last)
		}
		n := len(d.lab.heatmaps)
		if d.keys("s v , ."); len(d.lab.heatmaps) != n {
			t.Error("what is known is measured again")
		}
	}
}

// A map is measured while its page is on screen, and may be stopped.
func TestHeatmapIsMeasuredWhereItIsSeen(t *testing.T) {
	d := start(t, 100, 30)
	d.lab.bandTime = 30 * time.Millisecond
	d.hold = true
	d.keys("7").shows("The Fourier heat map", "heat map,", "esc stop")
	p := pageOf[*heatmappage.Page](d.app)
	d.keys("esc").shows("enter resume", "Stopped before").hides("heat map,")
	d.keys("enter").shows("heat map,")
	job := p.Maps.Job
	if d.keys("1"); p.Maps.Job != nil {
		t.Error("it is measured behind another page")
	}
	d.keys("7")
	if p.Maps.Job == nil || p.Maps.Job == job {
		t.Error("it is not gone on with")
	}
	d.keys("+").shows("heat map,")
	if p.Maps.Working.Norm != 4.5 {
		t.Errorf("a map of norm %v is measured", p.Maps.Working.Norm)
	}
	d.release()
	d.shows("n 1,000").hides("heat map,")
}

// What cannot be measured says why, and what is asked for next is measured again.
func TestHeatmapErrors(t *testing.T) {
	d := start(t, 100, 30)
	pageOf[*heatmappage.Page](d.app).Norm = 64
	d.keys("7").shows("too much noise", "enter resume")
	d.keys("-").hides("too much noise").shows("n 1,000")
	l := newFakeLab()
	l.info.Labeled = false
	startWith(t, l, Options{Page: "heatmap"}, 80, 24).shows("need labels").keys("x").shows("nothing to export")
	l = newFakeLab()
	l.info.Width, l.info.Height = 224, 112
	wide := startWith(t, l, Options{Page: "heatmap"}, 120, 40)
	if pageOf[*heatmappage.Page](wide.app).Norm != heatmappage.LargeNorm || pageOf[*heatmappage.Page](wide.app).L.Pic.W < 2*pageOf[*heatmappage.Page](wide.app).L.Pic.H {
		t.Errorf("norm %v, picture %+v", pageOf[*heatmappage.Page](wide.app).Norm, pageOf[*heatmappage.Page](wide.app).L.Pic)
	}
}

// The models side by side have maps of their own.
func TestHeatmapOfModelsBeside(t *testing.T) {
	d := start(t, 120, 30)
	d.app.ComparisonOpened(session.ComparisonMsg{Path: "other.pt", Info: lab.Info{Model: "other"}})
	d.keys("7 i").shows("other")
	if last := d.lab.heatmaps[len(d.lab.heatmaps)-1]; last.Model != "other.pt" {
		t.Errorf("asked for %+v", last)
	}
	d.app.DropComparison("other.pt")
	d.app.changed(session.ChangedModels)
	if pageOf[*heatmappage.Page](d.app).Model != "" {
		t.Error("a model that was taken away is shown")
	}
}

func TestHeatmapMouse(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("7")
	p := pageOf[*heatmappage.Page](d.app)
	click := func(x, y int) { d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
	click(p.L.Pic.X, p.L.Pic.Y)
	if p.Cursor != (heatmap.Frequency{U: -16, V: -16}) {
		t.Errorf("the cursor is at %v", p.Cursor)
	}
	click(p.L.Pic.Right()-1, p.L.Pic.Bottom()-1)
	if p.Cursor.U < 14 || p.Cursor.V < 14 {
		t.Errorf("the cursor is at %v", p.Cursor)
	}
	track := kit.PlotOf(p.L.Norm)
	click(track.Right()-1, track.Y)
	if p.Norm != heatmappage.SmallTrack {
		t.Errorf("norm %v", p.Norm)
	}
	click(track.X, track.Y)
	if p.Norm != 0 {
		t.Errorf("norm %v", p.Norm)
	}
}

func TestExportHeatmap(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("7 e s x").shows("Wrote 3 files", "norm4-unclipped-rho0.50")
	b, err := os.ReadFile(exported(t, d.app.options.Folder, ".png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		t.Error(err)
	}
	if b, err = os.ReadFile(exported(t, d.app.options.Folder, ".csv")); err != nil || strings.Count(string(b), "\n") != 1+32*32 {
		t.Errorf("%d lines, %v", strings.Count(string(b), "\n"), err)
	}
}

// Places that are not measured yet look like their neighbors; without any they are gray.
func TestHeatmapImage(t *testing.T) {
	r := heatmap.Result{H: 8, W: 8, Cells: make([]measure.Score, 64)}
	var im picture.Image
	heatmappage.HeatmapImage(&im, r, true)
	if !slices.Equal(im.Pix[:3], []byte{0x60, 0x60, 0x60}) {
		t.Errorf("nothing looks like %v", im.Pix[:3])
	}
	r.Cells[4*8+4] = measure.Score{Correct: 0, N: 3}
	heatmappage.HeatmapImage(&im, r, false)
	if c := heatmap.Color(1); !slices.Equal(im.Pix[3*(4*8+5):][:3], []byte{c.R, c.G, c.B}) {
		t.Errorf("the neighbor looks like %v", im.Pix[3*(4*8+5):][:3])
	}
}
