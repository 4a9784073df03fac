package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/session"
	"hfcui/ui/uitest"
)

func TestPagesByNumberTabAndClick(t *testing.T) {
	d := start(t, 100, 30)
	for _, step := range []struct {
		keys string
		page int
	}{{"2", 1}, {"3", 2}, {"4", 3}, {"1", 0}, {"tab", 1}, {"tab", 2}, {"tab", 3}, {"tab", 4}, {"tab", 5}, {"tab", 6}, {"tab", 0}, {"shift+tab", 6}, {"5", 4}, {"6", 5}, {"7", 6}} {
		if d.Keys(step.keys); d.App.page != step.page {
			t.Fatalf("page %d after %s, want %d", d.App.page, step.keys, step.page)
		}
	}
	x, y := d.Where("2 Bands")
	d.Click(x+3, y)
	if d.App.page != 1 {
		t.Fatalf("page %d after a click on Bands", d.App.page)
	}
}

// Help, palette and hints are made from the tables that dispatch keys.
func TestHelpListsEveryKey(t *testing.T) {
	d := start(t, 120, 60)
	d.Keys("?").Shows("Help", "Previous, next image", "Decrease, increase r by 1", "Decrease, increase smoothing ρ", "Quit", "Mouse")
	d.Keys("esc").Hides("strength of smoothing")
}

func TestHelpScrolls(t *testing.T) {
	d := start(t, 80, 24)
	d.Keys("?").Shows("more", "↑↓ scroll").Hides("Words")
	for range 8 {
		d.Keys("pgdown")
	}
	d.Shows("masking", "ν").Hides("more")
	d.Keys("?").Hides("masking")
}

func TestPalette(t *testing.T) {
	d := start(t, 100, 30)
	d.Keys(":").Shows("Commands", "Go to image", "type to search")
	d.Types("increase smooth").Keys("enter")
	if d.App.Rho != 0.6 {
		t.Fatalf("ρ = %v after the palette's increase smoothing", d.App.Rho)
	}
	d.Keys("ctrl+p").Types("page kern").Keys("enter")
	if d.App.page != 2 {
		t.Fatalf("page %d after the palette's page Kernels", d.App.page)
	}
	d.Keys("1 :").Types("zzz").Shows("No match").Keys("enter").Hides("Commands")
	d.Keys(":").Types("go to im").Keys("enter").Shows("Go to image")
	d.Keys("esc :")
	d.Send(tea.PasteMsg{Content: "class\x1b]0;x\x07"})
	d.Shows(": class]0;x")
	d.Click(0, 0)
	d.Hides("Commands")
}

func TestEveryCommandRuns(t *testing.T) {
	for _, page := range []string{"1", "2", "3", "4"} {
		n := len(start(t, 100, 30).Keys(page + " :").App.Top().(*kit.Picker).Choices)
		for i := range n {
			d := start(t, 100, 30).Keys(page + " :")
			list := d.App.Top().(*kit.Picker)
			list.At = i
			name := list.Choices[i].Text
			d.Keys("enter")
			if d.App.err != nil {
				t.Fatalf("page %s, %s: %v", page, name, d.App.err)
			}
			d.Fits(100, 30)
		}
	}
}

func TestQuit(t *testing.T) {
	for _, keys := range []string{"q", "ctrl+c", "2 q", ": ctrl+c", "? ctrl+c"} {
		d := start(t, 100, 30).Keys(keys)
		if !d.Quit || d.App.verdict(nil) != nil {
			t.Errorf("%q: quit %v, error %v", keys, d.Quit, d.App.verdict(nil))
		}
		if d.App.ctx.Err() == nil {
			t.Errorf("%q: computations go on", keys)
		}
	}
}

// Whatever panics, the program ends in order and says so in one line.
func TestPanicsEndTheProgram(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	check := func(name string, d *uitest.Driver[*App]) {
		t.Helper()
		err := d.App.verdict(nil)
		if !d.Quit || err == nil {
			t.Fatalf("%s: quit %v, error %v", name, d.Quit, err)
		}
		line := err.Error()
		if strings.Contains(line, "\n") || !strings.Contains(line, "internal error: ") {
			t.Errorf("%s: %q is not one clear line", name, line)
		}
		_, file, found := strings.Cut(strings.TrimSuffix(line, ")"), "details in ")
		if stack, err := os.ReadFile(file); !found || err != nil || !strings.Contains(string(stack), "goroutine") {
			t.Errorf("%s: no stack in %q: %v", name, file, err)
		}
	}
	for method, key := range map[string]string{"View": "2", "Bands": "2", "Attack": "6", "Robustness": "6"} {
		lab := uitest.NewFakeLab()
		lab.Panics = method
		check(method, startWith(t, lab, Options{}, 140, 44).Keys(key))
	}
	d := start(t, 100, 30)
	d.Send(capabilitiesMsg{d.App.caps}) // still fine
	d.App.pages[0].page = nil
	d.Send(tea.KeyPressMsg{Code: 'm', Text: "m"})
	check("Update", d)

	d = start(t, 100, 30)
	d.App.theme = nil
	d.Send(tea.KeyPressMsg{Code: 'm', Text: "m"})
	check("the frame", d)
}

func TestTogetherRaisesPanics(t *testing.T) {
	defer func() {
		c, ok := recover().(kit.Crash)
		if !ok || fmt.Sprint(c.Value) != "boom" || !strings.Contains(string(c.Stack), "app_test.go") {
			t.Fatalf("recovered %v", c)
		}
	}()
	kit.Together(func() {}, func() { panic("boom") }, func() {})
}

func TestVerdict(t *testing.T) {
	a := start(t, 80, 24).App
	if err := a.verdict(tea.ErrInterrupted); err != nil {
		t.Errorf("ctrl+c: %v", err)
	}
	a.handle(ended{context.Canceled})
	if err := a.verdict(nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestTextFromOutsideIsHarmless(t *testing.T) {
	lab := uitest.NewFakeLab()
	lab.About.Model = "evil\x1b]0;title\x07\n\u202emodel"
	lab.About.Note = "note\x9b31m\x00"
	lab.About.Classes = append([]string{"cl\x1b[2Jass"}, lab.About.Classes[1:]...)
	lab.About.Data = "日本語データ"
	d := startWith(t, lab, Options{}, 100, 30)
	for _, keys := range []string{"", "2", "3", "4", "1 c", "esc ?"} {
		d.Keys(keys)
		content := uitest.Strip(d.App.View().Content)
		for _, bad := range []string{"\x1b]", "\x1b[2J", "\x9b31m", "\u009b", "\x00", "\a", "\u202e"} {
			if strings.Contains(content, bad) {
				t.Errorf("after %q the view holds %q", keys, bad)
			}
		}
		d.Fits(100, 30)
	}
}

func TestOptionsAreTaken(t *testing.T) {
	d := startWith(t, uitest.NewFakeLab(), Options{Page: "kernels", Start: session.Start{Radius: 7.5, Smoothing: model.Smoothing{Rho: 1}, Index: 9, Statistics: 1}}, 100, 30)
	d.Shows("after, ρ 1.00", "BN batch · ρ 1.00")
	d.Keys("1").Shows("test 9", "7.5")
	if startWith(t, uitest.NewFakeLab(), Options{Start: session.Start{Radius: 99, Index: 1 << 30}}, 100, 30).App.Index != 1999 {
		t.Fatal("an index past the end is not the last image")
	}
}
