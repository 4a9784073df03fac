package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strconv"
)

// compression is the level that is twice as good as the fastest, at little more time where rows repeat.
const compression = 4

// deflater compresses pictures and reuses its buffers.
type deflater struct {
	buf bytes.Buffer
	w   *zlib.Writer
	row []byte // filtered

	repeats repeats
	palette palette
}

func newDeflater() *deflater {
	d := &deflater{}
	// An error would mean an invalid level.
	d.w, _ = zlib.NewWriterLevel(&d.buf, compression)
	return d
}

// rows compresses the image's rows, each filtered as PNG does: as the difference from the row above
// where it repeats that, which leaves zeros, else from the pixels at the left, which are zeros, too,
// where an image is enlarged. The result is valid until the next call. Writing to memory does not fail.
func (d *deflater) rows(img *Image) []byte {
	d.buf.Reset()
	d.w.Reset(&d.buf)
	stride := 3 * img.W
	d.row = slices.Grow(d.row[:0], stride+1)[:stride+1]
	for y := range img.H {
		in := img.Pix[y*stride : (y+1)*stride]
		out := d.row[1:]
		if y > 0 && bytes.Equal(in, img.Pix[(y-1)*stride:y*stride]) {
			d.row[0] = filterUp
			clear(out)
		} else {
			d.row[0] = filterSub
			copy(out, in[:3])
			for i := 3; i < len(in); i++ {
				out[i] = in[i] - in[i-3]
			}
		}
		_, _ = d.w.Write(d.row)
	}
	_ = d.w.Close()
	return d.buf.Bytes()
}

// Filters of PNG: differences from the pixel at the left and above.
const (
	filterSub = 1
	filterUp  = 2
)

// png appends img as a PNG file. Images of few different pixels are exact, others get the palette of
// sixels.
func (d *deflater) png(dst []byte, img *Image) []byte {
	d.repeats.find(img)
	cols, rows := d.repeats.size()
	if cols*rows <= fewPixels {
		dst = pngHead(dst, img, pngRGB)
		return pngChunk(pngChunk(dst, "IDAT", d.rows(img)), "IEND", nil)
	}
	d.palette.choose(img, &d.repeats, maxColors)
	dst = pngHead(dst, img, pngIndexed)
	var colors []byte
	for _, c := range d.palette.colors {
		for _, v := range c {
			colors = append(colors, byte((int(v)*255+50)/100))
		}
	}
	dst = pngChunk(dst, "PLTE", colors)
	return pngChunk(pngChunk(dst, "IDAT", d.indices()), "IEND", nil)
}

// indices compresses the image's rows as indices into the palette.
func (d *deflater) indices() []byte {
	d.buf.Reset()
	d.w.Reset(&d.buf)
	cols, rows := d.repeats.size()
	d.row = append(d.row[:0], 0)
	for k := range rows {
		d.row = d.row[:1]
		for j, c := range d.palette.index[k*cols : (k+1)*cols] {
			for range d.repeats.cols[j+1] - d.repeats.cols[j] {
				d.row = append(d.row, byte(c))
			}
		}
		for range d.repeats.rows[k+1] - d.repeats.rows[k] {
			_, _ = d.w.Write(d.row)
		}
	}
	_ = d.w.Close()
	return d.buf.Bytes()
}

// Kinds of pixels in PNG.
const (
	pngRGB     = 2
	pngIndexed = 3
)

// pngHead begins a file of 8 bits per channel or index.
func pngHead(dst []byte, img *Image, kind byte) []byte {
	var head [13]byte
	binary.BigEndian.PutUint32(head[:], uint32(img.W))
	binary.BigEndian.PutUint32(head[4:], uint32(img.H))
	head[8], head[9] = 8, kind
	return pngChunk(append(dst, "\x89PNG\r\n\x1a\n"...), "IHDR", head[:])
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
	d := Drawn{Data: inlineImage(e.file(img), cols, rows)}
	if e.Previews && len(d.Data) > previewBytes {
		d.Preview = inlineImage(e.file(e.smaller(img)), cols, rows)
	}
	return d
}

// file returns an image as a PNG file, valid until the next call.
func (e *Encoder) file(img *Image) []byte {
	if e.deflate == nil {
		e.deflate = newDeflater()
	}
	e.png = e.deflate.png(e.png[:0], img)
	return e.png
}

// inlineImage returns the sequence that displays a file.
func inlineImage(file []byte, cols, rows int) []byte {
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(file))+120)
	out = append(out, "\x1b]1337;File=inline=1;doNotMoveCursor=1;preserveAspectRatio=0;width="...)
	out = strconv.AppendInt(out, int64(cols), 10)
	out = append(out, ";height="...)
	out = strconv.AppendInt(out, int64(rows), 10)
	out = append(out, ";size="...)
	out = strconv.AppendInt(out, int64(len(file)), 10)
	out = append(out, ':')
	return append(base64.StdEncoding.AppendEncode(out, file), '\a')
}
