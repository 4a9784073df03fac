package kit

import (
	"sync"

	"github.com/charmbracelet/colorprofile"

	"hfcui/ui/picture"
)

// RenderSpec is the size and the protocol of pictures.
type RenderSpec struct {
	Cols, Rows int
	Cell       CellSize
	Protocol   picture.Protocol
	Depth      colorprofile.Profile
	Registers  int
	Dark       bool
	Previews   bool // the terminal is slow: pictures have coarse versions to be shown first
}

// Encoder returns an encoder of the spec's protocol.
func (k RenderSpec) Encoder() *picture.Encoder {
	e := picture.NewEncoder(k.Protocol)
	e.Profile, e.Registers, e.Light, e.Previews = k.Depth, k.Registers, !k.Dark, k.Previews
	return e
}

// DrawingEncoder returns an encoder for charts, maps and kernels. They have no coarse versions, in which
// thin lines would be lost: they take few bytes.
func (k RenderSpec) DrawingEncoder() *picture.Encoder {
	k.Previews = false
	return k.Encoder()
}

// Pixels returns the size of the picture in pixels. Half blocks have two per cell.
func (k RenderSpec) Pixels() (w, h int) {
	if k.Protocol == picture.HalfBlocks {
		return k.Cols, 2 * k.Rows
	}
	return k.Cell.Pixels(k.Cols, k.Rows)
}

// box makes im as large as the picture's cells.
func (k RenderSpec) box(im *picture.Image) { im.Resize(k.Pixels()) }

func (k RenderSpec) Background() picture.RGB {
	c := ThemeFor(k.Dark).letterbox
	return picture.RGB{R: c[0], G: c[1], B: c[2]}
}

// Fits reports whether pictures of a spec fill a rectangle.
func (k RenderSpec) Fits(r Rect) bool { return k.Cols == r.W && k.Rows == r.H }

// Painter draws and encodes one picture. It keeps its memory, so that pictures wait for each
// other.
type Painter struct {
	mu      sync.Mutex
	spec    RenderSpec
	encoder *picture.Encoder
	boxed   picture.Image
}

// Paint encodes what draw makes of an empty picture of a spec's size.
func (p *Painter) Paint(k RenderSpec, draw func(box *picture.Image)) picture.Drawn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k != p.spec || p.encoder == nil {
		p.encoder, p.spec = k.DrawingEncoder(), k
	}
	k.box(&p.boxed)
	p.boxed.Fill(k.Background())
	draw(&p.boxed)
	return p.encoder.Encode(&p.boxed, k.Cols, k.Rows)
}

// Renderer scales and encodes the pictures of a page, at most Slots, for a spec. It reuses its
// memory: use one result at a time.
type Renderer struct {
	Spec    RenderSpec
	encoder [Slots]*picture.Encoder
	source  [Slots]picture.Image
	boxed   [Slots]picture.Image
	Drawn   [Slots]picture.Drawn
}

// Take sets the spec and reports whether it changed.
func (e *Renderer) Take(k RenderSpec) (another bool) {
	if k == e.Spec && e.encoder[0] != nil {
		return false
	}
	for i := range e.encoder {
		e.encoder[i] = k.Encoder()
	}
	e.Spec = k
	return true
}

// Reduction returns the factor by which a picture of w×h pixels can be downscaled while it is read.
func (e *Renderer) Reduction(w, h int) int {
	box := &e.boxed[0]
	e.Spec.box(box)
	return max(1, min(w/max(1, box.W), h/max(1, box.H)))
}

// Draw draws a picture of the box's size: draw draws it on the background.
func (e *Renderer) Draw(kind, registers int, draw func(box *picture.Image)) {
	box := &e.boxed[kind]
	e.Spec.box(box)
	box.Fill(e.Spec.Background())
	draw(box)
	e.encoder[kind].Registers = registers
	e.Drawn[kind] = e.encoder[kind].Encode(box, e.Spec.Cols, e.Spec.Rows)
}

// Encode draws a picture: source fills it, finish, unless nil, draws on the scaled picture.
func (e *Renderer) Encode(kind, registers int, source, finish func(*picture.Image)) {
	src, box := &e.source[kind], &e.boxed[kind]
	e.Spec.box(box)
	source(src)
	picture.Scale(box, src, e.Spec.Background())
	if finish != nil {
		finish(box)
	}
	e.encoder[kind].Registers = registers
	e.Drawn[kind] = e.encoder[kind].Encode(box, e.Spec.Cols, e.Spec.Rows)
}
