package explore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/lab"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/session"
)

// gallery is the view of all flips at r: thumbnails, how many there are against r, and by class, with
// what chance would give.
type gallery struct {
	page  *Page
	open  bool
	l     galleryLayout
	at    int // the selected image's index in the split
	top   int // first row of thumbnails in sight
	found kit.Measuring[flipsKey, flipsFound]
	asks  kit.Newest[galleryRequest]
	shown galleryMsg
	rows  []*kit.Painter
}

// flipsKey is what determines flips: at r, or, as a curve, at all radii.
type flipsKey struct {
	split string
	r     float64
	curve bool
	by    bands.Decomposition
	bands.Setting
}

// flipsFound is the flips at r or the counts against r, so far.
type flipsFound struct {
	flips lab.FlipsResult
	curve bands.Result
}

// galleryRequest is what determines the thumbnails.
type galleryRequest struct {
	images         [mostThumbnails]int // the first n, row by row
	n, across      int
	selected       int // index into images; −1: none
	generation     int
	kit.RenderSpec     // of a row
	tile           int // columns of a thumbnail
}

// mostThumbnails bounds the thumbnails on screen.
const mostThumbnails = 256

// galleryMsg is the pictures of the rows.
type galleryMsg struct {
	asked galleryRequest
	rows  []picture.Drawn
	err   error
}

func newGallery(p *Page) *gallery {
	g := &gallery{page: p, at: -1}
	g.found = kit.Measuring[flipsKey, flipsFound]{
		Name: "flips", Begin: p.screen.Start, Work: g.work, Limits: func() []int { return []int{0} },
		Enough: func(r flipsFound, _ int) bool {
			return r.curve.Done || r.flips.Images > 0 && r.flips.Counts.N == r.flips.Images
		},
		Empty: func(r flipsFound) bool { return r.flips.Counts.N == 0 && r.curve.Whole.N == 0 },
	}
	return g
}

var galleryKeys = kit.Keymap[*gallery]{
	{Act: kit.Left, Name: "previous flip", Help: "select a flip", Hint: "select", Do: func(g *gallery) tea.Cmd { return g.step(-1) }},
	{Act: kit.Right, Name: "next flip", Also: true, Do: func(g *gallery) tea.Cmd { return g.step(1) }},
	{Act: kit.Up, Name: "flip above", Also: true, Do: func(g *gallery) tea.Cmd { return g.step(-g.l.across) }},
	{Act: kit.Down, Name: "flip below", Also: true, Do: func(g *gallery) tea.Cmd { return g.step(g.l.across) }},
	{Act: kit.PageUp, Name: "flips a page up", Do: func(g *gallery) tea.Cmd { return g.step(-g.l.across * len(g.l.rows)) }},
	{Act: kit.PageDown, Name: "flips a page down", Also: true, Do: func(g *gallery) tea.Cmd { return g.step(g.l.across * len(g.l.rows)) }},
	{Act: kit.ToStart, Name: "first flip", Do: func(g *gallery) tea.Cmd { return g.step(-math.MaxInt32) }},
	{Act: kit.ToEnd, Name: "last flip", Also: true, Do: func(g *gallery) tea.Cmd { return g.step(math.MaxInt32) }},
	{Act: kit.Accept, Name: "show the selected flip", Hint: "show", When: func(g *gallery) bool { return g.selected() >= 0 }, Do: (*gallery).accept},
	{Act: kit.Back, Name: "back to the image", Hint: "back", Do: (*gallery).close},
	{Act: kit.AllFlips, Name: "back to the image", Hint: kit.NoHint, Do: (*gallery).close},
	{Act: kit.Decomposition, Name: "decomposition: Fourier, SVD", Do: func(g *gallery) tea.Cmd { return g.page.nextDecomposition() }},
}

// tables are the keys while it is open.
func (g *gallery) tables() kit.Tables {
	return kit.Tables{galleryKeys.On(g), session.CutoffKeys.On(g.page.session), session.ImageKeys[3:].On(g.page.session)}
}

// show opens the gallery at the image on screen.
func (g *gallery) show() tea.Cmd {
	g.open, g.found.On = true, true
	g.at = g.page.session.Index
	g.page.stop()
	return g.again()
}

