// Package picture turns pixels into what a terminal draws: sixel, Kitty's graphics
// protocol with Unicode placeholders, iTerm2's inline images, or half blocks of text.
//
// A page asks Scale to fit its image into the pixels of the picture's cell box, and an
// Encoder of the session's protocol to encode the result:
//
//	box := picture.New(cols*caps.CellW, rows*caps.CellH)
//	picture.Scale(box, src, background)
//	drawn := encoder.Encode(box, cols, rows)
//
// drawn.Lines, when there are any, go into the View; drawn.Data goes to the output layer
// of package term. The package knows nothing of either.
package picture

import (
	"fmt"
	"image/color"
	"strings"
)

// Protocol is a way to show pictures in a terminal.
type Protocol int

// The protocols, in no particular order of preference: the zero value works everywhere.
const (
	HalfBlocks Protocol = iota // text: ▀ with two colours a cell
	Sixel                      // DEC sixel graphics
	Kitty                      // Kitty graphics shown through Unicode placeholders
	ITerm2                     // iTerm2 inline images, OSC 1337
)

// String returns the name that Parse understands.
func (p Protocol) String() string {
	switch p {
	case Sixel:
		return "sixel"
	case Kitty:
		return "kitty"
	case ITerm2:
		return "iterm2"
	default:
		return "blocks"
	}
}

// Parse returns the protocol of that name: sixel, kitty, iterm2 or blocks.
func Parse(name string) (Protocol, error) {
	for _, p := range []Protocol{HalfBlocks, Sixel, Kitty, ITerm2} {
		if strings.EqualFold(name, p.String()) {
			return p, nil
		}
	}
	return HalfBlocks, fmt.Errorf("unknown kind of pictures %q: use sixel, kitty, iterm2 or blocks", name)
}

// Image is a picture of packed 8-bit RGB pixels, row by row, 3·W·H bytes.
type Image struct {
	W, H int
	Pix  []byte
}

// New returns a black image of w×h pixels, both at least 1.
func New(w, h int) *Image {
	w, h = max(w, 1), max(h, 1)
	return &Image{W: w, H: h, Pix: make([]byte, 3*w*h)}
}

// Resize makes im w×h pixels, reusing its memory; what it then shows is not defined.
func (im *Image) Resize(w, h int) {
	w, h = max(w, 1), max(h, 1)
	n := 3 * w * h
	if cap(im.Pix) < n {
		im.Pix = make([]byte, n)
	}
	im.W, im.H, im.Pix = w, h, im.Pix[:n]
}

// RGB is a colour without transparency. It implements color.Color.
type RGB struct{ R, G, B uint8 }

// RGBA implements color.Color.
func (c RGB) RGBA() (r, g, b, a uint32) {
	return color.RGBA{c.R, c.G, c.B, 255}.RGBA()
}

// Fill paints all of im in one colour.
func (im *Image) Fill(c RGB) {
	for i := 0; i+2 < len(im.Pix); i += 3 {
		im.Pix[i], im.Pix[i+1], im.Pix[i+2] = c.R, c.G, c.B
	}
}

// Drawn is an encoded picture.
type Drawn struct {
	// Lines is the text that stands in the View where the picture is: exactly rows lines
	// of cols cells, for half blocks and Kitty. nil means that the output layer's blanks
	// belong there (sixel, iTerm2).
	Lines []string
	// Data is what the output layer writes; nil for half blocks.
	Data []byte
	// Remove is what the output layer writes once the picture is gone, for terminals that
	// keep pictures until told otherwise (Kitty). A picture with Remove is not drawn at
	// the cursor but shown by its Lines.
	Remove []byte
	// ID tells pictures apart: equal for equal Data and size.
	ID uint64
}
