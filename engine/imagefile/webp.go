package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// webpFile is a WebP file's first image and where it is on the canvas.
type webpFile struct {
	canvasH, canvasW  int // 0: no VP8X chunk, the image is the canvas
	left, top         int
	h, w              int
	kind              string // of the image's chunk: "VP8 " is lossy, "VP8L" lossless
	alphaAt, imageAt  int64  // offsets of the contents of ALPH, if any, and of the image
	alphaLen, length  int64
	exifAt, exifCount int64
}

// uint24 reads three bytes.
func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// readWebP finds the chunks. It reads on after the image for EXIF data only if asked to.
func readWebP(from io.ReadSeeker, exif bool) (f webpFile, err error) {
	var b [24]byte
	at := int64(12)
	for range mostChunks {
		if err = readAt(from, at, b[:8]); err != nil {
			break
		}
		id, n := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:]))
		contents := at + 8
		at = contents + n + n%2
		switch {
		case id == "VP8X" && n >= 10 && f.canvasW == 0:
			if _, err = io.ReadFull(from, b[:10]); err == nil {
				f.canvasW, f.canvasH = uint24(b[4:])+1, uint24(b[7:])+1
			}
			if f.canvasW*f.canvasH > MaxPixels {
				return f, err // is rejected for its size
			}
		case id == "ANMF" && n >= 16 && f.kind == "":
			if _, err = io.ReadFull(from, b[:16]); err == nil {
				f.left, f.top = 2*uint24(b[0:]), 2*uint24(b[3:])
				at = contents + 16 // its chunks
			}
		case id == "ALPH" && f.kind == "":
			f.alphaAt, f.alphaLen = contents, n
		case (id == "VP8 " || id == "VP8L") && f.kind == "":
			f.kind, f.imageAt, f.length = id, contents, n
			err = f.readSize(from)
			if err == nil && !exif {
				return f, f.check()
			}
		case id == "EXIF" && f.exifAt == 0:
			f.exifAt, f.exifCount = contents, n
		}
		if err != nil {
			return f, err
		}
	}
	if f.kind == "" {
		return f, errors.New("the WebP file has no image")
	}
	return f, f.check()
}

// readSize reads the image's size from its own header.
func (f *webpFile) readSize(from io.Reader) error {
	var b [10]byte
	n := 10
	if f.kind == "VP8L" {
		n = 5
	}
	if _, err := io.ReadFull(from, b[:n]); err != nil {
		return err
	}
	switch {
	case f.kind == "VP8L" && b[0] == 0x2f:
		bits := int(binary.LittleEndian.Uint32(b[1:]))
		f.w, f.h = bits&0x3fff+1, bits>>14&0x3fff+1
	case f.kind == "VP8 " && b[3] == 0x9d && b[4] == 1 && b[5] == 0x2a:
		f.w, f.h = int(binary.LittleEndian.Uint16(b[6:]))&0x3fff, int(binary.LittleEndian.Uint16(b[8:]))&0x3fff
	default:
		return errors.New("the WebP file's image has no header")
	}
	return nil
}

// check has the image on its canvas.
func (f *webpFile) check() error {
	if f.canvasW == 0 {
		f.canvasH, f.canvasW, f.left, f.top = f.h, f.w, 0, 0
	}
	if f.left+f.w > f.canvasW || f.top+f.h > f.canvasH {
		return fmt.Errorf("an image of %d×%d pixels at (%d, %d) exceeds its canvas of %d×%d", f.w, f.h, f.left, f.top, f.canvasW, f.canvasH)
	}
	return nil
}

func webpConfig(from io.ReadSeeker) (Config, error) {
	f, err := readWebP(from, false)
	return Config{C: 3, H: f.canvasH, W: f.canvasW}, err
}

func webpOrientation(from io.ReadSeeker) (int, error) {
	f, err := readWebP(from, true)
	if err != nil || f.exifAt == 0 || f.exifCount > mostEXIF {
		return 0, err
	}
	if _, err := from.Seek(f.exifAt, io.SeekStart); err != nil {
		return 0, err
	}
	data, err := readUpTo(from, f.exifCount)
	if err != nil {
		return 0, err
	}
	return exifOrientation(data)
}