// close returns to the image.
func (g *gallery) close() tea.Cmd {
	g.leave()
	g.open = false
	return g.page.request()
}

// leave stops searching, until it is shown again.
func (g *gallery) leave() {
	g.found.On = false
	g.found.Drop()
}

// accept shows the selected flip.
func (g *gallery) accept() tea.Cmd {
	index := g.flips()[g.selected()].Index
	return tea.Batch(g.close(), g.page.session.SetIndex(index))
}

// keys are the flips at r and the counts against r.
func (g *gallery) keys() (at, curve flipsKey) {
	s := g.page.session
	at = flipsKey{split: s.Info.Split, r: s.R, by: g.page.by, Setting: s.Setting()}
	curve = at
	curve.r, curve.curve = 0, true
	return at, curve
}

// again requests what is shown.
func (g *gallery) again() tea.Cmd {
	if !g.open || !g.page.screen.Shown() {
		return nil
	}
	if s := g.page.session; s.Info.Images == 0 || !s.Info.Labeled {
		g.found.Want()
	} else {
		g.found.Want(g.keysList()...)
	}
	return tea.Batch(g.found.Run(), g.request())
}

func (g *gallery) keysList() []flipsKey {
	at, curve := g.keys()
	return []flipsKey{at, curve}
}

func (g *gallery) work(k flipsKey, _ int) func(context.Context, func(flipsFound)) (flipsFound, error) {
	l, most := g.page.session.Lab, g.page.session.Info.MaxRadius
	return func(ctx context.Context, update func(flipsFound)) (flipsFound, error) {
		if k.curve {
			r, err := l.Bands(ctx, lab.BandsRequest{Split: k.split, By: k.by, Setting: k.Setting, Radii: bands.Radii(most)}, func(r bands.Result) { update(flipsFound{curve: r}) })
			return flipsFound{curve: r}, err
		}
		r, err := l.Flips(ctx, lab.FlipsRequest{Split: k.split, R: k.r, By: k.by, Setting: k.Setting}, func(r lab.FlipsResult) { update(flipsFound{flips: r}) })
		return flipsFound{flips: r}, err
	}
}

// now returns the flips at r so far.
func (g *gallery) now() lab.FlipsResult {
	at, _ := g.keys()
	return g.found.Known[at].flips
}

// flips lists those of the filter's class.
func (g *gallery) flips() []bands.Sample {
	list, class := g.now().Flips, g.page.session.Class
	if class < 0 {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(s bands.Sample) bool { return s.Label != class })
}

// selected returns the index of the selected flip: the first from the image at on; −1 if there is none.
func (g *gallery) selected() int {
	list := g.flips()
	if len(list) == 0 {
		return -1
	}
	i := slices.IndexFunc(list, func(s bands.Sample) bool { return s.Index >= g.at })
	if i < 0 {
		return len(list) - 1
	}
	return i
}

// step selects another flip.
func (g *gallery) step(by int) tea.Cmd {
	if list := g.flips(); len(list) > 0 {
		g.at = list[min(max(g.selected()+by, 0), len(list)-1)].Index
	}
	return g.request()
}

// request requests the thumbnails in sight.
func (g *gallery) request() tea.Cmd {
	p, list := g.page, g.flips()
	if !g.open || !p.screen.Shown() || !p.screen.Ready() || p.screen.Layout().TooSmall || len(g.l.rows) == 0 {
		return nil
	}
	at := g.selected()
	row := max(at, 0) / g.l.across
	g.top = min(max(g.top, row-len(g.l.rows)+1), row)
	q := galleryRequest{across: g.l.across, selected: at - g.top*g.l.across, generation: p.session.Generation, tile: g.l.tile}
	q.RenderSpec = p.screen.Render(g.l.rows[0].pic.W, g.l.rows[0].pic.H)
	for _, s := range list[min(g.top*g.l.across, len(list)):] {
		if q.n == min(g.l.across*len(g.l.rows), mostThumbnails) {
			break
		}
		q.images[q.n] = s.Index
		q.n++
	}
	return g.asks.Start(q, g.compute)
}

