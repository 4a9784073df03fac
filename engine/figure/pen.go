package figure

import (
	"image/color"
	"math"
	"strings"
	"sync"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"hfcui/engine/printable"
)

// pen draws on a canvas with its origin at the lower left, in a theme. Lengths are in units.
type pen struct {
	draw.Canvas
	theme *Theme
}

// box is a rectangle in units, y upwards.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) width() float64  { return b.x1 - b.x0 }
func (b box) height() float64 { return b.y1 - b.y0 }

// fonts loads the fonts on first use.
var fonts = sync.OnceValue(func() *font.Cache { return font.NewCache(liberation.Collection()) })

// style is a text style; its size is relative to that of labels.
type style struct {
	size  float64
	bold  bool
	color color.Color
}

func (p *pen) body() style  { return style{1, false, p.theme.Text} }
func (p *pen) small() style { return style{0.92, false, p.theme.Dim} }
func (p *pen) head() style  { return style{1.2, true, p.theme.Text} }
func (p *pen) title() style { return style{1, true, p.theme.Text} }

func (p *pen) face(s style) font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if s.bold {
		f.Weight = stdfont.WeightBold
	}
	return fonts().Lookup(f, vg.Length(s.size*p.theme.TextSize))
}

// line returns the height of a line of text.
func (p *pen) line(s style) float64 { return 1.35 * s.size * p.theme.TextSize }

func (p *pen) widthOf(s style, text string) float64 {
	f := p.face(s)
	return float64(f.Width(text))
}

// write draws a line of text centered at height y and aligned at x: 0 left, 0.5 centered, 1 right.
func (p *pen) write(s style, x, y, align float64, text string) {
	if text == "" {
		return
	}
	p.SetColor(s.color)
	f := p.face(s)
	p.FillString(f, vg.Point{X: vg.Length(x - align*p.widthOf(s, text)), Y: vg.Length(y - 0.35*s.size*p.theme.TextSize)}, text)
}

// writeUp draws a line of text upwards, centered at x and y.
func (p *pen) writeUp(s style, x, y float64, text string) {
	if text == "" {
		return
	}
	p.Push()
	p.Rotate(math.Pi / 2)
	p.write(s, y, -x, 0.5, text)
	p.Pop()
}

// fold wraps text to lines no wider than room; wider words are truncated.
func (p *pen) fold(s style, text string, room float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(printable.Line(text)) {
		word = p.cut(s, word, room)
		if next := strings.TrimSpace(line + " " + word); p.widthOf(s, next) <= room {
			line = next
			continue
		}
		lines, line = append(lines, line), word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut truncates text to room.
func (p *pen) cut(s style, text string, room float64) string {
	if p.widthOf(s, text) <= room {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && p.widthOf(s, string(runes)+"…") > room {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// stroke draws a line through points.
func (p *pen) stroke(c color.Color, width float64, d Dash, points ...vg.Point) {
	if len(points) < 2 {
		return
	}
	w := vg.Length(width)
	sty := draw.LineStyle{Color: c, Width: w, Dashes: [...][]vg.Length{nil, {4 * w, 2.5 * w}, {w, 2 * w}, {6 * w, 2 * w, w, 2 * w}}[d]}
	p.StrokeLines(sty, points)
}

// rule draws a straight line.
func (p *pen) rule(c color.Color, width, x0, y0, x1, y1 float64) {
	p.stroke(c, width, Solid, at(x0, y0), at(x1, y1))
}

func at(x, y float64) vg.Point { return vg.Point{X: vg.Length(x), Y: vg.Length(y)} }

// outlines are the polygons of markers, around 0, y upwards.
var outlines = map[Marker][][2]float64{
	Triangle: {{0, 1.15}, {1.1, -0.8}, {-1.1, -0.8}},
	Down:     {{0, -1.15}, {1.1, 0.8}, {-1.1, 0.8}},
	Square:   {{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}},
	Diamond:  {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}},
	Plus: {{-0.4, -1.2}, {0.4, -1.2}, {0.4, -0.4}, {1.2, -0.4}, {1.2, 0.4}, {0.4, 0.4}, {0.4, 1.2}, {-0.4, 1.2},
		{-0.4, 0.4}, {-1.2, 0.4}, {-1.2, -0.4}, {-0.4, -0.4}},
	Star: star(),
	// Above the value.
	Dagger: {{-0.3, 5}, {0.3, 5}, {0.3, 4.2}, {0.9, 4.2}, {0.9, 3.6}, {0.3, 3.6}, {0.3, 1.6}, {-0.3, 1.6}, {-0.3, 3.6},
		{-0.9, 3.6}, {-0.9, 4.2}, {-0.3, 4.2}},
}

func star() (points [][2]float64) {
	for i := range 10 {
		r := 1.4
		if i%2 == 1 {
			r = 0.58
		}
		sin, cos := math.Sincos(math.Pi * (0.5 + float64(i)/5))
		points = append(points, [2]float64{r * cos, r * sin})
	}
	return points
}

// mark draws a marker, or its outline around the background.
func (p *pen) mark(m Marker, c color.Color, hollow bool, x, y float64) {
	r := 0.28 * p.theme.TextSize
	switch m {
	case NoMarker:
	case Circle, Ring:
		hollow = hollow || m == Ring
		var path vg.Path
		path.Move(at(x+r, y))
		path.Arc(at(x, y), vg.Length(r), 0, 2*math.Pi)
		path.Close()
		if hollow {
			p.SetColor(p.theme.Background)
			p.Fill(path)
			p.SetLineStyle(draw.LineStyle{Color: c, Width: vg.Length(0.5 * r)})
			p.Stroke(path)
			return
		}
		p.SetColor(c)
		p.Fill(path)
	case Cross:
		p.stroke(c, 0.5*r, Solid, at(x-r, y-r), at(x+r, y+r))
		p.stroke(c, 0.5*r, Solid, at(x-r, y+r), at(x+r, y-r))
	default:
		var points []vg.Point
		for _, q := range outlines[m] {
			points = append(points, at(x+r*q[0], y+r*q[1]))
		}
		if hollow {
			p.FillPolygon(p.theme.Background, points)
			p.stroke(c, 0.4*r, Solid, append(points, points[0], points[1])...)
			return
		}
		p.FillPolygon(c, points)
	}
}
