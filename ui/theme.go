package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// style is what a Lip Gloss style writes in front of text. Styles are rendered once a
// theme and then painted by joining strings: a frame has hundreds of them.
type style struct{ on string }

const styleOff = "\x1b[m"

// styled renders a Lip Gloss style that has attributes and colours only. Bubble Tea
// reduces its colours to what the terminal has, and drops them when NO_COLOR is set.
func styled(s lipgloss.Style) style {
	on, _, _ := strings.Cut(s.Render("x"), "x")
	return style{on}
}

// paint returns s in this style.
func (st style) paint(s string) string {
	if st.on == "" || s == "" {
		return s
	}
	return st.on + s + styleOff
}

// and returns a style with another's attributes on top.
func (st style) and(other style) style { return style{st.on + other.on} }

// fg is a foreground colour given as "#rrggbb".
func fg(hex string) style { return styled(lipgloss.NewStyle().Foreground(lipgloss.Color(hex))) }

// bg is a background colour.
func bg(hex string) style { return styled(lipgloss.NewStyle().Background(lipgloss.Color(hex))) }

var (
	bold    = styled(lipgloss.NewStyle().Bold(true))
	reverse = styled(lipgloss.NewStyle().Reverse(true))
)

// theme is every style there is. The same thing has the same colour everywhere: low
// blue, high orange, whole neutral (Okabe and Ito's palette, told apart by the
// colour-blind), and never colour alone: each has a marker of its own.
type theme struct {
	dark                  bool
	text, dim, line       style // what is read, what explains, what separates
	focus                 style // what has the focus, what can be pressed
	low, high, whole      style
	lowDim, highDim       style // the curves without smoothing, kept for comparison
	wholeDim              style
	lowShade, highShade   style // 95 % intervals
	wholeShade            style
	changed, changedShade style // answers that are others by the low part
	right, wrong, warn    style
	models                []style // of models side by side and of trainings; modelMarks go with them
	panel                 style   // the background of dialogs
	selected              style
	circleLow, circleHigh [3]uint8 // tints of the spectrum inside and outside the circle
	letterbox             [3]uint8 // around pictures that do not fill their box
}

// Markers that go with the colours.
const (
	markLow, markHigh, markWhole         = "●", "▲", "■"
	markLowBase, markHighBase, markWBase = "○", "△", "□"
	markChanged                          = "≠"
	markRight, markWrong, markUnknown    = "✓", "✗", "·"
)

// modelMarks tell models, and trainings, apart together with their colours; modelBases stand
// for the same model as it is without what is done to it.
var (
	modelMarks = [...]string{"◆", "▼", "★", "✚", "◉", "✦"}
	modelBases = [...]string{"◇", "▽", "☆", "✛", "◎", "✧"}
)

// modelLook is how a model is drawn.
type modelLook struct {
	mark, base string
	style      style
}

// model returns the look of model i, which is the same everywhere.
func (th *theme) model(i int) modelLook {
	return modelLook{modelMarks[i%len(modelMarks)], modelBases[i%len(modelBases)], th.models[i%len(th.models)]}
}

var darkTheme, lightTheme = newTheme(true), newTheme(false)

// themeFor returns the theme for a terminal's background.
func themeFor(dark bool) *theme {
	if dark {
		return darkTheme
	}
	return lightTheme
}

func newTheme(dark bool) *theme {
	if dark {
		return &theme{
			dark: true,
			dim:  fg("#9a9a9a"), line: fg("#5c5c5c"), focus: bold.and(fg("#f0e442")),
			low: fg("#56b4e9"), high: fg("#e69f00"), whole: fg("#e4e4e4"),
			lowDim: fg("#3f7594"), highDim: fg("#94701f"), wholeDim: fg("#8a8a8a"),
			lowShade: fg("#2c556d"), highShade: fg("#6b4f12"), wholeShade: fg("#555555"),
			changed: fg("#b48ee8"), changedShade: fg("#4f3d69"),
			right: fg("#1fbf8f"), wrong: fg("#e8703a"), warn: fg("#e8703a"),
			models: []style{fg("#1fbf8f"), fg("#d98cba"), fg("#f0e442"), fg("#e8703a"), fg("#6f9bff"), fg("#c8c8c8")},
			panel:  bg("#1f2226"), selected: bg("#3a3f46").and(bold),
			circleLow: [3]uint8{0x56, 0xb4, 0xe9}, circleHigh: [3]uint8{0xe6, 0x9f, 0x00},
			letterbox: [3]uint8{0x18, 0x18, 0x18},
		}
	}
	return &theme{
		dim: fg("#5f5f5f"), line: fg("#a8a8a8"), focus: bold.and(fg("#8a3f78")),
		low: fg("#0072b2"), high: fg("#d55e00"), whole: fg("#303030"),
		lowDim: fg("#6aa5c9"), highDim: fg("#dd9a6a"), wholeDim: fg("#8f8f8f"),
		lowShade: fg("#a9cbe0"), highShade: fg("#efc3a3"), wholeShade: fg("#c4c4c4"),
		changed: fg("#7a3fb0"), changedShade: fg("#d3bde6"),
		right: fg("#00795a"), wrong: fg("#b03060"), warn: fg("#b03060"),
		models: []style{fg("#00795a"), fg("#a3457f"), fg("#7a6f00"), fg("#b03060"), fg("#3050c0"), fg("#505050")},
		panel:  bg("#eeeeec"), selected: bg("#d4d4d0").and(bold),
		circleLow: [3]uint8{0x56, 0xb4, 0xe9}, circleHigh: [3]uint8{0xe6, 0x9f, 0x00},
		letterbox: [3]uint8{0xe8, 0xe8, 0xe8},
	}
}

// markDoubt stands at figures that fail a check of their sanity.
const markDoubt = "†"
