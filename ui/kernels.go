package ui

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/picture"
)

// kernelsPage shows a convolution's kernels before and after smoothing, of models side by
// side, and their frequency response.
type kernelsPage struct {
	screen    Screen
	session   *session
	folder    string // where models are saved
	l         kernelsLayout
	at        int  // the layer: which of the open model's convolutions
	outs, ins int  // channels the pictures begin with, where they do not hold all
	curves    bool // the responses alone
	asks      newest[kernelsRequest]
	shown     kernelsMsg
	painter   kernelPainter
}

// kernelsRequest is everything that determines the page's pictures.
type kernelsRequest struct {
	generation int
	models     [mostComparisons + 1]string // paths of the first n
	n          int
	model.Smoothing
	outs, ins int
	renderSpec
}

// kernelsMsg is what came of a request; without kernels before the first.
type kernelsMsg struct {
	asked   kernelsRequest
	kernels []shownKernels // by model
}

// shownKernels are those of one model.
type shownKernels struct {
	path   string
	view   *kernels.View    // nil where there is none
	failed string           // why
	drawn  [2]picture.Drawn // before, after
	window kernelWindow
}

// newKernelsPage returns the page, with the layer that is smoothed. Models are saved to folder
// where nothing else is said.
func newKernelsPage(s Screen, on *session, folder string) *kernelsPage {
	return &kernelsPage{screen: s, session: on, folder: folder, at: max(slices.Index(on.info.Convs, on.smoothedLayer), 0)}
}

var kernelsKeys = keymap[*kernelsPage]{
	{keys: []string{"up", "k"}, shown: "↑", name: "previous layer", help: "previous, next layer", hint: "layer", when: (*kernelsPage).layered, do: func(p *kernelsPage) tea.Cmd { return p.choose(p.at - 1) }},
	{keys: []string{"down", "j"}, shown: "↓", name: "next layer", also: true, when: (*kernelsPage).layered, do: func(p *kernelsPage) tea.Cmd { return p.choose(p.at + 1) }},
	{keys: []string{"g"}, name: "go to a layer by name", hint: "go to", when: (*kernelsPage).layered, do: (*kernelsPage).pickLayer},
	{keys: []string{"a"}, name: "smooth this layer and no other", hint: "smooth this", when: func(p *kernelsPage) bool { return !p.applied() }, do: (*kernelsPage).smoothThis},
	{keys: []string{"d"}, name: "divide the gain 1+8ρ out, or not", hint: "gain", do: func(p *kernelsPage) tea.Cmd { return p.session.toggleGain() }},
	{keys: []string{"left", "h"}, shown: "←", name: "earlier input channels", help: "earlier, later input channels", hint: "channels", when: (*kernelsPage).cropped, do: func(p *kernelsPage) tea.Cmd { return p.scroll(0, -1) }},
	{keys: []string{"right", "l"}, shown: "→", name: "later input channels", also: true, when: (*kernelsPage).cropped, do: func(p *kernelsPage) tea.Cmd { return p.scroll(0, 1) }},
	{keys: []string{"pgup"}, name: "earlier output channels", help: "earlier, later output channels", when: (*kernelsPage).cropped, do: func(p *kernelsPage) tea.Cmd { return p.scroll(-1, 0) }},
	{keys: []string{"pgdown"}, name: "later output channels", also: true, when: (*kernelsPage).cropped, do: func(p *kernelsPage) tea.Cmd { return p.scroll(1, 0) }},
	{keys: []string{"v"}, name: "frequency responses alone, or with the kernels", hint: "curves", do: (*kernelsPage).toggleCurves},
	{keys: []string{"S"}, name: "save the smoothed model into a file", hint: "save", do: (*kernelsPage).save},
}

func (p *kernelsPage) entries() []entry {
	return append(comparisonKeys.entries(p.session), kernelsKeys.entries(p)...)
}

func (p *kernelsPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := comparisonKeys.press(p.session, key); ok {
		return cmd, true
	}
	return kernelsKeys.press(p, key)
}

func (p *kernelsPage) mouse(m mouse) (tea.Cmd, bool) {
	if m.wheel != 0 && p.screen.layout().body.contains(m.x, m.y) {
		return p.choose(p.at + m.wheel), true
	}
	return nil, false
}

func (p *kernelsPage) enter() tea.Cmd { return p.request() }

func (p *kernelsPage) changed(what change) tea.Cmd {
	p.at = min(p.at, max(len(p.session.info.Convs)-1, 0)) // another model may have fewer
	if what&changedModels != 0 {
		p.arrange(p.screen.layout())
	}
	return p.request()
}

func (p *kernelsPage) arrange(l layout) {
	if !l.tooSmall {
		p.l = layoutKernels(l.body, l.roomy(), p.screen.cell(), len(p.session.models()), p.curves)
	}
}

// layered tells that there are several layers to choose from.
func (p *kernelsPage) layered() bool { return len(p.session.info.Convs) > 1 }

// layer is the shown one as a Smoothing has it: "" is the first.
func (p *kernelsPage) layer() string {
	if p.at == 0 || p.at >= len(p.session.info.Convs) {
		return ""
	}
	return p.session.info.Convs[p.at]
}

