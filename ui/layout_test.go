package ui

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	explorepage "hfcui/ui/pages/explore"
)

var sizes = [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}, {61, 40}, {200, 18}, {300, 100}}

// On every page at every size, with and without dialogs, nothing is wider or higher than
// the terminal, and no picture touches text or the last row.
func TestEverythingFits(t *testing.T) {
	for _, note := range []string{"", "answers are shown, not judged"} {
		for _, size := range sizes {
			lab := newFakeLab()
			lab.info.Note = note
			d := startWith(t, lab, Options{}, size[0], size[1])
			for _, keys := range []string{"1", "w", "w", "w", "s", "2", "3", "v", "v", "down", "down", "S", "esc o", "esc 4", "w", "v", "w", "5", "down", "f", "pgdown", "6", "w", "s", "v", "O", "esc e", "esc w", "7", "s v", "?", "esc :", "esc 1 g", "esc c", "esc 1"} {
				d.keys(keys)
				t.Run(fmt.Sprintf("%dx%d %s", size[0], size[1], keys), func(t *testing.T) {
					d.t = t
					d.fits(size[0], size[1])
					d.shows("1 Exp")
				})
				d.t = t
			}
			if note != "" {
				d.shows("not judged")
			}
		}
	}
}

func TestExploreLayoutHasNoOverlaps(t *testing.T) {
	cells := []kit.CellSize{{W: 9, H: 18, MostW: 0, MostH: 0}, {W: 9, H: 19, MostW: 140, MostH: 52}, {W: 8, H: 16, MostW: 0, MostH: 0}, {W: 1, H: 2, MostW: 0, MostH: 0}, {W: 10, H: 24, MostW: 30, MostH: 12}}
	for w := kit.MinWidth; w <= 220; w += 7 {
		for h := kit.MinHeight; h <= 70; h += 3 {
			for _, aspect := range []float64{1, 0.5, 2, 4.0 / 3, 0.2, 5} {
				l := kit.NewLayout(w, h, h%2 == 0)
				e := explorepage.LayoutExplore(l.Body, l.Roomy(), aspect, cells[(w+h)%len(cells)], 10, kit.Slots)
				var all []kit.Rect
				for _, s := range e.Slots {
					all = append(all, s.Title, s.Pic, s.Text)
				}
				all = append(all, e.Caption, e.Slider)
				if !e.Chart.Empty() {
					all = append(all, e.Chart)
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
		l := kit.NewLayout(c.w, c.h, false)
		e := explorepage.LayoutExplore(l.Body, l.Roomy(), 1, kit.CellSize{W: 9, H: 18}, 10, kit.Slots)
		if len(e.Slots) != c.pictures || e.Slots[0].Pic.H < c.rows {
			t.Errorf("%d×%d: %d pictures of %d rows, want %d of at least %d", c.w, c.h, len(e.Slots), e.Slots[0].Pic.H, c.pictures, c.rows)
		}
	}
}

// A narrow picture keeps all panels and their titles.
func TestNarrowPictures(t *testing.T) {
	lab := newFakeLab()
	lab.w, lab.h, lab.info.MaxPreview = 16, 160, 81
	d := startWith(t, lab, Options{}, 100, 30)
	if n := len(pageOf[*explorepage.Page](d.app).L.Slots); n != kit.Slots {
		t.Fatalf("%d panels", n)
	}
	d.shows("■ whole", "● low", "▲ high", "spectrum", " %")
	d.lab.viewError = errors.New("not an image")
	d.keys("down").shows("■ whole", "● low ", "▲ high ", "– %")
}

func TestStrengthOfSmoothingIsAlwaysThere(t *testing.T) {
	for _, w := range []int{60, 66, 80} {
		d := start(t, w, 18).keys("s b m")
		if got := d.line(0); !strings.HasSuffix(got, "ρ 0.50") {
			t.Errorf("%d columns: %q", w, got)
		}
	}
}

func TestOneImage(t *testing.T) {
	lab := newFakeLab()
	lab.info.Images = 1
	startWith(t, lab, Options{}, 140, 44).shows("1 image").hides("1 images")
}

func TestTooSmall(t *testing.T) {
	d := start(t, 59, 17)
	d.shows("hfcui needs 60×18 cells; this terminal has 59×17.")
	d.keys("2 : x right")
	d.hides("Commands")
	d.send(tea.WindowSizeMsg{Width: 20, Height: 3})
	d.shows("hfcui")
	d.send(tea.WindowSizeMsg{Width: 1, Height: 1})
	d.fits(1, 1)
	d.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	d.shows("whole", "▀")
	d.send(tea.WindowSizeMsg{Width: 30, Height: 10})
	d.keys("q")
	if !d.quit {
		t.Fatal("q does not quit a terminal that is too small")
	}
}

func TestResizeKeepsThePage(t *testing.T) {
	d := start(t, 100, 30)
	for _, size := range sizes {
		d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		d.shows("1 Exp", "whole", "▀")
		d.fits(size[0], size[1])
	}
}

var update = flag.Bool("update", false, "write the golden screens")

// A few whole screens, to see what a change does to them: go test ./ui -run Golden -update.
func TestGoldenScreens(t *testing.T) {
	for _, c := range []struct {
		name string
		w, h int
		keys string
	}{
		{"explore-80x24", 80, 24, "down down"},
		{"explore-140x44", 140, 44, "2 1 right"},
		{"bands-80x24", 80, 24, "2 s"},
		{"kernels-60x18", 60, 18, "3"},
		{"attack-80x24", 80, 24, "6"},
		{"attack-100x30", 100, 30, "6 w s"},
	} {
		d := start(t, c.w, c.h)
		d.keys(c.keys)
		got := strings.Join(d.screen(), "\n") + "\n"
		file := filepath.Join("testdata", c.name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is now\n%s\nand was\n%s", c.name, got, want)
		}
	}
}

func TestPagesAreNamedWholeWhereTheyCanBe(t *testing.T) {
	start(t, 100, 30).shows("5 Experiments", "7 Heatmap  ", "none · running · off").keys("s").shows("7 Heatmap  ", "none·running·ρ 0.50")
	start(t, 80, 24).shows("1 Explore", "5 Experi.", "7 Heatmap  ").keys("s").shows("ρ 0.50")
	start(t, 60, 18).shows("1 Exp", "5 Exp ", "7 Hea")
}
