package dataset

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // the first frame is read
	_ "image/jpeg" // also gray and CMYK
	_ "image/png"
	"io"
	"path/filepath"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// maxPixels is the largest image that is decoded: 64 megapixels, up to 768 MiB as float32. Larger
// ones are rejected by their header.
const maxPixels = 64 << 20

// isImageName reports whether a file name has the extension of an image.
func isImageName(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// ReadImage decodes a PNG, JPEG, GIF (first frame), BMP or WebP file. Gray files have one channel,
// all others three. Sixteen-bit files keep their precision. Transparency is composited over black,
// so that invisible colors do not reach a model. EXIF orientation is ignored.
func ReadImage(path string) (*Image, error) { return readImage(path, whole) }

// readImageAs is ReadImage(path) followed by Resize(c, h, w), without a float32 image of the file's
// size.
func readImageAs(path string, c, h, w int) (*Image, error) {
	return readImage(path, func(src rows) *Image { return resample(src, c, h, w) })
}

func readImage(path string, finish func(rows) *Image) (*Image, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	im, err := decodeImage(f, finish)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return im, nil
}

// ImageSize returns the channels, height and width of an image file from its header.
func ImageSize(path string) (c, h, w int, err error) {
	f, _, err := openRegular(path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer f.Close()
	config, _, err := imageHeader(f)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	if config.ColorModel == color.GrayModel || config.ColorModel == color.Gray16Model {
		return 1, config.Height, config.Width, nil
	}
	return 3, config.Height, config.Width, nil
}

// decodeImage checks the header, then decodes; finish converts the decoded rows to an Image.
func decodeImage(from io.ReadSeeker, finish func(rows) *Image) (im *Image, err error) {
	defer recoverDecoder(&err)
	config, format, err := imageHeader(from)
	if err != nil {
		return nil, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	src, _, err := image.Decode(bufio.NewReader(from))
	if err != nil {
		return nil, fmt.Errorf("the %s image of %d×%d pixels cannot be decoded (%w): download it again", format, config.Width, config.Height, err)
	}
	// A decoder may disagree with the header; reject anything larger.
	if b := src.Bounds(); b.Empty() || b.Dx() > config.Width || b.Dy() > config.Height {
		return nil, fmt.Errorf("the %s image has %d×%d pixels, but its header says %d×%d: download it again", format, b.Dx(), b.Dy(), config.Width, config.Height)
	}
	return finish(rowsOf(src)), nil
}

// imageHeader reads an image's size and rejects empty and too large ones.
func imageHeader(from io.Reader) (config image.Config, format string, err error) {
	defer recoverDecoder(&err)
	config, format, err = image.DecodeConfig(bufio.NewReader(from))
	switch {
	case err != nil:
		err = fmt.Errorf("not a readable image (%w): use PNG, JPEG, GIF, BMP or WebP", err)
	case config.Width < 1 || config.Height < 1:
		err = fmt.Errorf("a %s image of %d×%d pixels is empty", format, config.Width, config.Height)
	case int64(config.Width)*int64(config.Height) > maxPixels:
		err = fmt.Errorf("a %s image of %d×%d pixels is larger than %d megapixels: downscale it", format, config.Width, config.Height, maxPixels>>20)
	}
	return config, format, err
}

// recoverDecoder turns a panic into an error: decoders outside the standard library have panicked
// on corrupt files.
func recoverDecoder(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("not a readable image (%v): save it again, e.g. as PNG", r)
	}
}
