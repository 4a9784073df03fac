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
	explorepage "hfcui/ui/pages/explore"
	"hfcui/ui/session"
)

func TestPagesByNumberTabAndClick(t *testing.T) {
	d := start(t, 100, 30)
	for _, step := range []struct {
		keys string
		page int
	}{{"2", 1}, {"3", 2}, {"4", 3}, {"1", 0}, {"tab", 1}, {"tab", 2}, {"tab", 3}, {"tab", 4}, {"tab", 5}, {"tab", 6}, {"tab", 0}, {"shift+tab", 6}, {"5", 4}, {"6", 5}, {"7", 6}} {
		if d.keys(step.keys); d.app.page != step.page {
			t.Fatalf("page %d after %s, want %d", d.app.page, step.keys, step.page)
		}
	}
	x, y := d.where("2 Bands")
	d.click(x+3, y)
	if d.app.page != 1 {
		t.Fatalf("page %d after a click on Bands", d.app.page)
	}
}

// No key means two things on a page or in a dialog, except that what a page binds only at
// times may give way.
func TestNoKeyIsBoundTwice(t *testing.T) {
	d := start(t, 100, 30)
	check := func(where string, list []kit.Entry) {
		seen := map[string]string{}
		for _, e := range list {
			for _, k := range e.Keys {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %q is both %q and %q", where, k, other, e.Name)
				}
				seen[k] = e.Name
			}
			if e.Name == "" || e.Label == "" {
				t.Errorf("%s: a binding without a name or label: %+v", where, e)
			}
		}
	}
	for _, p := range d.app.pages {
		list := append(p.Entries(), d.app.entries()...)
		check(p.name, append(list, lastKeys.Entries(d.app)...))
	}
	check("picker", kit.PickerKeys.Entries(kit.NewPicker(d.app, "", "", nil)))
	check("reader", kit.ReaderKeys.Entries(newHelp(d.app)))
	check("jump", session.JumpKeys.Entries(&session.Jump{Session: d.app.Session}))
}

// Help, palette and hints are made from the tables that dispatch keys.
func TestHelpListsEveryKey(t *testing.T) {
	d := start(t, 120, 60)
	d.keys("?").shows("Help", "previous, next image", "r smaller, larger by 1", "smoothing strength ρ", "quit", "mouse")
	d.keys("esc").hides("strength of smoothing")
}

func TestHelpScrolls(t *testing.T) {
	d := start(t, 80, 24)
	d.keys("?").shows("more", "↑↓ scroll").hides("label")
	d.keys("pgdown pgdown pgdown pgdown pgdown").shows("flip").hides("more")
	d.keys("?").hides("Marks")
}

func TestPalette(t *testing.T) {
	d := start(t, 100, 30)
	d.keys(":").shows("Commands", "next image", "type to search")
	d.types("smooth more").keys("enter")
	if d.app.Rho != 0.6 {
		t.Fatalf("ρ = %v after the palette's smooth more", d.app.Rho)
	}
	d.keys("ctrl+p").types("kernls").keys("enter")
	if d.app.page != 2 {
		t.Fatalf("page %d after the palette's page Kernels", d.app.page)
	}
	d.keys("1 :").types("zzz").shows("no match").keys("enter").hides("Commands")
	d.keys(":").types("go to im").keys("enter").shows("Go to image")
	d.keys("esc :")
	d.send(tea.PasteMsg{Content: "class\x1b]0;x\x07"})
	d.shows(": class]0;x")
	d.click(0, 0)
	d.hides("Commands")
}

func TestEveryCommandRuns(t *testing.T) {
	for _, page := range []string{"1", "2", "3", "4"} {
		n := len(start(t, 100, 30).keys(page + " :").app.Top().(*kit.Picker).Choices)
		for i := range n {
			d := start(t, 100, 30).keys(page + " :")
			name := d.app.Top().(*kit.Picker).Choices[i].Text
			for range i {
				d.keys("down")
			}
			d.keys("enter")
			if d.app.err != nil {
				t.Fatalf("page %s, %s: %v", page, name, d.app.err)
			}
			d.fits(100, 30)
		}
	}
}

