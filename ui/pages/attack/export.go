package attack

import (
	"errors"
	"fmt"
	"io"
	"strings"

	charts "hfcui/engine/figure"

	"hfcui/engine/attack"
	"hfcui/engine/lab"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// Export prepares the pictures and their text, if shown, and the curves, including partial results.
func (p *Page) Export() (session.Exporter, error) {
	o := p.attack()
	e := session.Exporter{Base: fmt.Sprintf("%s-%s-%s-attack-%s-%s", p.session.Info.Model, p.session.Info.Data, p.session.Info.Split, o.Method, o.Norm)}
	if v := p.view(); v != nil && len(p.l.slots) > 0 {
		e.Base += fmt.Sprintf("-%d-eps%.4g", v.Index, v.Epsilon)
		for kind, suffix := range [kit.Slots]string{"-original.png", "-perturbation.png", "-adversarial.png", "-spectrum.png"} {
			e.Files = append(e.Files, session.ExportFile{Suffix: suffix, Write: session.Enlarged(kind != kit.SlotSpectrum && v.Original.C == 1, func(src *picture.Image) { attackImage(src, v, kind, 1) },
				func(large *picture.Image) { finishAttack(large, v, kind) })})
		}
		document := p.session.Documented(v.Model, p.viewDocument(v))
		e.Files = append(e.Files, session.ExportFile{Suffix: ".json", Write: func(w io.Writer) error { return session.WriteJSON(w, document) }})
	}
	curves := p.measuredCurves()
	for _, c := range curves {
		if c.partial != nil {
			axis := map[bool]string{false: "ε", true: "ρ"}[c.key.byRho]
			e.Unfinished = append(e.Unfinished, fmt.Sprintf("%s, robust accuracy vs %s: %s", kit.Clean(c.name), axis, c.partial))
		}
	}
	if len(curves) > 0 {
		document := p.curvesDocument(curves)
		e.Files = append(e.Files,
			session.ExportFile{Suffix: "-accuracy.csv", Write: func(w io.Writer) error { return writeRobustCSV(w, curves) }},
			session.ExportFile{Suffix: "-accuracy.json", Write: func(w io.Writer) error { return session.WriteJSON(w, document) }})
		for _, byRho := range []bool{false, true} {
			if of := curvesOf(curves, byRho); len(of) > 0 {
				suffix := map[bool]string{false: "-epsilon", true: "-rho"}[byRho]
				heading := fmt.Sprintf("%s %s on %s, %s split", o.Method, normText(o.Norm), kit.Clean(p.session.Info.Data), kit.Clean(p.session.Info.Split))
				e.Files = append(e.Files, session.FigureFiles(suffix, func() *charts.Figure { return robustFigure(heading, of) })...)
			}
		}
	}
	if len(e.Files) == 0 {
		return session.Exporter{}, errors.New("nothing to export yet")
	}
	return e, nil
}

// robustCurve is a model's curve.
type robustCurve struct {
	name    string
	slot    int
	key     robustKey
	result  attack.Robustness
	partial *measure.Partial // nil: complete
}

// partial says how far a curve is; nil if it is complete on all images.
func (p *Page) partial(r attack.Robustness) *measure.Partial {
	limits := p.limits()
	if all := limits[len(limits)-1]; r.Done && r.Images < all {
		return measure.PartialOf(false, r.Images, all, "images")
	}
	return r.Partial()
}

// measuredCurves lists the curves of the page that have data.
func (p *Page) measuredCurves() []robustCurve {
	var list []robustCurve
	for _, m := range p.session.Models() {
		for _, byRho := range []bool{false, true} {
			k := p.keyOf(m, byRho)
			if result := p.robust.Known[k]; len(pointsOf(k, result, k.options.Method)) > 0 {
				list = append(list, robustCurve{m.Name, m.Slot, k, result, p.partial(result)})
			}
		}
	}
	return list
}

func curvesOf(curves []robustCurve, byRho bool) []robustCurve {
	var list []robustCurve
	for _, c := range curves {
		if c.key.byRho == byRho {
			list = append(list, c)
		}
	}
	return list
}

// attackDocument is the attack options as JSON.
type attackDocument struct {
	attack.Options
	Smoothing any `json:"smoothing"`
}

// viewDocument returns the page's text on the image as JSON.
func (p *Page) viewDocument(v *lab.AttackView) any {
	type answer struct {
		Class         string              `json:"class"`
		Right         bool                `json:"right"`
		Probabilities map[string]*float64 `json:"probabilities"`
	}
	said := func(q measure.Prediction) answer {
		return answer{p.session.ClassName(q.Class), q.Class == v.Label, p.session.Probabilities(q)}
	}
	m, _ := p.session.Model(v.Model)
	return struct {
		Model        string              `json:"model"`
		Data         string              `json:"data"`
		Split        string              `json:"split"`
		Index        int                 `json:"index"`
		Title        string              `json:"title"`
		Label        string              `json:"label"`
		Attack       attackDocument      `json:"attack"`
		LInf         float64             `json:"linf"`
		L2           float64             `json:"l2"`
		ZeroGradient bool                `json:"zero_gradient"`
		R            float64             `json:"r"`
		Energy       map[string]*float64 `json:"energy"`
		Profile      []float64           `json:"profile"`
		Amplified    float64             `json:"amplified"`
		Before       answer              `json:"before"`
		After        answer              `json:"after"`
	}{
		m.Name, kit.Clean(p.session.Info.Data), kit.Clean(p.session.Info.Split), v.Index, kit.Clean(v.Title), p.session.ClassName(v.Label),
		attackDocument{v.Options, v.Smoothing}, v.LInf, v.L2, v.ZeroGradient, v.R,
		map[string]*float64{"low": session.Number(v.EnergyLow), "high": session.Number(v.EnergyHigh)}, v.Profile, p.shown.factor, said(v.Before), said(v.After),
	}
}

// curvesDocument returns the curves as JSON, each as printed by the attack command.
func (p *Page) curvesDocument(curves []robustCurve) any {
	type document struct {
		Against string `json:"against"`
		attack.Report
	}
	var list []lab.Document
	for _, c := range curves {
		against := "epsilon"
		if c.key.byRho {
			against = "rho"
		}
		report := attack.NewReport(c.name, kit.Clean(p.session.Info.Data), kit.Clean(c.key.split), c.key.options, c.key.smoothing, c.result)
		report.Partial = c.partial
		list = append(list, p.session.Documented(c.key.model, document{against, report}))
	}
	return struct {
		Curves []lab.Document `json:"curves"`
	}{list}
}

// writeRobustCSV writes a line per accuracy: method "none" is clean accuracy, check marks those
// measured only for comparison, and failed sanity checks are quoted.
func writeRobustCSV(w io.Writer, curves []robustCurve) error {
	var b strings.Builder
	b.WriteString("model,against,method,norm,epsilon,rho,correct,n,accuracy,ci95_lo,ci95_hi,check,doubts," + session.SmoothingColumns + ",complete\n")
	for _, c := range curves {
		against := map[bool]string{false: "epsilon", true: "rho"}[c.key.byRho]
		line := func(method string, epsilon, rho float64, s measure.Score, check bool, doubts string) {
			lo, hi := s.Wilson()
			if s.N > 0 {
				fmt.Fprintf(&b, "%s,%s,%s,%s,%v,%v,%d,%d,%v,%v,%v,%v,%s,%s,%v\n", session.Quoted(c.name), against, method, c.key.options.Norm, epsilon, rho,
					s.Correct, s.N, s.Accuracy(), lo, hi, check, doubts, session.SmoothingFields(model.Smoothing{Rho: rho, Layer: c.key.smoothing.Layer, DivideGain: c.key.smoothing.DivideGain}), c.partial == nil)
			}
		}
		for _, clean := range c.result.Clean {
			line("none", 0, clean.Rho, clean.Score, false, "")
		}
		for _, cell := range c.result.Cells {
			var doubts []string
			for _, m := range cell.Marks {
				doubts = append(doubts, m.Text)
			}
			line(cell.Method, cell.Epsilon, cell.Rho, cell.Score, cell.Check, session.Quoted(strings.Join(doubts, "; ")))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// robustFigure returns the chart of robust accuracy, each model in its color; dashed is clean
// accuracy, or accuracy under FGSM.
func robustFigure(heading string, curves []robustCurve) *charts.Figure {
	k := curves[0].key
	panel := charts.Panel{X: charts.Axis{Title: "perturbation budget ε", To: k.most}, Y: charts.Axis{Title: "accuracy", To: 1, Percent: true}}
	fig := &charts.Figure{Title: heading, Subtitle: session.SmoothingText(k.smoothing)}
	dashed := ""
	if methods := k.methods(); k.byRho {
		panel.X.Title, fig.Subtitle, dashed = "kernel smoothing ρ", fmt.Sprintf("ε %.4g%s", k.options.Epsilon, session.SmoothedText(k.smoothing)), "clean accuracy"
	} else if len(methods) > 1 {
		dashed = methods[1]
	}
	var n imagesRange
	doubts, unfinished := false, ""
	for _, c := range curves {
		if c.partial != nil {
			unfinished += fmt.Sprintf(" Unfinished, %s: %s.", c.name, c.partial)
		}
		s := charts.Series{Name: c.name, Color: charts.ColorOf(c.slot), Marker: charts.MarkerOf(c.slot), Interval: charts.Band}
		if methods := c.key.methods(); k.byRho || len(methods) > 1 {
			other := ""
			if !k.byRho {
				other = methods[1]
			}
			panel.Series = append(panel.Series, charts.Series{Color: s.Color, Dash: charts.Dashed, Faint: true, Points: robustPoints(pointsOf(c.key, c.result, other))})
		}
		points := pointsOf(c.key, c.result, k.options.Method)
		for _, q := range points {
			n.add(q.score.N)
			doubts = doubts || q.doubt == attack.RealDoubt
		}
		s.Points = robustPoints(points)
		panel.Series = append(panel.Series, s)
	}
	note := fmt.Sprintf("%s images; 95%% CI (Wilson).", n)
	if dashed != "" {
		note += fmt.Sprintf(" Dashed: %s.", dashed)
	}
	if doubts {
		note += fmt.Sprintf(" %s: failed sanity check.", kit.MarkDoubt)
	}
	fig.Panels, fig.Notes = []charts.Panel{panel}, []string{note + unfinished}
	return fig
}

// robustPoints converts a curve's points for a chart; those that fail a sanity check are marked.
func robustPoints(list []curvePoint) (points []charts.Point) {
	for _, q := range list {
		at := session.ScorePoints([]float64{q.x}, []measure.Score{q.score})
		if q.doubt == attack.RealDoubt && len(at) > 0 {
			at[0].Note = kit.MarkDoubt
		}
		points = append(points, at...)
	}
	return points
}
