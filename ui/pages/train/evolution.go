package train

import (
	"context"
	"fmt"
	"sort"
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/evolution"
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
	"hfcui/ui/picture"
)

// Evolution returns the history of a run's checkpoints; implemented by *evolution.History.
type Evolution interface {
	View(ctx context.Context, q evolution.Request) (*evolution.View, error)
}

// evolutionPause is the pause between inspections of checkpoints, in multiples of their duration,
// which bounds the cost to training.
const evolutionPause = 100

// evolving inspects the selected run's checkpoints as they appear.
type evolving struct {
	asks    kit.Newest[evolutionRequest]
	shown   evolutionMsg
	painter kit.Painter
	image   int       // index without a session
	ready   time.Time // when checkpoints may be looked at again
	timed   bool      // an evolutionTick is on its way
}

// evolutionRequest is everything that determines the history on screen.
type evolutionRequest struct {
	dir     string
	begun   int64
	written int
	split   string
	index   int
	step    int // up to which the checkpoint shown is; 0: the newest
	kit.RenderSpec
}

// evolutionMsg is its result.
type evolutionMsg struct {
	asked evolutionRequest
	view  *evolution.View // nil before the first, and with err
	err   error
	drawn picture.Drawn // the kernels
}

// evolutionTick tells that the next checkpoint may be looked at.
type evolutionTick struct{}

// evolves reports whether checkpoints can be inspected.
func (p *Page) evolves() bool { return p.options.Evolution != nil }

// stepImage selects another image.
func (p *Page) stepImage(by int) tea.Cmd {
	if p.session.Modeled() {
		return p.session.StepIndex(by)
	}
	if v := p.evolving.shown.view; v != nil && v.Images > 0 {
		p.evolving.image = (p.evolving.image + by + v.Images) % v.Images
	}
	return p.evolve()
}

// imaged reports whether there are images to choose from.
func (p *Page) imaged() bool {
	v := p.evolving.shown.view
	return v != nil && v.Images > 1
}

// evolve requests the history of the selected run.
func (p *Page) evolve() tea.Cmd {
	e := &p.evolving
	if !p.evolves() || !p.screen.Shown() || !p.screen.Ready() || p.selected() == nil || !p.l.shows(runlog.PanelImage, runlog.PanelKernels, runlog.PanelRoughness) {
		return nil
	}
	r := p.selected()
	q := evolutionRequest{dir: r.Dir, begun: r.BegunAt, written: r.Written, index: e.image}
	if p.session.Modeled() {
		q.split, q.index = p.session.Info.Split, p.session.Index
	}
	if p.cursor >= 0 {
		q.step = max(r.Step, 1)
	}
	if box := p.l.kernels; !box.Empty() {
		q.RenderSpec = p.screen.Render(box.W, box.H)
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
			later = p.screen.After(tea.Tick(wait, func(time.Time) tea.Msg { return evolutionTick{} }))
		}
	}
	return tea.Batch(later, e.asks.Start(q, p.inspect))
}

func (p *Page) inspect(q evolutionRequest) tea.Cmd {
	book, paint, of, ctx := p.book, &p.evolving.painter, p.options.Evolution, p.screen.Context()
	before := p.evolving.shown.asked
	fresh := q.dir != before.dir || q.begun != before.begun || q.written != before.written
	return p.screen.Task(func() tea.Msg {
		msg := evolutionMsg{asked: q}
		ask := evolution.Request{Run: fmt.Sprint(q.dir, "\x00", q.begun), Index: q.index}
		if fresh {
			ask.Checkpoints = book.Checkpoints(q.dir)
		}
		msg.view, msg.err = of.View(ctx, ask)
		if msg.err == nil {
			msg.drawn = paintKernels(paint, msg.point(), q.RenderSpec)
			book.Evolved(q.dir, q.begun, msg.view)
		}
		return msg
	})
}

// evolvedTo displays a history.
func (p *Page) evolvedTo(msg evolutionMsg) tea.Cmd {
	e := &p.evolving
	e.shown = msg
	if msg.view != nil {
		e.ready = time.Now().Add(evolutionPause * msg.view.Took)
	}
	if again := e.asks.Ended(p.inspect); again != nil {
		return again
	}
	return p.request()
}

// paintKernels draws the kernels of a checkpoint where there is room for them.
func paintKernels(p *kit.Painter, at *evolution.Point, k kit.RenderSpec) picture.Drawn {
	if k.Cols == 0 || at == nil || len(at.Kernels) == 0 {
		return picture.Drawn{}
	}
	return p.Paint(k, func(box *picture.Image) { kit.Mosaic(box, at.Kernels, at.Shape) })
}

