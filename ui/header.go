package ui

import (
	"fmt"
	"strings"

	"hfcui/engine/bands"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// drawHeader draws the pages' names and the settings of evaluation.
func (a *App) drawHeader(c *kit.Canvas) {
	tabs := a.tabs()
	for i, tab := range tabs {
		st := a.theme.Dim
		if i == a.page {
			st = a.theme.Focus
		}
		c.Left(tab, st, fmt.Sprintf("%d %s", a.pages[i].number, a.tabName(a.pages[i])))
	}
	if !a.Modeled() {
		return
	}
	used := tabs[len(tabs)-1].Right() + 1
	a.drawSettings(c, kit.NewRect(used, 0, a.layout.W-1-used, 1))
}

// setting is a setting of evaluation as the header shows it.
type setting struct {
	name, short, value string
	changed            bool // not the default
}

// settings lists the settings of evaluation that apply to the model.
func (a *App) settings(smoothing string) []setting {
	list := []setting{{"band norm.", "norm.", a.Normalize.String(), a.Normalize != bands.NormalizeNone}}
	if a.Info.BatchNorm {
		list = append(list, setting{"batch norm", "BN", a.Statistics.String(), a.Statistics != model.RunningStatistics})
	}
	if a.Smooth {
		return append(list, setting{"smoothing", "", smoothing, true})
	}
	return append(list, setting{"smoothing", "smoothing", "off", false})
}

// drawSettings draws the settings: all with their names if there is room, else those that are not
// the default, of which smoothing is dropped last. What is changed is highlighted.
func (a *App) drawSettings(c *kit.Canvas, room kit.Rect) {
	rho := fmt.Sprintf("ρ %.2f", a.Rho)
	all, full := a.settings(rho), a.settings(a.Smoothing().Describe())
	var changed []setting
	for _, s := range all {
		if s.changed {
			changed = append(changed, s)
		}
	}
	named := func(s setting) string { return s.name + " " + s.value }
	short := func(s setting) string { return strings.TrimSpace(s.short + " " + s.value) }
	value := func(s setting) string { return s.value }
	forms := []string{
		a.written(full, " · ", named), a.written(full, " · ", short), // otherwise the layer is in the status line
		a.written(all, " · ", named), a.written(all, " · ", short),
		a.written(changed, " · ", short), a.written(changed, " · ", value), a.written(changed, "·", value),
	}
	if n := len(changed); n > 1 && a.Smooth {
		forms = append(forms, a.written(changed[n-1:], "", value)+a.theme.Focus.Paint(fmt.Sprintf(" +%d", n-1)), a.written(changed[n-1:], "", value))
	}
	c.Right(room, kit.Style{}, kit.Pick(room.W, forms...))
}

// written joins settings in a form; those that are changed are highlighted.
func (a *App) written(list []setting, between string, form func(setting) string) string {
	var parts []string
	for _, s := range list {
		st := a.theme.Dim
		if s.changed {
			st = a.theme.Focus
		}
		parts = append(parts, st.Paint(form(s)))
	}
	return strings.Join(parts, a.theme.Dim.Paint(between))
}

// tabs returns the rectangles of the pages' names.
func (a *App) tabs() []kit.Rect {
	var list []kit.Rect
	x, fit := a.layout.Header.X, a.tabFit()
	for _, p := range a.pages {
		w := kit.Width(a.shortName(p, fit.letters)) + 2
		list = append(list, kit.NewRect(x, 0, w, 1))
		x += w + fit.gap
	}
	return list
}

// tabName returns a page's name in the header, shortened to leave room for the settings.
func (a *App) tabName(t tab) string { return a.shortName(t, a.tabFit().letters) }

// shortName returns a name of at most so many letters, or as many as tell it from the others.
func (a *App) shortName(t tab, limit int) string {
	name := kit.Title(t.name)
	for _, other := range a.pages {
		same := 0
		for other.name != t.name && same < min(len(name), len(other.name)) && other.name[same] == t.name[same] {
			same++
		}
		limit = max(limit, min(same+1, len(name)))
	}
	switch {
	case limit >= len(name):
		return name
	case limit > 5:
		return name[:limit-1] + "."
	}
	return name[:limit]
}

// tabFit is the most letters of a page's name, the blanks between names, and the cells beside them
// for settings.
type tabFit struct{ letters, gap, settings int }

// tabFits are tried in order: all settings, or those that are changed, or ρ beside the names.
var tabFits = []tabFit{{20, 2, 41}, {20, 2, 22}, {20, 1, 10}, {7, 1, 10}, {6, 1, 10}, {5, 1, 10}, {4, 1, 10}, {3, 1, 10}}

// tabFit returns the first that fits.
func (a *App) tabFit() tabFit {
	for _, try := range tabFits {
		used := a.layout.Header.X
		for _, p := range a.pages {
			used += 2 + len(a.shortName(p, try.letters)) + try.gap
		}
		if used+try.settings <= a.layout.W {
			return try
		}
	}
	return tabFit{1, 1, 0}
}
