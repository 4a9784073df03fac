package term

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	xterm "github.com/charmbracelet/x/term"
)

// Picture is a picture and its position on the screen, in cells from 0. Data and Remove are as
// in picture.Drawn; equal IDs mean equal Data. A picture without Remove is drawn at its
// position; one with Remove is only transmitted, and text displays it. One with Erase stays
// above text until that is written.
type Picture struct {
	ID               uint64
	X, Y, Cols, Rows int
	Data             []byte
	Remove           []byte
	Erase            []byte
	// Preview, if any, is a coarse version of Data that is smaller; Cuts is where Data may be
	// interrupted.
	Preview []byte
	Cuts    Cuts
}

// same reports whether two pictures are equal in content and position.
func (p Picture) same(o Picture) bool { return p.ID == o.ID && p.box() == o.box() }

func (p Picture) box() [4]int { return [4]int{p.X, p.Y, p.Cols, p.Rows} }

// removal returns what removes a picture that text does not erase; nil if text does.
func (p Picture) removal() []byte {
	if p.stored() {
		return p.Remove
	}
	return p.Erase
}

// stored reports whether the terminal stores the picture until it is removed.
func (p Picture) stored() bool { return p.Remove != nil }

// Layer is the program's output: it draws pictures after the text of the frame they belong to.
// All methods are safe for concurrent use; Place and the methods that return text do not wait
// for the terminal.
//
// How it works: the View holds blank cells where pictures go, and zero-width markers, which
// the renderer keeps inside the cell that follows and writes whenever it writes that cell. One
// marker names the version of the scene, i.e. which pictures are where. The first and the last
// cell of every row of blanks name their picture: the renderer rewrites a row from its first
// to its last change, so whenever it blanks part of a picture it rewrites one of these. The
// layer strips the markers from what it passes on. It erases pictures that are gone before the
// frame's text, so that text in their place survives, and draws new and damaged ones after it,
// all in one write and, where the terminal supports it, in one synchronized update. Pictures
// are drawn on the alternate screen only: never before the program has started, while it is
// suspended or after it has ended.
type Layer struct {
	w  io.Writer
	tt tty // w if it is a terminal

	mu         sync.Mutex // guards the fields up to ended; held only briefly
	version    uint64
	redraw     uint64  // from this version on everything is redrawn, once
	scenes     []scene // by ascending version: the one on screen and those to come
	cols, rows int     // of the screen, 0 if unknown
	tmux, sync bool
	lasting    bool // sixels stay under text
	panicked   func(*Panic)
	shown      []shown // pictures on the screen; the slice is replaced, never modified
	modes      modes   // terminal modes the program has changed
	lost       bool    // a write failed: the content of the screen is unknown
	ended      bool    // Restore was called: output is dropped
	probe      *Probe  // that recognizes the answers to fences
	pace       pace
	paced      bool        // pace was switched on; it is not again
	slow       bool        // pictures take long
	want       []Picture   // what is to be on the screen
	changed    time.Time   // when that, or the user's mind, last changed
	acted      time.Time   // when the user last did something
	open       *unfinished // picture that is being written
	pumping    bool        // pump is running
	again      bool        // and runs again
	timer      *time.Timer

	writing sync.Mutex // guards the rest; held during writes to the terminal
	frame   frame
	out     []byte
	seen    uint64 // version on the screen
	drawn   int    // pictures drawn at the cursor since the start
}

// scene is what one version of the View shows.
type scene struct {
	version uint64
	pics    []Picture // hidden ones have no size
}

// shown is a picture on the screen and the value of drawn when it was drawn.
type shown struct {
	Picture
	at    int
	state state
}

// state is what is on the screen of a picture.
type state int

const (
	exact  state = iota
	coarse       // its preview
	stale        // a part, or nothing
)

// tty is an output that may be a terminal.
type tty interface {
	io.ReadWriteCloser
	Fd() uintptr
}

// New returns a layer that writes to w: os.Stdout, a pty or an SSH session.
func New(w io.Writer) *Layer {
	l := &Layer{w: w}
	l.tt, _ = w.(tty)
	return l
}

