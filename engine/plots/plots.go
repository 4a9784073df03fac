// Package plots draws curves with their intervals as pictures in files, with gonum/plot.
package plots

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Size of one chart.
const (
	Width  = 20 * vg.Centimeter
	Height = 11 * vg.Centimeter
)

// Chart is curves against one axis.
type Chart struct {
	Title, X, Y    string
	Curves         []Curve
	FromX, ToX     float64
	FromY, ToY     float64
	LogX, LogY     bool // then From is above 0
	PercentOfWhole bool // values are shares: marks on the axis are percents
}

// Curve is points, in the order of X, and how they are drawn. Lo and Hi are the ends of their
// intervals, nil where there are none.
type Curve struct {
	Name         string // in the legend; "" is not in it
	End          string // beside the last point
	X, Y, Lo, Hi []float64
	Colour       color.RGBA
	Dashed       bool
	Glyph        draw.GlyphDrawer // at some of the points; nil: none
}

// Line draws a line and, behind it, the band of its intervals; band is nil where there are
// none. Points that are no finite numbers are left out.
func (c Curve) Line() (line *plotter.Line, band *plotter.Polygon, err error) {
	var points, outline, back plotter.XYs
	for i, x := range c.X {
		if y := c.Y[i]; x-x != 0 || y-y != 0 {
			continue
		}
		points = append(points, plotter.XY{X: x, Y: c.Y[i]})
		if c.Lo != nil {
			outline = append(outline, plotter.XY{X: x, Y: c.Hi[i]})
			back = append(back, plotter.XY{X: x, Y: c.Lo[i]})
		}
	}
	if line, err = plotter.NewLine(points); err != nil {
		return nil, nil, err
	}
	line.Color, line.Width = c.Colour, vg.Points(1.5)
	if c.Dashed {
		line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
	}
	if len(outline) == 0 {
		return line, nil, nil
	}
	for i := len(back) - 1; i >= 0; i-- {
		outline = append(outline, back[i])
	}
	if band, err = plotter.NewPolygon(outline); err != nil {
		return nil, nil, err
	}
	band.Color, band.LineStyle.Width = color.NRGBA{c.Colour.R, c.Colour.G, c.Colour.B, 40}, 0
	return line, band, nil
}

// mostGlyphs is at how many points of a curve there are glyphs.
const mostGlyphs = 20

// plot is the chart as gonum/plot has it.
func (c Chart) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.X, c.Y
	p.Title.TextStyle.Font.Weight = 2
	p.Legend.TextStyle.Font = font.From(p.Legend.TextStyle.Font, vg.Points(9))
	p.Legend.Top, p.Legend.XOffs = true, vg.Points(-4)
	if c.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	if p.Y.Tick.Marker = c.quarters(); c.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	p.Add(grid)
	for _, curve := range c.Curves {
		line, band, err := curve.Line()
		if errors.Is(err, plotter.ErrNoData) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if band != nil {
			p.Add(band)
		}
		p.Add(line)
		shown := []plot.Thumbnailer{line}
		if curve.Glyph == nil && len(line.XYs) == 1 {
			curve.Glyph = draw.CircleGlyph{}
		}
		if curve.Glyph != nil {
			marks, err := plotter.NewScatter(some(line.XYs))
			if err != nil {
				return nil, err
			}
			marks.Color, marks.Shape, marks.Radius = curve.Colour, curve.Glyph, vg.Points(2.5)
			p.Add(marks)
			shown = append(shown, marks)
		}
		if curve.End != "" {
			end, err := plotter.NewLabels(plotter.XYLabels{XYs: line.XYs[len(line.XYs)-1:], Labels: []string{curve.End}})
			if err != nil {
				return nil, err
			}
			end.TextStyle[0].Color, end.TextStyle[0].Font.Size = curve.Colour, vg.Points(8)
			end.Offset = vg.Point{X: vg.Points(5), Y: vg.Points(-3)}
			p.Add(end)
		}
		if curve.Name != "" {
			p.Legend.Add(curve.Name, shown...)
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = c.FromX, c.ToX+(c.ToX-c.FromX)*0.2, c.FromY, c.ToY // room for the legend
	if c.LogX {
		p.X.Max = c.ToX * math.Pow(c.ToX/c.FromX, 0.2)
	}
	return p, nil
}

// quarters are marks on a linear axis of values.
func (c Chart) quarters() plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, share := range [...]float64{0, 0.25, 0.5, 0.75, 1} {
		v := c.FromY + share*(c.ToY-c.FromY)
		label := fmt.Sprintf("%.4g", v)
		if c.PercentOfWhole {
			label = fmt.Sprintf("%.0f%%", 100*v)
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: label})
	}
	return ticks
}

// some are points for glyphs: not too many, and the last one.
func some(all plotter.XYs) plotter.XYs {
	step := max(1, len(all)/mostGlyphs)
	var out plotter.XYs
	for i := (len(all) - 1) % step; i < len(all); i += step {
		out = append(out, all[i])
	}
	return out
}

// PNG writes charts under each other.
func PNG(w io.Writer, charts []Chart) error {
	if len(charts) == 0 {
		return errors.New("no charts to draw")
	}
	canvas := vgimg.NewWith(vgimg.UseWH(Width, vg.Length(len(charts))*Height), vgimg.UseDPI(120))
	whole := draw.New(canvas)
	for i, c := range charts {
		p, err := c.plot()
		if err != nil {
			return err
		}
		top := whole.Max.Y - vg.Length(i)*Height
		const margin = 4
		p.Draw(draw.Crop(whole, margin, -margin, top-Height-whole.Min.Y+margin, top-whole.Max.Y-margin))
	}
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}
