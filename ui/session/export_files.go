package session

import (
	"encoding/json"
	"image"
	"image/png"
	"io"
	"math"

	charts "hfcui/engine/figure"
	"hfcui/ui/picture"
)

// exportSide is how large small pictures are made, by whole factors, when exported.
const exportSide = 256

// Enlarged writes a picture as PNG, made exportSide large by a whole factor if it is smaller:
// source fills what it is of, finish draws on it once it is large.
func Enlarged(gray bool, source, finish func(*picture.Image)) func(io.Writer) error {
	return func(w io.Writer) error {
		var src, large picture.Image
		source(&src)
		factor := max(1, exportSide/max(src.W, src.H))
		large.Resize(src.W*factor, src.H*factor)
		picture.Scale(&large, &src, picture.RGB{})
		finish(&large)
		return WritePNG(w, &large, gray)
	}
}

// Number is what JSON can hold of v: null where v is no number.
func Number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// WritePNG writes im, of one channel where it is gray.
func WritePNG(w io.Writer, im *picture.Image, gray bool) error {
	if gray {
		out := image.NewGray(image.Rect(0, 0, im.W, im.H))
		for i := range out.Pix {
			out.Pix[i] = im.Pix[3*i]
		}
		return png.Encode(w, out)
	}
	out := image.NewNRGBA(image.Rect(0, 0, im.W, im.H))
	for i := range im.W * im.H {
		copy(out.Pix[4*i:], im.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return png.Encode(w, out)
}

// WriteJSON writes one indented document.
func WriteJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// FigureFiles are the two forms in which a chart is exported.
func FigureFiles(suffix string, describe func() *charts.Figure) []ExportFile {
	return []ExportFile{
		{suffix + ".svg", func(w io.Writer) error { return describe().WriteSVG(w) }},
		{suffix + ".png", func(w io.Writer) error { return describe().WritePNG(w) }},
	}
}
