package imagefile

import (
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
)

// channels returns 1 for gray color models.
func channels(m color.Model) int {
	if m == color.GrayModel || m == color.Gray16Model {
		return 1
	}
	return 3
}

func standardConfig(c image.Config, err error) (Config, error) {
	if err != nil {
		return Config{}, err
	}
	return Config{C: channels(c.ColorModel), H: c.Height, W: c.Width}, nil
}

// pngConfig also counts gray files with transparency as gray.
func pngConfig(from io.ReadSeeker) (Config, error) {
	c, err := standardConfig(png.DecodeConfig(buffered(from)))
	if err != nil {
		return c, err
	}
	var kind [1]byte // color type in IHDR: 0 and 4 are gray
	if err := readAt(from, 25, kind[:]); err != nil {
		return c, err
	}
	if kind[0] == 0 || kind[0] == 4 {
		c.C = 1
	}
	return c, nil
}

func decodePNG(from io.ReadSeeker, c Config) (Rows, error) {
	src, err := png.Decode(buffered(from))
	if err != nil {
		return Rows{}, err
	}
	if c.C == 1 {
		return gray(rowsOf(src)), nil
	}
	return rowsOf(src), nil
}

func gifConfig(from io.ReadSeeker) (Config, error) {
	return standardConfig(gif.DecodeConfig(buffered(from)))
}

// decodeGIF composes the first frame on the canvas, which is transparent, i.e. black.
func decodeGIF(from io.ReadSeeker, c Config) (Rows, error) {
	src, err := gif.Decode(buffered(from))
	if err != nil {
		return Rows{}, err
	}
	at := src.Bounds().Min
	return placed(rowsOf(src), at.X, at.Y, c.H, c.W), nil
}
