package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/picture"
	"hfcui/ui/plot"
)

// charts draws the frame's charts as pictures, in the background: what the last frame wants, when the
// renderer is free. A frame whose charts are not drawn waits for them, so that text and pictures change
// together; while they are redrawn faster than they are drawn, every second one is shown.
type charts struct {
	painter plot.Painter
	running bool
	retry   bool                      // they are wanted again once the terminal has those before
	known   map[plot.Key][]kit.Placed // of the last frames
	shown   map[kit.Rect][]kit.Placed // what is where
	wanted  []plot.Job                // of the last frame, not drawn yet
	wait    time.Duration             // of a frame for its charts, at most
	held    time.Time                 // since when a frame waits; zero: none does
	drew    bool                      // charts have just been drawn: the next frame does not wait
	places  []kit.Placed              // pictures of the page in the frame on screen
	w, h    int                       // size of the terminal of that frame
}

// chartsMsg has charts drawn.
type chartsMsg struct{ drawn map[plot.Key][]kit.Placed }

// Bounds on pictures: xterm keeps 16, of which a page may have four more. Those that stay are redrawn
// before it drops them, so that more tiles than the usual number cost more than they save.
const (
	mostTiles    = 12
	usualTiles   = 6 // with the pictures of the page
	tilesOfOne   = 4
	keptCharts   = 48
	leastColumns = 12 // of a tile
)

// longestWait is the usual wait.
const longestWait = 60 * time.Millisecond

// look returns how charts look on this terminal; false if they are drawn in cells.
func (a *App) look() (plot.Look, bool) {
	k := plot.Look{RenderSpec: a.render(0, 0), Plain: a.plain()}
	back := k.Background()
	k.Back = [3]uint8{back.R, back.G, back.B}
	if a.caps.BackgroundKnown {
		k.Back = a.caps.Background
	}
	return k, a.asked && a.protocol != picture.HalfBlocks
}

// tiles returns in how many pictures a chart is drawn, where n charts and so many pictures of the page
// are shown; 0 if it is too large.
func (a *App) tiles(r kit.Rect, n, pictures int) int {
	most := a.cell()
	if most.MostH > 0 && r.H > most.MostH {
		return 0
	}
	need := 1
	if most.MostW > 0 {
		need = (r.W + most.MostW - 1) / most.MostW
	}
	if need > max(1, mostTiles/n) {
		return 0
	}
	return max(need, 1, min(tilesOfOne, (usualTiles-pictures)/n, r.W/leastColumns))
}

// placed returns the pictures of a frame's charts, where the page has so many others: those drawn, or
// what was in their places before, or else the charts are drawn in cells.
func (a *App) placed(c *kit.Canvas, others int) (list []kit.Placed) {
	s := &a.charts
	s.wanted = nil
	if c.Charts == nil {
		return nil
	}
	look, _ := a.look()
	shown := map[kit.Rect][]kit.Placed{}
	pictured := c.Charts.Pictured(c)
	for _, ch := range pictured {
		j := plot.Job{Chart: ch, Look: look, Tiles: a.tiles(ch.Plot, len(pictured), others)}
		if j.Tiles == 0 {
			ch.DrawCells(c)
			continue
		}
		pictures, ok := s.known[j.Key()]
		if !ok {
			s.wanted = append(s.wanted, j)
			if pictures = s.shown[ch.Plot]; pictures == nil {
				ch.DrawCells(c)
			}
		}
		if pictures != nil {
			shown[ch.Plot] = pictures
		}
		list = append(list, pictures...)
	}
	s.shown = shown
	return list
}

// compose makes the frame and has its charts drawn. It keeps the last frame on screen while they are.
func (a *App) compose() tea.Cmd {
	s := &a.charts
	if a.layout.W == 0 || a.same {
		return nil
	}
	text := a.frame()
	var cmd tea.Cmd
	switch {
	case len(s.wanted) == 0 || s.running || a.hidden:
	case a.layer.Behind(): // the terminal gets whole charts, however fast they change
		cmd = a.retryCharts()
	default:
		s.running = true
		jobs, painter, foreground := s.wanted, &s.painter, a.foreground
		cmd = kit.Task(func() tea.Msg {
			defer foreground()()
			return chartsMsg{painter.Paint(jobs)}
		})
	}
	if a.waits() {
		if !samePlaces(s.places, a.stage.pictures) {
			a.stage.shut()
		}
		return cmd
	}
	a.shown, s.places, s.held, s.drew = text, a.stage.pictures, time.Time{}, false
	s.w, s.h = a.layout.W, a.layout.H
	return cmd
}

// retryTime is how often charts are tried again that the terminal is not ready for.
const retryTime = 20 * time.Millisecond

// retryMsg has charts tried again.
type retryMsg struct{}

// retryCharts has them tried again soon.
func (a *App) retryCharts() tea.Cmd {
	if a.charts.retry {
		return nil
	}
	a.charts.retry = true
	return tea.Tick(retryTime, func(time.Time) tea.Msg { return retryMsg{} })
}

// foreground has background work wait until leave is called.
func (a *App) foreground() (leave func()) {
	if a.Lab == nil {
		return func() {}
	}
	return a.Lab.Foreground()
}

// waits reports whether the frame waits for its charts.
func (a *App) waits() bool {
	s := &a.charts
	if len(s.wanted) == 0 || s.drew || a.hidden || a.shown == "" || s.w != a.layout.W || s.h != a.layout.H {
		return false
	}
	if s.held.IsZero() {
		s.held = time.Now()
	}
	return time.Since(s.held) < s.wait
}

// drawn takes charts that have been drawn; the frame that waited is shown.
func (a *App) drawn(msg chartsMsg) {
	s := &a.charts
	if len(s.known) > keptCharts {
		s.known = nil
	}
	if s.known == nil {
		s.known = map[plot.Key][]kit.Placed{}
	}
	for k, pictures := range msg.drawn {
		s.known[k] = pictures
	}
	s.running, s.drew = false, true
}
