package kit

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// reportPause is the shortest time between two reports of a job that are shown, unless it
// has its own: work that reports a thousand times a second must not redraw the screen as often.
const reportPause = 60 * time.Millisecond

// Job is work in the background that reports as it goes. Of its reports only the newest
// waits to be read, so a slow terminal never falls behind.
type Job struct {
	Cancel context.CancelFunc
	mail   chan Report
	Pause  time.Duration // between two reports
	shown  time.Time     // when the last report was read
}

// Report is a message of a job on its way; the last one carries done.
type Report struct {
	Job  *Job
	Msg  tea.Msg
	Done bool
}

// StartJob runs work in a goroutine of its own. The returned command waits for the first
// report; the one who gets it as a message asks for the next with job.wait.
func StartJob(ctx context.Context, work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*Job, tea.Cmd) {
	ctx, cancel := context.WithCancel(ctx)
	j := &Job{Cancel: cancel, mail: make(chan Report, 1), Pause: reportPause}
	go func() {
		defer cancel()
		last := Protect(func() tea.Msg {
			return work(ctx, func(msg tea.Msg) { j.post(Report{j, msg, false}) })
		})
		j.post(Report{j, last, true})
	}()
	return j, j.Wait
}

// post replaces the report that waits. Only the job's own goroutine calls it, so after
// taking the old one out there is room.
func (j *Job) post(r Report) {
	select {
	case <-j.mail:
	default:
	}
	j.mail <- r
}

// Wait is the command that brings the next report.
func (j *Job) Wait() tea.Msg {
	r := <-j.mail
	if pause := j.Pause - time.Since(j.shown); pause > 0 && !r.Done && !j.shown.IsZero() {
		time.Sleep(pause)
		select {
		case r = <-j.mail:
		default:
		}
	}
	j.shown = time.Now()
	return r
}
