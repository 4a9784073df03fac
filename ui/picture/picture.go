// Package picture encodes pixels for a terminal: as sixel, Kitty graphics with Unicode
// placeholders, iTerm2 inline images, or half blocks of text.
//
// Scale fits an image into the pixels of a box of cells, and an Encoder of the session's
// protocol encodes the result:
//
//	box := picture.New(cols*caps.CellW, rows*caps.CellH)
//	picture.Scale(box, src, background)
//	drawn := encoder.Encode(box, cols, rows)
//
// drawn.Lines, if any, are the text of the box; drawn.Data is written to the terminal after
// the frame. To add a protocol, write its encoder in a file of its own, add a row to the
// protocols table below, and one to the table in package term that says how a terminal
// advertises it.
//
// # Bytes
//
// What three pictures of 320×318 pixels take, a whole image and its low-pass and high-pass images, in
// thousands of bytes, and the least PSNR of the three in dB, beside chafa 1.12.4 (chafa -f sixel). Kitty's
// placeholders are included, half blocks take 90. Enlarged images of 32×32 pixels are exact but for sixels.
//
//	                        chafa        sixel        kitty  iTerm2
//	CIFAR-10, image 3        92 (40.1)    48 (41.2)    48     23
//	CIFAR-10, image 7        88 (33.8)    50 (36.0)    49     24
//	CIFAR-10, image 13       96 (40.7)    52 (41.1)    48     23
//	dog, 224×224            717 (34.5)   381 (35.3)   199    173
//	circuit board, 224×224  970 (34.1)   630 (34.2)   271    245
//	street, 280×360         724 (34.4)   375 (34.5)   201    175
package picture

import (
	"fmt"
	"image/color"
	"strings"
)

// Protocol is a way of displaying pictures in a terminal.
type Protocol int

// The zero value, HalfBlocks, works in every terminal.
const (
	HalfBlocks  Protocol = iota // text: ▀ with two colors per cell
	Sixel                       // DEC sixel graphics
	Kitty                       // Kitty graphics shown through Unicode placeholders
	KittyDirect                 // Kitty graphics placed at the cursor, without placeholders
	ITerm2                      // iTerm2 inline images, OSC 1337
)

// protocols holds each protocol's name and encoder.
var protocols = [...]struct {
	name   string
	encode func(e *Encoder, img *Image, cols, rows int) Drawn
}{
	HalfBlocks:  {"blocks", (*Encoder).halfBlocks},
	Sixel:       {"sixel", (*Encoder).sixel},
	Kitty:       {"kitty", (*Encoder).kitty},
	KittyDirect: {"kitty-direct", (*Encoder).kittyDirect},
	ITerm2:      {"iterm2", (*Encoder).iterm2},
}

// Names lists the names that Parse accepts, the preferred protocol first.
func Names() []string {
	names := make([]string, 0, len(protocols))
	for _, p := range protocols[1:] {
		names = append(names, p.name)
	}
	return append(names, protocols[HalfBlocks].name)
}

// String returns the protocol's name, as Parse accepts it.
func (p Protocol) String() string { return protocols[p].name }

// Parse returns the protocol with a name, ignoring case. The error names those there are.
func Parse(name string) (Protocol, error) {
	for p := range protocols {
		if strings.EqualFold(name, protocols[p].name) {
			return Protocol(p), nil
		}
	}
	return HalfBlocks, fmt.Errorf("unknown graphics protocol %q: use %s", name, strings.Join(Names(), ", "))
}

// Image holds packed 8-bit RGB pixels in row-major order, 3·W·H bytes.
type Image struct {
	W, H int
	Pix  []byte
}

// New returns a black image of w×h pixels, each raised to at least 1.
func New(w, h int) *Image {
	w, h = max(w, 1), max(h, 1)
	return &Image{W: w, H: h, Pix: make([]byte, 3*w*h)}
}

// Resize makes im w×h pixels, reusing its memory; the pixels' values are undefined afterwards.
func (im *Image) Resize(w, h int) {
	w, h = max(w, 1), max(h, 1)
	n := 3 * w * h
	if cap(im.Pix) < n {
		im.Pix = make([]byte, n)
	}
	im.W, im.H, im.Pix = w, h, im.Pix[:n]
}

// RGB is an opaque color. It implements color.Color.
type RGB struct{ R, G, B uint8 }

// RGBA implements color.Color.
func (c RGB) RGBA() (r, g, b, a uint32) {
	return color.RGBA{c.R, c.G, c.B, 255}.RGBA()
}

// Fill sets every pixel to c.
func (im *Image) Fill(c RGB) {
	for i := 0; i+2 < len(im.Pix); i += 3 {
		im.Pix[i], im.Pix[i+1], im.Pix[i+2] = c.R, c.G, c.B
	}
}

// Drawn is an encoded picture.
type Drawn struct {
	// Lines is the text in the picture's place: exactly rows lines of cols cells, for half
	// blocks and Kitty. nil means that the picture is drawn over blanks (sixel, iTerm2, Kitty
	// without placeholders).
	Lines []string
	// Data is written to the terminal after the frame; nil for half blocks.
	Data []byte
	// Preview is a coarse picture of fewer bytes that Data replaces; nil if none was asked for, or
	// if Data is small. Cuts is where Data may be interrupted.
	Preview []byte
	Cuts    Cuts
	// Remove deletes the picture from a terminal that stores it (Kitty). A picture with Remove
	// is displayed by its Lines instead of being drawn at the cursor.
	Remove []byte
	// Erase deletes a picture drawn over blanks that text does not erase (Kitty without
	// placeholders); nil if text does.
	Erase []byte
	// ID identifies the picture: equal for equal Data and size.
	ID uint64
	// Cells is the picture at two pixels per cell, one above the other, for Dimmed.
	Cells *Image
}

// Cuts says where Data may be interrupted by other output: before any of the positions At, after
// End has been written. To go on, Data[:Head] is written at the same position as before, then Skip
// once for every cut up to there, then the rest. Without At it may not.
type Cuts struct {
	At        []int
	Head      int
	Skip, End string
}
