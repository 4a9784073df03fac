package ui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hfcui/engine/model"
)

// View implements tea.Model. A panic ends the program in order.
func (a *App) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			v = tea.NewView("")
			if cmd := a.fail(recovered(r)); a.send != nil {
				go a.send(cmd())
			}
		}
		v.AltScreen = true
		v.MouseMode = tea.MouseModeCellMotion
		v.ReportFocus = a.caps.Tmux
	}()
	if a.layout.w == 0 {
		return tea.NewView("")
	}
	if !a.same {
		a.shown = a.frame()
	}
	return tea.NewView(a.shown)
}

// frame is the text of the screen, with marks where the layer draws pictures.
func (a *App) frame() string {
	a.stage.mu.Lock()
	defer a.stage.mu.Unlock()
	s := &a.stage
	s.open = false
	c := newCanvas(a.layout.w, a.layout.h)
	if a.layout.tooSmall {
		a.drawTooSmall(c)
		c.putWide(0, 0, 1, a.layer.Place(nil, false)+" ")
		return a.layer.Pin(c.String())
	}
	a.drawHeader(c)
	var pictures []placed
	if !a.hidden {
		pictures = s.newest(a.pages[a.page].draw(c))
		s.open, s.pictures, s.generation = len(pictures) > 0, pictures, a.generation
	}
	marker := a.place(c, pictures)
	for _, d := range a.dialogs {
		a.drawDialog(c, d)
	}
	a.drawStatus(c)
	c.putWide(0, 0, 1, marker+" ")
	return a.layer.Pin(c.String())
}

// place puts the pictures under the text: as text where they are text, else as blanks
// that the layer draws on.
func (a *App) place(c *canvas, pictures []placed) string {
	list := layerPictures(pictures)
	drawn := 0
	for _, p := range pictures {
		lines := p.drawn.Lines
		if lines == nil {
			lines = strings.Split(a.layer.Blank(drawn, p.at.w, p.at.h), "\n")
			for _, d := range a.dialogs {
				if p.at.overlaps(a.dialogRect(d)) { // a picture without size is hidden
					list[drawn].Cols, list[drawn].Rows = 0, 0
					a.stage.open = false
				}
			}
		}
		if p.drawn.Data != nil {
			drawn++
		}
		for i, line := range lines {
			c.putWide(p.at.x, p.at.y+i, p.at.w, line)
		}
	}
	return a.layer.Place(list, false)
}

// drawHeader draws the pages' names and the setting in force.
func (a *App) drawHeader(c *canvas) {
	for i, tab := range a.tabs() {
		st := a.theme.dim
		if i == a.page {
			st = a.theme.focus
		}
		c.left(tab, st, fmt.Sprintf("%d %s", a.pages[i].number, a.tabName(a.pages[i])))
	}
	if !a.modelled() {
		return
	}
	tabs := a.tabs()
	used := tabs[len(tabs)-1].right() + 2
	room := newRect(used, 0, a.layout.w-1-used, 1)
	rho, full := "off", "off"
	if a.smooth {
		rho, full = fmt.Sprintf("ρ %.2f", a.rho), a.smoothing().Describe()
	}
	statistics := a.statistics.String()
	if !a.info.BatchNorm {
		statistics = "none"
	}
	if text := fmt.Sprintf("norm %s · bn %s · smoothing %s", a.normalize, statistics, full); width(text) <= room.w {
		rho = full // else the status line says all of it
	}
	text := pick(room.w,
		fmt.Sprintf("normalise %s · batch-norm %s · smoothing %s", a.normalize, statistics, rho),
		fmt.Sprintf("norm %s · bn %s · smoothing %s", a.normalize, statistics, rho),
		fmt.Sprintf("%s · %s · smooth %s", a.normalize, statistics, rho),
		fmt.Sprintf("%s · %s · %s", a.normalize, statistics, rho),
		fmt.Sprintf("%s·%s·%s", a.normalize, statistics, rho), rho) // what is cut last is ρ
	if a.smooth { // the one setting that changes the model stands out
		text = a.theme.dim.paint(strings.TrimSuffix(text, rho)) + a.theme.focus.paint(rho)
		c.right(room, style{}, text)
		return
	}
	c.right(room, a.theme.dim, text)
}

// tabs is where the pages' names are.
func (a *App) tabs() []rect {
	var list []rect
	x := a.layout.header.x
	for _, p := range a.pages {
		w := width(a.tabName(p)) + 2
		list = append(list, newRect(x, 0, w, 1))
		x += w + 2
	}
	return list
}

