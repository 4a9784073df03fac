// Package imagefile decodes image files: PNG, JPEG, GIF (first frame), BMP, WebP (first frame), TIFF
// and PBM, PGM, PPM. Pixels equal those of the reference decoders: libjpeg-turbo for JPEG and libwebp
// for WebP, with their interpolation of subsampled chroma.
//
// Values are in [0,1], as coded: color profiles and gamma are not applied. Gray files have one
// channel, all others three; 16-bit files keep their precision. Transparency is composited over
// black, so that invisible colors do not reach a model. Orientation is read separately.
//
// Files are not trusted: sizes are checked before memory is taken, and panics of decoders become
// errors.
package imagefile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// MaxPixels is the largest image that is decoded: 64 megapixels, up to 768 MiB as float32. Larger
// ones are rejected by their header.
const MaxPixels = 64 << 20

// Extensions are those of image files, lower case.
var Extensions = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}

// HasName reports whether a file name has the extension of an image and is not hidden.
func HasName(name string) bool {
	return slices.Contains(Extensions, strings.ToLower(filepath.Ext(name))) && !strings.HasPrefix(filepath.Base(name), ".")
}

// Config is what an image's header says.
type Config struct {
	Format  string // "PNG"
	C, H, W int    // C is 1 for gray, else 3
}

// Rows is a decoded image that is read row by row, so that a photograph need not also be in memory
// as float32. Read must not be called concurrently.
type Rows struct {
	C, H, W int
	Read    func(y int, to [][]float32) // row y into C slices of W values in [0,1]
}

// format is a file format. Readers are at the start of the file.
type format struct {
	name    string
	matches func(head []byte) bool // the file's first bytes
	config  func(io.ReadSeeker) (Config, error)
	decode  func(io.ReadSeeker, Config) (Rows, error)
	// orientation returns the EXIF orientation as stored; nil: the format has none.
	orientation func(io.ReadSeeker) (int, error)
}

// sniffed is how many bytes a format is recognized by.
const sniffed = 12

func prefixed(prefixes ...string) func([]byte) bool {
	return func(head []byte) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return bytes.HasPrefix(head, []byte(p)) })
	}
}

var formats = []format{
	{"PNG", prefixed("\x89PNG\r\n\x1a\n"), pngConfig, decodePNG, pngOrientation},
	{"JPEG", prefixed("\xff\xd8"), jpegConfig, decodeJPEG, jpegOrientation},
	{"GIF", prefixed("GIF8"), gifConfig, decodeGIF, nil},
	{"BMP", prefixed("BM"), bmpConfig, decodeBMP, nil},
	{"WebP", func(head []byte) bool {
		return len(head) == sniffed && string(head[:4]) == "RIFF" && string(head[8:]) == "WEBP"
	}, webpConfig, decodeWebP, webpOrientation},
	{"TIFF", prefixed("II*\x00", "MM\x00*"), tiffConfig, decodeTIFF, tiffOrientation},
	{"PNM", prefixed("P1", "P2", "P3", "P4", "P5", "P6"), pnmConfig, decodePNM, nil},
}

// formatOf recognizes a file by its contents and returns to its start.
func formatOf(from io.ReadSeeker) (*format, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(from, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		if err == io.EOF {
			err = fmt.Errorf("the file is empty")
		}
		return nil, unreadable(err)
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	for i := range formats {
		if formats[i].matches(head[:n]) {
			return &formats[i], nil
		}
	}
	return nil, unreadable(fmt.Errorf("unknown format"))
}

func unreadable(err error) error {
	return fmt.Errorf("not a readable image (%w): use PNG, JPEG, GIF, BMP, WebP, TIFF or PPM", err)
}

// ReadConfig reads an image's header and rejects empty and too large images.
func ReadConfig(from io.ReadSeeker) (c Config, err error) {
	defer recoverDecoder(&err)
	f, err := formatOf(from)
	if err != nil {
		return c, err
	}
	c, err = f.config(from)
	c.Format = f.name
	switch {
	case err != nil:
		err = unreadable(err)
	case c.W < 1 || c.H < 1:
		err = fmt.Errorf("a %s image of %d×%d pixels is empty", c.Format, c.W, c.H)
	case int64(c.W)*int64(c.H) > MaxPixels:
		err = fmt.Errorf("a %s image of %d×%d pixels is larger than %d megapixels: downscale it", c.Format, c.W, c.H, MaxPixels>>20)
	}
	return c, err
}

// Decode reads an image, of the size that its header says.
func Decode(from io.ReadSeeker) (r Rows, err error) {
	defer recoverDecoder(&err)
	c, err := ReadConfig(from)
	if err != nil {
		return r, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return r, err
	}
	f, err := formatOf(from)
	if err != nil {
		return r, err
	}
	r, err = f.decode(from, c)
	if err != nil {
		return Rows{}, fmt.Errorf("the %s image of %d×%d pixels cannot be decoded (%w): download it again", c.Format, c.W, c.H, err)
	}
	if r.W != c.W || r.H != c.H { // a decoder may disagree with the header
		return Rows{}, fmt.Errorf("the %s image has %d×%d pixels, but its header says %d×%d: download it again", c.Format, r.W, r.H, c.W, c.H)
	}
	return r, nil
}

// recoverDecoder turns a panic into an error: decoders outside the standard library have panicked
// on corrupt files.
func recoverDecoder(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("not a readable image (%v): save it again, e.g. as PNG", r)
	}
}

// readAt fills b from an offset from the start.
func readAt(from io.ReadSeeker, offset int64, b []byte) error {
	if _, err := from.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	_, err := io.ReadFull(from, b)
	return err
}

// readUpTo reads n bytes; memory grows with what the file has, not with what its header says.
func readUpTo(from io.Reader, n int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, n))
	if err == nil && int64(len(data)) < n {
		err = io.ErrUnexpectedEOF
	}
	return data, err
}

func buffered(from io.Reader) *bufio.Reader { return bufio.NewReaderSize(from, 64<<10) }