// point returns the checkpoint to show: the last one up to the cursor, or the newest; nil without
// one.
func (m *evolutionMsg) point() *evolution.Point {
	if m == nil || m.view == nil {
		return nil
	}
	n := len(m.view.Points)
	if m.asked.step > 0 {
		n = sort.Search(n, func(i int) bool { return m.view.Points[i].At.Step > m.asked.step })
	}
	if n == 0 {
		return nil
	}
	return &m.view.Points[n-1]
}

// kernelsTitle says whose kernels are shown.
func (p *Page) kernelsTitle() string {
	m := p.ofChosen()
	at := m.point()
	switch {
	case at == nil || m.asked.step == 0:
		return "of the newest checkpoint"
	default:
		return fmt.Sprintf("of the checkpoint at step %s", kit.Grouped(at.At.Step))
	}
}

// ofChosen returns the history of the selected run; nil if there is none yet.
func (p *Page) ofChosen() *evolutionMsg {
	m := &p.evolving.shown
	r := p.selected()
	if r == nil || m.view == nil {
		return nil
	}
	if m.asked.dir != r.Dir || m.asked.begun != r.BegunAt {
		return nil
	}
	return m
}

// drawKernels draws the newest checkpoint's kernels and their properties.
func (p *Page) drawKernels(c *kit.Canvas) []kit.Placed {
	th, at, m := p.screen.Theme(), p.l.kernels, p.ofChosen()
	last := m.point()
	if last == nil || len(last.Kernels) == 0 {
		c.Paragraph(p.l.plots[runlog.PanelKernels], th.Dim, p.waiting(runlog.PanelKernels))
		return nil
	}
	x := at.Right() + 2
	lines := []string{
		fmt.Sprintf("%d kernels of %d×%d", last.Shape[0], last.Shape[2], last.Shape[3]),
		kit.Clean(last.Layer),
		fmt.Sprintf("roughness %.3f", last.Roughness),
		fmt.Sprintf("epoch %d, step %s", last.At.Epoch, kit.Grouped(last.At.Step)),
		"",
		"each normalized,",
		"gray is 0",
	}
	plot := p.l.plots[runlog.PanelKernels]
	for i, line := range lines {
		if i < plot.H && x+16 < plot.Right() {
			c.Left(kit.NewRect(x, plot.Y+i, plot.Right()-x, 1), th.Dim, line)
		}
	}
	if !m.asked.Fits(at) || m.drawn.Data == nil && m.drawn.Lines == nil {
		return nil
	}
	return []kit.Placed{{At: at, Drawn: m.drawn}}
}

// imageTitle draws the newest checkpoint's prediction on the image.
func (p *Page) imageTitle(c *kit.Canvas, room kit.Rect) {
	th, m := p.screen.Theme(), p.ofChosen()
	at := m.point()
	if at == nil || m.view.Image == nil {
		return
	}
	im, newest := m.view.Image, at.Probabilities
	name := func(class int) string {
		if class < 0 || class >= len(im.Classes) {
			return "?"
		}
		return kit.Clean(im.Classes[class])
	}
	what := kit.Clean(im.Title)
	if im.Label >= 0 {
		what += ": " + name(im.Label)
	}
	x := c.Left(room, th.Dim, what)
	answer := runlog.MostProbable(newest, -1)
	if answer < 0 {
		return
	}
	mark, st := kit.MarkUnknown, th.Dim
	switch {
	case im.Label < 0:
	case answer == im.Label:
		mark, st = kit.MarkRight, th.Right
	default:
		mark, st = kit.MarkWrong, th.Wrong
	}
	text := fmt.Sprintf("%s %s %s%%", mark, name(answer), kit.Percent(newest[answer]))
	rest := kit.NewRect(x+2, room.Y, room.Right()-x-2, 1)
	if rest.W >= kit.Width(text) {
		c.Left(rest, st, text)
	}
}

// withoutEvolution returns the placeholder of a panel of checkpoints.
func (p *Page) withoutEvolution(k runlog.PanelKind) string {
	m := p.ofChosen()
	switch {
	case !p.evolves():
		return "Checkpoints cannot be inspected while only watching."
	case m != nil && m.view.Fault != nil && len(m.view.Points) == 0:
		return kit.OneLine(m.view.Fault)
	case m != nil && k == runlog.PanelImage && m.view.Images == 0:
		return "Predictions need images: --data DATA."
	case k == runlog.PanelImage:
		return "Predictions on one image, checkpoint by checkpoint, will appear here: ✓ true class, ✗ most probable other class."
	case k == runlog.PanelKernels:
		return "The first layer's kernels will appear here with the first checkpoint."
	}
	return "First-layer kernel roughness will appear here."
}
