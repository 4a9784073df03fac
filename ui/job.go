package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// reportPause is the shortest time between two reports of a job that are shown, unless it
// has its own: work that reports a thousand times a second must not redraw the screen as often.
const reportPause = 60 * time.Millisecond

// job is work in the background that reports as it goes. Of its reports only the newest
// waits to be read, so a slow terminal never falls behind.
type job struct {
	cancel context.CancelFunc
	mail   chan report
	pause  time.Duration // between two reports
	shown  time.Time     // when the last report was read
}

// report is a message of a job on its way; the last one carries done.
type report struct {
	job  *job
	msg  tea.Msg
	done bool
}

// startJob runs work in a goroutine of its own. The returned command waits for the first
// report; the one who gets it as a message asks for the next with job.wait.
func startJob(ctx context.Context, work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*job, tea.Cmd) {
	ctx, cancel := context.WithCancel(ctx)
	j := &job{cancel: cancel, mail: make(chan report, 1), pause: reportPause}
	go func() {
		defer cancel()
		last := protect(func() tea.Msg {
			return work(ctx, func(msg tea.Msg) { j.post(report{j, msg, false}) })
		})
		j.post(report{j, last, true})
	}()
	return j, j.wait
}

// post replaces the report that waits. Only the job's own goroutine calls it, so after
// taking the old one out there is room.
func (j *job) post(r report) {
	select {
	case <-j.mail:
	default:
	}
	j.mail <- r
}

// wait is the command that brings the next report.
func (j *job) wait() tea.Msg {
	r := <-j.mail
	if pause := j.pause - time.Since(j.shown); pause > 0 && !r.done && !j.shown.IsZero() {
		time.Sleep(pause)
		select {
		case r = <-j.mail:
		default:
		}
	}
	j.shown = time.Now()
	return r
}
