package ui

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"hfcui/ui/kit"
	experimentspage "hfcui/ui/pages/experiments"
	"hfcui/ui/term"
)

// driver presses keys on the program and looks at its screen. Commands run at once and
// one after the other, so that after every step the program is at rest, unless hold says
// otherwise.
type driver struct {
	t    *testing.T
	app  *App
	lab  *fakeLab
	quit bool
	held []tea.Cmd // commands not run yet
	hold bool
}

func start(t *testing.T, w, h int) *driver {
	t.Helper()
	return startWith(t, newFakeLab(), Options{}, w, h)
}

func startWith(t *testing.T, lab *fakeLab, o Options, w, h int) *driver {
	t.Helper()
	o.Output, o.Environ = io.Discard, []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	if o.Folder == "" {
		o.Folder = t.TempDir()
	}
	d := &driver{t: t, app: New(lab, o), lab: lab}
	t.Cleanup(d.app.cancel)
	pageOf[*experimentspage.Page](d.app).Every = 0 // or the program would never be at rest
	d.send(capabilitiesMsg{term.Capabilities{CellW: 9, CellH: 18, Dark: true, Complete: true}})
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

// send gives the program a message and runs what comes of it.
func (d *driver) send(msg tea.Msg) {
	d.t.Helper()
	_, cmd := d.app.Update(msg)
	d.app.View()
	d.run(cmd)
}

func (d *driver) run(cmd tea.Cmd) {
	d.t.Helper()
	if cmd == nil {
		return
	}
	if d.hold {
		d.held = append(d.held, cmd)
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.run(c)
		}
	case tea.QuitMsg:
		d.quit = true
	case tea.RawMsg, tea.SuspendMsg:
	default:
		d.send(msg)
	}
}

// release runs the commands held back, and what comes of them.
func (d *driver) release() {
	d.t.Helper()
	d.hold = false
	held := d.held
	d.held = nil
	for _, c := range held {
		d.run(c)
	}
}

// keys presses keys, by the names of tea.Key.String, separated by blanks.
func (d *driver) keys(names string) *driver {
	d.t.Helper()
	for _, name := range strings.Fields(names) {
		d.send(keyPress(name))
	}
	return d
}

// types types text letter by letter.
func (d *driver) types(text string) *driver {
	d.t.Helper()
	for _, r := range text {
		d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return d
}

func keyPress(name string) tea.KeyPressMsg {
	special := map[string]rune{
		"left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp, "down": tea.KeyDown, "enter": tea.KeyEnter,
		"esc": tea.KeyEscape, "tab": tea.KeyTab, "home": tea.KeyHome, "end": tea.KeyEnd,
		"backspace": tea.KeyBackspace, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "space": tea.KeySpace,
	}
	var k tea.KeyPressMsg
	for {
		switch {
		case strings.HasPrefix(name, "ctrl+"):
			k.Mod |= tea.ModCtrl
			name = name[5:]
			continue
		case strings.HasPrefix(name, "shift+"):
			k.Mod |= tea.ModShift
			name = name[6:]
			continue
		}
		break
	}
	if code, ok := special[name]; ok {
		k.Code = code
		return k
	}
	k.Code = []rune(name)[0]
	if k.Mod&tea.ModCtrl == 0 {
		k.Text = name
	}
	return k
}

func (d *driver) click(x, y int) {
	d.t.Helper()
	d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// screen is what a terminal shows, line by line, without trailing blanks.
func (d *driver) screen() []string {
	d.t.Helper()
	buf := d.cells()
	var lines []string
	for y := range buf.Height() {
		var b strings.Builder
		for x := range buf.Width() {
			if c := buf.CellAt(x, y); c != nil {
				b.WriteString(strip(c.Content))
			}
		}
		lines = append(lines, strings.TrimRight(strings.ReplaceAll(b.String(), "\u00a0", " "), " "))
	}
	return lines
}

// cells draws the view as the renderer does.
func (d *driver) cells() uv.ScreenBuffer {
	d.t.Helper()
	buf := uv.NewScreenBuffer(d.app.layout.W, d.app.layout.H)
	uv.NewStyledString(d.app.View().Content).Draw(buf, buf.Bounds())
	return buf
}

var marker = regexp.MustCompile("\x1b_[^\x1b]*\x1b\\\\")

// strip takes the layer's markers out of a cell.
func strip(s string) string { return marker.ReplaceAllString(s, "") }

// shows fails the test unless every text is on the screen.
func (d *driver) shows(texts ...string) *driver {
	d.t.Helper()
	screen := strings.Join(d.screen(), "\n")
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Fatalf("the screen does not show %q:\n%s", text, screen)
		}
	}
	return d
}

// hides fails the test if a text is on the screen.
func (d *driver) hides(texts ...string) *driver {
	d.t.Helper()
	screen := strings.Join(d.screen(), "\n")
	for _, text := range texts {
		if strings.Contains(screen, text) {
			d.t.Fatalf("the screen shows %q:\n%s", text, screen)
		}
	}
	return d
}

// line returns line y of the screen; negative ones count from the end.
func (d *driver) line(y int) string {
	d.t.Helper()
	lines := d.screen()
	if y < 0 {
		y += len(lines)
	}
	return lines[y]
}

// where returns the cell at which text begins.
func (d *driver) where(text string) (x, y int) {
	d.t.Helper()
	for y, line := range d.screen() {
		if i := strings.Index(line, text); i >= 0 {
			return kit.Width(line[:i]), y
		}
	}
	d.t.Fatalf("the screen does not show %q:\n%s", text, strings.Join(d.screen(), "\n"))
	return 0, 0
}

// wide fails the test if a line is wider than the terminal or there are too many.
func (d *driver) fits(w, h int) {
	d.t.Helper()
	lines := strings.Split(strip(d.app.View().Content), "\n")
	if len(lines) > h {
		d.t.Errorf("%d lines on a terminal of %d", len(lines), h)
	}
	for y, line := range lines {
		if n := kit.Width(line); n > w {
			d.t.Errorf("line %d is %d cells wide on a terminal of %d: %s", y, n, w, fmt.Sprintf("%q", line))
		}
	}
}

// pageOf is the program's page of a kind.
func pageOf[P page](a *App) P {
	_, p, _ := find[P](a)
	return p
}
