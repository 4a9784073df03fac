package ui

import (
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/term"
	"hfcui/ui/uitest"
)

// sixel starts the program on a terminal with pictures.
func sixel(t *testing.T, w, h int) *uitest.Driver[*App] {
	t.Helper()
	lab := uitest.NewFakeLab()
	d := &uitest.Driver[*App]{T: t, App: New(lab, Options{Output: io.Discard, Environ: []string{"TERM=xterm-256color", "COLORTERM=truecolor"}, Folder: t.TempDir()}), Lab: lab}
	t.Cleanup(d.App.cancel)
	d.Send(tea.WindowSizeMsg{Width: w, Height: h})
	d.Send(capabilitiesMsg{term.Capabilities{Sixel: true, CellW: 9, CellH: 18, MaxW: 1000, MaxH: 1000, Colors: 256, Dark: true, Complete: true}})
	return d
}

// area is the number of cells of pictures.
func area(list []kit.Placed) (n int) {
	for _, p := range list {
		n += p.At.W * p.At.H
	}
	return n
}

// Where the terminal has pictures charts are pictures, with labels as text in the rows of their lines.
func TestChartsArePictures(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {140, 44}, {200, 60}} {
		d := sixel(t, size[0], size[1]).Keys("2")
		s := &d.App.stage
		if n := area(s.charts); n < size[0]*size[1]/3 || len(s.charts) > mostTiles {
			t.Fatalf("%v: %d pictures of %d cells", size, len(s.charts), n)
		}
		for _, p := range s.charts {
			if p.Drawn.Data == nil || p.At.W*9 > 1000 {
				t.Errorf("%v: picture %+v has %d bytes", size, p.At, len(p.Drawn.Data))
			}
		}
		d.Shows("100%", "0%", "■ 98.0").Hides("▲⠶")
		before := s.charts
		d.Keys("right")
		changed := 0
		for i, p := range s.charts {
			if p.Drawn.ID != before[i].Drawn.ID {
				changed++
			}
		}
		if changed < 1 || changed > 2 {
			t.Errorf("%v: moving the cursor changes %d of %d pictures", size, changed, len(before))
		}
	}
}

// Text waits for its charts, and a chart that is drawn is shown even if another is wanted by then.
func TestFramesWaitForTheirCharts(t *testing.T) {
	d := sixel(t, 100, 30).Keys("2")
	d.Hold, d.App.charts.wait = true, time.Hour
	d.Shows("r 10.0").Keys("right").Shows("r 10.0").Keys("right").Shows("r 10.0")
	if n := len(d.Held); n != 1 {
		t.Fatalf("%d renderings were started, want 1", n)
	}
	held := d.Held
	d.Held = nil
	d.Run(nil)
	d.Send(held[0]())
	d.Shows("r 12.0")
	d.Release()
	d.Shows("r 12.0")
	if len(d.App.charts.wanted) != 0 {
		t.Error("the last chart is not drawn")
	}
}

// A text in front of a chart is shown, with the chart in cells behind it.
func TestNoteInFrontOfAChart(t *testing.T) {
	d := sixel(t, 100, 30)
	d.Hold = true
	d.Keys("2")
	if text := strings.Join(d.Screen(), "\n"); !strings.Contains(text, "will appear here") || len(d.App.stage.charts) > 0 {
		t.Errorf("%d pictures:\n%s", len(d.App.stage.charts), text)
	}
}
