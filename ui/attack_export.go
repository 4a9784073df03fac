package ui

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"hfcui/engine"
	"hfcui/engine/attack"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/ui/picture"
)

// export prepares the pictures and what is said of them, where they are on the page, and the
// curves as far as they are measured.
func (p *attackPage) export() (exporter, error) {
	a := p.app
	o := p.attack()
	e := exporter{base: fmt.Sprintf("%s-%s-%s-attack-%s-%s", a.info.Model, a.info.Data, a.info.Split, o.Method, o.Norm)}
	if v := p.view(); v != nil && len(p.l.slots) > 0 {
		e.base += fmt.Sprintf("-%d-eps%.4g", v.Index, v.Epsilon)
		for kind, suffix := range [slots]string{"-original.png", "-perturbation.png", "-attacked.png", "-spectrum.png"} {
			e.files = append(e.files, exportFile{suffix, enlarged(kind != slotSpectrum && v.Original.C == 1, func(src *picture.Image) { attackImage(src, v, kind, 1) },
				func(large *picture.Image) { finishAttack(large, v, kind) })})
		}
		document := p.viewDocument(v)
		e.files = append(e.files, exportFile{".json", func(w io.Writer) error { return writeJSON(w, document) }})
	}
	curves := p.measuredCurves()
	if len(curves) > 0 {
		document := p.curvesDocument(curves)
		e.files = append(e.files,
			exportFile{"-accuracy.csv", func(w io.Writer) error { return writeRobustCSV(w, curves) }},
			exportFile{"-accuracy.json", func(w io.Writer) error { return writeJSON(w, document) }})
		for _, byRho := range []bool{false, true} {
			if of := curvesOf(curves, byRho); len(of) > 0 {
				suffix := map[bool]string{false: "-epsilon.svg", true: "-rho.svg"}[byRho]
				heading := fmt.Sprintf("%s %s on %s, %s split", o.Method, normText(o.Norm), clean(a.info.Data), clean(a.info.Split))
				e.files = append(e.files, exportFile{suffix, func(w io.Writer) error { return writeRobustSVG(w, heading, of) }})
			}
		}
	}
	if len(e.files) == 0 {
		return exporter{}, errors.New("nothing to export yet")
	}
	return e, nil
}

// robustCurve is a measured curve of a model.
type robustCurve struct {
	name   string
	slot   int
	key    robustKey
	result attack.Robustness
}

