// Package heatmap is the page of the Fourier heat map: the error rate under each Fourier
// basis vector.
package heatmap

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/heatmap"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/session"
)

// Page shows the Fourier heat map while it is measured, with a cursor.
type Page struct {
	screen    session.Screen
	session   *session.Session
	l         heatmapLayout
	norm      float64 // of the noise in every channel
	unclipped bool
	spread    bool   // colors span the map's range
	model     string // of those side by side; "" is the open one
	cursor    heatmap.Frequency
	maps      kit.Measuring[heatmapKey, heatmap.Result] // runs while the page is shown
	version   int                                       // incremented with every result
	asks      kit.Newest[heatmapPicture]
	shown     heatmapMsg
	painters  [session.MostComparisons + 1]kit.Painter
	minus     bool // comparison models' maps are differences from the open model's
}

// heatmapKey is what determines a map.
type heatmapKey struct {
	split, model string
	model.Smoothing
	norm      float64
	unclipped bool
}

const (
	// HeatmapImages is the maximum number of evaluation images, to bound the cost.
	heatmapImages = 1000
	// The paper's norms for 32×32 and 224×224 images, the side from which the larger is the
	// default, and the norm's range.
	smallNorm, largeNorm, largeSide = 4, 15.7, 64
	smallTrack, mostNorm            = 16, 64
	cursorStep                      = 4 // frequencies
)

func New(s session.Screen, on *session.Session) *Page {
	p := &Page{screen: s, session: on, norm: smallNorm}
	if max(on.Info.Width, on.Info.Height) > largeSide {
		p.norm = largeNorm
	}
	p.maps = kit.Measuring[heatmapKey, heatmap.Result]{
		Name:  "heat map",
		Begin: s.Start, Work: p.work, Limits: p.limits, Enough: enough,
		Empty: func(r heatmap.Result) bool { return r.Clean.N == 0 },
	}
	return p
}

var heatmapKeys = kit.Keymap[*Page]{
	{Act: kit.Left, Name: "cursor left", Help: "move the cursor", Hint: "cursor", Do: func(p *Page) tea.Cmd { return p.move(0, -1) }},
	{Act: kit.Right, Name: "cursor right", Also: true, Do: func(p *Page) tea.Cmd { return p.move(0, 1) }},
	{Act: kit.Up, Name: "cursor up", Also: true, Do: func(p *Page) tea.Cmd { return p.move(-1, 0) }},
	{Act: kit.Down, Name: "cursor down", Also: true, Do: func(p *Page) tea.Cmd { return p.move(1, 0) }},
	{Act: kit.FarLeft, Name: "cursor left by a large step", Help: "cursor by a large step", Do: func(p *Page) tea.Cmd { return p.move(0, -cursorStep) }},
	{Act: kit.FarRight, Name: "cursor right by a large step", Also: true, Do: func(p *Page) tea.Cmd { return p.move(0, cursorStep) }},
	{Act: kit.FarUp, Name: "cursor up by a large step", Also: true, Do: func(p *Page) tea.Cmd { return p.move(-cursorStep, 0) }},
	{Act: kit.FarDown, Name: "cursor down by a large step", Also: true, Do: func(p *Page) tea.Cmd { return p.move(cursorStep, 0) }},
	{Act: kit.ToStart, Name: "cursor to the zero frequency", Do: func(p *Page) tea.Cmd { return p.put(heatmap.Frequency{}) }},
	{Act: kit.Weaker, Name: "decrease norm ν", Help: "decrease, increase norm ν", Hint: "ν", Do: func(p *Page) tea.Cmd { return p.stepNorm(-1) }},
	{Act: kit.Stronger, Name: "increase norm ν", Also: true, Do: func(p *Page) tea.Cmd { return p.stepNorm(1) }},
	{Act: kit.NextView, Name: "color scale: 0 to 100 %, or the range of the map", Hint: "colors", Do: (*Page).toggleSpread},
	{Act: kit.Clip, Name: "clip pixels to [0,1]: on, off", Hint: "clip", Do: (*Page).toggleClip},
	{Act: kit.NextModel, Name: "numbers of the next comparison model", Hint: "model", When: (*Page).compared, Why: func(*Page) string { return session.NoComparison }, Do: (*Page).nextModel},
	{Act: kit.Minus, When: (*Page).compared, Why: func(*Page) string { return session.NoComparison }, Do: (*Page).toggleMinus},
}

