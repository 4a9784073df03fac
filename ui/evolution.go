package ui

import (
	"context"
	"fmt"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/evolution"
	"hfcui/ui/picture"
)

// Evolution shows what a run's checkpoints hold; *evolution.History does.
type Evolution interface {
	View(ctx context.Context, q evolution.Request) (*evolution.View, error)
}

// evolutionPause is how many times as long as it took to look at a checkpoint passes before
// the next is looked at: that is how little of a core it may cost a training.
const evolutionPause = 100

// evolving looks at the chosen run's checkpoints as they come.
type evolving struct {
	asks    newest[evolutionRequest]
	shown   evolutionMsg
	painter evolutionPainter
	image   int       // looked at where there is no session
	ready   time.Time // when checkpoints may be looked at again
	timed   bool      // an evolutionTick is on its way
}

// evolutionRequest is everything that determines what is seen of checkpoints.
type evolutionRequest struct {
	dir     string
	begun   int64
	written int
	split   string
	index   int
	renderSpec
}

// evolutionMsg is what came of it.
type evolutionMsg struct {
	asked evolutionRequest
	view  *evolution.View // nil before the first, and with err
	err   error
	drawn picture.Drawn // the kernels
}

// evolutionTick tells that the next checkpoint may be looked at.
type evolutionTick struct{}

// evolves tells that checkpoints can be looked at.
func (p *trainPage) evolves() bool { return p.options.Evolution != nil }

// stepImage goes to another image.
func (p *trainPage) stepImage(by int) tea.Cmd {
	if p.session.modelled() {
		return p.session.stepIndex(by)
	}
	if v := p.evolving.shown.view; v != nil && v.Images > 0 {
		p.evolving.image = (p.evolving.image + by + v.Images) % v.Images
	}
	return p.evolve()
}

// imaged tells that there are images to go through.
func (p *trainPage) imaged() bool {
	v := p.evolving.shown.view
	return v != nil && v.Images > 1
}

// evolve asks for what should be seen of the chosen run's checkpoints.
func (p *trainPage) evolve() tea.Cmd {
	e := &p.evolving
	if !p.evolves() || !p.screen.shown() || !p.screen.ready() || p.run >= len(p.fig.runs) || !p.l.shows(panelImage, panelKernels, panelRoughness) {
		return nil
	}
	r := p.fig.runs[p.run]
	q := evolutionRequest{dir: r.dir, begun: r.begunAt, written: r.written, index: e.image}
	if p.session.modelled() {
		q.split, q.index = p.session.info.Split, p.session.index
	}
	if box := p.l.kernels; !box.empty() {
		q.renderSpec = p.screen.render(box.w, box.h)
	}
	if q.written == 0 {
		return nil
	}
	var later tea.Cmd
	before := e.shown.asked
	if wait := time.Until(e.ready); wait > 0 && q.written != before.written && q.dir == before.dir && q.begun == before.begun {
		q.written = before.written // another image need not wait
		if !e.timed {
			e.timed = true
			later = p.screen.after(tea.Tick(wait, func(time.Time) tea.Msg { return evolutionTick{} }))
		}
	}
	if e.asks.ask(q) {
		return tea.Batch(later, p.inspect(q))
	}
	return later
}

func (p *trainPage) inspect(q evolutionRequest) tea.Cmd {
	book, paint, of, ctx := p.book, &p.evolving.painter, p.options.Evolution, p.screen.context()
	before := p.evolving.shown.asked
	fresh := q.dir != before.dir || q.begun != before.begun || q.written != before.written
	return p.screen.task(func() tea.Msg {
		msg := evolutionMsg{asked: q}
		ask := evolution.Request{Run: fmt.Sprint(q.dir, "\x00", q.begun), Index: q.index}
		if fresh {
			ask.Checkpoints = book.checkpoints(q.dir)
		}
		msg.view, msg.err = of.View(ctx, ask)
		if msg.err == nil {
			msg.drawn = paint.paint(msg.view, q.renderSpec)
			book.evolved(q.dir, q.begun, msg.view)
		}
		return msg
	})
}

// evolvedTo takes over what there is to see.
func (p *trainPage) evolvedTo(msg evolutionMsg) tea.Cmd {
	e := &p.evolving
	next, again := e.asks.finish()
	e.shown = msg
	if msg.view != nil {
		e.ready = time.Now().Add(evolutionPause * msg.view.Took)
	}
	if again {
		return p.inspect(next)
	}
	return p.request()
}

