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
// laid over black, so that colours nobody sees do not reach a model. EXIF orientation is
// not followed.
func ReadImage(path string) (*Image, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	im, err := decodeImage(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return im, nil
}

// decodeImage reads the header, decides, rewinds and decodes.
func decodeImage(from io.ReadSeeker) (im *Image, err error) {
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
	return fromGo(src), nil
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

// fromGo converts what the decoders make. RGBA values of Go are alpha-premultiplied: that is
// the image over black.
func fromGo(src image.Image) *Image {
	switch src := src.(type) {
	case *image.Gray:
		return fromGray(src)
	case *image.Gray16:
		return fromGray16(src)
	case *image.YCbCr:
		return fromRows(src.Rect, func(y int, red, green, blue []float32) {
			for x := range red {
				yi, ci := src.YOffset(src.Rect.Min.X+x, y), src.COffset(src.Rect.Min.X+x, y)
				r, g, b := color.YCbCrToRGB(src.Y[yi], src.Cb[ci], src.Cr[ci])
				red[x], green[x], blue[x] = unit[r], unit[g], unit[b]
			}
		})
	case *image.RGBA:
		return fromRows(src.Rect, func(y int, red, green, blue []float32) {
			row := src.Pix[src.PixOffset(src.Rect.Min.X, y):]
			for x := range red {
				p := row[4*x : 4*x+3]
				red[x], green[x], blue[x] = unit[p[0]], unit[p[1]], unit[p[2]]
			}
		})
	case *image.NRGBA:
		return fromRows(src.Rect, func(y int, red, green, blue []float32) {
			row := src.Pix[src.PixOffset(src.Rect.Min.X, y):]
			for x := range red {
				p := row[4*x : 4*x+4]
				alpha := unit[p[3]]
				red[x], green[x], blue[x] = unit[p[0]]*alpha, unit[p[1]]*alpha, unit[p[2]]*alpha
			}
		})
	case image.RGBA64Image: // every other type of the standard library
		return fromRows(src.Bounds(), func(y int, red, green, blue []float32) {
			for x := range red {
				c := src.RGBA64At(src.Bounds().Min.X+x, y)
				red[x], green[x], blue[x] = float32(c.R)/65535, float32(c.G)/65535, float32(c.B)/65535
			}
		})
	}
	return fromRows(src.Bounds(), func(y int, red, green, blue []float32) {
		for x := range red {
			r, g, b, _ := src.At(src.Bounds().Min.X+x, y).RGBA()
			red[x], green[x], blue[x] = float32(r)/65535, float32(g)/65535, float32(b)/65535
		}
	})
}

// fromRows makes an RGB image row by row; y counts as the source does.
func fromRows(bounds image.Rectangle, row func(y int, red, green, blue []float32)) *Image {
	w, h := bounds.Dx(), bounds.Dy()
	im := NewImage(3, h, w)
	plane := h * w
	for y := range h {
		at := y * w
		row(bounds.Min.Y+y, im.Pix[at:at+w], im.Pix[plane+at:plane+at+w], im.Pix[2*plane+at:2*plane+at+w])
	}
	return im
}

func fromGray(src *image.Gray) *Image {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	im := NewImage(1, h, w)
	for y := range h {
		for x, v := range src.Pix[y*src.Stride : y*src.Stride+w] {
			im.Pix[y*w+x] = unit[v]
		}
	}
	return im
}

func fromGray16(src *image.Gray16) *Image {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	im := NewImage(1, h, w)
	for y := range h {
		for x := range w {
			p := src.Pix[y*src.Stride+2*x:]
			im.Pix[y*w+x] = float32(uint(p[0])<<8|uint(p[1])) / 65535
		}
	}
	return im
}