func (p *Page) Keys() kit.Tables {
	return kit.Tables{heatmapKeys.On(p), session.CutoffKeys.On(p.session), p.maps.Keys(), session.ComparisonKeys.On(p.session)}
}

// move moves the cursor within the map.
func (p *Page) move(u, v int) tea.Cmd {
	return p.put(heatmap.Frequency{U: p.cursor.U + u, V: p.cursor.V + v})
}

func (p *Page) put(f heatmap.Frequency) tea.Cmd {
	h, w := p.session.Info.Height, p.session.Info.Width
	p.cursor = heatmap.Frequency{U: min(max(f.U, -(h/2)), (h-1)/2), V: min(max(f.V, -(w/2)), (w-1)/2)}
	return p.request()
}

// stepNorm moves the norm in steps that grow with it.
func (p *Page) stepNorm(direction float64) tea.Cmd {
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

func (p *Page) setNorm(norm float64) tea.Cmd {
	p.norm = min(max(norm, 0), mostNorm)
	return p.again()
}

func (p *Page) toggleClip() tea.Cmd {
	p.unclipped = !p.unclipped
	return p.again()
}

func (p *Page) toggleSpread() tea.Cmd {
	p.spread = !p.spread
	return p.request()
}

// nextModel shows the map of the next model.
func (p *Page) nextModel() tea.Cmd {
	p.model = p.session.NextModel(p.model)
	return p.again()
}

// again requests the map of a changed setting.
func (p *Page) again() tea.Cmd { return tea.Batch(p.measure(), p.request()) }

func (p *Page) Enter() tea.Cmd {
	p.maps.On = true
	return p.again()
}

// Leave stops measuring while another page is shown.
func (p *Page) Leave() {
	p.maps.On = false
	p.maps.Drop()
}

func (p *Page) Changed(what session.Change) tea.Cmd {
	if what&session.ChangedModel != 0 {
		p.maps.Forget()
	}
	if what&session.ChangedSplit != 0 {
		p.put(p.cursor) // of another size, perhaps
	}
	if _, ok := p.session.Model(p.model); !ok {
		p.model = "" // it was taken away
	}
	if what&session.ChangedModels != 0 {
		maps.DeleteFunc(p.maps.Known, func(k heatmapKey, _ heatmap.Result) bool {
			_, ok := p.session.Model(k.model) // its file may change
			return !ok
		})
		p.minus = p.minus && p.compared()
		p.version++
		p.Arrange(p.screen.Layout())
	}
	if !p.screen.Shown() {
		return nil
	}
	return p.again()
}

// key returns the key of the map whose figures are shown, keyOf that of a model's map.
func (p *Page) key() heatmapKey { return p.keyOf(p.model) }

func (p *Page) keyOf(path string) heatmapKey {
	return heatmapKey{p.session.Info.Split, path, p.session.Setting().Smoothing, p.norm, p.unclipped}
}

// now returns its result so far.
func (p *Page) now() (heatmap.Result, bool) {
	r, ok := p.maps.Known[p.key()]
	return r, ok && r.Clean.N > 0
}

// measure requests the maps of all models, the open one's first.
func (p *Page) measure() tea.Cmd {
	if p.session.Info.Images == 0 || !p.session.Info.Labeled {
		p.maps.Want()
	} else {
		var list []heatmapKey
		for _, m := range p.session.Models() {
			list = append(list, p.keyOf(m.Path))
		}
		p.maps.Want(list...)
	}
	return p.maps.Run()
}

// firstPass is the limit of a rough map: of as many images as the first pass has.
const firstPass = 16

// limits returns the numbers of images to measure on: several maps are rough first.
func (p *Page) limits() []int {
	if p.compared() {
		return []int{firstPass, heatmapImages}
	}
	return []int{heatmapImages}
}

func enough(r heatmap.Result, limit int) bool {
	return r.Done || limit == firstPass && r.Images > 0 && r.Share*float64(r.Images) > firstPass-1e-6
}

// work measures a map, or its first pass; it can go on from there.
func (p *Page) work(k heatmapKey, limit int) func(context.Context, func(heatmap.Result)) (heatmap.Result, error) {
	l := p.session.Lab
	q := lab.HeatmapRequest{Model: k.model, Split: k.split,
		Request: heatmap.Request{Norm: k.norm, Unclipped: k.unclipped, Limit: heatmapImages, Seed: 1}}
	q.Smoothing = k.Smoothing
	return func(ctx context.Context, update func(heatmap.Result)) (heatmap.Result, error) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		var last heatmap.Result
		r, err := l.Heatmap(ctx, q, func(now heatmap.Result) {
			if last = now; enough(now, limit) {
				stop()
			}
			update(now)
		})
		if errors.Is(err, context.Canceled) && enough(last, limit) {
			return last, nil
		}
		return r, err
	}
}

