package explore

import (
	"fmt"
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/view"
	"hfcui/ui/kit"
)

// nextDecomposition switches between Fourier and SVD, at the same r.
func (p *Page) nextDecomposition() tea.Cmd {
	p.stop() // its setting is obsolete
	p.by = bands.SVD - p.by
	if p.gallery.open {
		return p.gallery.again()
	}
	return p.request()
}

// bySVD returns " by SVD" if images are split by SVD.
func (p *Page) bySVD() string {
	if p.by == bands.SVD {
		return " by SVD"
	}
	return ""
}

// svdView returns the View on screen if it is by SVD.
func (p *Page) svdView() *view.View {
	if v := p.view(); v != nil && v.By == bands.SVD {
		return v
	}
	return nil
}

// partTitle returns the title of the low- or high-pass image and its energy fraction.
func (p *Page) partTitle(kind, w int) (st kit.Style, mark, name, share string) {
	v, part := p.view(), math.NaN()
	st, mark, name = p.screen.Theme().Low, kit.MarkLow, "low"
	if v != nil {
		part = v.EnergyLow
	}
	if kind == kit.SlotHigh {
		st, mark, name = p.screen.Theme().High, kit.MarkHigh, "high"
		if v != nil {
			part = v.EnergyHigh
		}
	}
	share = kit.Percent(part)
	if v := p.svdView(); v != nil {
		share = finePercent(part)
		name = "rank " + rankText(v.Kept, v.Total)
		if kind == kit.SlotHigh {
			name = kit.Pick(w-11, "remainder", "rest")
		}
	}
	share += " %"
	if w >= 19+kit.Width(name) {
		share += " energy"
	}
	return st, mark, name, share
}

// rankText formats k in the width of most.
func rankText(k, most int) string { return fmt.Sprintf("%*d", len(fmt.Sprint(most)), k) }

// finePercent formats a fraction in percent with two decimals in five cells, "100.0" for 1.
func finePercent(p float64) string {
	if text := fmt.Sprintf("%5.2f", 100*p); len(text) <= 5 {
		return text
	}
	return kit.Percent(p)
}

// rankLines describe the rank's match: both splits remove nearly the same energy fraction,
// including the mean.
func (p *Page) rankLines(v *view.View, w int) []string {
	th := p.screen.Theme()
	return []string{
		th.Low.Paint(kit.MarkLow) + " rank " + rankText(v.Kept, v.Total) + th.Dim.Paint(fmt.Sprintf(" of %d", v.Total)),
		th.Low.Paint(kit.MarkLow) + " " + finePercent(v.EnergyLow) + th.Dim.Paint(" % energy"),
		th.Dim.Paint("  ") + finePercent(v.Matched) + th.Dim.Paint(kit.Pick(w-7, fmt.Sprintf(" %% for r=%.1f", v.R), " % for r")),
		th.Dim.Paint("  (with mean)"),
	}
}

// rankRemarks describe the split by SVD in a line, longest first.
func (p *Page) rankRemarks(v *view.View) (long, short string) {
	short = fmt.Sprintf("rank %s of %d · ", rankText(v.Kept, v.Total), v.Total)
	long = fmt.Sprintf("SVD, rank %s of %d, matches %s %% energy · ", rankText(v.Kept, v.Total), v.Total, finePercent(v.Matched))
	if !p.l.chart.Empty() {
		long += "curve: Fourier · "
	}
	return long, short
}
