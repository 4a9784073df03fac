package picture

import (
	"encoding/binary"
	"hash/maphash"
)

// Depth is how many colours half blocks may use.
type Depth int

// The colour depths of a terminal.
const (
	TrueColor Depth = iota // 24 bits
	Colors256              // xterm's cube and greys
	Colors16
	NoColor // shades ░▒▓█ instead of colours
)

// String says the depth in words.
func (d Depth) String() string {
	switch d {
	case Colors256:
		return "256 colours"
	case Colors16:
		return "16 colours"
	case NoColor:
		return "no colours"
	default:
		return "24-bit colours"
	}
}

// Encoder encodes pictures for one session. It reuses its memory, a megabyte or two for
// sixel: one goroutine at a time may use it. What Encode returned stays valid; encoding
// the same picture again returns it at once.
type Encoder struct {
	// Depth is how many colours half blocks may use.
	Depth Depth
	// Light says that the terminal's background is light, which shades turn around.
	Light bool
	// Registers is how many colours a sixel picture may have, from 2 to 1024, as
	// term.Capabilities.Colors tells; 0 stands for 256.
	Registers int

	protocol Protocol
	sixel    *sixelEncoder
	deflate  *deflater
	png      []byte
	cells    Image

	last Drawn
	key  cacheKey
}

// cacheKey is all that Encode's result depends on.
type cacheKey struct {
	pixels           uint64
	w, h, cols, rows int
	depth            Depth
	light            bool
	registers        int
}

// NewEncoder returns an encoder for one protocol.
func NewEncoder(p Protocol) *Encoder { return &Encoder{protocol: p} }

// Protocol tells what the encoder makes.
func (e *Encoder) Protocol() Protocol { return e.protocol }

// seed makes IDs equal for equal bytes within the process.
var seed = maphash.MakeSeed()

// Encode encodes img for a box of cols×rows cells, at least 1×1. For all protocols but
// half blocks img is exactly as large as the box: cols×rows times the cell's size in
// pixels. Half blocks take any size and stretch it to the box.
func (e *Encoder) Encode(img *Image, cols, rows int) Drawn {
	cols, rows = max(cols, 1), max(rows, 1)
	key := cacheKey{maphash.Bytes(seed, img.Pix), img.W, img.H, cols, rows, e.Depth, e.Light, e.Registers}
	if key == e.key {
		return e.last
	}
	d := Drawn{}
	switch e.protocol {
	case Sixel:
		if e.sixel == nil {
			e.sixel = new(sixelEncoder)
		}
		d.Data = e.sixel.encode(img, e.Registers)
	case Kitty:
		d = e.kitty(img, cols, rows)
	case ITerm2:
		d.Data = e.iterm2(img, cols, rows)
	default:
		d.Lines = e.halfBlocks(img, cols, rows)
	}
	d.ID = identity(d, cols, rows)
	e.key, e.last = key, d
	return d
}

// identity is the same for pictures that look the same on the screen.
func identity(d Drawn, cols, rows int) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var size [16]byte
	binary.LittleEndian.PutUint64(size[:], uint64(cols))
	binary.LittleEndian.PutUint64(size[8:], uint64(rows))
	h.Write(size[:])
	h.Write(d.Data)
	for _, s := range d.Lines {
		h.WriteString(s)
	}
	return h.Sum64()
}
