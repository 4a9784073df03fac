package ui

import (
	tea "charm.land/bubbletea/v2"

	"hfcui/engine"
	"hfcui/engine/model"
	"hfcui/ui/picture"
)

// kernelsPage shows the first convolution's kernels before and after smoothing.
type kernelsPage struct {
	app     *App
	l       kernelsLayout
	asks    newest[kernelsRequest]
	shown   kernelsMsg
	painter kernelPainter
}

// kernelsRequest is everything that determines the page's pictures.
type kernelsRequest struct {
	generation int
	rho        float64
	look
}

// kernelsMsg is what came of a request.
type kernelsMsg struct {
	asked kernelsRequest
	view  *engine.KernelView
	drawn [2]picture.Drawn // before, after
	ready bool
}

// kernelsLayout divides the body of the page.
type kernelsLayout struct {
	caption rect
	titles  [2]rect
	pics    [2]rect
	notes   [2]rect
	legend  rect
	chart   rect // with its axis on the last row
}

func newKernelsPage(a *App) *kernelsPage { return &kernelsPage{app: a} }

func (p *kernelsPage) name() string                     { return "kernels" }
func (p *kernelsPage) entries() []entry                 { return besideKeys.entries(p.app) }
func (p *kernelsPage) press(key string) (tea.Cmd, bool) { return besideKeys.press(p.app, key) }
func (p *kernelsPage) mouse(mouse) (tea.Cmd, bool)      { return nil, false }
func (p *kernelsPage) enter() tea.Cmd                   { return p.request() }
func (p *kernelsPage) changed(what change) tea.Cmd      { return p.request() }
func (p *kernelsPage) arrange(l layout) {
	if !l.tooSmall {
		p.l = layoutKernels(l.body, l.roomy(), p.app.cell())
	}
}

// layoutKernels puts the two pictures side by side and the chart where that leaves them
// larger: at their right or under them. On low terminals there is no chart.
func layoutKernels(b rect, roomy bool, cell cellSize) kernelsLayout {
	const beside = 46 // the least room for the chart at the right
	gap, under := 0, max(9, b.h*3/10)
	if roomy {
		gap = 1
	}
	l := kernelsLayout{caption: rect{b.x, b.y, b.w - 1, 1}}
	top := b.y + 1 + gap
	room := b.bottom() - top - 2 // without titles and notes
	perRow := float64(cell.h) / float64(cell.w)
	fit := func(w, h int) int {
		w, h = cell.limit(w, h)
		return max(1, min(h, int(float64(w)/perRow)))
	}
	right, below := fit((b.w-beside-4)/2, room), fit((b.w-3)/2, room-under-gap)
	switch {
	case max(right, below) < 5:
		l.place(b.x, top, b.w, fit((b.w-3)/2, room-1), perRow)
		l.legend = rect{b.x, b.bottom() - 1, b.w - 1, 1}
	case below >= right:
		l.place(b.x, top, b.w, below, perRow)
		y := top + below + 2 + gap
		l.legend = rect{b.x, y, b.w - 1, 1}
		l.chart = rect{b.x, y + 1, b.w - 1, b.bottom() - y - 1}
	default:
		x := l.place(b.x, top, 0, right, perRow) + 2
		l.legend = rect{x, top, b.right() - x - 1, 1}
		l.chart = rect{x, top + 1, b.right() - x - 1, right + 1}
	}
	return l
}

// place puts the pictures of a height side by side, spread over a width if it is larger
// than they are, and returns the column after them.
func (l *kernelsLayout) place(x, top, w, rows int, perRow float64) int {
	cols := int(float64(rows)*perRow + 0.5)
	spare := max(0, min(8, (w-1-2*cols-2)/3))
	for i := range 2 {
		x += spare
		l.titles[i] = rect{x, top, cols, 1}
		l.pics[i] = rect{x, top + 1, cols, rows}
		l.notes[i] = rect{x, top + 1 + rows, cols, 1}
		x += cols + 2
	}
	return x - 1
}

// request asks for the pictures and curves that should be on screen.
func (p *kernelsPage) request() tea.Cmd {
	a := p.app
	if !a.on(p) || !a.asked || a.layout.tooSmall || p.l.pics[0].empty() {
		return nil
	}
	q := kernelsRequest{a.generation, a.rho, a.look(p.l.pics[0].w, p.l.pics[0].h)}
	if p.asks.ask(q) {
		return p.compute(q)
	}
	return nil
}

func (p *kernelsPage) compute(q kernelsRequest) tea.Cmd {
	ctx, lab, paint := p.app.ctx, p.app.lab, &p.painter
	return task(func() tea.Msg {
		v, err := lab.Kernels(ctx, engine.KernelsRequest{Smoothing: model.Smoothing{Rho: q.rho}})
		return kernelsMsg{asked: q, view: v, drawn: paint.paint(*v, q.look), ready: err == nil}
	})
}

func (p *kernelsPage) received(msg kernelsMsg) tea.Cmd {
	next, again := p.asks.finish()
	p.shown = msg
	if again {
		return p.compute(next)
	}
	return nil
}

func (p *kernelsPage) speed() string { return "" }
