package imagefile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// bmpHeader is the header of a BMP file.
type bmpHeader struct {
	h, w        int
	topDown     bool
	depth       int // bits per pixel
	compression uint32
	masks       [4]uint32 // of red, green, blue and alpha, where depth is 16 or 32
	palette     [][3]byte // blue, green, red
	pixels      int64     // offset
}

// Compressions of BMP files.
const (
	bmpRGB       = 0
	bmpRLE8      = 1
	bmpRLE4      = 2
	bmpBitfields = 3
	bmpAlphaBits = 6 // bitfields with alpha
)

// readBMPHeader reads headers of all versions: OS/2 (12, 16 and 64 bytes) and Windows (40 to 124).
func readBMPHeader(from io.ReadSeeker) (h bmpHeader, err error) {
	var b [14 + 124]byte
	if err := readAt(from, 0, b[:18]); err != nil {
		return h, err
	}
	h.pixels = int64(binary.LittleEndian.Uint32(b[10:]))
	size := int64(binary.LittleEndian.Uint32(b[14:]))
	if size != 12 && size != 16 && size != 40 && size != 52 && size != 56 && size != 64 && size != 108 && size != 124 {
		return h, fmt.Errorf("a BMP header of %d bytes is not supported", size)
	}
	info := b[14:][:size]
	if err := readAt(from, 14, info); err != nil {
		return h, err
	}
	colors, entry := int64(0), int64(4)
	if size == 12 {
		h.w, h.h = int(binary.LittleEndian.Uint16(info[4:])), int(binary.LittleEndian.Uint16(info[6:]))
		h.depth, entry = int(binary.LittleEndian.Uint16(info[10:])), 3
	} else {
		h.w, h.h = int(int32(binary.LittleEndian.Uint32(info[4:]))), int(int32(binary.LittleEndian.Uint32(info[8:])))
		h.depth = int(binary.LittleEndian.Uint16(info[14:]))
	}
	if size >= 40 {
		h.compression = binary.LittleEndian.Uint32(info[16:])
		colors = int64(binary.LittleEndian.Uint32(info[32:]))
	}
	if h.h < 0 {
		h.h, h.topDown = -h.h, true
	}
	at, err := h.readMasks(from, info)
	if err != nil {
		return h, err
	}
	return h, h.readPalette(from, at, colors, entry)
}

// readMasks reads the channels' masks, if any, in or after the header, and returns the offset of what
// follows.
func (h *bmpHeader) readMasks(from io.ReadSeeker, info []byte) (int64, error) {
	at := int64(14 + len(info))
	switch {
	case h.compression == bmpRGB || h.compression == bmpRLE8 && h.depth == 8 || h.compression == bmpRLE4 && h.depth == 4:
		if h.depth == 16 {
			h.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
		} else if h.depth == 32 {
			h.masks = [4]uint32{0xff0000, 0xff00, 0xff, 0xff000000}
		}
		return at, nil
	case len(info) == 64, h.compression != bmpBitfields && h.compression != bmpAlphaBits, h.depth != 16 && h.depth != 32:
		return 0, fmt.Errorf("compression %d of a BMP with %d bits per pixel is not supported", h.compression, h.depth)
	}
	n := 3
	if h.compression == bmpAlphaBits || len(info) >= 56 {
		n = 4
	}
	masks := make([]byte, 4*n)
	if len(info) >= 40+4*n {
		copy(masks, info[40:])
	} else {
		if err := readAt(from, 14+40, masks); err != nil {
			return 0, err
		}
		at = 14 + 40 + int64(len(masks))
	}
	for i := range n {
		h.masks[i] = binary.LittleEndian.Uint32(masks[4*i:])
	}
	return at, nil
}

// readPalette reads up to 256 colors of entry bytes, which end where the pixels start.
func (h *bmpHeader) readPalette(from io.ReadSeeker, at, colors, entry int64) error {
	switch h.depth {
	case 16, 24, 32:
		return nil
	case 1, 2, 4, 8:
	default:
		return fmt.Errorf("a BMP of %d bits per pixel is not supported", h.depth)
	}
	if colors == 0 || colors > 1<<h.depth {
		colors = 1 << h.depth
	}
	if room := (h.pixels - at) / entry; room >= 0 {
		colors = min(colors, room)
	}
	data := make([]byte, colors*entry)
	if err := readAt(from, at, data); err != nil {
		return err
	}
	for ; len(data) > 0; data = data[entry:] {
		h.palette = append(h.palette, [3]byte(data))
	}
	return nil
}

func bmpConfig(from io.ReadSeeker) (Config, error) {
	h, err := readBMPHeader(from)
	return Config{C: 3, H: h.h, W: h.w}, err
}

func decodeBMP(from io.ReadSeeker, _ Config) (Rows, error) {
	h, err := readBMPHeader(from)
	if err != nil {
		return Rows{}, err
	}
	if _, err := from.Seek(h.pixels, io.SeekStart); err != nil {
		return Rows{}, err
	}
	var data []byte
	stride := (h.w*h.depth + 31) / 32 * 4
	if h.compression == bmpRLE8 || h.compression == bmpRLE4 {
		data, err = h.unpack(buffered(from))
		h.depth, stride = 8, h.w
	} else {
		data, err = readUpTo(from, int64(stride)*int64(h.h))
	}
	if err != nil {
		return Rows{}, err
	}
	convert := h.converter(data, stride)
	return Rows{3, h.h, h.w, func(y int, to [][]float32) {
		if !h.topDown {
			y = h.h - 1 - y
		}
		convert(data[y*stride:][:stride], to)
	}}, nil
}

