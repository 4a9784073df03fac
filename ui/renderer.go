package ui

import (
	"github.com/charmbracelet/colorprofile"

	"hfcui/ui/picture"
)

// renderSpec is how pictures of a size are drawn on the terminal there is.
type renderSpec struct {
	cols, rows int
	cell       cellSize
	protocol   picture.Protocol
	depth      colorprofile.Profile
	registers  int
	dark       bool
}

// box makes im as large as the picture's cells. Half blocks have two pixels a cell.
func (k renderSpec) box(im *picture.Image) {
	if k.protocol == picture.HalfBlocks {
		im.Resize(k.cols, 2*k.rows)
		return
	}
	im.Resize(k.cols*k.cell.w, k.rows*k.cell.h)
}

func (k renderSpec) background() picture.RGB {
	c := themeFor(k.dark).letterbox
	return picture.RGB{R: c[0], G: c[1], B: c[2]}
}

// fits tells whether pictures of a spec fill a rectangle.
func (k renderSpec) fits(r rect) bool { return k.cols == r.w && k.rows == r.h }

// renderer scales and encodes the pictures of a page, slots of them at most, for one spec. It
// keeps its memory, so that it is for one answer at a time.
type renderer struct {
	spec    renderSpec
	encoder [slots]*picture.Encoder
	source  [slots]picture.Image
	boxed   [slots]picture.Image
	drawn   [slots]picture.Drawn
}

// take prepares for a spec and tells whether it is another than before.
func (e *renderer) take(k renderSpec) (another bool) {
	if k == e.spec && e.encoder[0] != nil {
		return false
	}
	for i := range e.encoder {
		e.encoder[i] = picture.NewEncoder(k.protocol)
		e.encoder[i].Profile = k.depth
	}
	e.spec = k
	return true
}

// reduction is by how much a picture of w×h pixels can be reduced while it is read.
func (e *renderer) reduction(w, h int) int {
	box := &e.boxed[0]
	e.spec.box(box)
	return max(1, min(w/box.W, h/box.H))
}

// encode draws one picture: source fills what it is of, finish, unless it is nil, draws on
// what came of scaling it.
func (e *renderer) encode(kind, registers int, source, finish func(*picture.Image)) {
	src, box := &e.source[kind], &e.boxed[kind]
	e.spec.box(box)
	source(src)
	picture.Scale(box, src, e.spec.background())
	if finish != nil {
		finish(box)
	}
	e.encoder[kind].Registers = registers
	e.drawn[kind] = e.encoder[kind].Encode(box, e.spec.cols, e.spec.rows)
}