// compared reports whether there are comparison models.
func (p *Page) compared() bool { return len(p.session.Comparisons) > 0 }

// toggleMinus shows the comparison models' maps as differences from the open model's, or as they are.
func (p *Page) toggleMinus() tea.Cmd {
	p.minus = !p.minus
	return p.request()
}

// Receive handles messages of background work.
func (p *Page) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case heatmapMsg:
		return p.received(msg)
	case kit.Report:
		if cmd, ok := p.maps.Take(msg); ok {
			p.version++
			return tea.Batch(cmd, p.request())
		}
	}
	return nil
}

// Busy reports whether a map is being measured on screen.
func (p *Page) Busy() bool { return p.screen.Shown() && p.maps.Job != nil }

// Jobs lists the measurement of the map.
func (p *Page) Jobs() []kit.JobInfo {
	return p.maps.Jobs(func(k heatmapKey, r heatmap.Result, _ int) kit.JobInfo {
		m, _ := p.session.Model(k.model)
		return kit.JobInfo{
			Of:    fmt.Sprintf("%s, ν %g", p.session.Subject(m.Name, k.split, k.Smoothing), k.norm),
			Share: r.Share, Count: kit.Counted(r.Images, "image") + " per frequency", Rate: kit.PerSecond(r.ImagesPerSecond, "images"),
		}
	})
}

func (p *Page) Speed() string {
	if r, ok := p.now(); ok && !p.maps.Stopped {
		return kit.Grouped(int(r.ImagesPerSecond+0.5)) + " images/s"
	}
	return ""
}

// Mouse moves the cursor to a pressed pixel, and the sliders.
func (p *Page) Mouse(m kit.Mouse) (tea.Cmd, bool) {
	h, w := p.session.Info.Height, p.session.Info.Width
	for i, t := range p.l.tiles {
		if !m.Pressed || !t.pic.Contains(m.X, m.Y) {
			continue
		}
		if len(p.l.tiles) > 1 {
			p.model = p.session.Models()[i].Path
		}
		x, y := float64(m.X-t.pic.X)+0.5, float64(m.Y-t.pic.Y)+0.5
		return p.put(heatmap.Frequency{U: int(y/float64(t.pic.H)*float64(h)) - h/2, V: int(x/float64(t.pic.W)*float64(w)) - w/2}), true
	}
	switch {
	case p.l.norm.Contains(m.X, m.Y):
		return kit.SlideOn(p.screen, kit.PlotOf(p.l.norm), m, func(direction float64, _ bool) tea.Cmd { return p.stepNorm(direction) },
			func(share float64, fine bool) tea.Cmd {
				step := 0.5
				if fine {
					step = 0.1
				}
				return p.setNorm(math.Round(share*p.trackEnd()/step) * step)
			}), true
	case p.l.radius.Contains(m.X, m.Y):
		return p.session.Slide(kit.PlotOf(p.l.radius), p.session.Info.MaxRadius, m), true
	}
	return nil, false
}

// trackEnd returns the norm at the end of its slider.
func (p *Page) trackEnd() float64 {
	if max(p.session.Info.Width, p.session.Info.Height) > largeSide {
		return mostNorm
	}
	return smallTrack
}
