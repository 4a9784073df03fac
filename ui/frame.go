package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/model"
	"hfcui/ui/kit"
	"hfcui/ui/picture"
)

// View implements tea.Model. The frame is made by Update.
func (a *App) View() tea.View {
	v := tea.NewView(a.shown)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.ReportFocus = a.caps.Tmux
	return v
}

// frame returns the text of the screen, with markers for the layer's pictures.
func (a *App) frame() string {
	a.stage.mu.Lock()
	defer a.stage.mu.Unlock()
	s := &a.stage
	s.open, s.sync = false, a.caps.Sync
	c := kit.NewCanvas(a.layout.W, a.layout.H)
	c.Plain, c.Has = a.plain(), a.caps.Has
	if _, ok := a.look(); ok && a.Top() == nil { // behind a dialog charts are dimmed cells
		c.Charts = &kit.ChartList{}
	}
	if a.layout.TooSmall {
		a.drawTooSmall(c)
		c.PutWide(0, 0, 1, a.layer.Place(nil, false)+" ")
		return a.layer.Pin(c.String())
	}
	a.drawHeader(c)
	var pictures []kit.Placed
	if !a.hidden {
		pictures = s.newest(a.pages[a.page].Draw(c))
		s.open, s.pictures, s.generation = len(pictures) > 0, pictures, a.Generation
	}
	s.charts = a.placed(c, len(pictures))
	marker := a.place(c, slices.Concat(pictures, s.charts))
	a.DrawDialogs(c, a.layout, a.theme)
	a.drawStatus(c)
	c.PutWide(0, 0, 1, marker+" ")
	return a.layer.Pin(c.String())
}

// place draws the pictures below the text: half blocks as text, others as blanks that the layer
// draws on. Behind dialogs all of them are dimmed half blocks.
func (a *App) place(c *kit.Canvas, pictures []kit.Placed) string {
	list := layerPictures(pictures)
	drawn, behind := 0, a.Top() != nil
	if behind {
		a.stage.open = false
		c.Dim(a.theme.Line)
	}
	for _, p := range pictures {
		lines := p.Drawn.Lines
		if lines == nil {
			lines = strings.Split(a.layer.Blank(drawn, p.At.W, p.At.H), "\n")
		}
		if behind {
			lines = a.dimmed(p)
			if p.Drawn.Data != nil && p.Drawn.Remove == nil { // hide it; a stored one is shown by its text only
				list[drawn].Cols, list[drawn].Rows = 0, 0
			}
		}
		if p.Drawn.Data != nil {
			drawn++
		}
		for i, line := range lines {
			c.PutWide(p.At.X, p.At.Y+i, p.At.W, line)
		}
	}
	return a.layer.Place(list, false)
}

// dimmed returns the lines of a picture behind a dialog; without colors, blanks.
func (a *App) dimmed(p kit.Placed) []string {
	if p.Drawn.Cells != nil {
		background := picture.RGB{}
		if !a.caps.Dark {
			background = picture.RGB{R: 255, G: 255, B: 255}
		}
		if lines := picture.Dimmed(p.Drawn.Cells, a.depth(), background); lines != nil {
			return lines
		}
	}
	return slices.Repeat([]string{kit.Blanks(p.At.W)}, p.At.H)
}

// drawStatus draws the caveat, the status line and the hints.
func (a *App) drawStatus(c *kit.Canvas) {
	a.drawNotice(c)
	if a.message != "" {
		c.Left(a.layout.Status, a.theme.Focus, a.message)
	} else {
		a.drawFacts(c)
	}
	list, last := a.hinted()
	kit.DrawHints(c, a.layout.Hints, a.theme, list, last)
}

// drawNotice draws the caveats; help has those that do not fit.
func (a *App) drawNotice(c *kit.Canvas) {
	r := a.layout.Note
	if r.Empty() {
		return
	}
	lines := kit.Wrap(kit.Clean(a.Notice()), r.W)
	if len(lines) > r.H {
		more := "… " + kit.Help.Label + " shows all"
		rest := strings.Join(lines[r.H-1:], " ")
		lines = append(lines[:r.H-1], strings.TrimSuffix(kit.Cut(rest, r.W-kit.Width(more)+1), "…")+more)
	}
	for i, line := range lines {
		c.Left(r.Row(i), a.theme.Warn, line)
	}
}

