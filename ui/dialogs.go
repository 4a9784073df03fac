package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// top returns the dialog on top, nil when there is none.
func (a *App) top() dialog {
	if len(a.dialogs) == 0 {
		return nil
	}
	return a.dialogs[len(a.dialogs)-1]
}

func (a *App) open(d dialog) tea.Cmd {
	a.dialogs = append(a.dialogs, d)
	return nil
}

// closeDialog takes the top dialog away.
func (a *App) closeDialog() tea.Cmd {
	if n := len(a.dialogs); n > 0 {
		a.dialogs = a.dialogs[:n-1]
	}
	return nil
}

// dialogRect is where a dialog with its frame lies: in the middle, a little high.
func (a *App) dialogRect(d dialog) rect {
	maxW, maxH := a.layout.w-8, a.layout.h-6
	w, h := d.size(maxW, maxH)
	w, h = min(max(w, width(d.heading())+4), maxW)+4, min(h, maxH)+2
	return newRect((a.layout.w-w)/2, max(1, (a.layout.h-h)*2/5), w, h)
}

// arrangeDialogs tells dialogs how large they are.
func (a *App) arrangeDialogs() {
	if a.layout.w == 0 || a.layout.tooSmall {
		return
	}
	for _, d := range a.dialogs {
		r := a.dialogRect(d).inset(2, 1)
		d.arrange(r.w, r.h)
	}
}

// drawDialog draws a dialog with its frame.
func (a *App) drawDialog(c *canvas, d dialog) {
	r := a.dialogRect(d)
	line := a.theme.line
	head := " " + d.heading() + " "
	rest := max(0, r.w-3-width(head))
	c.putWide(r.x, r.y, r.w, line.paint("╭─")+bold.paint(head)+line.paint(strings.Repeat("─", rest)+"╮"))
	for y := r.y + 1; y < r.bottom()-1; y++ {
		c.putWide(r.x, y, r.w, line.paint("│")+blanks(r.w-2)+line.paint("│"))
	}
	c.putWide(r.x, r.bottom()-1, r.w, line.paint("╰"+strings.Repeat("─", r.w-2)+"╯"))
	d.draw(c, r.inset(2, 1), a.theme)
}
