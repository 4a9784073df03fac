package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// jobsPanel is the dialog that lists all jobs.
type jobsPanel struct {
	kit.NoText
	app  *App
	at   jobKey // the selected one
	top  int    // first one on screen
	rows int    // on screen
}

// openJobs opens the list of jobs.
func (a *App) openJobs() tea.Cmd { return a.Open(&jobsPanel{app: a}) }

var jobsPanelKeys = kit.Keymap[*jobsPanel]{
	{Act: kit.Up, Name: "previous job", Hint: "job", When: (*jobsPanel).several, Do: func(d *jobsPanel) tea.Cmd { return d.move(-1) }},
	{Act: kit.Down, Name: "next job", Also: true, When: (*jobsPanel).several, Do: func(d *jobsPanel) tea.Cmd { return d.move(1) }},
	{Act: kit.Accept, Name: "Go to its page", Hint: "go to page", When: (*jobsPanel).placed, Do: (*jobsPanel).visit},
	{Act: kit.Stop, Name: "Stop job", Hint: "stop", When: (*jobsPanel).stoppable, Do: (*jobsPanel).stop},
	{Act: kit.Pause, Name: "Pause or resume job", Hint: "pause", When: (*jobsPanel).pausable, Do: func(d *jobsPanel) tea.Cmd { return d.selected().Pause() }},
	{Act: kit.Back, Too: kit.Acts{kit.Jobs, kit.Quit}, Name: "close", Hint: "close", Do: func(d *jobsPanel) tea.Cmd { return d.app.CloseDialog() }},
}

func (d *jobsPanel) Entries() []kit.Entry { return jobsPanelKeys.Entries(d) }

func (d *jobsPanel) Press(key string) tea.Cmd {
	cmd, _ := jobsPanelKeys.Press(d, key)
	return cmd
}

func (d *jobsPanel) Heading() string { return "Jobs" }

// index returns the position of the selected job: the first if it has ended.
func (d *jobsPanel) index() int {
	return max(0, slices.IndexFunc(d.app.jobs.list, func(j job) bool { return j.jobKey == d.at }))
}

// selected returns the selected job; the zero job without any.
func (d *jobsPanel) selected() job {
	if list := d.app.jobs.list; len(list) > 0 {
		return list[d.index()]
	}
	return job{}
}

func (d *jobsPanel) several() bool   { return len(d.app.jobs.list) > 1 }
func (d *jobsPanel) stoppable() bool { return d.selected().Stop != nil }
func (d *jobsPanel) pausable() bool  { return d.selected().Pause != nil }
func (d *jobsPanel) placed() bool    { return len(d.app.jobs.list) > 0 && d.selected().page != ownJobs }

func (d *jobsPanel) move(by int) tea.Cmd {
	list := d.app.jobs.list
	d.at = list[min(max(d.index()+by, 0), len(list)-1)].jobKey
	return nil
}

func (d *jobsPanel) visit() tea.Cmd {
	page := d.selected().page
	d.app.CloseDialog()
	return d.app.show(page)
}

func (d *jobsPanel) stop() tea.Cmd { return d.selected().Stop() }

// jobLines is the height of a job in the list.
const jobLines = 2

func (d *jobsPanel) Mouse(m kit.Mouse) tea.Cmd {
	list := d.app.jobs.list
	switch i := d.top + m.Y/jobLines; {
	case m.Wheel != 0 && len(list) > 0:
		return d.move(m.Wheel)
	case m.Pressed && i < len(list):
		d.at = list[i].jobKey
	}
	return nil
}

func (d *jobsPanel) Size(maxW, maxH int) (int, int) {
	return min(88, maxW), min(max(len(d.app.jobs.list)*jobLines, 2)+2, maxH)
}

func (d *jobsPanel) Arrange(_, h int) {
	d.rows = max(1, (h-2)/jobLines)
	at := d.index()
	d.top = min(max(d.top, at-d.rows+1), at)
}

func (d *jobsPanel) Draw(c *kit.Canvas, r kit.Rect, th *kit.Theme) {
	list := d.app.jobs.list
	if len(list) == 0 {
		c.Left(r.Row(0), kit.Style{}, "No jobs are running.")
		c.Paragraph(kit.NewRect(r.X, r.Y+1, r.W, r.H-1), th.Dim, "Measurements, training runs, experiments and exports are listed here while they run.")
		return
	}
	at := d.index()
	for y := 0; y < d.rows && d.top+y < len(list); y++ {
		d.drawJob(c, kit.NewRect(r.X, r.Y+y*jobLines, r.W, jobLines), th, list[d.top+y], d.top+y == at)
	}
	last := r.Row(r.H - 1)
	if len(list) > d.rows {
		c.Right(last, th.Dim, fmt.Sprintf("%d/%d", at+1, len(list)))
		last.W -= 8
	}
	c.Left(last, th.Dim, kit.Pick(last.W, "Jobs of the page on screen get most of the compute time; the others share the rest.", "The page on screen goes first; others share the rest."))
}

// drawJob draws a job: what it is and how far, below it its rate and state.
func (d *jobsPanel) drawJob(c *kit.Canvas, r kit.Rect, th *kit.Theme, j job, here bool) {
	head, sub := r.Row(0), kit.NewRect(r.X+2, r.Y+1, r.W-2, 1)
	end := j.Progress()
	if j.left > 0 && j.State == kit.JobRunning {
		end = strings.TrimSpace(end + ", ETA " + kit.RoundDuration(j.left))
	}
	c.Right(head, kit.Style{}, end)
	head.W -= kit.Width(end) + 2
	st, mark := kit.Bold, "  "
	if here {
		st, mark = th.Focus, "› "
	}
	x := c.Left(head, st, mark+j.Name)
	c.Left(kit.NewRect(x+2, head.Y, head.Right()-x-2, 1), kit.Style{}, j.Of)
	var parts []string
	for _, text := range []string{j.Count, j.Rate, d.app.standing(j)} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	c.Left(sub, th.Dim, strings.Join(parts, " · "))
}

// standing describes a job's state and its priority.
func (a *App) standing(j job) string {
	switch {
	case j.State == kit.JobQueued:
		return "starts after the job above"
	case j.State != kit.JobRunning:
		return j.State.String()
	case j.page == ownJobs:
		return "running"
	}
	on := " · " + kit.Title(a.pages[j.page].name) + " page"
	switch before := slices.ContainsFunc(a.jobs.list, func(o job) bool { return o.page == a.page && o.State == kit.JobRunning }); {
	case j.page == a.page:
		return "running at high priority" + on
	case before:
		return "running at low priority" + on
	}
	return "running" + on
}
