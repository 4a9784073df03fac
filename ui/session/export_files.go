package session

import (
	"encoding/json"
	"image"
	"image/png"
	"io"
	"math"
	"strings"

	charts "hfcui/engine/figure"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
)

// exportSide is the size to which small pictures are enlarged, by integer factors, in exports.
const exportSide = 256

// Enlarged writes a picture as PNG, enlarged to exportSide by an integer factor if smaller: source
// fills it, finish draws on the enlarged picture.
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

// Number returns v for JSON: null for NaN and ∞.
func Number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// WritePNG writes im, with one channel if gray.
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

// Quoted returns untrusted text as a CSV field.
func Quoted(s string) string {
	if s == "" {
		return ""
	}
	return `"` + strings.ReplaceAll(kit.Clean(s), `"`, `""`) + `"`
}

// FigureFiles returns a chart's export as SVG and PNG.
func FigureFiles(suffix string, describe func() *charts.Figure) []ExportFile {
	return []ExportFile{
		{suffix + ".svg", func(w io.Writer) error { return describe().WriteSVG(w) }},
		{suffix + ".png", func(w io.Writer) error { return describe().WritePNG(w) }},
	}
}