// layerName is the shown one's name.
func (p *kernelsPage) layerName() string {
	if p.at >= len(p.session.info.Convs) {
		return clean(model.LayerName(p.session.info.FirstConv))
	}
	return clean(model.LayerName(p.session.info.Convs[p.at]))
}

// smoothing is what the pictures on the right, or below, show.
func (p *kernelsPage) smoothing() model.Smoothing {
	s := p.session.smoothing()
	s.Layer = p.layer()
	return s
}

// applied tells that what is shown is in force.
func (p *kernelsPage) applied() bool { return p.session.smooth && p.session.smoothedLayer == p.layer() }

// choose goes to a layer.
func (p *kernelsPage) choose(i int) tea.Cmd {
	p.at = min(max(i, 0), max(len(p.session.info.Convs)-1, 0))
	p.outs, p.ins = 0, 0
	return p.request()
}

// pickLayer opens the list of layers.
func (p *kernelsPage) pickLayer() tea.Cmd {
	var choices []choice
	for i, name := range p.session.info.Convs {
		note := ""
		if p.session.smooth && (name == p.session.smoothedLayer || i == 0 && p.session.smoothedLayer == "") {
			note = "smoothed"
		}
		choices = append(choices, choice{text: clean(model.LayerName(name)), note: note, do: func() tea.Cmd { return p.choose(i) }})
	}
	d := newPicker(p.screen, "Go to layer", "layer", choices)
	d.move(p.at)
	return p.screen.open(d)
}

// smoothThis puts the shown smoothing in force, on all pages.
func (p *kernelsPage) smoothThis() tea.Cmd {
	p.screen.say(p.layerName() + " is smoothed on all pages, and no other layer; s switches it off")
	return p.session.smoothLayer(p.layer())
}

func (p *kernelsPage) toggleCurves() tea.Cmd {
	p.curves = !p.curves
	p.arrange(p.screen.layout())
	return p.request()
}

// window is what of the kernels the pictures hold.
func (p *kernelsPage) window() kernelWindow {
	for _, k := range p.shown.kernels {
		if k.view != nil {
			return k.window
		}
	}
	return kernelWindow{}
}

func (p *kernelsPage) cropped() bool { return !p.curves && p.window().cropped() }

// scroll moves the pictures by halves of what they hold.
func (p *kernelsPage) scroll(outs, ins int) tea.Cmd {
	w := p.window()
	p.outs = min(max(w.out+outs*max(w.outs/2, 1), 0), max(w.allOuts-w.outs, 0))
	p.ins = min(max(w.in+ins*max(w.ins/2, 1), 0), max(w.allIns-w.ins, 0))
	return p.request()
}

// request asks for the pictures and curves that should be on screen.
func (p *kernelsPage) request() tea.Cmd {
	if !p.screen.shown() || !p.screen.ready() || p.screen.layout().tooSmall || len(p.l.columns) == 0 {
		return nil
	}
	q := kernelsRequest{generation: p.session.generation, Smoothing: p.smoothing(), outs: p.outs, ins: p.ins}
	for _, m := range p.session.models() {
		q.models[q.n] = m.path
		q.n++
	}
	pic := p.l.columns[0].pics[0]
	q.renderSpec = p.screen.render(pic.w, pic.h)
	if p.asks.ask(q) {
		return p.compute(q)
	}
	return nil
}

func (p *kernelsPage) compute(q kernelsRequest) tea.Cmd {
	ctx, l, paint := p.screen.context(), p.session.lab, &p.painter
	return p.screen.task(func() tea.Msg {
		msg := kernelsMsg{asked: q}
		for _, path := range q.models[:q.n] {
			k := shownKernels{path: path}
			v, err := l.Kernels(ctx, lab.KernelsRequest{Model: path, Smoothing: q.Smoothing})
			if err != nil {
				k.failed = oneLine(err)
			} else {
				k.view = v
			}
			if errors.Is(err, context.Canceled) {
				return nil
			}
			msg.kernels = append(msg.kernels, k)
		}
		paint.paint(msg.kernels, q)
		return msg
	})
}

// receive takes what work in the background tells.
func (p *kernelsPage) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case kernelsMsg:
		return p.received(msg)
	case savedMsg:
		p.saved(msg)
	}
	return nil
}

func (p *kernelsPage) received(msg kernelsMsg) tea.Cmd {
	next, again := p.asks.finish()
	p.shown = msg
	if slices.ContainsFunc(msg.kernels, func(k shownKernels) bool { return k.view == nil }) {
		p.asks.forget() // asked again, it may go well
	}
	if again {
		return p.compute(next)
	}
	return nil
}

// of returns what is shown of a model, nil when there is nothing yet.
func (p *kernelsPage) of(m shownModel) *shownKernels {
	for i := range p.shown.kernels {
		if p.shown.kernels[i].path == m.path {
			return &p.shown.kernels[i]
		}
	}
	return nil
}

func (p *kernelsPage) speed() string { return "" }
