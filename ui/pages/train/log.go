package train

import (
	"fmt"

	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
)

// drawLog draws the newest events of the selected run, or those up to the cursor, that fit.
func (p *Page) drawLog(c *kit.Canvas) {
	th, at, lines := p.screen.Theme(), p.l.plots[runlog.PanelLog], p.fig.Log
	if len(lines) == 0 {
		c.Paragraph(kit.NewRect(at.X, at.Y+max(0, at.H/2-1), at.W, min(3, at.H)), th.Dim, p.waitingLog())
		return
	}
	for i, line := range lines[max(0, len(lines)-at.H):] {
		row := at.Row(i)
		stamp := "now"
		if !line.Time.IsZero() {
			stamp = line.Time.Local().Format("15:04:05")
		}
		x := c.Left(kit.NewRect(row.X, row.Y, min(8, row.W), 1), th.Dim, stamp)
		x = max(x, row.X+8) + 1
		st := kit.Style{}
		switch {
		case line.Warn:
			st = th.Warn
		case line.Note:
			st = th.Changed
			line.Text = fmt.Sprintf("note at step %s: %s", kit.Grouped(line.Step), line.Text)
		}
		c.Left(kit.NewRect(x, row.Y, row.Right()-x, 1), st, line.Text)
	}
}

// waitingLog says what will be in the log.
func (p *Page) waitingLog() string {
	if p.cursor >= 0 {
		return "No events up to the cursor."
	}
	return "Events will appear here: epochs, checkpoints, changes of the learning rate, notes, errors."
}