// measuredCurves lists the curves of the page of which there is something.
func (p *attackPage) measuredCurves() []robustCurve {
	var list []robustCurve
	for _, m := range p.app.models() {
		for _, byRho := range []bool{false, true} {
			k := p.keyOf(m, byRho)
			if result := p.robust.known[k]; len(pointsOf(k, result, k.options.Method)) > 0 {
				list = append(list, robustCurve{m.name, m.slot, k, result})
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

// attackDocument says how is attacked, as JSON.
type attackDocument struct {
	attack.Options
	Smoothing any `json:"smoothing"`
}

// viewDocument is what the page says of the image, as JSON.
func (p *attackPage) viewDocument(v *engine.AttackView) any {
	type answer struct {
		Class         string              `json:"class"`
		Right         bool                `json:"right"`
		Probabilities map[string]*float64 `json:"probabilities"`
	}
	said := func(q engine.Prediction) answer {
		return answer{p.app.className(q.Class), q.Class == v.Label, p.app.probabilities(q)}
	}
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
		p.modelName(v.Model), clean(p.app.info.Data), clean(p.app.info.Split), v.Index, clean(v.Title), p.app.className(v.Label),
		attackDocument{v.Options, v.Smoothing}, v.LInf, v.L2, v.ZeroGradient, v.R,
		map[string]*float64{"low": number(v.EnergyLow), "high": number(v.EnergyHigh)}, v.Profile, p.shown.factor, said(v.Before), said(v.After),
	}
}

// curvesDocument is what is measured, as JSON: of each curve what the attack command prints.
func (p *attackPage) curvesDocument(curves []robustCurve) any {
	type document struct {
		Against string `json:"against"`
		attack.Report
	}
	var list []document
	for _, c := range curves {
		against := "epsilon"
		if c.key.byRho {
			against = "rho"
		}
		list = append(list, document{against, attack.NewReport(c.name, clean(p.app.info.Data), clean(c.key.split), c.key.options, c.key.smoothing, c.result)})
	}
	return struct {
		Curves []document `json:"curves"`
	}{list}
}

// writeRobustCSV writes one line a figure: method "none" is without an attack, check tells what
// others are only held against, and reasons to doubt a figure are quoted.
func writeRobustCSV(w io.Writer, curves []robustCurve) error {
	var b strings.Builder
	b.WriteString("model,against,method,norm,epsilon,rho,correct,n,accuracy,ci95_lo,ci95_hi,check,doubts," + smoothingColumns + "\n")
	for _, c := range curves {
		against := map[bool]string{false: "epsilon", true: "rho"}[c.key.byRho]
		line := func(method string, epsilon, rho float64, s measure.Score, check bool, doubts string) {
			lo, hi := s.Wilson()
			if s.N > 0 {
				fmt.Fprintf(&b, "%s,%s,%s,%s,%v,%v,%d,%d,%v,%v,%v,%v,%s,%s\n", quoted(c.name), against, method, c.key.options.Norm, epsilon, rho,
					s.Correct, s.N, s.Accuracy(), lo, hi, check, doubts, smoothingFields(model.Smoothing{Rho: rho, Layer: c.key.smoothing.Layer, DivideGain: c.key.smoothing.DivideGain}))
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
			line(cell.Method, cell.Epsilon, cell.Rho, cell.Score, cell.Check, quoted(strings.Join(doubts, "; ")))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted makes a field of CSV of text from outside.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	return `"` + strings.ReplaceAll(clean(s), `"`, `""`) + `"`
}

// svgModels are the colours of models in figures, by slot, and their marks, as on screen.
var (
	svgModels = []string{"#00795a", "#a3457f", "#7a6f00", "#b03060"}
	svgMarks  = []string{svgDiamond, svgDown, svgStar, svgPlus}
)

const (
	svgDiamond = `<polygon transform="translate(%.1f %.1f)" points="0,-5 5,0 0,5 -5,0" fill="%s"/>`
	svgDown    = `<polygon transform="translate(%.1f %.1f)" points="0,4.5 4.5,-3.5 -4.5,-3.5" fill="%s"/>`
	svgStar    = `<polygon transform="translate(%.1f %.1f)" points="0.0,-5.5 1.4,-1.9 5.2,-1.7 2.2,0.7 3.2,4.4 0.0,2.3 -3.2,4.4 -2.2,0.7 -5.2,-1.7 -1.4,-1.9" fill="%s"/>`
	svgPlus    = `<path transform="translate(%.1f %.1f)" d="M-1.5,-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z" fill="%s"/>`
)

// writeRobustSVG draws accuracy under attack, of each model in its colour; dashed is accuracy
// without an attack, or under FGSM.
func writeRobustSVG(w io.Writer, heading string, curves []robustCurve) error {
	k := curves[0].key
	most, axis, under := k.most, "ε", smoothingText(k.smoothing)
	if k.byRho {
		axis, under = "strength of smoothing ρ", fmt.Sprintf("ε %.4g%s", k.options.Epsilon, smoothedText(k.smoothing))
	}
	n := 0
	for _, c := range curves {
		for _, q := range pointsOf(c.key, c.result, k.options.Method) {
			n = max(n, q.score.N)
		}
	}
	plot := newSVGPlot(heading, fmt.Sprintf("%s; %d images, 95%% intervals; dashed: %s; %s: in doubt", under, n, dashedIs(k), markDoubt), axis, most)
	for i, c := range curves {
		colour, mark := svgModels[c.slot%len(svgModels)], svgMarks[c.slot%len(svgMarks)]
		other := ""
		if methods := c.key.methods(); !k.byRho && len(methods) > 1 {
			other = methods[1]
		}
		if k.byRho || other != "" {
			plot.points(pointsOf(c.key, c.result, other), colour, true, mark)
		}
		plot.points(pointsOf(c.key, c.result, k.options.Method), colour, false, mark)
		fmt.Fprintf(&plot.b, mark+"\n", float64(svgWidth-svgRight-170), float64(svgTop+14+18*i), colour)
		fmt.Fprintf(&plot.b, `<text x="%d" y="%d">%s</text>`+"\n", svgWidth-svgRight-160, svgTop+18+18*i, escapeXML(c.name))
	}
	return plot.save(w)
}

// dashedIs says what dashed curves are.
func dashedIs(k robustKey) string {
	switch {
	case k.byRho:
		return "without an attack"
	case len(k.methods()) > 1:
		return k.methods()[1]
	}
	return "none"
}

// points draws a curve; figures in doubt are marked.
func (p *svgPlot) points(list []curvePoint, colour string, dashed bool, mark string) {
	var x []float64
	var scores []measure.Score
	for _, q := range list {
		x, scores = append(x, q.x), append(scores, q.score)
	}
	p.curve(x, scores, colour, dashed, mark)
	for _, q := range list {
		if q.doubt && !dashed {
			fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" text-anchor="middle" fill="%s">%s</text>`+"\n", p.x(q.x), p.y(q.score.Accuracy())-8, colour, markDoubt)
		}
	}
}