// evolutionPainter draws kernels. It keeps its memory.
type evolutionPainter struct {
	mu      sync.Mutex
	spec    renderSpec
	encoder *picture.Encoder
	boxed   picture.Image
}

func (p *evolutionPainter) paint(v *evolution.View, k renderSpec) picture.Drawn {
	if k.cols == 0 || len(v.Kernels) == 0 {
		return picture.Drawn{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if k != p.spec || p.encoder == nil {
		p.encoder, p.spec = picture.NewEncoder(k.protocol), k
		p.encoder.Profile, p.encoder.Registers = k.depth, k.registers
	}
	k.box(&p.boxed)
	p.boxed.Fill(k.background())
	mosaic(&p.boxed, v.Kernels, v.Shape)
	return p.encoder.Encode(&p.boxed, k.cols, k.rows)
}

// ofChosen is what is seen of the chosen run's checkpoints; nil where there is nothing yet.
func (p *trainPage) ofChosen() *evolutionMsg {
	m := &p.evolving.shown
	if p.run >= len(p.fig.runs) || m.view == nil {
		return nil
	}
	if r := p.fig.runs[p.run]; m.asked.dir != r.dir || m.asked.begun != r.begunAt {
		return nil
	}
	return m
}

// drawKernels draws the newest checkpoint's kernels with what there is to say of them.
func (p *trainPage) drawKernels(c *canvas) []placed {
	th, at, m := p.screen.theme(), p.l.kernels, p.ofChosen()
	if m == nil || len(m.view.Kernels) == 0 {
		c.paragraph(p.l.plots[panelKernels], th.dim, p.waiting(panelKernels))
		return nil
	}
	v := m.view
	last := v.Points[len(v.Points)-1]
	x := at.right() + 2
	lines := []string{
		fmt.Sprintf("%d kernels of %d×%d", v.Shape[0], v.Shape[2], v.Shape[3]),
		clean(v.Layer),
		fmt.Sprintf("roughness %.3f", last.Roughness),
		fmt.Sprintf("epoch %d, step %s", last.At.Epoch, grouped(last.At.Step)),
		"",
		"each to its own scale,",
		"grey is 0",
	}
	plot := p.l.plots[panelKernels]
	for i, line := range lines {
		if i < plot.h && x+16 < plot.right() {
			c.left(newRect(x, plot.y+i, plot.right()-x, 1), th.dim, line)
		}
	}
	if !m.asked.fits(at) || m.drawn.Data == nil && m.drawn.Lines == nil {
		return nil
	}
	return []placed{{at: at, drawn: m.drawn}}
}

// imageTitle says what the newest checkpoint makes of the image.
func (p *trainPage) imageTitle(c *canvas, room rect) {
	th, m := p.screen.theme(), p.ofChosen()
	if m == nil || m.view.Image == nil {
		return
	}
	v := m.view
	im, newest := v.Image, v.Points[len(v.Points)-1].Probabilities
	name := func(class int) string {
		if class < 0 || class >= len(im.Classes) {
			return "?"
		}
		return clean(im.Classes[class])
	}
	what := clean(im.Title)
	if im.Label >= 0 {
		what += ": " + name(im.Label)
	}
	x := c.left(room, th.dim, what)
	answer := mostProbable(newest, -1)
	if answer < 0 {
		return
	}
	mark, st := markUnknown, th.dim
	switch {
	case im.Label < 0:
	case answer == im.Label:
		mark, st = markRight, th.right
	default:
		mark, st = markWrong, th.wrong
	}
	text := fmt.Sprintf("%s %s %s%%", mark, name(answer), percent(newest[answer]))
	rest := newRect(x+2, room.y, room.right()-x-2, 1)
	if rest.w >= width(text) {
		c.left(rest, st, text)
	}
}

// withoutEvolution says why there is nothing to see of checkpoints, or when it comes.
func (p *trainPage) withoutEvolution(k panelKind) string {
	m := p.ofChosen()
	switch {
	case !p.evolves():
		return "Checkpoints are not looked at here."
	case m != nil && m.view.Fault != nil && len(m.view.Points) == 0:
		return oneLine(m.view.Fault)
	case m != nil && k == panelImage && m.view.Images == 0:
		return "Without its images nothing can be shown to the net: --data DATA opens them."
	case k == panelImage:
		return "What the net makes of one image, checkpoint by checkpoint, will appear here: ✓ its class, ✗ the most probable other one."
	case k == panelKernels:
		return "The first layer's kernels will appear here with the first checkpoint."
	}
	return "The roughness of the first layer's kernels will appear here."
}
