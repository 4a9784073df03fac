package kit

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// DialogStack is the dialogs that lie over the page; keys are those of the one on top.
type DialogStack interface {
	Open(d Dialog) tea.Cmd
	CloseDialog() tea.Cmd
	Top() Dialog // nil when there is none
}

// Dialogs is the stack of the program. It implements DialogStack; the zero value is empty.
type Dialogs struct{ Stack []Dialog }

func (s *Dialogs) Top() Dialog {
	if len(s.Stack) == 0 {
		return nil
	}
	return s.Stack[len(s.Stack)-1]
}

func (s *Dialogs) Open(d Dialog) tea.Cmd {
	s.Stack = append(s.Stack, d)
	return nil
}

// CloseDialog takes the top dialog away.
func (s *Dialogs) CloseDialog() tea.Cmd {
	if n := len(s.Stack); n > 0 {
		s.Stack = s.Stack[:n-1]
	}
	return nil
}

// ArrangeDialogs tells dialogs how large they are.
func (s *Dialogs) ArrangeDialogs(l Layout) {
	if l.W == 0 || l.TooSmall {
		return
	}
	for _, d := range s.Stack {
		r := DialogRect(l, d).Inset(2, 1)
		d.Arrange(r.W, r.H)
	}
}

// DrawDialogs draws all of them, the one on top last.
func (s *Dialogs) DrawDialogs(c *Canvas, l Layout, th *Theme) {
	for _, d := range s.Stack {
		drawDialog(c, l, d, th)
	}
}

// DialogRect is where a dialog with its frame lies: in the middle, a little high, above the caveats.
func DialogRect(l Layout, d Dialog) Rect {
	maxW, maxH := l.W-8, min(l.H-6, l.Body.Bottom()-3)
	w, h := d.Size(maxW, maxH)
	w, h = min(max(w, Width(d.Heading())+4), maxW)+4, min(h, maxH)+2
	return Rect{(l.W - w) / 2, max(1, (l.H-h)*2/5), w, h}
}

// drawDialog draws a dialog with its frame.
func drawDialog(c *Canvas, l Layout, d Dialog, th *Theme) {
	r := DialogRect(l, d)
	line := th.Line
	head := " " + d.Heading() + " "
	rest := max(0, r.W-3-Width(head))
	c.PutWide(r.X, r.Y, r.W, line.Paint("╭─")+Bold.Paint(head)+line.Paint(strings.Repeat("─", rest)+"╮"))
	for y := r.Y + 1; y < r.Bottom()-1; y++ {
		c.PutWide(r.X, y, r.W, line.Paint("│")+Blanks(r.W-2)+line.Paint("│"))
	}
	c.PutWide(r.X, r.Bottom()-1, r.W, line.Paint("╰"+strings.Repeat("─", r.W-2)+"╯"))
	d.Draw(c, r.Inset(2, 1), th)
}
