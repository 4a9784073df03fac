// Package kernels is the page of a convolution's kernels before and after smoothing, and of
// saving the smoothed model.
package kernels

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/kernels"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// Page shows a convolution's kernels before and after smoothing, of the compared models, and their
// frequency responses.
type Page struct {
	screen    session.Screen
	session   *session.Session
	folder    string // for saved models
	l         kernelsLayout
	at        int  // the layer: index into the open model's convolutions
	outs, ins int  // first channels in the pictures, if not all fit
	curves    bool // responses only
	asks      kit.Newest[kernelsRequest]
	shown     kernelsMsg
	painter   kernelPainters
}

// kernelsRequest is everything that determines the page's pictures.
type kernelsRequest struct {
	generation int
	models     [session.MostComparisons + 1]string // paths of the first n
	n          int
	model.Smoothing
	outs, ins int
	kit.RenderSpec
}

// kernelsMsg is the result of a request; without kernels before the first.
type kernelsMsg struct {
	asked   kernelsRequest
	kernels []shownKernels // by model
}

// shownKernels are a model's kernels.
type shownKernels struct {
	path   string
	view   *kernels.View    // nil if it failed
	failed string           // the error
	drawn  [2]picture.Drawn // before, after
	window kernelWindow
}

// New returns the page at the smoothed layer. Models are saved to folder by default.
func New(s session.Screen, on *session.Session, folder string) *Page {
	return &Page{screen: s, session: on, folder: folder, at: max(slices.Index(on.Info.Convs, on.SmoothedLayer), 0)}
}

var kernelsKeys = kit.Keymap[*Page]{
	{Act: kit.Up, Name: "previous layer", Help: "previous, next layer", Hint: "layer", When: (*Page).layered, Do: func(p *Page) tea.Cmd { return p.choose(p.at - 1) }},
	{Act: kit.Down, Name: "next layer", Also: true, When: (*Page).layered, Do: func(p *Page) tea.Cmd { return p.choose(p.at + 1) }},
	{Act: kit.GoTo, Name: "go to a layer by name", Hint: "go to", When: (*Page).layered, Do: (*Page).pickLayer},
	{Act: kit.Accept, Name: "smooth this layer only", Hint: "select", When: func(p *Page) bool { return !p.applied() }, Do: (*Page).smoothThis},
	{Act: kit.GainNorm, Name: "gain-normalize (÷ 1+8ρ): on, off", Hint: "gain", Do: func(p *Page) tea.Cmd { return p.session.ToggleGain() }},
	{Act: kit.Left, Name: "previous input channels", Help: "previous, next input channels", Hint: "channels", When: (*Page).cropped, Do: func(p *Page) tea.Cmd { return p.scroll(0, -1) }},
	{Act: kit.Right, Name: "next input channels", Also: true, When: (*Page).cropped, Do: func(p *Page) tea.Cmd { return p.scroll(0, 1) }},
	{Act: kit.PageUp, Name: "previous output channels", Help: "previous, next output channels", When: (*Page).cropped, Do: func(p *Page) tea.Cmd { return p.scroll(-1, 0) }},
	{Act: kit.PageDown, Name: "next output channels", Also: true, When: (*Page).cropped, Do: func(p *Page) tea.Cmd { return p.scroll(1, 0) }},
	{Act: kit.NextView, Name: "frequency responses only, or with the kernels", Hint: "curves", Do: (*Page).toggleCurves},
	{Act: kit.SaveModel, Name: "Save the smoothed model…", Hint: "save", Do: (*Page).save},
}

func (p *Page) Keys() kit.Tables {
	return kit.Tables{session.ComparisonKeys.On(p.session), kernelsKeys.On(p)}
}

func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	if m.Wheel != 0 && p.screen.Layout().Body.Contains(m.X, m.Y) {
		return p.choose(p.at + m.Wheel), true
	}
	return nil, false
}

func (p *Page) Enter() tea.Cmd { return p.request() }

func (p *Page) Changed(what session.Change) tea.Cmd {
	p.at = min(p.at, max(len(p.session.Info.Convs)-1, 0)) // another model may have fewer
	if what&session.ChangedModels != 0 {
		p.Arrange(p.screen.Layout())
	}
	return p.request()
}

func (p *Page) Arrange(l kit.Layout) {
	if !l.TooSmall {
		p.l = layoutKernels(l.Body, l.Roomy(), p.screen.Cell(), len(p.session.Models()), p.curves)
	}
}

// layered reports whether there are several layers.
func (p *Page) layered() bool { return len(p.session.Info.Convs) > 1 }

// layer returns the layer as in a Smoothing: "" is the first.
func (p *Page) layer() string {
	if p.at == 0 || p.at >= len(p.session.Info.Convs) {
		return ""
	}
	return p.session.Info.Convs[p.at]
}

