package kit

import (
	"strings"
	"sync"

	"charm.land/lipgloss/v2"
)

// Style is the escape sequence of a Lip Gloss style. Styles are rendered once per theme and painted
// by concatenation, since a frame has hundreds.
type Style struct {
	on  string
	rgb [3]uint8 // the foreground's color, for pictures
}

const styleOff = "\x1b[m"

// Styled renders a Lip Gloss style of attributes and colors. Bubble Tea reduces its colors to the
// terminal's, and drops them if NO_COLOR is set.
func Styled(s lipgloss.Style) Style {
	on, _, _ := strings.Cut(s.Render("x"), "x")
	st := Style{on: on}
	if _, none := s.GetForeground().(lipgloss.NoColor); !none {
		r, g, b, _ := s.GetForeground().RGBA()
		st.rgb = [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
	}
	return st
}

// RGB returns the foreground's color; black is none.
func (st Style) RGB() [3]uint8 { return st.rgb }

// Paint returns s in this style.
func (st Style) Paint(s string) string {
	if st.on == "" || s == "" {
		return s
	}
	return st.on + s + styleOff
}

// and returns a style with another's attributes on top.
func (st Style) and(other Style) Style {
	if other.rgb == [3]uint8{} {
		other.rgb = st.rgb
	}
	return Style{st.on + other.on, other.rgb}
}

// fg is a foreground color, "#rrggbb".
func fg(hex string) Style { return Styled(lipgloss.NewStyle().Foreground(lipgloss.Color(hex))) }

// bg is a background color.
func bg(hex string) Style { return Styled(lipgloss.NewStyle().Background(lipgloss.Color(hex))) }

var (
	Bold    = Styled(lipgloss.NewStyle().Bold(true))
	reverse = Styled(lipgloss.NewStyle().Reverse(true))
)

// Theme is the set of styles. Colors have the same meaning everywhere: low blue, high orange, whole
// neutral (Okabe and Ito's color-blind-safe palette). Each also has its own marker.
type Theme struct {
	dark                  bool
	Text, Dim, Line       Style // content, explanations, separators
	Focus                 Style // focus and keys
	Low, High, Whole      Style
	LowDim, HighDim       Style // curves without smoothing, for comparison
	WholeDim              Style
	LowShade, HighShade   Style // 95 % intervals
	WholeShade            Style
	Changed, ChangedShade Style // predictions that change on the low-pass image
	Right, Wrong, Warn    Style
	models                []Style // of compared models and runs, with modelMarks
	panel                 Style   // the background of dialogs
	selected              Style
	CircleLow, CircleHigh [3]uint8 // tints of the spectrum inside and outside the circle
	letterbox             [3]uint8 // around pictures that do not fill their box
}

// Markers that go with the colors.
const (
	MarkLow, MarkHigh, MarkWhole         = "●", "▲", "■"
	MarkLowBase, MarkHighBase, MarkWBase = "○", "△", "□"
	MarkChanged                          = "≠"
	MarkRight, MarkWrong, MarkUnknown    = "✓", "✗", "·"
)

// modelMarks are the markers of models and runs, besides their colors; modelBases are those of the
// same models without smoothing or attack.
var (
	modelMarks = [...]string{"◆", "▼", "★", "✚", "◉", "✦"}
	modelBases = [...]string{"◇", "▽", "☆", "✛", "◎", "✧"}
)

// modelLook is the style and the markers of a model.
type modelLook struct {
	Mark, Base string
	Style      Style
}

// Model returns the style and markers of model i.
func (th *Theme) Model(i int) modelLook {
	return modelLook{modelMarks[i%len(modelMarks)], modelBases[i%len(modelBases)], th.models[i%len(th.models)]}
}

// PatternOf returns the pattern of the i-th curve of a chart without colors: by its marker if that is a
// model's, which has the same pattern in every chart.
func PatternOf(mark string, i int) int {
	for k := range modelMarks {
		if mark == modelMarks[k] || mark == modelBases[k] {
			return k
		}
	}
	return i
}

// DarkTheme is for dark backgrounds, lightTheme for light ones, neutralTheme for those of which
// nothing is known. Text has a contrast of at least 4.5 (WCAG 2 AA) on black, on white, or on both.
var (
	DarkTheme    = newDarkTheme()
	lightTheme   = sync.OnceValue(newLightTheme)
	neutralTheme = sync.OnceValue(newNeutralTheme)
)

// ThemeFor returns the theme for a terminal's background.
func ThemeFor(dark bool) *Theme {
	if dark {
		return DarkTheme
	}
	return lightTheme()
}

// ThemeOn returns the theme for a background that is dark or not, if that is known, on a terminal
// with color or without.
func ThemeOn(dark, known, color bool) *Theme {
	th := ThemeFor(dark)
	if !known {
		th = neutralTheme()
	}
	if color {
		return th
	}
	plain := *th
	plain.selected = reverse
	plain.Warn, plain.Wrong = Bold.and(th.Warn), Bold.and(th.Wrong)
	return &plain
}

func newDarkTheme() *Theme {
	return &Theme{
		dark: true,
		Dim:  fg("#9a9a9a"), Line: fg("#5c5c5c"), Focus: Bold.and(fg("#f0e442")),
		Low: fg("#56b4e9"), High: fg("#e69f00"), Whole: fg("#e4e4e4"),
		LowDim: fg("#4782a4"), HighDim: fg("#9b7621"), WholeDim: fg("#8a8a8a"),
		LowShade: fg("#2c556d"), HighShade: fg("#6b4f12"), WholeShade: fg("#555555"),
		Changed: fg("#b48ee8"), ChangedShade: fg("#4f3d69"),
		Right: fg("#1fbf8f"), Wrong: fg("#e8703a"), Warn: fg("#e8703a"),
		models: []Style{fg("#1fbf8f"), fg("#d98cba"), fg("#f0e442"), fg("#e8703a"), fg("#6f9bff"), fg("#c8c8c8")},
		panel:  bg("#1f2226"), selected: bg("#3a3f46").and(Bold),
		CircleLow: [3]uint8{0x56, 0xb4, 0xe9}, CircleHigh: [3]uint8{0xe6, 0x9f, 0x00},
		letterbox: [3]uint8{0x18, 0x18, 0x18},
	}
}

func newLightTheme() *Theme {
	return &Theme{
		Dim: fg("#5f5f5f"), Line: fg("#a8a8a8"), Focus: Bold.and(fg("#8a3f78")),
		Low: fg("#0072b2"), High: fg("#bb5200"), Whole: fg("#303030"),
		LowDim: fg("#4b7691"), HighDim: fg("#956745"), WholeDim: fg("#6f6f6f"),
		LowShade: fg("#a9cbe0"), HighShade: fg("#efc3a3"), WholeShade: fg("#c4c4c4"),
		Changed: fg("#7a3fb0"), ChangedShade: fg("#d3bde6"),
		Right: fg("#00795a"), Wrong: fg("#b03060"), Warn: fg("#b03060"),
		models: []Style{fg("#00795a"), fg("#a3457f"), fg("#7a6f00"), fg("#b03060"), fg("#3050c0"), fg("#505050")},
		panel:  bg("#eeeeec"), selected: bg("#d4d4d0").and(Bold),
		CircleLow: [3]uint8{0x56, 0xb4, 0xe9}, CircleHigh: [3]uint8{0xe6, 0x9f, 0x00},
		letterbox: [3]uint8{0xe8, 0xe8, 0xe8},
	}
}

// newNeutralTheme has colors of relative luminance 0.18, midway between black and white.
func newNeutralTheme() *Theme {
	return &Theme{
		dark: true,
		Dim:  fg("#757575"), Line: fg("#757575"), Focus: Bold.and(fg("#c236c2")),
		Low: fg("#0079cb"), High: fg("#b36000"), Whole: fg("#757575"),
		LowDim: fg("#367d9e"), HighDim: fg("#907045"), WholeDim: fg("#757575"),
		LowShade: fg("#367d9e"), HighShade: fg("#907045"), WholeShade: fg("#757575"),
		Changed: fg("#a241f3"), ChangedShade: fg("#a241f3"),
		Right: fg("#008846"), Wrong: fg("#e42141"), Warn: fg("#e42141"),
		models: []Style{fg("#008846"), fg("#ca3e8c"), fg("#817700"), fg("#d83d0f"), fg("#4466ff"), fg("#757575")},
		panel:  reverse, selected: reverse,
		CircleLow: [3]uint8{0x56, 0xb4, 0xe9}, CircleHigh: [3]uint8{0xe6, 0x9f, 0x00},
		letterbox: [3]uint8{0x18, 0x18, 0x18},
	}
}

// MarkDoubt marks values that fail a sanity check.
const MarkDoubt = "†"
