package experiment

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"math"
	"path/filepath"

	"hfcui/engine/figure"
)

// draw writes the figure as SVG and PNG, an image as PNG alone.
func (f Figure) draw(dir string, p Plan, g Grid) error {
	if f.Draw != nil {
		drawn := f.Draw(g)
		if drawn == nil {
			return nil
		}
		return render(filepath.Join(dir, f.File+".png"), func(w io.Writer) error { return png.Encode(w, drawn) })
	}
	fig := f.describe(p, g)
	if err := render(filepath.Join(dir, f.File+".svg"), fig.WriteSVG); err != nil {
		return err
	}
	return render(filepath.Join(dir, f.File+".png"), fig.WritePNG)
}

// render writes a file with draw.
func render(path string, draw func(io.Writer) error) error {
	var b bytes.Buffer
	if err := draw(&b); err != nil {
		return err
	}
	return write(path, b.Bytes())
}

// describe is the figure's chart.
func (f Figure) describe(p Plan, g Grid) *figure.Figure {
	panel := figure.Panel{X: figure.Axis{Title: f.X}, Y: figure.Axis{Title: f.Y, To: 1}}
	if len(f.Curves) > 0 {
		panel.Series = f.curves(p, g)
	} else {
		panel.Series = f.points(p, g)
		for _, c := range f.Columns {
			panel.X.Categories = append(panel.X.Categories, c.Title)
		}
	}
	for _, s := range panel.Series {
		for _, at := range s.Points {
			panel.Y.From, panel.Y.To = min(panel.Y.From, at.Lo), max(panel.Y.To, at.Hi)
		}
	}
	seeds := "1 seed"
	if n := len(p.Seeds); n > 1 {
		seeds = fmt.Sprintf("mean over %d seeds, 95%% CI", n)
	}
	return &figure.Figure{Title: f.Title, Subtitle: seeds, Panels: []figure.Panel{panel}}
}

// point adds a mean with its interval; without one, the bounds are the mean.
func point(list []figure.Point, x float64, v Estimate) []figure.Point {
	if math.IsNaN(v.Mean) {
		return list
	}
	half := v.Half
	if math.IsInf(half, 0) {
		half = 0
	}
	return append(list, figure.Point{X: x, Y: v.Mean, Lo: v.Mean - half, Hi: v.Mean + half})
}

// points returns a group for every column with a point for every setting.
func (f Figure) points(p Plan, g Grid) []figure.Series {
	var list []figure.Series
	for i, setting := range p.Settings {
		s := figure.Series{Name: setting.Name, Color: figure.ColorOf(i), Marker: figure.MarkerOf(i), NoLine: true, Interval: figure.Bars}
		for x, c := range f.Columns {
			shift := 0.7 * ((float64(i)+0.5)/float64(len(p.Settings)) - 0.5)
			s.Points = point(s.Points, float64(x)+shift, g.of(p.Seeds, setting.Name, c.Of))
		}
		if len(s.Points) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// curves returns quantities vs epochs or another axis, with intervals clipped to [0,1].
func (f Figure) curves(p Plan, g Grid) []figure.Series {
	var list []figure.Series
	for i, c := range f.Curves {
		s := figure.Series{Name: c.Title, Color: figure.ColorOf(i), Dash: figure.DashOf(i), Interval: figure.Band, Points: c.estimates(p, g)}
		for j := range s.Points {
			s.Points[j].Lo, s.Points[j].Hi = max(0, s.Points[j].Lo), min(1, s.Points[j].Hi)
		}
		if len(s.Points) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// estimates returns the curve's points, epoch by epoch.
func (c Curve) estimates(p Plan, g Grid) (list []figure.Point) {
	for _, x := range c.Against {
		list = point(list, x, g.of(p.Seeds, c.Setting, c.At(x)))
	}
	if c.Against != nil {
		return list
	}
	for i, at := range g.find(c.Setting, p.Seeds[0]).Bands {
		list = point(list, float64(at.Epoch), g.over(p.Seeds, func(s BySeed) float64 {
			r := s(c.Setting)
			if i >= len(r.Bands) {
				return math.NaN()
			}
			r.Bands = r.Bands[:i+1]
			return c.Of(r)
		}))
	}
	return list
}
