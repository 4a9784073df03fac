package attack

import (
	"fmt"
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/attack"
	"hfcui/ui/kit"
)

// bandChoice is the frequency band of perturbations.
type bandChoice int

const (
	bandAll bandChoice = iota
	bandLow
	bandHigh
	bandRing
	bandChoices
)

// ringWidth is the width of the ring from r.
const ringWidth = 4

// at returns the band at a radius.
func (b bandChoice) at(r float64) attack.Band {
	switch b {
	case bandLow:
		return attack.Band{Part: "low", R: r}
	case bandHigh:
		return attack.Band{Part: "high", R: r}
	case bandRing:
		return attack.Band{Part: "ring", R: r, To: r + ringWidth}
	}
	return attack.Band{}
}

// bandText describes a band.
func bandText(b attack.Band) string {
	switch b.Part {
	case "low":
		return fmt.Sprintf("low only, r < %.1f", b.R)
	case "high":
		return fmt.Sprintf("high only, r ≥ %.1f", b.R)
	case "ring":
		return fmt.Sprintf("ring only, r %.1f to %.1f", b.R, b.To)
	}
	return "all frequencies"
}

// Steps of ε, as fractions of its track.
const (
	stepFine  = 0.01
	stepUsual = 0.05
	stepLarge = 0.2
)

// The range of ε's track is the initial one times a power of two.
const (
	mostLInf = 1.0
	mostL2   = 102.4
)

// firstMost returns the track's initial end, on which the paper's ε are measured.
func firstMost(n attack.Norm) float64 {
	if n == attack.L2 {
		return 1
	}
	return 0.1
}

// largestEpsilon returns the maximum of ε.
func largestEpsilon(n attack.Norm) float64 {
	if n == attack.L2 {
		return mostL2
	}
	return mostLInf
}

// setEpsilon sets ε and extends the track if needed.
func (p *Page) setEpsilon(e float64) tea.Cmd {
	e = min(max(e, 0), largestEpsilon(p.options.Norm))
	if e == p.options.Epsilon {
		return nil
	}
	p.options.Epsilon = e
	return p.altered()
}

// stepEpsilon moves ε by a fraction of its track, on a grid of thousandths.
func (p *Page) stepEpsilon(share float64) tea.Cmd {
	return p.setEpsilon(min(p.onGrid(p.options.Epsilon+share*p.most), max(p.most, p.options.Epsilon)))
}

// onGrid rounds to the nearest thousandth of the track.
func (p *Page) onGrid(e float64) float64 {
	unit := p.most / 1000
	scale := math.Pow(10, math.Ceil(-math.Log10(unit))+2)
	return math.Round(math.Round(e/unit)*unit*scale) / scale
}

// stretchTrack scales the range of ε's track.
func (p *Page) stretchTrack(by float64) tea.Cmd {
	first := firstMost(p.options.Norm)
	most := min(max(p.most*by, first/8), largestEpsilon(p.options.Norm))
	if most == p.most {
		return nil
	}
	p.most, p.options.Epsilon = most, min(p.options.Epsilon, most)
	return p.altered()
}

// altered updates the page after a change of the attack.
func (p *Page) altered() tea.Cmd {
	for p.most < p.options.Epsilon {
		p.most = min(2*p.most, largestEpsilon(p.options.Norm))
	}
	return tea.Batch(p.request(), p.measure())
}

// stepMethod selects the next method that supports the norm.
func (p *Page) stepMethod(by int) tea.Cmd {
	list := attack.Methods()
	for range list {
		p.options.Method = list[(slices.Index(list, p.options.Method)+by+len(list))%len(list)]
		if p.attack().Check() == nil {
			break
		}
	}
	return p.altered()
}

func (p *Page) nextBand() tea.Cmd {
	if !attack.Lookup(p.options.Method).Band {
		p.screen.Say(p.options.Method + " does not support a frequency band")
		return nil
	}
	p.band = (p.band + 1) % bandChoices
	return p.altered()
}

// epsilonText formats an ε in six cells.
func epsilonText(e float64) string {
	if e < 10 {
		return fmt.Sprintf("%.4f", e)
	}
	return fmt.Sprintf("%.3f", e)
}

// normText formats a norm.
func normText(n attack.Norm) string {
	if n == attack.L2 {
		return "L2"
	}
	return "L∞"
}

// attackText says how is attacked, besides ε, in w cells: what matters most first.
func attackText(o attack.Options, w int) string {
	parts, m := []string{o.Method + " " + normText(o.Norm)}, attack.Lookup(o.Method)
	switch {
	case m.Steps == 0:
	case !m.Gradient:
		parts = append(parts, kit.Counted(o.Steps, "query"))
	default:
		parts = append(parts, kit.Counted(o.Steps, "step"))
	}
	if o.Band.Part != "" {
		parts = append(parts, bandText(o.Band))
	}
	if hasStepSize(m) {
		size := o.StepSize
		if size == 0 {
			size = m.StepSize(o)
		}
		parts = append(parts, fmt.Sprintf("step size %.3g", size))
	}
	if o.Restarts > 1 {
		parts = append(parts, fmt.Sprintf("worst of %d random starts", o.Restarts))
	} else if o.RandomStart {
		parts = append(parts, "random start")
	}
	text := parts[0]
	for _, part := range parts[1:] {
		room := w - kit.Width(text) - 3
		if short, _, _ := strings.Cut(part, ","); kit.Width(part) > room {
			part = short
		}
		if kit.Width(part) <= room {
			text += " · " + part
		}
	}
	return kit.Cut(text, w)
}

// hasStepSize reports whether the page sets the step size of a method: that of minimal methods
// follows ε.
func hasStepSize(m attack.Method) bool { return m.ChoosesStepSize && !m.Minimal }
