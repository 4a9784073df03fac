package ui

import (
	"fmt"

	"hfcui/engine/bands"
	"hfcui/engine/model"
)

// drawChanges says at the cursor how many images the model takes for another class by their
// low part than whole, and what follows for its robustness: the paper's section 3.
func (p *bandsPage) drawChanges(c *canvas, rows rect, r bands.Result, key bandsKey) {
	if len(r.Changes) == 0 {
		c.left(rows.row(0), p.screen.theme().dim, pick(rows.w, markChanged+" how many images change class by their low part comes with the curves", markChanged+" comes with the curves"))
		return
	}
	at := r.Changes[nearest(r.Radii, p.session.r)]
	name := pick(rows.w-24, markChanged+" another class by the low part than whole, f(x) ≠ f(x_l):", markChanged+" f(x) ≠ f(x_l), low part against whole:", markChanged+" f(x) ≠ f(x_l):")
	c.put(rows.x, rows.y, p.screen.theme().changed.paint(name)+" "+scoreText(at.Differ)+" %")
	c.left(rows.row(1), p.screen.theme().dim, changeBound(rows.w, at, key))
}

// changeBound says in w cells what changes bound: see [bands.Bounds].
func changeBound(w int, at bands.Change, key bandsKey) string {
	switch {
	case key.Normalize != bands.NormalizeNone:
		return pick(w, "  bounds nothing: the model is shown the low part normalised, not x_l itself", "  bounds nothing: parts are normalised")
	case key.Statistics != model.RunningStatistics:
		return pick(w, "  bounds nothing: with batch statistics answers depend on the other images", "  bounds nothing with batch statistics")
	case at.Both.N == 0:
		return ""
	}
	most := scoreText(at.Both) + " %"
	if at.Epsilon.L2 == 0 {
		return pick(w, fmt.Sprintf("  right whole and by the low part: %s; no image that is right becomes wrong", most), "  both right: "+most)
	}
	ball := fmt.Sprintf("ε ≥ %.2f (L2), %.2f (L∞)", at.Epsilon.L2, at.Epsilon.LInf)
	return pick(w, fmt.Sprintf("  so robust accuracy on these images, pixels not held to [0,1], is at most %s at %s", most, ball),
		fmt.Sprintf("  so robust accuracy here is at most %s at %s", most, ball),
		fmt.Sprintf("  robust accuracy ≤ %s at %s", most, ball),
		fmt.Sprintf("  robust ≤ %s at %s", most, ball),
		fmt.Sprintf("robust ≤%s %% at %s", percent(at.Both.Accuracy()), ball))
}

// changesSeries is the curve of the images that change class.
func (p *bandsPage) changesSeries(r bands.Result, thick bool) series {
	s := series{line: p.screen.theme().changed, shade: p.screen.theme().changedShade, mark: markChanged, thick: thick}
	for i, change := range r.Changes {
		s.points = append(s.points, scorePoint(r.Radii[i], change.Differ))
	}
	return s
}