// tabName is a page's name as the header has it: names give way to the setting.
func (a *App) tabName(t tab) string {
	name, limit := title(t.name), a.tabLimit()
	if limit < 6 { // the first letters of all of them
		return ansi.Truncate(name, limit, "")
	}
	return ansi.Truncate(name, limit, ".")
}

// tabLimit is how many letters of pages' names there is room for: all where the setting has
// room as well, else so many that the strength of smoothing has.
func (a *App) tabLimit() int {
	for _, try := range []struct{ letters, setting int }{{20, 40}, {20, 21}, {7, 7}, {6, 8}, {5, 8}, {4, 8}, {3, 8}} {
		used := a.layout.header.x
		for _, p := range a.pages {
			used += 4 + min(len(p.name), try.letters) // its number, and blanks
		}
		if used+try.setting <= a.layout.w {
			return try.letters
		}
	}
	return 1
}

// drawStatus draws the caveat, the status line and what can be pressed.
func (a *App) drawStatus(c *canvas) {
	if !a.layout.note.empty() {
		c.left(a.layout.note, a.theme.warn, clean(a.info.Note))
	}
	if a.message != "" {
		c.left(a.layout.status, a.theme.focus, a.message)
	} else {
		a.drawFacts(c)
	}
	list := append(a.pages[a.page].entries(), a.entries()...)
	last := lastKeys.entries(a)
	if d := a.top(); d != nil {
		list, last = d.entries(), nil
	}
	c.put(a.layout.hints.x, a.layout.hints.y, hints(a.theme, a.layout.hints.w, list, last))
}

// drawFacts draws what is open at the left and what is being done at the right.
func (a *App) drawFacts(c *canvas) {
	r := a.layout.status
	activity := a.activity()
	x := r.x
	if other := a.otherSmoothing(); other != nil { // than the paper's: never silent
		text := pick(max(r.w-width(activity)-2, width(other[1])), other...)
		x = c.left(r, a.theme.focus, text) + 2
		activity = cut(activity, r.right()-x)
	}
	c.right(r, style{}, activity)
	room := r.right() - x - width(activity) - 2
	facts := []string{
		clean(a.info.Model), clean(a.info.Data) + " " + clean(a.info.Split), clean(a.info.Net),
		counted(a.info.Images, "image"), clean(a.info.Device), shortCount(a.info.Params) + " parameters",
	}
	if _, p, ok := find[facter](a); ok && !a.modelled() {
		facts = p.facts()
	}
	// What matters most comes first; what does not fit whole is left out.
	text := ""
	for _, f := range facts {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		if text != "" {
			f = " · " + f
		}
		if width(text)+width(f) <= room {
			text += f
		}
	}
	c.left(newRect(x, r.y, room, 1), a.theme.dim, text)
}

// otherSmoothing says what is in force where it is another smoothing than the paper's, in a long form and
// a short one; nil when there is none.
func (a *App) otherSmoothing() []string {
	s := a.smoothing()
	if !a.smooth || s.Layer == "" && !s.DivideGain {
		return nil
	}
	layer := model.LayerName(a.info.FirstConv)
	if s.Layer != "" {
		layer = model.LayerName(s.Layer)
	}
	short := fmt.Sprintf("ρ %.2f %s", s.Rho, clean(layer))
	if s.DivideGain {
		short += " gain out"
	}
	return []string{clean(s.Describe()), short}
}

// activity tells what runs now, with its progress, or how fast the last answer was.
func (a *App) activity() string {
	list := append([]tab{a.pages[a.page]}, a.pages...) // what is looked at comes first
	for _, t := range list {
		if p, ok := t.page.(runner); ok {
			if what, share, ok := p.running(); ok {
				return a.theme.text.paint(what) + " " + a.theme.focus.paint(bar(share, 8)) + " " + wholePercent(share)
			}
		}
	}
	return a.theme.dim.paint(a.pages[a.page].speed())
}

// bar is a share as w cells of a progress bar.
func bar(share float64, w int) string {
	n := min(max(int(share*float64(w)+0.5), 0), w)
	return strings.Repeat("━", n) + strings.Repeat("─", w-n)
}

// drawTooSmall says how much room is needed.
func (a *App) drawTooSmall(c *canvas) {
	text := fmt.Sprintf("hfcui needs %d×%d cells; this terminal has %d×%d. Make it larger, or q to quit.", minWidth, minHeight, a.layout.w, a.layout.h)
	c.paragraph(newRect(1, 0, a.layout.w-1, a.layout.h), style{}, text)
}
