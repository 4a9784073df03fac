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

// maxPixels is the largest image that is decoded: 64 megapixels, that is up to 768 MiB as
// float32. What would take more is refused from its header.
const maxPixels = 64 << 20

// isImageName tells by its ending whether a file should be an image.
func isImageName(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// ReadImage decodes a PNG, JPEG, GIF (first frame), BMP or WebP file. Gray files have one
// channel, all others three. Sixteen-bit files keep their precision. Transparent pixels are
// laid over black, so that colors nobody sees do not reach a model. EXIF orientation is
// not followed.
func ReadImage(path string) (*Image, error) { return readImage(path, whole) }

// readImageAs reads an image at another size, as ReadImage(path) followed by Resize(c, h, w)
// would, but keeps nothing of the file's own size besides what the decoder makes.
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

// ImageSize reads from its header what ReadImage would return: channels, height and width.
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

// decodeImage reads the header, decides, rewinds and decodes; finish makes the image of
// what was decoded.
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
		return nil, fmt.Errorf("the %s image of %d×%d pixels does not decode (%w): get it again", format, config.Width, config.Height, err)
	}
	// A decoder may disagree with its own header; nothing larger goes on.
	if b := src.Bounds(); b.Empty() || b.Dx() > config.Width || b.Dy() > config.Height {
		return nil, fmt.Errorf("the %s image is %d×%d pixels but says %d×%d: get it again", format, b.Dx(), b.Dy(), config.Width, config.Height)
	}
	return finish(rowsOf(src)), nil
}

// imageHeader reads an image's size and refuses one with no or too many pixels.
func imageHeader(from io.Reader) (config image.Config, format string, err error) {
	defer recoverDecoder(&err)
	config, format, err = image.DecodeConfig(bufio.NewReader(from))
	switch {
	case err != nil:
		err = fmt.Errorf("not a readable image (%w): PNG, JPEG, GIF, BMP and WebP are read", err)
	case config.Width < 1 || config.Height < 1:
		err = fmt.Errorf("a %s image of %d×%d pixels has nothing to show", format, config.Width, config.Height)
	case int64(config.Width)*int64(config.Height) > maxPixels:
		err = fmt.Errorf("a %s image of %d×%d pixels is more than the %d megapixels that are read: make it smaller", format, config.Width, config.Height, maxPixels>>20)
	}
	return config, format, err
}

// recoverDecoder turns a panic into an error: the decoders outside the standard library
// have panicked on broken files before.
func recoverDecoder(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("not a readable image (%v): save it again, for instance as PNG", r)
	}
}
