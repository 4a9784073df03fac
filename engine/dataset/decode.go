package dataset

import (
	"fmt"
	"io"

	"hfcui/engine/imagefile"
)

// ReadImage decodes an image file of any format of imagefile. Transparency is composited over black.
// EXIF orientation is ignored; see ReadPhoto.
func ReadImage(path string) (*Image, error) {
	return readImage(path, func(from io.ReadSeeker) (*Image, error) { return decodeImage(from, whole) })
}

// readImageAs is ReadImage(path) followed by Resize(c, h, w), without a float32 image of the file's
// size.
func readImageAs(path string, c, h, w int) (*Image, error) {
	return readImage(path, func(from io.ReadSeeker) (*Image, error) {
		return decodeImage(from, func(src imagefile.Rows) *Image { return resample(src, c, h, w) })
	})
}

// readImage opens a file and adds its path to errors.
func readImage(path string, decode func(io.ReadSeeker) (*Image, error)) (*Image, error) {
	f, _, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	im, err := decode(f)
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
	config, err := imagefile.ReadConfig(f)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	return config.C, config.H, config.W, nil
}

// decodeImage decodes an image file; finish converts its rows to an Image.
func decodeImage(from io.ReadSeeker, finish func(imagefile.Rows) *Image) (*Image, error) {
	src, err := imagefile.Decode(from)
	if err != nil {
		return nil, err
	}
	return finish(src), nil
}
