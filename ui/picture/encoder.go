package picture

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/charmbracelet/colorprofile"
)

// Encoder encodes pictures for one session. It reuses its buffers (one or two megabytes for
// sixel) and is not safe for concurrent use. Results stay valid; encoding the same picture
// again returns the last result.
type Encoder struct {
	// Profile is the terminal's color profile, used by half blocks: ASCII replaces colors by
	// the shades ░▒▓█; the zero value is 24-bit color.
	Profile colorprofile.Profile
	// Light means that the terminal's background is light: shades are inverted.
	Light bool
	// Registers is the number of sixel color registers, at least 2; 0 means 256, and more are not used.
	Registers int
	// Previews adds coarse versions to pictures.
	Previews bool

	protocol Protocol
	sixels   *sixelEncoder
	deflate  *deflater
	png      []byte
	cells    Image
	mixes    *mixes
	coarse   Image

	last Drawn
	key  cacheKey
}

// cacheKey is everything Encode's result depends on.
type cacheKey struct {
	pixels           uint64
	w, h, cols, rows int
	profile          colorprofile.Profile
	light, previews  bool
	registers        int
}

// NewEncoder returns an encoder for one protocol.
func NewEncoder(p Protocol) *Encoder { return &Encoder{protocol: p} }

// Protocol returns the encoder's protocol.
func (e *Encoder) Protocol() Protocol { return e.protocol }

// seed is shared by all encoders so that equal bytes have equal IDs within the process.
var seed = maphash.MakeSeed()

// Encode encodes img for a box of cols×rows cells, at least 1×1. For every protocol except
// half blocks img must be exactly the size of the box: cols×rows times the size of a cell in
// pixels. Half blocks resample an image of any size to the box.
func (e *Encoder) Encode(img *Image, cols, rows int) Drawn {
	cols, rows = max(cols, 1), max(rows, 1)
	key := cacheKey{maphash.Bytes(seed, img.Pix), img.W, img.H, cols, rows, e.Profile, e.Light, e.Previews, e.Registers}
	if key == e.key {
		return e.last
	}
	d := protocols[e.protocol].encode(e, img, cols, rows)
	d.ID, d.Cells = identity(d, cols, rows), cellsOf(img, cols, rows)
	e.key, e.last = key, d
	return d
}

// identity returns equal IDs for pictures that look the same on screen.
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
