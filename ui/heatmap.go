package ui

import (
	"context"
	"fmt"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/model"
)

// heatmapPage shows how often a model errs with noise of every frequency, as it is measured.
// A cursor goes from frequency to frequency.
type heatmapPage struct {
	screen    Screen
	session   *session
	l         heatmapLayout
	norm      float64 // of the noise in every channel
	unclipped bool
	spread    bool   // the colours go from the least error to the largest
	model     string // of those side by side; "" is the open one
	cursor    heatmap.Frequency
	maps      measuring[heatmapKey, heatmap.Result] // goes on while the page is shown
	version   int                                   // counts what became known
	asks      newest[heatmapPicture]
	shown     heatmapMsg
	painter   heatmapPainter
}

// heatmapKey is what determines a map.
type heatmapKey struct {
	split, model string
	model.Smoothing
	norm      float64
	unclipped bool
}

const (
	// heatmapImages is how many images a map is of: so many figures need bounds.
	heatmapImages = 1000
	// The norms of the paper, for images of 32×32 and of 224×224, the larger from a side on,
	// and how far they can be moved.
	smallNorm, largeNorm, largeSide = 4, 15.7, 64
	smallTrack, mostNorm            = 16, 64
	cursorStep                      = 4 // frequencies
)

func newHeatmapPage(s Screen, on *session) *heatmapPage {
	p := &heatmapPage{screen: s, session: on, norm: smallNorm}
	if max(on.info.Width, on.info.Height) > largeSide {
		p.norm = largeNorm
	}
	p.maps = measuring[heatmapKey, heatmap.Result]{
		begin: s.start, work: p.work, limits: func() []int { return []int{heatmapImages} },
		enough: func(r heatmap.Result, _ int) bool { return r.Done },
		empty:  func(r heatmap.Result) bool { return r.Clean.N == 0 },
	}
	return p
}

var heatmapKeys = keymap[*heatmapPage]{
	{keys: []string{"left", "h"}, shown: "←", name: "cursor left", help: "cursor from frequency to frequency", hint: "cursor", do: func(p *heatmapPage) tea.Cmd { return p.move(0, -1) }},
	{keys: []string{"right", "l"}, shown: "→", name: "cursor right", also: true, do: func(p *heatmapPage) tea.Cmd { return p.move(0, 1) }},
	{keys: []string{"up", "k"}, shown: "↑", name: "cursor up", also: true, do: func(p *heatmapPage) tea.Cmd { return p.move(-1, 0) }},
	{keys: []string{"down", "j"}, shown: "↓", name: "cursor down", also: true, do: func(p *heatmapPage) tea.Cmd { return p.move(1, 0) }},
	{keys: []string{"shift+left", "H"}, shown: "⇧←", name: "cursor far left", help: "cursor by a large step", do: func(p *heatmapPage) tea.Cmd { return p.move(0, -cursorStep) }},
	{keys: []string{"shift+right", "L"}, shown: "⇧→", name: "cursor far right", also: true, do: func(p *heatmapPage) tea.Cmd { return p.move(0, cursorStep) }},
	{keys: []string{"shift+up", "K"}, shown: "⇧↑", name: "cursor far up", also: true, do: func(p *heatmapPage) tea.Cmd { return p.move(-cursorStep, 0) }},
	{keys: []string{"shift+down", "J"}, shown: "⇧↓", name: "cursor far down", also: true, do: func(p *heatmapPage) tea.Cmd { return p.move(cursorStep, 0) }},
	{keys: []string{"home"}, name: "cursor to the zero frequency", do: func(p *heatmapPage) tea.Cmd { return p.put(heatmap.Frequency{}) }},
	{keys: []string{"-"}, name: "noise of a smaller norm", help: "norm of the noise smaller, larger", hint: "norm", do: func(p *heatmapPage) tea.Cmd { return p.stepNorm(-1) }},
	{keys: []string{"+", "="}, name: "noise of a larger norm", also: true, do: func(p *heatmapPage) tea.Cmd { return p.stepNorm(1) }},
	{keys: []string{"<"}, name: "r smaller by 1", help: "r, the ring, smaller, larger by 1", hint: "r", do: func(p *heatmapPage) tea.Cmd { return p.session.stepRadius(-1) }},
	{keys: []string{">"}, name: "r larger by 1", also: true, do: func(p *heatmapPage) tea.Cmd { return p.session.stepRadius(1) }},
	{keys: []string{","}, name: "r smaller by 0.1", help: "r by 0.1", do: func(p *heatmapPage) tea.Cmd { return p.session.stepRadius(-0.1) }},
	{keys: []string{"."}, name: "r larger by 0.1", also: true, do: func(p *heatmapPage) tea.Cmd { return p.session.stepRadius(0.1) }},
	{keys: []string{"v"}, name: "colours of all errors, or of those there are", hint: "colours", do: (*heatmapPage).toggleSpread},
	{keys: []string{"e"}, name: "pixels clipped to [0,1], or not", hint: "clip", do: (*heatmapPage).toggleClip},
	{keys: []string{"i"}, name: "map of the next of the models side by side", hint: "model", when: func(p *heatmapPage) bool { return len(p.session.comparisons) > 0 }, do: (*heatmapPage).nextModel},
	{keys: []string{"esc"}, name: "stop measuring", hint: "stop", when: func(p *heatmapPage) bool { return p.maps.job != nil }, do: func(p *heatmapPage) tea.Cmd { return p.maps.halt() }},
	{keys: []string{"enter"}, name: "go on measuring", hint: "go on", when: func(p *heatmapPage) bool { return p.maps.resumable() }, do: func(p *heatmapPage) tea.Cmd { return p.maps.resume() }},
}