// layerName returns the layer's name.
func (p *Page) layerName() string {
	if p.at >= len(p.session.Info.Convs) {
		return kit.Clean(model.LayerName(p.session.Info.FirstConv))
	}
	return kit.Clean(model.LayerName(p.session.Info.Convs[p.at]))
}

// smoothing returns the displayed smoothing.
func (p *Page) smoothing() model.Smoothing {
	s := p.session.Smoothing()
	s.Layer = p.layer()
	return s
}

// applied reports whether the displayed smoothing is applied.
func (p *Page) applied() bool { return p.session.Smooth && p.session.SmoothedLayer == p.layer() }

// choose selects a layer.
func (p *Page) choose(i int) tea.Cmd {
	p.at = min(max(i, 0), max(len(p.session.Info.Convs)-1, 0))
	p.outs, p.ins = 0, 0
	return p.request()
}

// pickLayer opens the list of layers.
func (p *Page) pickLayer() tea.Cmd {
	var choices []kit.Choice
	for i, name := range p.session.Info.Convs {
		note := ""
		if p.session.Smooth && (name == p.session.SmoothedLayer || i == 0 && p.session.SmoothedLayer == "") {
			note = "smoothed"
		}
		choices = append(choices, kit.Choice{Text: kit.Clean(model.LayerName(name)), Note: note, Do: func() tea.Cmd { return p.choose(i) }})
	}
	d := kit.NewPicker(p.screen, "Go to layer", "layer", choices)
	d.Move(p.at)
	return p.screen.Open(d)
}

// smoothThis applies the displayed smoothing on all pages.
func (p *Page) smoothThis() tea.Cmd {
	p.screen.Say(p.layerName() + " is smoothed on every page; press " + kit.Smooth.Label + " to switch off")
	return p.session.SmoothLayer(p.layer())
}

func (p *Page) toggleCurves() tea.Cmd {
	p.curves = !p.curves
	p.Arrange(p.screen.Layout())
	return p.request()
}

// window is what of the kernels the pictures hold.
func (p *Page) window() kernelWindow {
	for _, k := range p.shown.kernels {
		if k.view != nil {
			return k.window
		}
	}
	return kernelWindow{}
}

func (p *Page) cropped() bool { return !p.curves && p.window().cropped() }

// scroll scrolls the pictures by half their range.
func (p *Page) scroll(outs, ins int) tea.Cmd {
	w := p.window()
	p.outs = min(max(w.out+outs*max(w.outs/2, 1), 0), max(w.allOuts-w.outs, 0))
	p.ins = min(max(w.in+ins*max(w.ins/2, 1), 0), max(w.allIns-w.ins, 0))
	return p.request()
}

// request requests the page's pictures and curves.
func (p *Page) request() tea.Cmd {
	if !p.screen.Shown() || !p.screen.Ready() || p.screen.Layout().TooSmall || len(p.l.columns) == 0 {
		return nil
	}
	q := kernelsRequest{generation: p.session.Generation, Smoothing: p.smoothing(), outs: p.outs, ins: p.ins}
	for _, m := range p.session.Models() {
		q.models[q.n] = m.Path
		q.n++
	}
	pic := p.l.columns[0].pics[0]
	q.RenderSpec = p.screen.Render(pic.W, pic.H)
	return p.asks.Start(q, p.compute)
}

func (p *Page) compute(q kernelsRequest) tea.Cmd {
	ctx, l, paint := p.screen.Context(), p.session.Lab, &p.painter
	return p.screen.Task(func() tea.Msg {
		msg := kernelsMsg{asked: q}
		for _, path := range q.models[:q.n] {
			k := shownKernels{path: path}
			v, err := l.Kernels(ctx, lab.KernelsRequest{Model: path, Smoothing: q.Smoothing})
			if err != nil {
				k.failed = kit.OneLine(err)
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

// Receive handles messages of background work.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case kernelsMsg:
		return p.received(msg)
	case savedMsg:
		p.saved(msg)
	}
	return nil
}

func (p *Page) received(msg kernelsMsg) tea.Cmd {
	cmd := p.asks.Ended(p.compute)
	p.shown = msg
	if slices.ContainsFunc(msg.kernels, func(k shownKernels) bool { return k.view == nil }) {
		p.asks.Forget() // a retry may succeed
	}
	return cmd
}

// of returns a model's kernels on screen; nil if there are none yet.
func (p *Page) of(m session.ShownModel) *shownKernels {
	for i := range p.shown.kernels {
		if p.shown.kernels[i].path == m.Path {
			return &p.shown.kernels[i]
		}
	}
	return nil
}

func (p *Page) Speed() string { return "" }
