package experiment

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgsvg" // SVG

	"hfcui/engine/plots"
)

// colours tell settings apart also where red and green look alike (Okabe and Ito 2008);
// glyphs do where there is no colour.
var (
	colours = []color.RGBA{{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255},
		{230, 159, 0, 255}, {86, 180, 233, 255}, {0, 0, 0, 255}, {140, 140, 140, 255}}
	glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{},
		draw.RingGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.PlusGlyph{}}
)

// draw writes the figure as SVG and PNG, an image as PNG alone.
func (f Figure) draw(dir string, p Plan, g Grid) error {
	if f.Draw != nil {
		var picture bytes.Buffer
		drawn := f.Draw(g)
		if drawn == nil {
			return nil
		}
		if err := png.Encode(&picture, drawn); err != nil {
			return err
		}
		return write(filepath.Join(dir, f.File+".png"), picture.Bytes())
	}
	fig := plot.New()
	fig.Title.Text, fig.X.Label.Text, fig.Y.Label.Text = f.Title, f.X, f.Y+" (mean, 95 % over seeds)"
	fig.Legend.Top, fig.Legend.YOffs = false, vg.Points(4)
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	fig.Add(grid)
	var err error
	if len(f.Curves) > 0 {
		err = f.curves(fig, p, g)
	} else {
		err = f.points(fig, p, g)
	}
	if err != nil {
		return err
	}
	fig.Y.Min, fig.Y.Max = min(0, fig.Y.Min), max(1, fig.Y.Max)
	for _, format := range []string{"svg", "png"} {
		to, err := fig.WriterTo(plots.Width, plots.Height, format)
		if err != nil {
			return err
		}
		var picture bytes.Buffer
		if _, err := to.WriteTo(&picture); err != nil {
			return err
		}
		if err := write(filepath.Join(dir, f.File+"."+format), picture.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// errorPoints are means with their intervals.
type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

func (e *errorPoints) add(x float64, v Estimate) {
	if math.IsNaN(v.Mean) {
		return
	}
	half := v.Half
	if math.IsInf(half, 0) {
		half = 0
	}
	e.XYs = append(e.XYs, plotter.XY{X: x, Y: v.Mean})
	e.YErrors = append(e.YErrors, struct{ Low, High float64 }{half, half})
}

// points draws a group for every column and in it a point for every setting.
func (f Figure) points(fig *plot.Plot, p Plan, g Grid) error {
	names := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		names[i] = c.Title
	}
	for i, setting := range p.Settings {
		var e errorPoints
		for x, c := range f.Columns {
			shift := 0.7 * ((float64(i)+0.5)/float64(len(p.Settings)) - 0.5)
			e.add(float64(x)+shift, g.of(p.Seeds, setting.Name, c.Of))
		}
		if len(e.XYs) == 0 {
			continue
		}
		marks, err := plotter.NewScatter(e.XYs)
		if err != nil {
			return err
		}
		marks.Color, marks.Shape, marks.Radius = colours[i%len(colours)], glyphs[i%len(glyphs)], vg.Points(3)
		bars, err := plotter.NewYErrorBars(e)
		if err != nil {
			return err
		}
		bars.Color = marks.Color
		fig.Add(bars, marks)
		fig.Legend.Add(setting.Name, marks)
	}
	fig.NominalX(names...)
	fig.X.Min, fig.X.Max = -0.5, float64(len(names))+1 // room for the legend
	return nil
}

// curves draws quantities against epochs or something else, with the interval as a band.
func (f Figure) curves(fig *plot.Plot, p Plan, g Grid) error {
	for i, c := range f.Curves {
		e := c.estimates(p, g)
		if len(e.XYs) == 0 {
			continue
		}
		shown := plots.Curve{Colour: colours[i%len(colours)]}
		for j, at := range e.XYs {
			shown.X, shown.Y = append(shown.X, at.X), append(shown.Y, at.Y)
			shown.Lo, shown.Hi = append(shown.Lo, max(0, at.Y-e.YErrors[j].Low)), append(shown.Hi, min(1, at.Y+e.YErrors[j].High))
		}
		line, area, err := shown.Line()
		if err != nil {
			return err
		}
		line.Dashes = [][]vg.Length{nil, {vg.Points(6), vg.Points(2)}, {vg.Points(2), vg.Points(2)}, {vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)}}[i%4]
		fig.Add(area, line)
		fig.Legend.Add(c.Title, line)
	}
	fig.X.Max *= 1.15 // room for the legend
	if f.Curves[0].Against != nil {
		fig.X.Max *= 1.25 // curves do not leave any below them
	}
	return nil
}

// estimates gives the curve's points, epoch by epoch.
func (c Curve) estimates(p Plan, g Grid) errorPoints {
	var e errorPoints
	for _, x := range c.Against {
		e.add(x, g.of(p.Seeds, c.Setting, c.At(x)))
	}
	if c.Against != nil {
		return e
	}
	for i, at := range g.find(c.Setting, p.Seeds[0]).Bands {
		e.add(float64(at.Epoch), g.over(p.Seeds, func(s Seeded) float64 {
			r := s(c.Setting)
			if i >= len(r.Bands) {
				return math.NaN()
			}
			r.Bands = r.Bands[:i+1]
			return c.Of(r)
		}))
	}
	return e
}
