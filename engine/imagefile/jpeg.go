package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// jpegHeader is what precedes the first scan of a JPEG file.
type jpegHeader struct {
	frame       byte // marker of the frame, SOFn
	precision   int
	h, w        int
	ids         []byte   // of the components
	sampling    [][2]int // horizontal and vertical factors of the components
	jfif, adobe bool
	transform   byte // of the Adobe marker: 0 is RGB or CMYK
	orientation int
	scan        int64 // offset of the first scan's marker
}

// Markers of JPEG segments.
const (
	jpegSOF0 = 0xc0
	jpegDHT  = 0xc4
	jpegJPG  = 0xc8
	jpegDAC  = 0xcc
	jpegRST0 = 0xd0
	jpegEOI  = 0xd9
	jpegSOS  = 0xda
	jpegAPP0 = 0xe0
	jpegAPP1 = 0xe1
	adobeAPP = 0xee
)

// readJPEGHeader reads segments up to the first scan.
func readJPEGHeader(from io.ReadSeeker) (h jpegHeader, err error) {
	r := buffered(from)
	var at int64
	next := func() (b byte) {
		if err == nil {
			b, err = r.ReadByte()
			at++
		}
		return b
	}
	next()
	next()
	for segment := make([]byte, 1<<16); err == nil; {
		marker := next()
		for err == nil && marker != 0xff { // bytes outside segments are ignored, as libjpeg does
			marker = next()
		}
		for err == nil && marker == 0xff {
			marker = next()
		}
		if marker == 0 || marker >= jpegRST0 && marker < jpegEOI {
			continue // no segment
		}
		h.scan = at - 2
		n := int(next())<<8 | int(next())
		switch {
		case err != nil:
		case marker == jpegSOS && h.frame == 0, marker == jpegEOI:
			return h, errors.New("no frame before the first scan")
		case marker == jpegSOS:
			return h, nil
		case n < 2:
			return h, errors.New("a segment has no length")
		default:
			data := segment[:n-2]
			_, err = io.ReadFull(r, data)
			at += int64(len(data))
			h.segment(marker, data)
		}
	}
	return h, err
}

// segment takes what is of interest from a segment.
func (h *jpegHeader) segment(marker byte, data []byte) {
	switch {
	case marker == jpegAPP0 && len(data) >= 5:
		h.jfif = h.jfif || string(data[:5]) == "JFIF\x00"
	case marker == jpegAPP1 && bytes.HasPrefix(data, []byte("Exif\x00\x00")) && h.orientation == 0:
		h.orientation, _ = exifOrientation(data) // unreadable: none
	case marker == adobeAPP && len(data) >= 12 && string(data[:5]) == "Adobe":
		h.adobe, h.transform = true, data[11]
	case marker >= jpegSOF0 && marker < jpegRST0 && marker != jpegDHT && marker != jpegJPG && marker != jpegDAC && len(data) >= 6 && h.frame == 0:
		h.frame, h.precision = marker, int(data[0])
		h.h, h.w = int(data[1])<<8|int(data[2]), int(data[3])<<8|int(data[4])
		for c := data[6:]; len(c) >= 3 && len(h.ids) < int(data[5]); c = c[3:] {
			h.ids = append(h.ids, c[0])
			h.sampling = append(h.sampling, [2]int{int(c[1] >> 4), int(c[1] & 15)})
		}
	}
}

// isRGB reports whether three components are red, green and blue, by libjpeg's rules.
func (h *jpegHeader) isRGB() bool {
	return len(h.ids) == 3 && !h.jfif && (h.adobe && h.transform == 0 || !h.adobe && string(h.ids) == "RGB")
}

func (h *jpegHeader) subsampled() bool {
	for _, s := range h.sampling {
		if s != h.sampling[0] {
			return true
		}
	}
	return false
}

func jpegOrientation(from io.ReadSeeker) (int, error) {
	h, err := readJPEGHeader(from)
	return h.orientation, err
}

func jpegConfig(from io.ReadSeeker) (Config, error) {
	h, err := readJPEGHeader(from)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return Config{}, errors.New("the JPEG file ends in its header")
	case err != nil:
		return Config{}, err
	case h.frame > jpegSOF0+2 && h.frame >= jpegJPG:
		return Config{}, errors.New("a JPEG with arithmetic coding, which is not supported")
	case h.frame > jpegSOF0+2:
		return Config{}, errors.New("a lossless or hierarchical JPEG, which is not supported")
	case h.precision != 8:
		return Config{}, fmt.Errorf("a JPEG of %d bits per channel, of which 8 are supported", h.precision)
	}
	c := 3
	if len(h.ids) == 1 {
		c = 1
	}
	return Config{C: c, H: h.h, W: h.w}, nil
}

// Segments that have the decoder return components as they are coded: JFIF files are never RGB, and
// Adobe's transform 0 is CMYK.
const (
	asYCbCr = "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	asCMYK  = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
)

// decodeJPEG decodes components with the standard library and interpolates and converts them as
// libjpeg does.
func decodeJPEG(from io.ReadSeeker, c Config) (Rows, error) {
	h, err := readJPEGHeader(from)
	if err != nil {
		return Rows{}, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return Rows{}, err
	}
	file := io.Reader(from)
	insert := ""
	if len(h.ids) == 4 {
		insert = asCMYK
	} else if h.isRGB() && h.subsampled() {
		insert = asYCbCr
	}
	if insert != "" {
		file = io.MultiReader(io.LimitReader(from, h.scan), bytes.NewReader([]byte(insert)), from)
	}
	src, err := jpeg.Decode(file)
	if err != nil {
		return Rows{}, err
	}
	switch src := src.(type) {
	case *image.YCbCr:
		planes := planesOf(src)
		if h.isRGB() {
			return planes.rows(copyRGB), nil
		}
		return planes.rows(yccToRGB), nil
	case *image.CMYK:
		return h.cmykRows(src), nil
	}
	return rowsOf(src), nil
}

// planesOf returns the components of an image at the resolution that they are coded with.
func planesOf(src *image.YCbCr) planes {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	sx, sy := 1, 1
	switch src.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		sx = 2
	case image.YCbCrSubsampleRatio420:
		sx, sy = 2, 2
	case image.YCbCrSubsampleRatio440:
		sy = 2
	case image.YCbCrSubsampleRatio411:
		sx = 4
	case image.YCbCrSubsampleRatio410:
		sx, sy = 4, 2
	}
	cw, ch := (w+sx-1)/sx, (h+sy-1)/sy
	return planes{
		{src.Y, src.YStride, w, h, 1, 1},
		{src.Cb, src.CStride, cw, ch, sx, sy},
		{src.Cr, src.CStride, cw, ch, sx, sy},
	}
}

// cmykRows converts CMYK and YCCK. src has inverted components, and subsampled ones (the second and
// third) repeated.
func (h *jpegHeader) cmykRows(src *image.CMYK) Rows {
	w, rows := src.Rect.Dx(), src.Rect.Dy()
	s := 1
	if h.subsampled() {
		s = 2
	}
	var p planes
	for c := range 4 {
		f := 1
		if c == 1 || c == 2 {
			f = s
		}
		pw, ph := (w+f-1)/f, (rows+f-1)/f
		pix := make([]byte, 0, pw*ph)
		for y := range ph {
			row := src.Pix[y*f*src.Stride:]
			for x := range pw {
				pix = append(pix, 255-row[4*x*f+c])
			}
		}
		p = append(p, plane{pix, pw, pw, ph, f, f})
	}
	if h.adobe && h.transform != 0 {
		return p.rows(ycckToRGB)
	}
	return p.rows(cmykToRGB)
}
