package term

import (
	"io"
	"strings"
	"sync"
	"time"
)

// Picture is a picture's place on the screen, in cells from 0. Data and Remove are as in
// picture.Drawn; equal IDs mean equal Data. The terminal's last row must stay free of
// pictures that are drawn at the cursor (sixel, iTerm2): Place leaves out any that touch
// it or lie outside the screen.
type Picture struct {
	ID               uint64
	X, Y, Cols, Rows int
	Data             []byte
	Remove           []byte
}

// Frame tells what one write to the terminal carried.
type Frame struct {
	Version  uint64    // of the scene: Layer.Version after the Place that made it
	Written  time.Time // when the last byte was handed to the terminal
	Bytes    int
	Pictures int // pictures drawn
}

// Stats counts what a Layer wrote.
type Stats struct {
	Writes, Bytes, Pictures, PictureBytes int
}

// Layer is the program's output: it draws pictures after the text of the frame they
// belong to. All methods are safe for concurrent use.
type Layer struct {
	mu sync.Mutex
	w  io.Writer
}

// New returns a layer that writes to w: os.Stdout, a pty, an SSH session.
func New(w io.Writer) *Layer { return &Layer{w: w} }

// Configure adapts the layer to the terminal (tmux passthrough, synchronized output).
func (l *Layer) Configure(c Capabilities) {}

// Output returns the writer for tea.WithOutput; it is a terminal if the layer's is one.
func (l *Layer) Output() io.Writer { return l.w }

// Place sets what pictures the next frame shows. The returned marker has no width and
// goes in front of some character of the View that is not under a picture. While covered
// (a popup lies over them) the pictures are hidden; they come back when it is false.
// Slots of Blank are indices of pics.
func (l *Layer) Place(pics []Picture, covered bool) string { return "" }

// Blank returns cols×rows blank cells for the View where picture pics[slot] of Place will be.
func (l *Layer) Blank(slot, cols, rows int) string {
	row := strings.Repeat("\u00a0", cols)
	return row + strings.Repeat("\n"+row, rows-1)
}

// Pin makes every line of a whole View differ from all others, invisibly, so that the
// renderer never scrolls parts of the screen, which would move pictures along.
func (l *Layer) Pin(view string) string { return view }

// Redraw makes the next Place draw all pictures again, for instance after the terminal
// got the focus back in tmux.
func (l *Layer) Redraw() {}

// Version is the number of the scene that Place made last.
func (l *Layer) Version() uint64 { return 0 }

// OnFrame calls f after every write that carried a frame with pictures in its scene; nil
// ends that. f must be quick and must not call the layer.
func (l *Layer) OnFrame(f func(Frame)) {}

// Stats returns what was written so far.
func (l *Layer) Stats() Stats { return Stats{} }

// Clear erases all pictures from the screen now. Leaving the alternate screen does so by
// itself.
func (l *Layer) Clear() error { return nil }

// Restore brings the terminal back from any state the program may have left it in, erases
// the pictures and drops all that is written afterwards: for panics and signals.
func (l *Layer) Restore() error { return nil }

// RestoreSequence returns the bytes that Restore writes for a terminal of which nothing
// is known.
func RestoreSequence() string { return "\x1b[?2026l\x1b[?1049l\x1b[?25h" }