func (p *heatmapPage) entries() []entry {
	return append(heatmapKeys.entries(p), comparisonKeys.entries(p.session)...)
}

func (p *heatmapPage) press(key string) (tea.Cmd, bool) {
	if cmd, ok := heatmapKeys.press(p, key); ok {
		return cmd, true
	}
	return comparisonKeys.press(p.session, key)
}

// move moves the cursor, as far as there are frequencies.
func (p *heatmapPage) move(u, v int) tea.Cmd {
	return p.put(heatmap.Frequency{U: p.cursor.U + u, V: p.cursor.V + v})
}

func (p *heatmapPage) put(f heatmap.Frequency) tea.Cmd {
	h, w := p.session.info.Height, p.session.info.Width
	p.cursor = heatmap.Frequency{U: min(max(f.U, -(h/2)), (h-1)/2), V: min(max(f.V, -(w/2)), (w-1)/2)}
	return p.request()
}

// stepNorm moves the norm in steps that grow with it.
func (p *heatmapPage) stepNorm(direction float64) tea.Cmd {
	step := 4.0
	switch at := p.norm + direction*1e-6; {
	case at < 2:
		step = 0.25
	case at < 8:
		step = 0.5
	case at < 16:
		step = 1
	case at < 32:
		step = 2
	}
	return p.setNorm(math.Round((p.norm+direction*step)/step) * step)
}

func (p *heatmapPage) setNorm(norm float64) tea.Cmd {
	p.norm = min(max(norm, 0), mostNorm)
	return p.again()
}

func (p *heatmapPage) toggleClip() tea.Cmd {
	p.unclipped = !p.unclipped
	return p.again()
}

func (p *heatmapPage) toggleSpread() tea.Cmd {
	p.spread = !p.spread
	return p.request()
}

// nextModel shows the map of another of the models.
func (p *heatmapPage) nextModel() tea.Cmd {
	models := p.session.models()
	at := slices.IndexFunc(models, func(m shownModel) bool { return m.path == p.model })
	p.model = models[(at+1)%len(models)].path
	return p.again()
}

// again asks for another map than before.
func (p *heatmapPage) again() tea.Cmd { return tea.Batch(p.measure(), p.request()) }

func (p *heatmapPage) enter() tea.Cmd {
	p.maps.on = true
	return p.again()
}

// leave stops measuring as long as another page is looked at.
func (p *heatmapPage) leave() {
	p.maps.on = false
	p.maps.drop()
}

