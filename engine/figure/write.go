package figure

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes of files, in units: points in SVG.
const (
	single  = 720 // width of a single panel
	several = 440 // of each of several side by side
	row     = 320 // height of a row of panels
	mapRow  = 480 // of one with a heat map
	fine    = 2   // pixels per unit in PNG files
)

// size returns the size of the figure's files, in units.
func (f *Figure) size(t *Theme) (width, height float64) {
	width = single
	if n := f.columns(); n > 1 {
		width = several * float64(n)
	}
	h := float64(row)
	for _, p := range f.Panels {
		if p.Map != nil {
			h = mapRow
		}
	}
	return width, f.height(&pen{theme: t}, width, h)
}

// WriteSVG writes the figure in the Light theme as SVG with text elements. Equal figures give equal
// bytes.
func (f *Figure) WriteSVG(w io.Writer) error {
	if len(f.Panels) == 0 {
		return errEmpty
	}
	width, height := f.size(&Light)
	canvas := vgsvg.NewWith(vgsvg.UseWH(vg.Length(width), vg.Length(height)))
	f.draw(&pen{draw.New(canvas), &Light}, width, height)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	// Fallbacks of the same metrics.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")))
	return err
}

var errEmpty = errors.New("the figure has no panels")

// WritePNG writes the figure in the Light theme as PNG, two pixels per unit of the SVG file.
func (f *Figure) WritePNG(w io.Writer) error {
	if len(f.Panels) == 0 {
		return errEmpty
	}
	t := Light
	t.Scale = fine
	width, height := f.size(&t)
	return png.Encode(w, f.Render(int(fine*width), int(fine*height), t))
}

// Render draws the figure as an image of width×height pixels.
func (f *Figure) Render(width, height int, t Theme) image.Image {
	if t.Scale == 0 {
		t.Scale = 1
	}
	dpi := int(float64(vg.Inch)*t.Scale + 0.5)
	scale := float64(dpi) / float64(vg.Inch)
	canvas := vgimg.NewWith(vgimg.UseDPI(dpi), vgimg.UseImage(image.NewRGBA(image.Rect(0, 0, width, height))))
	f.draw(&pen{draw.New(canvas), &t}, float64(width)/scale, float64(height)/scale)
	return canvas.Image()
}