// hinted lists the bindings for hints: the dialog's, or the page's and the program's.
func (a *App) hinted() (list, last []kit.Entry) {
	if d := a.Top(); d != nil {
		return d.Entries(), nil
	}
	return a.permitted(append(a.pages[a.page].Keys().Entries(), a.entries()...)), a.permitted(lastKeys.Entries(a))
}

// drawFacts draws the model and the data at the left, the activity at the right.
func (a *App) drawFacts(c *kit.Canvas) {
	r := a.layout.Status
	activity := a.activity()
	x := r.X
	if company := a.company(); company != nil {
		x = c.Left(r, a.theme.Focus, kit.Pick(max(r.W/2, kit.Width(company[1])), company...)) + 2
		activity = kit.Cut(activity, r.Right()-x)
	}
	if other := a.otherSmoothing(); other != nil { // always shown if it differs from the paper's
		text := kit.Pick(max(r.Right()-x-kit.Width(activity)-2, kit.Width(other[1])), other...)
		x = c.Left(kit.NewRect(x, r.Y, r.Right()-x, 1), a.theme.Focus, text) + 2
		activity = kit.Cut(activity, r.Right()-x)
	}
	c.Right(r, kit.Style{}, activity)
	room := r.Right() - x - kit.Width(activity) - 2
	facts := []string{
		kit.Clean(a.Info.Model), kit.Clean(a.Info.Data) + " " + kit.Clean(a.Info.Split), kit.Clean(a.Info.Net), kit.Clean(a.Reading.Brief()),
		kit.Counted(a.Info.Images, "image"), kit.Clean(a.Info.Device), kit.ShortCount(a.Info.Params) + " parameters",
	}
	if _, p, ok := find[facter](a); ok && !a.Modeled() {
		facts = p.Facts()
	}
	// Most important first; what does not fit is omitted.
	text := ""
	for _, f := range facts {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		if text != "" {
			f = " · " + f
		}
		if kit.Width(text)+kit.Width(f) <= room {
			text += f
		}
	}
	c.Left(kit.NewRect(x, r.Y, room, 1), a.theme.Dim, text)
}

// otherSmoothing describes the smoothing if it differs from the paper's, in a long form and a short
// one; nil if not.
func (a *App) otherSmoothing() []string {
	s := a.Smoothing()
	if !a.Smooth || s.Layer == "" && !s.DivideGain {
		return nil
	}
	layer := model.LayerName(a.Info.FirstConv)
	if s.Layer != "" {
		layer = model.LayerName(s.Layer)
	}
	short := fmt.Sprintf("ρ %.2f %s", s.Rho, kit.Clean(layer))
	if s.DivideGain {
		short += " gain-norm."
	}
	return []string{kit.Clean(s.Describe()), short}
}

// activity returns the sum of the jobs, or the speed of the page's last result.
func (a *App) activity() string {
	if text := kit.Pick(max(a.layout.Status.W-factsWidth, a.layout.Status.W/2), a.jobs.sum()...); text != "" {
		return a.theme.Focus.Paint("J") + " " + a.theme.Text.Paint(text)
	}
	return a.theme.Dim.Paint(a.pages[a.page].Speed())
}

// factsWidth is the room that the sum of the jobs leaves to model and data in the status line.
const factsWidth = 34

// drawTooSmall shows the minimum size.
func (a *App) drawTooSmall(c *kit.Canvas) {
	text := fmt.Sprintf("hfcui needs %d×%d cells; this terminal has %d×%d. Make it larger, or %s to quit.", kit.MinWidth, kit.MinHeight, a.layout.W, a.layout.H, kit.Quit.Label)
	c.Paragraph(kit.NewRect(1, 0, a.layout.W-1, a.layout.H), kit.Style{}, text)
}