// converter returns what converts a row.
func (h *bmpHeader) converter(data []byte, stride int) func(row []byte, to [][]float32) {
	switch h.depth {
	case 24:
		return func(row []byte, to [][]float32) {
			for x := range to[0] {
				p := row[3*x:][:3]
				to[0][x], to[1][x], to[2][x] = unit[p[2]], unit[p[1]], unit[p[0]]
			}
		}
	case 16, 32:
		return h.maskedConverter(data, stride)
	}
	palette := make([][3]byte, 256) // indices beyond the file's palette are black
	copy(palette, h.palette)
	mask := byte(1<<h.depth - 1)
	return func(row []byte, to [][]float32) {
		for x := range to[0] {
			bit := x * h.depth
			c := palette[row[bit/8]>>(8-h.depth-bit%8)&mask]
			to[0][x], to[1][x], to[2][x] = unit[c[2]], unit[c[1]], unit[c[0]]
		}
	}
}

// maskedConverter is for pixels of 16 or 32 bits. The fourth channel is alpha if any pixel has it:
// many programs leave it zero.
func (h *bmpHeader) maskedConverter(data []byte, stride int) func(row []byte, to [][]float32) {
	bytes := h.depth / 8
	pixel := func(row []byte, x int) uint32 {
		if bytes == 2 {
			return uint32(binary.LittleEndian.Uint16(row[2*x:]))
		}
		return binary.LittleEndian.Uint32(row[4*x:])
	}
	hasAlpha := false
	for y := 0; y < h.h && !hasAlpha && h.masks[3] != 0; y++ {
		for x := 0; x < h.w && !hasAlpha; x++ {
			hasAlpha = pixel(data[y*stride:], x)&h.masks[3] != 0
		}
	}
	return func(row []byte, to [][]float32) {
		for x := range to[0] {
			v, alpha := pixel(row, x), float32(1)
			if hasAlpha {
				alpha = masked(v, h.masks[3])
			}
			for p := range to {
				to[p][x] = alpha * masked(v, h.masks[p])
			}
		}
	}
}

// masked returns the bits of a mask as a number in [0,1].
func masked(v, mask uint32) float32 {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	return float32(v&mask>>shift) / float32(mask>>shift)
}

// unpack decodes run lengths into a byte per pixel, bottom row first. Pixels that are skipped have
// the first color. Memory grows with rows that the file has.
func (h *bmpHeader) unpack(r *bufio.Reader) ([]byte, error) {
	u := bmpUnpacker{r: r, w: h.w, h: h.h, nibbles: h.compression == bmpRLE4}
	for !u.done {
		if err := u.code(); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return append(u.pix, make([]byte, h.w*h.h-len(u.pix))...), nil
}

// bmpUnpacker writes pixels from the left of the bottom row on.
type bmpUnpacker struct {
	r       *bufio.Reader
	nibbles bool // two pixels per byte
	w, h    int
	x, y    int
	pix     []byte
	done    bool
}

// code decodes a pair of bytes and what belongs to it. Pixels outside the image are dropped.
func (u *bmpUnpacker) code() error {
	if u.y >= u.h { // the mark of the end may be left out
		u.done = true
		return nil
	}
	count, err := u.r.ReadByte()
	if err != nil {
		return err
	}
	value, err := u.r.ReadByte()
	switch {
	case err != nil:
		return err
	case count > 0:
		return u.put(int(count), func() (byte, error) { return value, nil })
	case value == 0: // end of line
		u.x, u.y = 0, u.y+1
	case value == 1:
		u.done = true
	case value == 2: // move
		var move [2]byte
		if _, err := io.ReadFull(u.r, move[:]); err != nil {
			return err
		}
		u.x, u.y = u.x+int(move[0]), u.y+int(move[1])
	default: // pixels as they are, padded to 16 bits
		size := int(value)
		if u.nibbles {
			size = (size + 1) / 2
		}
		if err := u.put(int(value), u.r.ReadByte); err != nil {
			return err
		}
		if size%2 == 1 {
			_, err = u.r.Discard(1)
		}
		return err
	}
	return nil
}

// put writes n pixels, from bytes that next returns.
func (u *bmpUnpacker) put(n int, next func() (byte, error)) error {
	start, room := u.y*u.w+u.x, max(0, u.w-u.x)
	if missing := start + min(n, room) - len(u.pix); room > 0 && missing > 0 {
		u.pix = append(u.pix, make([]byte, missing)...)
	}
	var b byte
	for i := range n {
		if i%2 == 0 || !u.nibbles {
			var err error
			if b, err = next(); err != nil {
				return err
			}
		}
		if i >= room {
			continue
		}
		v := b
		if u.nibbles {
			v = b >> (4 - 4*(i%2)) & 15
		}
		u.pix[start+i] = v
	}
	u.x += n
	return nil
}
