package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// Top returns the top dialog; nil if there is none.
func (a *App) Top() kit.Dialog {
	if len(a.dialogs) == 0 {
		return nil
	}
	return a.dialogs[len(a.dialogs)-1]
}

func (a *App) Open(d kit.Dialog) tea.Cmd {
	a.dialogs = append(a.dialogs, d)
	return nil
}

// CloseDialog closes the top dialog.
func (a *App) CloseDialog() tea.Cmd {
	if n := len(a.dialogs); n > 0 {
		a.dialogs = a.dialogs[:n-1]
	}
	return nil
}

// dialogRect returns the rectangle of a dialog with its frame: centered, slightly raised.
func (a *App) dialogRect(d kit.Dialog) kit.Rect {
	maxW, maxH := a.layout.W-8, a.layout.H-6
	w, h := d.Size(maxW, maxH)
	w, h = min(max(w, kit.Width(d.Heading())+4), maxW)+4, min(h, maxH)+2
	return kit.NewRect((a.layout.W-w)/2, max(1, (a.layout.H-h)*2/5), w, h)
}

// arrangeDialogs sets the dialogs' sizes.
func (a *App) arrangeDialogs() {
	if a.layout.W == 0 || a.layout.TooSmall {
		return
	}
	for _, d := range a.dialogs {
		r := a.dialogRect(d).Inset(2, 1)
		d.Arrange(r.W, r.H)
	}
}

// drawDialog draws a dialog with its frame.
func (a *App) drawDialog(c *kit.Canvas, d kit.Dialog) {
	r := a.dialogRect(d)
	line := a.theme.Line
	head := " " + d.Heading() + " "
	rest := max(0, r.W-3-kit.Width(head))
	c.PutWide(r.X, r.Y, r.W, line.Paint("╭─")+kit.Bold.Paint(head)+line.Paint(strings.Repeat("─", rest)+"╮"))
	for y := r.Y + 1; y < r.Bottom()-1; y++ {
		c.PutWide(r.X, y, r.W, line.Paint("│")+kit.Blanks(r.W-2)+line.Paint("│"))
	}
	c.PutWide(r.X, r.Bottom()-1, r.W, line.Paint("╰"+strings.Repeat("─", r.W-2)+"╯"))
	d.Draw(c, r.Inset(2, 1), a.theme)
}
