// Package figure draws charts: a description of axes, series, intervals and notes is rendered as an
// SVG file, a PNG file or an image of any size, in the colors of a theme.
package figure

import "image/color"

// Figure is one or more panels with a common title and legend. Text may be untrusted: unprintable
// characters are removed. Series with the same name, color, marker and dash share a legend entry.
type Figure struct {
	Title, Subtitle string
	Panels          []Panel
	Columns         int      // panels side by side; 0 is 1
	Notes           []string // below the panels, a paragraph each
}

// Panel is series on a pair of axes, or a heat map.
type Panel struct {
	Title  string
	X, Y   Axis
	Series []Series
	Lines  []Reference
	Map    *HeatMap // drawn below the series; nil: none
}

// Axis is an axis of a panel. From and To are its ends, in either order; if equal, they are
// determined by the data.
type Axis struct {
	Title, Unit string
	From, To    float64
	Log         bool     // From and To must be above 0
	Percent     bool     // values are fractions of 1, labels are percentages
	Categories  []string // names of 0, 1, 2 …, instead of numbers
}

// Series is points in order of X. Points whose X or Y is not finite are omitted.
type Series struct {
	Name     string // in the legend; "": not listed
	End      string // label next to the last point
	Points   []Point
	Color    Color
	Marker   Marker
	Dash     Dash
	Interval Interval
	NoLine   bool // markers only
	Faint    bool // shown for comparison
	Hollow   bool // markers are outlines
	Every    int  // points per marker; 0 thins them to at most mostMarkers
}

// Point is a value with its interval, Lo to Hi, and a label above it.
type Point struct {
	X, Y, Lo, Hi float64
	Note         string
}

// Interval is how a series's intervals are drawn.
type Interval int

// The styles of intervals.
const (
	NoInterval Interval = iota
	Band                // an area behind the line
	Bars                // an error bar at every point
)

// Reference is a straight line across a panel at a value of Y, or of X if Vertical.
type Reference struct {
	At       float64
	Vertical bool
	Label    string
}

// HeatMap is a grid of values as colors, with a color scale. Column 0 is centered on the X axis's
// From and the last on its To, row 0 on the Y axis's To and the last on its From.
type HeatMap struct {
	W, H   int
	Values []float64 // row by row; NaN is unknown
	Lo, Hi float64   // the scale's ends
	Scale  Axis      // its title and number format
	Color  func(share float64) color.RGBA
}

// Dash is a line's pattern.
type Dash int

// The patterns, in the order of DashOf.
const (
	Solid Dash = iota
	Dashed
	Dotted
	DashDot
	dashes
)

// DashOf returns the pattern of the i-th series of a list.
func DashOf(i int) Dash { return Dash(i % int(dashes)) }

// Marker is the marker of a series's points.
type Marker int

// The markers. Circle, Triangle and Square are those of the low-pass, high-pass and whole image.
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
	Dagger // of values that fail a sanity check
)

// MarkerOf returns the marker of the i-th model, run or setting of a list: none of Circle,
// Triangle, Square and Cross, which have fixed meanings.
func MarkerOf(i int) Marker { return [...]Marker{Diamond, Down, Star, Plus, Ring}[i%5] }

// Color is the meaning of a series's color, which a theme maps to RGB.
type Color int

// The colors with a fixed meaning (Okabe and Ito 2008).
const (
	Low Color = iota
	High
	Whole
	Changed // predictions that change between whole and low-pass image
	firstOf // colors of lists follow
)

// ColorOf returns the color of the i-th model, run or setting of a list.
func ColorOf(i int) Color { return firstOf + Color(i) }
