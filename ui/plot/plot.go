// Package plot draws the kit's charts as pictures for the terminal, in the style of exported figures.
package plot

import (
	"image/color"
	"math"
	"slices"

	"hfcui/engine/figure"
	"hfcui/ui/kit"
)

// Look is everything besides a chart that determines its picture. Its size is that of the plot.
type Look struct {
	kit.RenderSpec
	Back  [3]uint8 // the background
	Plain bool     // no colors: dashes, hatching and shades of gray
}

// markers are the shapes of the theme's markers; the hollow ones are outlines.
var markers = map[string]struct {
	shape  figure.Marker
	hollow bool
}{
	kit.MarkLow: {figure.Circle, false}, kit.MarkLowBase: {figure.Circle, true},
	kit.MarkHigh: {figure.Triangle, false}, kit.MarkHighBase: {figure.Triangle, true},
	kit.MarkWhole: {figure.Square, false}, kit.MarkWBase: {figure.Square, true},
	kit.MarkChanged: {figure.Cross, false}, kit.MarkDoubt: {figure.Dagger, false},
	kit.MarkRight: {figure.Circle, false}, kit.MarkWrong: {figure.Cross, false},
	"◆": {figure.Diamond, false}, "◇": {figure.Diamond, true},
	"▼": {figure.Down, false}, "▽": {figure.Down, true},
	"★": {figure.Star, false}, "☆": {figure.Star, true},
	"✚": {figure.Plus, false}, "✛": {figure.Plus, true},
	"◉": {figure.Ring, false}, "◎": {figure.Ring, true},
	"✦": {figure.Star, false}, "✧": {figure.Star, true},
}

// describe returns the plot of a chart.
func describe(ch *kit.Chart, k Look) *figure.Plot {
	x, y := ch.Bounds()
	back := opaque(k.Back)
	th := kit.ThemeFor(k.Dark)
	theme := &figure.Theme{
		Background: back, Dim: opaque(th.Dim.RGB()), Grid: mixed(back, opaque(th.Line.RGB()), 0.55),
		TextSize: min(max(0.62*float64(k.Cell.H), 7), 28),
	}
	panel := &figure.Panel{X: figure.Axis{From: x.From, To: x.To}, Y: figure.Axis{From: y.From, To: y.To}}
	curves := slices.Clone(ch.Curves)
	slices.SortStableFunc(curves, func(a, b kit.Curve) int { return order(a) - order(b) })
	for i, c := range curves {
		theme.List = append(theme.List, colorOf(c, k, theme))
		panel.Series = append(panel.Series, series(ch, c, i, k, theme))
	}
	p := &figure.Plot{
		Panel: panel, Theme: theme, Hatch: k.Plain, Ticks: ch.Ticks,
		X0: ch.PixelX(x.From, k.Cell), X1: ch.PixelX(x.To, k.Cell), Y0: ch.PixelY(y.From, k.Cell), Y1: ch.PixelY(y.To, k.Cell),
	}
	for _, l := range ch.Lines {
		p.Grid = append(p.Grid, l.At)
	}
	return p
}

// order is the z-order of curves: those for comparison, lines, markers alone.
func order(c kit.Curve) int {
	switch {
	case c.Base:
		return 0
	case c.NoLine:
		return 2
	}
	return 1
}

// series returns the i-th curve as a series.
func series(ch *kit.Chart, c kit.Curve, i int, k Look, theme *figure.Theme) figure.Series {
	mark := markers[c.Mark]
	s := figure.Series{Color: figure.ColorOf(i), Marker: mark.shape, Hollow: mark.hollow, NoLine: c.NoLine, Every: 1}
	if c.Base {
		s.Dash = figure.Dashed
	} else if k.Plain {
		s.Dash = figure.DashOf(kit.PatternOf(c.Mark, i))
	}
	interval := false
	for _, q := range c.Points {
		s.Points = append(s.Points, figure.Point{X: q.X, Y: q.Y, Lo: q.Lo, Hi: q.Hi})
		interval = interval || q.Hi > q.Lo
	}
	switch {
	case interval && c.Bars:
		s.Interval = figure.Bars
	case interval && !c.Base && !c.NoLine:
		s.Interval = figure.Band
	}
	if n := len(c.Points); n > 1 && !c.NoLine {
		apart := math.Abs(ch.PixelX(c.Points[n-1].X, k.Cell)-ch.PixelX(c.Points[0].X, k.Cell)) / float64(n-1)
		s.Every = max(1, int(math.Ceil(1.5*theme.TextSize/max(apart, 0.01))))
	}
	return s
}

// colorOf returns a curve's color.
func colorOf(c kit.Curve, k Look, theme *figure.Theme) color.RGBA {
	text := color.RGBA{0xe4, 0xe4, 0xe4, 255}
	if !k.Dark {
		text = color.RGBA{0x22, 0x22, 0x22, 255}
	}
	rgb := c.Line.RGB()
	switch {
	case k.Plain && c.Base:
		return theme.Dim
	case k.Plain, rgb == [3]uint8{}:
		return text
	}
	return opaque(rgb)
}

func opaque(c [3]uint8) color.RGBA { return color.RGBA{c[0], c[1], c[2], 255} }

// mixed returns a color between two.
func mixed(a, b color.RGBA, share float64) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + share*(float64(b)-float64(a)) + 0.5) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
