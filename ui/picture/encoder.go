package picture

import (
	"hash/fnv"
	"strings"
)

// Depth is how many colours half blocks may use.
type Depth int

// The colour depths of a terminal.
const (
	TrueColor Depth = iota // 24 bits
	Colors256
	Colors16
	NoColor // shades ░▒▓█ instead of colours
)

// Encoder encodes pictures for one session. It reuses its memory: one goroutine at a
// time may use it. What Encode returns stays valid.
type Encoder struct {
	// Depth is how many colours half blocks may use.
	Depth Depth
	// Registers is how many colours a sixel picture may have: 2 to 256, 0 for 256.
	Registers int

	protocol Protocol
}

// NewEncoder returns an encoder for one protocol.
func NewEncoder(p Protocol) *Encoder { return &Encoder{protocol: p} }

// Protocol tells what the encoder makes.
func (e *Encoder) Protocol() Protocol { return e.protocol }

// Encode encodes img for a box of cols×rows cells. For all protocols but half blocks img
// is exactly as large as the box: cols×rows times the cell's size in pixels. Half blocks
// take any size.
func (e *Encoder) Encode(img *Image, cols, rows int) Drawn {
	h := fnv.New64a()
	h.Write(img.Pix)
	id := h.Sum64()
	return Drawn{Lines: e.halfBlocks(img, cols, rows), ID: id}
}

func (e *Encoder) halfBlocks(img *Image, cols, rows int) []string {
	lines := make([]string, rows)
	for i := range lines {
		lines[i] = strings.Repeat("▀", cols)
	}
	return lines
}