// Configure adapts the layer to the terminal: tmux passthrough, synchronized output, sixels that
// text does not erase.
func (l *Layer) Configure(c Capabilities) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tmux, l.sync, l.lasting = c.Tmux && c.Passthrough, c.Sync, c.Lasting
	switch {
	case c.Tmux || !c.Complete:
		l.pace = pace{}
	case l.pace.probe == nil && !l.paced:
		l.pace.probe, l.paced = l.probe, l.probe != nil
	}
}

// Resize sets the screen's size in cells, for outputs that cannot be asked for it (SSH
// sessions). Pictures that do not fit are not drawn, and neither is any on the last row, where
// drawing scrolls the screen.
func (l *Layer) Resize(cols, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cols, l.rows = cols, rows
}

// size returns the screen's size, 0 if unknown. A terminal is always asked: it may have shrunk
// while a frame for its old size was on its way.
func (l *Layer) size() (cols, rows int) {
	if l.tt != nil {
		if w, h, err := xterm.GetSize(l.tt.Fd()); err == nil && w > 0 && h > 0 {
			return w, h
		}
	}
	return l.cols, l.rows
}

// keptScenes is how many versions are kept for frames on their way to the screen: normally
// one, more should a renderer hold frames back.
const keptScenes = 16

// Place sets which pictures the View being built shows. The zero-width marker it returns goes
// before some character of the View above the pictures. Written to the layer by itself, the
// marker shows the pictures ahead of their frame, provided that their blanks are on the screen
// already; a later frame with an older marker does not bring older pictures back.
//
// A picture without size is hidden and keeps its slot. While covered is true (a popup lies
// over them) pictures are erased, to be redrawn when it is false again; pictures displayed by
// text are covered by text anyway. Slots of Blank are indices into pics.
func (l *Layer) Place(pics []Picture, covered bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if covered {
		pics = slices.Clone(pics)
		for i := range pics {
			if !pics[i].stored() {
				pics[i].Cols, pics[i].Rows = 0, 0
			}
		}
	}
	n := len(l.scenes)
	if n == 0 || l.redraw > l.version || !slices.EqualFunc(l.scenes[n-1].pics, pics, Picture.same) {
		l.version++
		l.scenes = append(l.scenes, scene{l.version, slices.Clone(pics)})
		if n >= keptScenes {
			l.scenes = slices.Delete(l.scenes, 0, 1)
		}
	}
	return marker('V', l.version)
}

// Redraw makes the next Place send all pictures again, e.g. when tmux, which does not store
// pictures, shows the program's window again, or another terminal has taken over.
func (l *Layer) Redraw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.redraw = l.version + 1
}

// OnPanic sets f to be called when writing panics. Write returns the same error, but Bubble
// Tea ignores it. f must not wait for the program.
func (l *Layer) OnPanic(f func(*Panic)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.panicked = f
}

// blank fills the cells under pictures: the renderer clears runs of spaces with sequences that
// may reach beyond the run, but writes these unchanged.
const blank = "\u00a0"

// Blank returns cols×rows blank cells for the View where picture pics[slot] of Place is.
func (l *Layer) Blank(slot, cols, rows int) string {
	if cols < 1 || rows < 1 {
		return ""
	}
	mark := marker('D', uint64(max(slot, 0)))
	row := mark + blank
	if cols > 1 {
		row += strings.Repeat(blank, cols-2) + mark + blank
	}
	return row + strings.Repeat("\n"+row, rows-1)
}

// Pin prefixes every line of a complete View with an invisible row number. Lines in different
// rows are then never equal, so the renderer does not scroll parts of the screen, which would
// move or smear pictures.
func (l *Layer) Pin(view string) string {
	var b strings.Builder
	b.Grow(len(view) + 16*strings.Count(view, "\n") + 16)
	for i := uint64(0); ; i++ {
		line, rest, more := strings.Cut(view, "\n")
		b.WriteString(marker('R', i))
		if line == "" {
			line = " " // else the marker would attach to the first cell of the next line
		}
		b.WriteString(line)
		if !more {
			return b.String()
		}
		b.WriteByte('\n')
		view = rest
	}
}

// markerStart begins a marker: an APC string, which terminals ignore should one reach them.
const markerStart = "\x1b_hf"

const stringEnd = "\x1b\\"

func marker(kind byte, n uint64) string {
	return markerStart + string(kind) + strconv.FormatUint(n, 10) + stringEnd
}
