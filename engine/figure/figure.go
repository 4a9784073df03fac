// Package figure draws charts: one description of axes, series, intervals and notes becomes an
// SVG file, a PNG file or an image of any size, in the colors of a theme.
package figure

import "image/color"

// Figure is one or more panels under a common title and legend. Text may come from anywhere:
// what cannot be printed is left out. Series with the same name, color, marker and dash, in
// whichever panels, share an entry of the legend.
type Figure struct {
	Title, Subtitle string
	Panels          []Panel
	Columns         int      // panels side by side; 0 is 1
	Notes           []string // under the panels, a paragraph each
}

// Panel is series against a pair of axes, or a heat map.
type Panel struct {
	Title  string
	X, Y   Axis
	Series []Series
	Lines  []Reference
	Map    *HeatMap // drawn under the series; nil: none
}

// Axis is one of a panel's axes. From and To are its ends, in either order; where they are equal
// they follow from the data.
type Axis struct {
	Title, Unit string
	From, To    float64
	Log         bool     // then From and To are above 0
	Percent     bool     // values are fractions of 1, labels are percentages
	Categories  []string // names of 0, 1, 2 …, instead of numbers
}

// Series is points in the order of X. Points whose X or Y is not finite are left out.
type Series struct {
	Name     string // in the legend; "" is not in it
	End      string // next to the last point
	Points   []Point
	Color    Color
	Marker   Marker
	Dash     Dash
	Interval Interval
	NoLine   bool // markers alone
	Faint    bool // kept for comparison with another series
}

// Point is a value with its interval, Lo to Hi, and what is written above it.
type Point struct {
	X, Y, Lo, Hi float64
	Note         string
}

// Interval says how a series' intervals are drawn.
type Interval int

// The ways to draw intervals.
const (
	NoInterval Interval = iota
	Band                // an area behind the line
	Bars                // an error bar at every point
)

// Reference is a straight line across a panel, at Y, or at X where Vertical.
type Reference struct {
	At       float64
	Vertical bool
	Label    string
}

// HeatMap is a grid of values as colors, with a scale beside it. Column 0 is centered on the
// X axis' From and the last on its To, row 0 on the Y axis' To and the last on its From.
type HeatMap struct {
	W, H   int
	Values []float64 // row by row; NaN is unknown
	Lo, Hi float64   // the scale's ends
	Scale  Axis      // its title and number format
	Color  func(share float64) color.RGBA
}

// Dash is a line's pattern.
type Dash int

// The patterns, which a list of series can go through with DashOf.
const (
	Solid Dash = iota
	Dashed
	Dotted
	DashDot
	dashes
)

// DashOf is the pattern of the i-th series of a list.
func DashOf(i int) Dash { return Dash(i % int(dashes)) }

// Marker is the shape at a series' points.
type Marker int

// The shapes. Circle, Triangle and Square are those of the low-pass, high-pass and whole image.
const (
	NoMarker Marker = iota
	Circle
	Triangle
	Square
	Cross
	Diamond
	Down
	Star
	Plus
	Ring
)

// MarkerOf is the shape of the i-th model, run or setting of a list, none of which is one of
// Circle, Triangle, Square, which say what a model sees, nor Cross.
func MarkerOf(i int) Marker { return [...]Marker{Diamond, Down, Star, Plus, Ring}[i%5] }

// Color is what a series stands for; the theme says how that looks.
type Color int

// The colors with a meaning, which is the same everywhere (Okabe and Ito 2008).
const (
	Low Color = iota
	High
	Whole
	Changed // predictions that change between whole and low-pass image
	firstOf // then those of lists
)

// ColorOf is the color of the i-th model, run or setting of a list.
func ColorOf(i int) Color { return firstOf + Color(i) }
