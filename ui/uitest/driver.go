// Package uitest drives the program, or one of its pages alone, in tests: a driver that presses
// keys and reads the screen, a host that gives a page its Screen and a session, and fakes of
// what the program rests on. Only tests import it.
package uitest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"hfcui/ui/kit"
)

// Driver presses keys on a program, or on a page in a stage of its own, and looks at its
// screen. Commands run at once and one after the other, so that after every step the program
// is at rest, unless hold says otherwise.
type Driver[M tea.Model] struct {
	T    testing.TB
	App  M
	Lab  *FakeLab
	w, h int
	Quit bool
	Held []tea.Cmd // commands not run yet
	Hold bool

	drawn string   // the last content that Screen looked at
	lines []string // what a terminal shows of it
}

// Send gives the program a message and runs what comes of it.
func (d *Driver[M]) Send(msg tea.Msg) {
	d.T.Helper()
	if size, ok := msg.(tea.WindowSizeMsg); ok {
		d.w, d.h, d.lines = size.Width, size.Height, nil
	}
	_, cmd := d.App.Update(msg)
	d.App.View()
	d.Run(cmd)
}

func (d *Driver[M]) Run(cmd tea.Cmd) {
	d.T.Helper()
	if cmd == nil || d.Quit {
		return // a program that has quit runs nothing more
	}
	if d.Hold {
		d.Held = append(d.Held, cmd)
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.Run(c)
		}
	case tea.QuitMsg:
		d.Quit = true
	case tea.RawMsg, tea.SuspendMsg:
	default:
		d.Send(msg)
	}
}

// Release runs the commands held back, and what comes of them.
func (d *Driver[M]) Release() {
	d.T.Helper()
	d.Hold = false
	held := d.Held
	d.Held = nil
	for _, c := range held {
		d.Run(c)
	}
}

// Keys presses keys, by the names of tea.Key.String, separated by blanks.
func (d *Driver[M]) Keys(names string) *Driver[M] {
	d.T.Helper()
	for _, name := range strings.Fields(names) {
		d.Send(KeyPress(name))
	}
	return d
}

// Types types text letter by letter.
func (d *Driver[M]) Types(text string) *Driver[M] {
	d.T.Helper()
	for _, r := range text {
		d.Send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return d
}

func KeyPress(name string) tea.KeyPressMsg {
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

func (d *Driver[M]) Click(x, y int) {
	d.T.Helper()
	d.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

// Screen is what a terminal shows, line by line, without trailing blanks.
func (d *Driver[M]) Screen() []string {
	d.T.Helper()
	content := Strip(d.App.View().Content)
	if content == d.drawn && len(d.lines) == d.h {
		return d.lines
	}
	buf := uv.NewScreenBuffer(d.w, d.h)
	uv.NewStyledString(content).Draw(buf, buf.Bounds())
	var lines []string
	for y := range buf.Height() {
		var b strings.Builder
		for x := range buf.Width() {
			if c := buf.CellAt(x, y); c != nil {
				b.WriteString(c.Content)
			}
		}
		lines = append(lines, strings.TrimRight(strings.ReplaceAll(b.String(), "\u00a0", " "), " "))
	}
	d.drawn, d.lines = content, lines
	return lines
}

var marker = regexp.MustCompile("\x1b_[^\x1b]*\x1b\\\\")

// Strip takes the layer's markers out of a cell.
func Strip(s string) string { return marker.ReplaceAllString(s, "") }

// Shows fails the test unless every text is on the screen.
func (d *Driver[M]) Shows(texts ...string) *Driver[M] {
	d.T.Helper()
	screen := strings.Join(d.Screen(), "\n")
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.T.Fatalf("the screen does not show %q:\n%s", text, screen)
		}
	}
	return d
}

// Hides fails the test if a text is on the screen.
func (d *Driver[M]) Hides(texts ...string) *Driver[M] {
	d.T.Helper()
	screen := strings.Join(d.Screen(), "\n")
	for _, text := range texts {
		if strings.Contains(screen, text) {
			d.T.Fatalf("the screen shows %q:\n%s", text, screen)
		}
	}
	return d
}

// Line returns line y of the screen; negative ones count from the end.
func (d *Driver[M]) Line(y int) string {
	d.T.Helper()
	lines := d.Screen()
	if y < 0 {
		y += len(lines)
	}
	return lines[y]
}

// Where returns the cell at which text begins.
func (d *Driver[M]) Where(text string) (x, y int) {
	d.T.Helper()
	for y, line := range d.Screen() {
		if i := strings.Index(line, text); i >= 0 {
			return kit.Width(line[:i]), y
		}
	}
	d.T.Fatalf("the screen does not show %q:\n%s", text, strings.Join(d.Screen(), "\n"))
	return 0, 0
}

// Fits fails the test if a line is wider than the terminal or there are too many.
func (d *Driver[M]) Fits(w, h int) {
	d.T.Helper()
	lines := strings.Split(Strip(d.App.View().Content), "\n")
	if len(lines) > h {
		d.T.Errorf("%d lines on a terminal of %d", len(lines), h)
	}
	for y, line := range lines {
		if n := kit.Width(line); n > w {
			d.T.Errorf("line %d is %d cells wide on a terminal of %d: %s", y, n, w, fmt.Sprintf("%q", line))
		}
	}
}

// Drain waits for the end of a job.
func Drain(j *kit.Job) kit.Report {
	for {
		if r := j.Wait().(kit.Report); r.Done {
			return r
		}
	}
}

// Compare opens models for comparison.
func (d *Driver[M]) Compare(paths ...string) *Driver[M] {
	d.T.Helper()
	for _, path := range paths {
		d.Run(any(d.App).(interface {
			AddComparison(path string) tea.Cmd
		}).AddComparison(path))
	}
	return d
}

var Sizes = [][2]int{{60, 18}, {80, 24}, {100, 30}, {140, 44}, {200, 60}, {61, 40}, {200, 18}, {300, 100}}
