package kit

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// reportPause is the minimum time between displayed reports of a job, unless it has its own, so
// that frequent reports do not redraw the screen as often.
const reportPause = 250 * time.Millisecond

// Job is background work with progress reports. Only the newest report is kept, so that a slow
// terminal does not fall behind.
type Job struct {
	Cancel context.CancelFunc
	mail   chan Report
	Pause  time.Duration // between two reports
	shown  time.Time     // when the last report was read
}

// Report is a message of a running job; the last one has done set.
type Report struct {
	Job  *Job
	Msg  tea.Msg
	Done bool
}

// StartJob runs work in a goroutine. The returned command waits for the first report; its receiver
// requests the next with Job.Wait.
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

// post replaces the pending report. Only the job's goroutine calls it, so the send does not block
// after the old one is removed.
func (j *Job) post(r Report) {
	select {
	case <-j.mail:
	default:
	}
	j.mail <- r
}

// Wait is the command that waits for the next report.
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