func TestQuit(t *testing.T) {
	for _, keys := range []string{"q", "ctrl+c", "2 q", ": ctrl+c", "? ctrl+c"} {
		d := start(t, 100, 30).keys(keys)
		if !d.quit || d.app.verdict(nil) != nil {
			t.Errorf("%q: quit %v, error %v", keys, d.quit, d.app.verdict(nil))
		}
		if d.app.ctx.Err() == nil {
			t.Errorf("%q: computations go on", keys)
		}
	}
}

func TestSuspendTakesPicturesAway(t *testing.T) {
	d := start(t, 100, 30)
	d.keys("ctrl+z")
	if !d.app.hidden {
		t.Fatal("pictures stay while the program is suspended")
	}
	d.hides("▀")
	d.send(tea.ResumeMsg{})
	d.shows("▀")
}

// Whatever panics, the program ends in order and says so in one line.
func TestPanicsEndTheProgram(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	check := func(name string, d *driver) {
		t.Helper()
		err := d.app.verdict(nil)
		if !d.quit || err == nil {
			t.Fatalf("%s: quit %v, error %v", name, d.quit, err)
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
		lab := newFakeLab()
		lab.panics = method
		check(method, startWith(t, lab, Options{}, 140, 44).keys(key))
	}
	d := start(t, 100, 30)
	d.send(capabilitiesMsg{d.app.caps}) // still fine
	pageOf[*explorepage.Page](d.app).L.Slots = nil
	d.app.pages[0].page = nil
	d.send(tea.KeyPressMsg{Code: 'm', Text: "m"})
	check("Update", d)

	d = start(t, 100, 30)
	d.app.send = func(msg tea.Msg) {}
	d.app.theme = nil
	d.app.View()
	if d.app.err == nil {
		t.Fatal("a panic in View is not noticed")
	}
	d.quit = true
	check("View", d)
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
	a := start(t, 80, 24).app
	if err := a.verdict(tea.ErrInterrupted); err != nil {
		t.Errorf("ctrl+c: %v", err)
	}
	a.handle(ended{context.Canceled})
	if err := a.verdict(nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestTextFromOutsideIsHarmless(t *testing.T) {
	lab := newFakeLab()
	lab.info.Model = "evil\x1b]0;title\x07\n\u202emodel"
	lab.info.Note = "note\x9b31m\x00"
	lab.info.Classes = append([]string{"cl\x1b[2Jass"}, lab.info.Classes[1:]...)
	lab.info.Data = "日本語データ"
	d := startWith(t, lab, Options{}, 100, 30)
	for _, keys := range []string{"", "2", "3", "4", "1 c", "esc ?"} {
		d.keys(keys)
		content := strip(d.app.View().Content)
		for _, bad := range []string{"\x1b]", "\x1b[2J", "\x9b31m", "\u009b", "\x00", "\a", "\u202e"} {
			if strings.Contains(content, bad) {
				t.Errorf("after %q the view holds %q", keys, bad)
			}
		}
		d.fits(100, 30)
	}
}

func TestOptionsAreTaken(t *testing.T) {
	d := startWith(t, newFakeLab(), Options{Page: "kernels", Start: session.Start{Radius: 7.5, Smoothing: model.Smoothing{Rho: 1}, Index: 9, Statistics: 1}}, 100, 30)
	d.shows("after, ρ 1.00", "none · batch · ρ 1.00")
	d.keys("1").shows("test 9", "7.5")
	if startWith(t, newFakeLab(), Options{Start: session.Start{Radius: 99, Index: 1 << 30}}, 100, 30).app.Index != 1999 {
		t.Fatal("an index past the end is not the last image")
	}
}
