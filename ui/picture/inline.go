package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// deflater compresses pictures and reuses its buffers.
type deflater struct {
	buf bytes.Buffer
	w   *zlib.Writer
}

func newDeflater() *deflater {
	d := &deflater{}
	// An error would mean an invalid level.
	d.w, _ = zlib.NewWriterLevel(&d.buf, zlib.BestSpeed)
	return d
}

// rows compresses the image's rows, each preceded by a byte 0 (PNG's filter "none") if filter
// is set. The result is valid until the next call. Writing to memory does not fail.
func (d *deflater) rows(img *Image, filter bool) []byte {
	d.buf.Reset()
	d.w.Reset(&d.buf)
	if !filter {
		_, _ = d.w.Write(img.Pix)
	} else {
		for y := range img.H {
			_, _ = d.w.Write([]byte{0})
			_, _ = d.w.Write(img.Pix[3*y*img.W : 3*(y+1)*img.W])
		}
	}
	_ = d.w.Close()
	return d.buf.Bytes()
}

// png appends img as a PNG file of 24-bit colors. It does not try filters: repeated rows
// compress to next to nothing without any, and choosing filters dominates the time.
func (d *deflater) png(dst []byte, img *Image) []byte {
	var head [13]byte
	binary.BigEndian.PutUint32(head[:], uint32(img.W))
	binary.BigEndian.PutUint32(head[4:], uint32(img.H))
	head[8], head[9] = 8, 2 // bits per channel; RGB
	dst = append(dst, "\x89PNG\r\n\x1a\n"...)
	dst = pngChunk(dst, "IHDR", head[:])
	dst = pngChunk(dst, "IDAT", d.rows(img, true))
	return pngChunk(dst, "IEND", nil)
}

func pngChunk(dst []byte, name string, data []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
	start := len(dst)
	dst = append(append(dst, name...), data...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// iterm2 encodes an inline image for iTerm2 and compatible terminals (WezTerm, mintty), sized
// in cells: https://iterm2.com/documentation-images.html.
func (e *Encoder) iterm2(img *Image, cols, rows int) Drawn {
	if e.deflate == nil {
		e.deflate = newDeflater()
	}
	e.png = e.deflate.png(e.png[:0], img)
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(e.png))+120)
	out = append(out, "\x1b]1337;File=inline=1;doNotMoveCursor=1;preserveAspectRatio=0;width="...)
	out = strconv.AppendInt(out, int64(cols), 10)
	out = append(out, ";height="...)
	out = strconv.AppendInt(out, int64(rows), 10)
	out = append(out, ";size="...)
	out = strconv.AppendInt(out, int64(len(e.png)), 10)
	out = append(out, ':')
	out = base64.StdEncoding.AppendEncode(out, e.png)
	return Drawn{Data: append(out, '\a')}
}