// decodeWebP decodes the image with golang.org/x/image, whose own conversion of lossy images takes
// their limited range (black is 16, white 235) for the full one.
func decodeWebP(from io.ReadSeeker, c Config) (Rows, error) {
	f, err := readWebP(from, false)
	if err != nil {
		return Rows{}, err
	}
	still, err := f.still(from)
	if err != nil {
		return Rows{}, err
	}
	src, err := webp.Decode(bytes.NewReader(still))
	if err != nil {
		return Rows{}, err
	}
	if src.Bounds().Dx() != f.w || src.Bounds().Dy() != f.h {
		return Rows{}, errors.New("the image differs in size from its header")
	}
	var rows Rows
	switch src := src.(type) {
	case *image.YCbCr:
		rows = webpRows(src, nil, 0)
	case *image.NYCbCrA:
		rows = webpRows(&src.YCbCr, src.A, src.AStride)
	default:
		rows = rowsOf(src)
	}
	return placed(rows, f.left, f.top, c.H, c.W), nil
}

// still returns the image as a WebP file of its own, without animation and metadata.
func (f *webpFile) still(from io.ReadSeeker) ([]byte, error) {
	file := []byte("RIFF\x00\x00\x00\x00WEBP")
	chunk := func(id string, contents []byte) {
		file = append(file, id...)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(contents)))
		file = append(append(file, contents...), make([]byte, len(contents)%2)...)
	}
	read := func(id string, at, n int64) error {
		if _, err := from.Seek(at, io.SeekStart); err != nil {
			return err
		}
		contents, err := readUpTo(from, n)
		chunk(id, contents)
		return err
	}
	if f.alphaAt != 0 && f.kind == "VP8 " {
		w, h := f.w-1, f.h-1
		const hasAlpha = 1 << 4
		chunk("VP8X", []byte{hasAlpha, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
		if err := read("ALPH", f.alphaAt, f.alphaLen); err != nil {
			return nil, err
		}
	}
	if err := read(f.kind, f.imageAt, f.length); err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file, nil
}

// webpRows interpolates and converts a lossy image as libwebp does, and composites it over black;
// alpha may be nil.
func webpRows(src *image.YCbCr, alpha []byte, stride int) Rows {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	cw, ch := (w+1)/2, (h+1)/2
	cb, cr := plane{src.Cb, src.CStride, cw, ch, 2, 2}, plane{src.Cr, src.CStride, cw, ch, 2, 2}
	u, v := make([]byte, w+1), make([]byte, w+1)
	return Rows{3, h, w, func(y int, to [][]float32) {
		webpUpsample(u, &cb, y)
		webpUpsample(v, &cr, y)
		limitedToRGB(src.Y[y*src.YStride:][:w], u, v, to)
		if alpha == nil {
			return
		}
		for x, a := range alpha[y*stride:][:w] {
			to[0][x] *= unit[a]
			to[1][x] *= unit[a]
			to[2][x] *= unit[a]
		}
	}}
}

// webpUpsample interpolates row y of subsampled chroma: a pixel has 9/16 of the nearest sample, 3/16
// of its two neighbors and 1/16 of the diagonal one, rounded as in dsp/upsampling.c of libwebp.
func webpUpsample(dst []byte, p *plane, y int) {
	near, far := p.at(y/2), p.at(y/2-1)
	if y%2 == 1 {
		far = p.at(y/2 + 1)
	}
	edge := func(x int) byte { return byte((3*uint32(near[x]) + uint32(far[x]) + 2) >> 2) }
	dst[0] = edge(0)
	nl, fl := uint32(near[0]), uint32(far[0])
	for x := 1; x < p.w; x++ {
		nr, fr := uint32(near[x]), uint32(far[x])
		sum := nl + nr + fl + fr + 8
		dst[2*x-1] = byte(((sum+2*(nr+fl))>>3 + nl) >> 1)
		dst[2*x] = byte(((sum+2*(nl+fr))>>3 + nr) >> 1)
		nl, fl = nr, fr
	}
	dst[2*p.w-1] = edge(p.w - 1)
}

// limitedToRGB converts ITU-R BT.601 of limited range in the fixed-point arithmetic of dsp/yuv.h of
// libwebp.
func limitedToRGB(luma, cb, cr []byte, to [][]float32) {
	const fraction = 6
	clip := func(v int32) float32 { return unit[max(0, min(v>>fraction, 255))] }
	red, green, blue := to[0], to[1], to[2]
	for x, l := range luma {
		y, u, v := int32(l)*19077>>8, int32(cb[x]), int32(cr[x])
		red[x] = clip(y + v*26149>>8 - 14234)
		green[x] = clip(y - u*6419>>8 - v*13320>>8 + 8708)
		blue[x] = clip(y + u*33050>>8 - 17685)
	}
}
