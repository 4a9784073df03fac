package term

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Screen draws frames of text on the alternate screen: what differs from the frame before, a moment
// after the first change, so that what changes together is drawn together. It does so in a goroutine
// of its own, which sleeps while nothing changes. Show does not
// wait for the terminal. It takes the place of Bubble Tea's renderer, which wakes up 60 times a
// second, writes at these times only, and stops the program while the terminal does not read.
type Screen struct {
	out   *Layer
	env   []string
	pause time.Duration
	wake  chan struct{} // has a value when there may be something to draw

	mu   sync.Mutex // guards want and on
	want wanted
	on   bool // on the alternate screen, or about to be

	drawing  sync.Mutex // guards the rest; held during writes
	shown    wanted
	entered  bool // the alternate screen is shown
	renderer *uv.TerminalRenderer
	diff     bytes.Buffer
	cells    uv.ScreenBuffer
}

// wanted is what the screen is to show, and how.
type wanted struct {
	text          string
	cols, rows    int
	profile       colorprofile.Profile
	sync, cluster bool // terminal modes 2026, 2027
	focus         bool // focus is reported
	redraws       int  // times that everything was to be drawn again
}

// NewScreen returns a screen that writes to out, pause after a change. env is the environment of the
// terminal.
func NewScreen(out *Layer, env []string, pause time.Duration) *Screen {
	return &Screen{out: out, env: env, pause: pause, wake: make(chan struct{}, 1)}
}

// Run draws until ctx is done. The screen stays as it is then: see Layer.Restore. A panic is returned
// as a *Panic.
func (s *Screen) Run(ctx context.Context) (err error) {
	defer recoverAsError(&err)
	s.Enter()
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil
		}
		for wait := s.pause; wait > 0; wait = s.out.Busy() { // newer frames replace those that wait
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil
			}
		}
		s.draw()
	}
}

// Show has a frame of text drawn. focus: the terminal reports focus.
func (s *Screen) Show(text string, focus bool) {
	s.change(func(w *wanted) { w.text, w.focus = text, focus })
}

// Resize sets the size in cells.
func (s *Screen) Resize(cols, rows int) {
	s.change(func(w *wanted) { w.cols, w.rows = cols, rows })
}

// Configure adapts the screen to the terminal.
func (s *Screen) Configure(c Capabilities) {
	s.change(func(w *wanted) { w.profile, w.sync, w.cluster = c.Profile, c.Sync, c.Clusters })
}

// Redraw draws everything again.
func (s *Screen) Redraw() {
	s.change(func(w *wanted) { w.redraws++ })
}

// change changes what is wanted.
func (s *Screen) change(f func(*wanted)) {
	s.mu.Lock()
	before := s.want
	f(&s.want)
	changed := s.want != before
	s.mu.Unlock()
	if changed {
		signal(s.wake)
	}
}

// Enter shows the alternate screen with the next frame.
func (s *Screen) Enter() {
	s.mu.Lock()
	s.on = true
	s.mu.Unlock()
	signal(s.wake)
}

// Leave undoes all changes to the terminal, until Enter.
func (s *Screen) Leave() {
	s.mu.Lock()
	s.on = false
	s.mu.Unlock()
	s.drawing.Lock()
	defer s.drawing.Unlock()
	s.entered = false
	s.out.Leave()
}

// Lose has everything drawn again, terminal modes included, after something else has used the
// terminal.
func (s *Screen) Lose() {
	s.drawing.Lock()
	s.entered = false
	s.drawing.Unlock()
	signal(s.wake)
}

// draw writes what has changed.
func (s *Screen) draw() {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	s.mu.Lock()
	want, on := s.want, s.on
	s.mu.Unlock()
	if !on || want.cols < 1 || want.rows < 1 || s.entered && want == s.shown {
		return
	}
	fresh := !s.entered
	if fresh {
		s.start(want)
	}
	s.adapt(want, fresh)
	s.cells.Clear()
	uv.NewStyledString(want.text).Draw(s.cells, s.cells.Bounds())
	s.renderer.Render(s.cells.RenderBuffer)
	s.renderer.Flush()
	frame := s.diff.Bytes()
	if want.sync && len(frame) > 0 && !fresh {
		frame = append(append(append([]byte{}, syncBegin...), frame...), syncEnd...)
	}
	_, err := s.out.Write(frame)
	s.diff.Reset()
	s.shown = want
	if err != nil {
		s.entered = false // drawn again with the next frame, or when the terminal reads again
	}
}

// start begins on a fresh alternate screen.
func (s *Screen) start(want wanted) {
	s.diff.Reset()
	s.renderer = uv.NewTerminalRenderer(&s.diff, s.env)
	s.renderer.SetTabStops(-1)
	s.renderer.SetScrollOptim(runtime.GOOS != "windows") // where terminals have faults with it
	s.renderer.SaveCursor()
	s.renderer.SetFullscreen(true)
	s.renderer.SetRelativeCursor(false)
	s.renderer.Erase()
	s.cells = uv.NewScreenBuffer(want.cols, want.rows)
	s.diff.WriteString(ansi.ResetModifyOtherKeys + ansi.SetModeAltScreenSaveCursor + ansi.ResetModeTextCursorEnable +
		ansi.SetModeBracketedPaste + ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr +
		ansi.SetModifyOtherKeys2 + ansi.PushKittyKeyboard(ansi.KittyDisambiguateEscapeCodes))
	s.entered = true
}

// adapt changes size, modes and colors to what is wanted. fresh: the screen was just entered.
func (s *Screen) adapt(want wanted, fresh bool) {
	was := s.shown
	if fresh {
		was = wanted{cols: want.cols, rows: want.rows, redraws: want.redraws}
	}
	if want.cols != was.cols || want.rows != was.rows {
		s.cells.Touched = nil
		s.cells.Resize(want.cols, want.rows)
		s.renderer.Resize(want.cols, want.rows)
		s.renderer.Erase()
	}
	if want.profile != was.profile || want.redraws != was.redraws {
		s.renderer.Erase()
	}
	s.renderer.SetColorProfile(want.profile)
	if want.focus != was.focus {
		s.diff.WriteString(map[bool]string{true: ansi.SetModeFocusEvent, false: ansi.ResetModeFocusEvent}[want.focus])
	}
	if want.cluster != was.cluster {
		s.diff.WriteString(map[bool]string{true: ansi.SetModeUnicodeCore, false: ansi.ResetModeUnicodeCore}[want.cluster])
		s.cells.Method = map[bool]ansi.Method{true: ansi.GraphemeWidth, false: ansi.WcWidth}[want.cluster]
	}
}
