package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// askQuit ends the program, after asking what becomes of a run that is active. Asked again, or while
// nothing can be shown, it ends it at once; a run then saves a checkpoint.
func (a *App) askQuit() tea.Cmd {
	if _, asked := a.Top().(*quitDialog); asked || a.layout.TooSmall || a.layout.W == 0 || len(a.runs()) == 0 {
		return a.quit()
	}
	return a.Open(newQuitDialog(a))
}

// runs lists the jobs that save a checkpoint at the end.
func (a *App) runs() []job {
	var list []job
	for _, j := range a.collect() {
		if j.Kept {
			list = append(list, j)
		}
	}
	return list
}

// quitDialog asks what becomes of an active run.
type quitDialog struct {
	kit.Fixed
	kit.NoText
	app     *App
	choices []quitChoice
	at      int
}

// quitChoice is an answer; its text says what happens.
type quitChoice struct {
	name, text string
	do         func() tea.Cmd
}

func newQuitDialog(a *App) *quitDialog {
	d := &quitDialog{app: a}
	d.choices = []quitChoice{{"Stop and quit", "saves a checkpoint, to be resumed later", a.quit}}
	leave := true
	for _, j := range a.runs() {
		leave = leave && j.Leave
	}
	if leave {
		d.choices = append(d.choices, quitChoice{"Quit, keep training", "continues in the background", func() tea.Cmd {
			a.leave = true
			return a.quit()
		}})
	}
	d.choices = append(d.choices, quitChoice{"Stay", "", a.CloseDialog})
	return d
}

var quitKeys = kit.Keymap[*quitDialog]{
	{Act: kit.Accept, Name: "Accept the choice", Hint: "accept", Do: func(d *quitDialog) tea.Cmd { return d.choices[d.at].do() }},
	{Act: kit.Up, Name: "previous choice", Hint: "choice", Do: func(d *quitDialog) tea.Cmd { return d.move(-1) }},
	{Act: kit.Down, Name: "next choice", Also: true, Do: func(d *quitDialog) tea.Cmd { return d.move(1) }},
	{Act: kit.Back, Name: "Stay", Hint: "stay", Do: func(d *quitDialog) tea.Cmd { return d.app.CloseDialog() }},
	{Act: kit.Quit, Name: "Stop and quit", Hint: "stop and quit", Do: func(d *quitDialog) tea.Cmd { return d.app.quit() }},
}

func (d *quitDialog) Entries() []kit.Entry { return quitKeys.Entries(d) }

func (d *quitDialog) Press(key string) tea.Cmd {
	cmd, _ := quitKeys.Press(d, key)
	return cmd
}

func (d *quitDialog) move(by int) tea.Cmd {
	d.at = min(max(d.at+by, 0), len(d.choices)-1)
	return nil
}

func (d *quitDialog) Heading() string { return "Quit" }

// lines describes the active runs.
func (d *quitDialog) lines() []string {
	var list []string
	for _, j := range d.app.runs() {
		state := []string{j.Of, strings.TrimSpace(j.Progress())}
		for _, now := range d.app.jobs.list {
			if now.jobKey == j.jobKey && now.left > 0 && now.State == kit.JobRunning {
				state = append(state, "ETA "+kit.RoundDuration(now.left))
			}
		}
		text := kit.Title(j.Name) + " is active: " + strings.Join(state, ", ")
		list = append(list, strings.TrimSuffix(text, ", "))
	}
	if list == nil {
		list = []string{"The run has ended."}
	}
	return list
}

func (d *quitDialog) Size(maxW, maxH int) (int, int) {
	w := 58
	for _, line := range d.lines() {
		w = max(w, kit.Width(line))
	}
	return min(w, maxW), min(len(d.lines())+1+len(d.choices), maxH)
}

func (d *quitDialog) Mouse(m kit.Mouse) tea.Cmd {
	if i := m.Y - len(d.lines()) - 1; m.Pressed && i >= 0 && i < len(d.choices) {
		return d.choices[i].do()
	}
	return nil
}

func (d *quitDialog) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	lines := d.lines()
	for i, line := range lines {
		c.Left(r.Row(i), kit.Style{}, line)
	}
	for i, choice := range d.choices {
		row := r.Row(len(lines) + 1 + i)
		mark, st := "  ", kit.Style{}
		if i == d.at {
			mark, st = "› ", th.Focus
		}
		x := c.Left(row, st, mark+choice.name)
		c.Left(kit.NewRect(x+2, row.Y, row.Right()-x-2, 1), th.Dim, choice.text)
	}
}