func (g *gallery) compute(q galleryRequest) tea.Cmd {
	p := g.page
	for len(g.rows) < len(g.l.rows) {
		g.rows = append(g.rows, &kit.Painter{})
	}
	ctx, l, rows := p.screen.Context(), p.session.Lab, g.rows
	return p.screen.Task(func() tea.Msg {
		images, err := l.Thumbnails(ctx, q.images[:q.n])
		msg := galleryMsg{asked: q, err: err}
		for i := 0; i < len(images); i += q.across {
			some := images[i:min(i+q.across, len(images))]
			msg.rows = append(msg.rows, rows[i/q.across].Paint(q.RenderSpec, func(box *picture.Image) { drawThumbnails(box, some, q, q.selected-i) }))
		}
		return msg
	})
}

// drawThumbnails draws a row of images, with a frame around the selected one.
func drawThumbnails(box *picture.Image, images []dataset.Image, q galleryRequest, selected int) {
	var source, tile picture.Image
	px := box.W / max(1, q.Cols) // pixels of a column
	for i, im := range images {
		session.PlaneImage(&source, im, 1, 0, 1)
		tile.Resize(q.tile*px, box.H)
		picture.Scale(&tile, &source, q.Background())
		if i == selected {
			frame(&tile)
		}
		for y := range tile.H {
			copy(box.Pix[3*(y*box.W+i*(q.tile+1)*px):], tile.Pix[3*y*tile.W:3*(y+1)*tile.W])
		}
	}
}

// frame draws a frame along the edges of a picture, black in white.
func frame(im *picture.Image) {
	thick := max(1, min(im.W, im.H)/32)
	for y := range im.H {
		for x := range im.W {
			edge := min(x, y, im.W-1-x, im.H-1-y)
			if edge < 2*thick {
				v := uint8(255)
				if edge >= thick {
					v = 0
				}
				px := im.Pix[3*(y*im.W+x):][:3]
				px[0], px[1], px[2] = v, v, v
			}
		}
	}
}

// receive handles the results of its work.
func (g *gallery) receive(msg tea.Msg) (cmd tea.Cmd, ok bool) {
	switch msg := msg.(type) {
	case galleryMsg:
		switch {
		case errors.Is(msg.err, context.Canceled):
		case msg.err != nil:
			g.page.screen.Say(kit.OneLine(msg.err))
			g.asks.Forget()
		case msg.asked.generation == g.page.session.Generation:
			g.shown = msg
		}
		return g.asks.Ended(g.compute), true
	case kit.Report:
		if cmd, ok := g.found.Take(msg); ok {
			return tea.Batch(cmd, g.request()), true
		}
	}
	return nil, false
}

// jobs lists its measurements.
func (g *gallery) jobs() []kit.JobInfo {
	p := g.page
	return g.found.Jobs(func(k flipsKey, r flipsFound, _ int) kit.JobInfo {
		of := p.session.Subject(p.session.Info.Model, k.split, k.Smoothing)
		done, all := r.flips.Counts.N, max(r.flips.Images, p.session.Info.Images, 1)
		if k.curve {
			return kit.JobInfo{Of: of + ", vs r", Share: float64(r.curve.Whole.N) / float64(all), Count: kit.Amount(r.curve.Whole.N, all, "image")}
		}
		return kit.JobInfo{Of: fmt.Sprintf("%s, r %.1f", of, k.r), Share: float64(done) / float64(all), Count: kit.Amount(done, all, "image")}
	})
}

// mouse selects a pressed thumbnail, shows a selected one, and scrolls.
func (g *gallery) mouse(m kit.Mouse) (tea.Cmd, bool) {
	if m.Wheel != 0 {
		return g.step(m.Wheel * g.l.across), true
	}
	for i, row := range g.l.rows {
		if !m.Pressed || !row.pic.Contains(m.X, m.Y) && !row.text.Contains(m.X, m.Y) {
			continue
		}
		list, k := g.flips(), (g.top+i)*g.l.across+(m.X-row.pic.X)/(g.l.tile+1)
		switch {
		case k >= len(list):
			return nil, true
		case k == g.selected():
			return g.accept(), true
		}
		g.at = list[k].Index
		return g.request(), true
	}
	return nil, false
}
