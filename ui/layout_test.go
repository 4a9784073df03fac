package ui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"hfcui/ui/kit"
	"hfcui/ui/term"
	"hfcui/ui/uitest"
)

// On every page at every size, with and without dialogs, nothing is wider or higher than
// the terminal, and no picture touches text or the last row.
func TestEverythingFits(t *testing.T) {
	for _, note := range []string{"", "answers are shown, not judged"} {
		for _, size := range uitest.Sizes {
			if note != "" && size[1] > 24 {
				continue // a note takes one row, which only small terminals miss
			}
			lab := uitest.NewFakeLab()
			lab.About.Note = note
			d := startWith(t, lab, Options{}, size[0], size[1])
			for _, keys := range []string{"1", "w", "w", "w", "s", "2", "3", "v", "v", "down", "down", "ctrl+s", "esc o", "esc 4", "w", "v", "w", "5", "down", "v", "pgdown", "6", "w", "s", "v", "E", "esc e", "esc w", "7", "s v", "?", "esc :", "esc 1 g", "esc c", "esc 1"} {
				d.Keys(keys)
				t.Run(fmt.Sprintf("%dx%d %s", size[0], size[1], keys), func(t *testing.T) {
					d.T = t
					d.Fits(size[0], size[1])
					d.Shows("1 Exp")
				})
				d.T = t
			}
			if note != "" {
				d.Shows("not judged")
			}
		}
	}
}

func TestStrengthOfSmoothingIsAlwaysThere(t *testing.T) {
	for _, w := range []int{60, 66, 80} {
		d := start(t, w, 18).Keys("s b m")
		if got := d.Line(0); !strings.HasSuffix(got, "ρ 0.50 +2") {
			t.Errorf("%d columns: %q", w, got)
		}
	}
}

func TestOneImage(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.About.Images = 1
	startWith(t, lab, Options{}, 140, 44).Shows("1 image").Hides("1 images")
}

func TestTooSmall(t *testing.T) {
	d := start(t, 59, 17)
	d.Shows("hfcui needs 60×18 cells; this terminal has 59×17.")
	d.Keys("2 : x right")
	d.Hides("Commands")
	d.Send(tea.WindowSizeMsg{Width: 20, Height: 3})
	d.Shows("hfcui")
	d.Send(tea.WindowSizeMsg{Width: 1, Height: 1})
	d.Fits(1, 1)
	d.Send(tea.WindowSizeMsg{Width: 100, Height: 30})
	d.Shows("whole", "▀")
	d.Send(tea.WindowSizeMsg{Width: 30, Height: 10})
	d.Keys("q")
	if !d.Quit {
		t.Fatal("q does not quit a terminal that is too small")
	}
}

func TestResizeKeepsThePage(t *testing.T) {
	d := start(t, 100, 30)
	for _, size := range uitest.Sizes {
		d.Send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		d.Shows("1 Exp", "low", "▀")
		d.Fits(size[0], size[1])
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
		d.Keys(c.keys)
		got := strings.Join(d.Screen(), "\n") + "\n"
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
	for w, names := range map[int]string{
		60: "1 Expl 2 Band 3 Kern 4 Trai 5 Expe 6 Atta 7 Heat", 80: "1 Explore 2 Bands 3 Kernels 4 Train 5 Experiments 6 Attack 7 Heatmap",
		100: "1 Explore  2 Bands  3 Kernels  4 Train  5 Experiments  6 Attack  7 Heatmap",
	} {
		start(t, w, 18).Shows(names).Keys("s m b").Shows(names)
	}
}

// The header names settings, all where there is room, else those that are not the default.
func TestHeaderNamesSettings(t *testing.T) {
	after := func(w int, keys, want string) {
		t.Helper()
		line := start(t, w, 18).Keys(keys).Line(0)
		if _, got, _ := strings.Cut(line, "Hea"); strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(got, "t"), "map")) != want {
			t.Errorf("%d columns after %q: %q, want %q", w, keys, line, want)
		}
	}
	for _, w := range []int{60, 80, 100} {
		after(w, "", "")
		after(w, "s", "ρ 0.50")
	}
	after(140, "", "band norm. none · batch norm running · smoothing off")
	after(140, "s", "band norm. none · batch norm running · smoothing ρ 0.50")
	after(100, "m", "norm. max")
	after(100, "b s", "BN batch · ρ 0.50")
	after(100, "m b s", "max · batch · ρ 0.50")
	after(80, "m", "norm. max")
	after(80, "m b", "max·batch")
	after(80, "m b s", "ρ 0.50 +2")
	after(60, "m b s", "ρ 0.50 +2")
}

// Colors are for the background that the terminal tells, or that --theme says; without either they
// are readable on any.
func TestThemeFollowsTheBackground(t *testing.T) {
	unknown := term.Capabilities{CellW: 9, CellH: 18, Dark: true, Complete: true, Profile: colorprofile.TrueColor}
	light := unknown
	light.Dark, light.DarkKnown = false, true
	for _, c := range []struct {
		theme string
		caps  term.Capabilities
		want  *kit.Theme
	}{
		{"auto", unknown, kit.ThemeOn(true, false, true)}, {"", light, kit.ThemeFor(false)},
		{"dark", light, kit.ThemeFor(true)}, {"light", unknown, kit.ThemeFor(false)},
	} {
		d := startWith(t, uitest.NewFakeLab(), Options{Theme: c.theme}, 80, 24)
		if d.Send(capabilitiesMsg{c.caps}); d.App.theme != c.want {
			t.Errorf("another theme for %+v", c)
		}
	}
}
