package bands

import (
	"fmt"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// drawChanges draws the prediction changes at the cursor and the bound on robust accuracy that
// follows: the paper's section 3.
func (p *Page) drawChanges(c *kit.Canvas, rows kit.Rect, r bands.Result, key bandsKey) {
	if len(r.Changes) == 0 {
		c.Left(rows.Row(0), p.screen.Theme().Dim, kit.Pick(rows.W, kit.MarkChanged+" prediction changes on the low-pass image come with the curves", kit.MarkChanged+" comes with the curves"))
		return
	}
	at := r.Changes[kit.Nearest(r.Radii, p.session.R)]
	of := ""
	if p.compared() { // they are of the open model
		of = kit.Clean(p.session.Info.Model) + ": "
	}
	name := kit.Pick(rows.W-24, kit.MarkChanged+" "+of+"prediction changes on the low-pass image, f(x) ≠ f(x_l):", kit.MarkChanged+" "+of+"prediction changes, f(x) ≠ f(x_l):",
		kit.MarkChanged+" "+of+"f(x) ≠ f(x_l):", kit.MarkChanged+" f(x) ≠ f(x_l):")
	c.Put(rows.X, rows.Y, p.screen.Theme().Changed.Paint(name)+" "+session.ScoreText(at.Differ)+" %")
	c.Left(rows.Row(1), p.screen.Theme().Dim, changeBound(rows.W, of, at, key))
}

// changeBound describes, in w cells, the bound by changes, of a model unless it is clear of which: see [bands.Bounds].
func changeBound(w int, of string, at bands.Change, key bandsKey) string {
	switch {
	case key.Normalize != bands.NormalizeNone:
		return kit.Pick(w, "  "+of+"no bound: the model's input is the normalized low-pass image, not x_l", "  no bound: inputs are normalized")
	case key.Statistics != model.RunningStatistics:
		return kit.Pick(w, "  "+of+"no bound: with batch statistics predictions depend on the rest of the batch", "  no bound with batch statistics")
	case at.Both.N == 0:
		return ""
	}
	most := session.ScoreText(at.Both) + " %"
	if at.Epsilon.L2 == 0 {
		return kit.Pick(w, "  "+of+fmt.Sprintf("correct on whole and low: %s; no correct image is misclassified", most), "  both correct: "+most)
	}
	ball := fmt.Sprintf("ε ≥ %.2f (L2), %.2f (L∞)", at.Epsilon.L2, at.Epsilon.LInf)
	return kit.Pick(w, "  "+of+fmt.Sprintf("upper bound on robust accuracy (no clipping): %s at %s", most, ball),
		"  "+of+fmt.Sprintf("upper bound on robust accuracy: %s at %s", most, ball),
		"  "+of+fmt.Sprintf("robust accuracy ≤ %s at %s", most, ball),
		"  "+of+fmt.Sprintf("robust ≤ %s at %s", most, ball),
		fmt.Sprintf("  robust accuracy ≤ %s at %s", most, ball),
		fmt.Sprintf("  robust ≤ %s at %s", most, ball),
		fmt.Sprintf("robust ≤%s %% at %s", kit.Percent(at.Both.Accuracy()), ball))
}

// changesSeries returns the curve of prediction changes.
func (p *Page) changesSeries(r bands.Result, thick bool) kit.Series {
	s := kit.Series{Line: p.screen.Theme().Changed, Shade: p.screen.Theme().ChangedShade, Mark: kit.MarkChanged, Thick: thick}
	for i, change := range r.Changes {
		s.Points = append(s.Points, session.ScorePoint(r.Radii[i], change.Differ))
	}
	return s
}
