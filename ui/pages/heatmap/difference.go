package heatmap

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"charm.land/lipgloss/v2"

	"hfcui/engine/heatmap"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// difference returns the error rate of a map minus that of another at a frequency; NaN where one is
// unknown.
func difference(r, from heatmap.Result, f heatmap.Frequency) float64 {
	if r.W != from.W || r.H != from.H {
		return math.NaN()
	}
	return from.Around(f).Accuracy() - r.Around(f).Accuracy()
}

// largestDifference returns the largest absolute difference of two maps, at least five points.
func largestDifference(r, from heatmap.Result) float64 {
	most := 0.05
	for i := range r.Cells {
		if d := math.Abs(difference(r, from, heatmap.Frequency{U: i/r.W - r.H/2, V: i%r.W - r.W/2})); d > most {
			most = d
		}
	}
	return most
}

// differenceColor is that of a share of the largest difference, from −1, fewer errors, to 1, more:
// the colors of low and high, whose lightness differs, through dark gray.
func differenceColor(share float64) color.RGBA {
	end := kit.DarkTheme.CircleHigh
	if share < 0 {
		end = kit.DarkTheme.CircleLow
	}
	t := math.Sqrt(min(math.Abs(share), 1))
	mix := func(v uint8) uint8 { return uint8(0x18 + t*(float64(v)-0x18)) }
	return color.RGBA{mix(end[0]), mix(end[1]), mix(end[2]), 255}
}

// differenceImage has a pixel a frequency, gray where nothing is known.
func differenceImage(im *picture.Image, r, from heatmap.Result, most float64) {
	im.Resize(r.W, r.H)
	for i := range r.H * r.W {
		c := color.RGBA{0x60, 0x60, 0x60, 255}
		if d := difference(r, from, heatmap.Frequency{U: i/r.W - r.H/2, V: i%r.W - r.W/2}); d == d {
			c = differenceColor(d / most)
		}
		copy(im.Pix[3*i:3*i+3], []uint8{c.R, c.G, c.B})
	}
}

// differenceAt returns the difference at the cursor where the map whose figures are shown is one, with
// its 95 % CI once images are evaluated at all frequencies.
func (p *Page) differenceAt() (text string, ok bool) {
	if !p.minus || p.model == "" {
		return "", false
	}
	r, open := p.maps.Known[p.key()], p.maps.Known[p.keyOf("")]
	if r.Clean.N == 0 || open.Clean.N == 0 {
		return "", true
	}
	if pairs := r.Subtract(open, p.cursor); pairs.N() > 0 {
		return "  Δ " + strings.TrimSpace(session.DifferenceText(pairs)) + " points", true
	}
	d := 100 * difference(r, open, p.cursor)
	return fmt.Sprintf("  Δ %s points", strings.Replace(fmt.Sprintf("%+.1f", d), "-", "−", 1)), true
}

// differenceLine returns the color scale of differences in w cells.
func differenceLine(w int) string {
	var b strings.Builder
	for i := range w {
		st := kit.Styled(lipgloss.NewStyle().Foreground(differenceColor(2*float64(i)/float64(max(w-1, 1)) - 1)))
		b.WriteString(st.Paint("█"))
	}
	return b.String()
}

// differenceLabels returns, in w cells, the differences of the first and the last color.
func (p *Page) differenceLabels(w int) string {
	left, right := fmt.Sprintf("−%.0f points", 100*p.shown.most), fmt.Sprintf("+%.0f more errors", 100*p.shown.most)
	return left + kit.Blanks(max(1, w-kit.Width(left)-kit.Width(right))) + right
}