func (p *heatmapPage) changed(what change) tea.Cmd {
	if what&changedModel != 0 {
		p.maps.forget()
	}
	if what&changedSplit != 0 {
		p.put(p.cursor) // of another size, perhaps
	}
	if !slices.ContainsFunc(p.session.models(), func(m shownModel) bool { return m.path == p.model }) {
		p.model = "" // it was taken away
	}
	if !p.screen.shown() {
		return nil
	}
	return p.again()
}

// key is what the page is asked for now.
func (p *heatmapPage) key() heatmapKey {
	return heatmapKey{p.session.info.Split, p.model, p.session.setting().Smoothing, p.norm, p.unclipped}
}

// now is what is known of that.
func (p *heatmapPage) now() (heatmap.Result, bool) {
	r, ok := p.maps.known[p.key()]
	return r, ok && r.Clean.N > 0
}

// measure has the map that is asked for measured, in place of any other.
func (p *heatmapPage) measure() tea.Cmd {
	if p.session.info.Images == 0 || !p.session.info.Labelled {
		p.maps.want()
	} else {
		p.maps.want(p.key())
	}
	return p.maps.run()
}

// work measures a map.
func (p *heatmapPage) work(k heatmapKey, limit int) func(context.Context, func(heatmap.Result)) (heatmap.Result, error) {
	l := p.session.lab
	q := lab.HeatmapRequest{Model: k.model, Split: k.split,
		Request: heatmap.Request{Norm: k.norm, Unclipped: k.unclipped, Limit: limit, Seed: 1}}
	q.Smoothing = k.Smoothing
	return func(ctx context.Context, update func(heatmap.Result)) (heatmap.Result, error) {
		return l.Heatmap(ctx, q, update)
	}
}

// receive takes what work in the background tells.
func (p *heatmapPage) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case heatmapMsg:
		return p.received(msg)
	case report:
		if cmd, ok := p.maps.take(msg); ok {
			p.version++
			return tea.Batch(cmd, p.request())
		}
	}
	return nil
}

// busy tells that somebody looks on while a map is measured.
func (p *heatmapPage) busy() bool { return p.screen.shown() && p.maps.job != nil }

// running tells the status line what is measured.
func (p *heatmapPage) running() (what string, share float64, ok bool) {
	if p.maps.job == nil {
		return "", 0, false
	}
	r, _ := p.now()
	return fmt.Sprintf("heat map, %s images/s", fitRight(grouped(int(r.ImagesPerSecond+0.5)), 6)), r.Share, true
}

func (p *heatmapPage) speed() string {
	if r, ok := p.now(); ok {
		return grouped(int(r.ImagesPerSecond+0.5)) + " images/s"
	}
	return ""
}

// mouse puts the cursor where the picture is pressed, and moves the sliders.
func (p *heatmapPage) mouse(m mouse) (tea.Cmd, bool) {
	h, w := p.session.info.Height, p.session.info.Width
	switch {
	case p.l.pic.contains(m.x, m.y) && m.pressed:
		x, y := float64(m.x-p.l.pic.x)+0.5, float64(m.y-p.l.pic.y)+0.5
		return p.put(heatmap.Frequency{U: int(y/float64(p.l.pic.h)*float64(h)) - h/2, V: int(x/float64(p.l.pic.w)*float64(w)) - w/2}), true
	case p.l.norm.contains(m.x, m.y):
		return slideOn(p.screen, plotOf(p.l.norm), m, func(direction float64, _ bool) tea.Cmd { return p.stepNorm(direction) },
			func(share float64, fine bool) tea.Cmd {
				step := 0.5
				if fine {
					step = 0.1
				}
				return p.setNorm(math.Round(share*p.trackEnd()/step) * step)
			}), true
	case p.l.radius.contains(m.x, m.y):
		return p.session.slide(plotOf(p.l.radius), p.session.info.MaxRadius, m), true
	}
	return nil, false
}

// trackEnd is the norm at the end of its slider.
func (p *heatmapPage) trackEnd() float64 {
	if max(p.session.info.Width, p.session.info.Height) > largeSide {
		return mostNorm
	}
	return smallTrack
}
