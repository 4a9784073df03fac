package explore

import (
	"context"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// prediction is what a comparison model predicts for the image and its components.
type prediction struct {
	path string
	list lab.Predictions
	err  error
}

// predictOthers starts inference with the comparison models of a request, while its pictures are
// drawn. The returned function waits for the predictions.
func predictOthers(ctx context.Context, l session.Lab, q viewRequest) func() []prediction {
	if q.n == 0 {
		return func() []prediction { return nil }
	}
	done := make(chan []prediction, 1)
	go func() {
		var list []prediction
		for _, path := range q.others[:q.n] {
			found, err := l.Predict(ctx, lab.PredictionsRequest{Model: path, Request: q.Request})
			list = append(list, prediction{path, found, err})
		}
		done <- list
	}()
	return func() []prediction { return <-done }
}

// compared reports whether there are comparison models.
func (p *Page) compared() bool { return len(p.session.Comparisons) > 0 }

// predictionOf returns a model's predictions on screen; false if there are none yet.
func (p *Page) predictionOf(m session.ShownModel) (found prediction, ok bool) {
	v := p.view()
	if v == nil {
		return prediction{}, false
	}
	if m.Path == "" {
		return prediction{list: v.Predictions}, true
	}
	for _, one := range p.shown.others {
		if one.path == m.Path {
			return one, true
		}
	}
	return prediction{}, false
}

// flips reports whether the image is a flip for a model.
func (p *Page) flips(m session.ShownModel) bool {
	one, ok := p.predictionOf(m)
	v := p.view()
	if !ok || one.err != nil || !m.Scored() || v.Label < 0 {
		return false
	}
	s := bands.Sample{Label: v.Label, Whole: one.list[bands.Whole].Class, Low: one.list[bands.Low].Class, High: one.list[bands.High].Class}
	return s.Flip()
}

// drawLegend names the models, and tells which the image is a flip for, or what failed.
func (p *Page) drawLegend(c *kit.Canvas) {
	th, models := p.screen.Theme(), p.session.Models()
	column := (p.l.legend.W - 1) / len(models)
	for i, m := range models {
		look := th.Model(m.Slot)
		r := kit.NewRect(p.l.legend.X+i*column, p.l.legend.Y, column-1, 1)
		note, st := "", th.Dim
		one, ok := p.predictionOf(m)
		switch {
		case !ok:
		case one.err != nil:
			note, st = "failed: "+kit.OneLine(one.err), th.Warn
		case p.flips(m):
			note, st = "flip", th.Focus
		case !m.Scored():
			note = "not scored"
		}
		room := r.W - 2
		if note != "" {
			room = max(8, room-min(kit.Width(note), 12)-1)
		}
		c.Put(r.X, r.Y, look.Style.Paint(look.Mark)+" "+kit.Cut(m.Name, room))
		x := r.X + 3 + min(kit.Width(m.Name), room)
		c.Left(kit.NewRect(x, r.Y, max(0, r.Right()-x), 1), st, note)
	}
}

// drawPredictions draws the models' predictions for a picture, each in as many lines as there is
// room for.
func (p *Page) drawPredictions(c *kit.Canvas, s kit.Slot) {
	models, th := p.session.Models(), p.screen.Theme()
	lines := max(1, s.Text.H/len(models))
	for i, m := range models {
		row := kit.NewRect(s.Text.X+2, s.Text.Y+i*lines, s.Text.W-2, min(lines, s.Text.H-i*lines))
		if row.H < 1 {
			break
		}
		look := th.Model(m.Slot)
		c.Put(s.Text.X, row.Y, look.Style.Paint(look.Mark))
		switch one, ok := p.predictionOf(m); {
		case !ok:
		case one.err != nil:
			c.Left(row.Row(0), th.Dim, "unavailable")
		default:
			label := p.view().Label
			if !m.Scored() {
				label = -1
			}
			p.session.DrawPredictionOf(c, row, m, one.list[s.Kind], label, look.Style)
		}
	}
}
