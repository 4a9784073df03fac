package kit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// Measuring measures requested results in the background, one at a time and in order; a new request
// cancels measurements that are no longer requested. Recent results are cached, so that charts
// reappear immediately with a setting.
type Measuring[K comparable, R any] struct {
	Name string // of what is measured, as in "Stop bands"
	// Begin runs work as a job of the page.
	Begin func(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*Job, tea.Cmd)
	// Work measures a result on up to limit images, in its own goroutine.
	Work func(k K, limit int) func(ctx context.Context, update func(R)) (R, error)
	// Limits are numbers of images: all results are measured on the first before any on the next.
	Limits func() []int
	// Enough reports whether a result is complete for a limit; Empty whether it has no data yet.
	Enough func(r R, limit int) bool
	Empty  func(r R) bool

	On      bool // measures, whether the page is shown or not
	Stopped bool // by the user, until another request
	Job     *Job
	Working K // of the job
	Limit   int
	wanted  []K
	Known   map[K]R
	Failed  map[K]string
}

// Measured is a partial or complete result.
type Measured[K comparable, R any] struct {
	key    K
	result R
	Err    error
}

// Want requests results, in order of priority. New requests are measured even if measuring was
// stopped or failed.
func (m *Measuring[K, R]) Want(keys ...K) {
	if slices.Equal(keys, m.wanted) {
		return
	}
	m.wanted, m.Stopped, m.Failed = keys, false, nil
}

// next returns what to measure next, and on how many images.
func (m *Measuring[K, R]) next() (k K, limit int, ok bool) {
	for _, limit := range m.Limits() {
		for _, k := range m.wanted {
			if m.Failed[k] == "" && !m.Enough(m.Known[k], limit) {
				return k, limit, true
			}
		}
	}
	return k, 0, false
}

// Run starts the next measurement, unless it is running.
func (m *Measuring[K, R]) Run() tea.Cmd {
	k, limit, ok := m.next()
	if ok && m.Job != nil && k == m.Working && limit == m.Limit {
		return nil
	}
	m.Drop()
	if !ok || !m.On || m.Stopped {
		return nil
	}
	m.Working, m.Limit = k, limit
	work := m.Work(k, limit)
	var cmd tea.Cmd
	m.Job, cmd = m.Begin(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		r, err := work(ctx, func(now R) { tell(Measured[K, R]{k, now, nil}) })
		return Measured[K, R]{k, r, err}
	})
	return cmd
}

// Take handles a report, if it is of the current job.
func (m *Measuring[K, R]) Take(r Report) (cmd tea.Cmd, ok bool) {
	msg, is := r.Msg.(Measured[K, R])
	if m.Job == nil || r.Job != m.Job || !is {
		return nil, false
	}
	if msg.Err == nil && !m.Empty(msg.result) {
		m.learn(msg.key, msg.result)
	}
	if !r.Done {
		return nil, true
	}
	m.Job = nil
	if msg.Err != nil && !errors.Is(msg.Err, context.Canceled) {
		if m.Failed == nil {
			m.Failed = map[K]string{}
		}
		m.Failed[msg.key] = OneLine(msg.Err)
	}
	return m.Run(), true
}

// resultsKept bounds how many results stay.
const resultsKept = 32

// learn keeps a result, in place of those that are not wanted where there are too many.
func (m *Measuring[K, R]) learn(k K, r R) {
	if m.Known == nil {
		m.Known = map[K]R{}
	}
	if _, ok := m.Known[k]; !ok && len(m.Known) >= resultsKept {
		for old := range m.Known {
			if !slices.Contains(m.wanted, old) {
				delete(m.Known, old)
			}
		}
	}
	m.Known[k] = r
}

// Drop ends the job and keeps its result.
func (m *Measuring[K, R]) Drop() {
	if m.Job != nil {
		m.Job.Cancel()
		m.Job = nil
	}
}

// halt stops measuring until something else is wanted.
func (m *Measuring[K, R]) halt() tea.Cmd {
	if m.Job != nil {
		m.Drop()
		m.Stopped = true
	}
	return nil
}

// Jobs lists the measurement that runs and those that wait for it, as a page describes them. The share
// done is that of all of them, which grows as work passes from one to another.
func (m *Measuring[K, R]) Jobs(describe func(k K, r R, limit int) JobInfo) []JobInfo {
	if m.Job == nil {
		return nil
	}
	info := describe(m.Working, m.Known[m.Working], m.Limit)
	info.Name, info.Stop = m.Name, m.halt
	list, limits := []JobInfo{info}, m.Limits()
	last := limits[len(limits)-1]
	done, all := 0.0, 0
	for _, k := range m.wanted {
		if m.Failed[k] != "" {
			continue
		}
		r := m.Known[k]
		next := describe(k, r, last)
		done, all = done+next.Share, all+1
		if k != m.Working && !m.Enough(r, last) {
			next.Name, next.State = m.Name, JobQueued
			list = append(list, next)
		}
	}
	if all > 1 && info.Share >= 0 {
		list[0].Share = done / float64(all)
		list[0].Count += fmt.Sprintf(" (%% of all %d)", all)
	}
	return list
}

// Keys stop measuring and resume it where it was stopped, or failed.
func (m *Measuring[K, R]) Keys() Bound {
	return Keymap[*Measuring[K, R]]{
		{Act: Back, Name: "Stop " + m.Name, Hint: "stop " + m.Name, When: func(m *Measuring[K, R]) bool { return m.Job != nil }, Do: (*Measuring[K, R]).halt},
		{Act: Accept, Name: "Resume " + m.Name, Hint: "resume " + m.Name, When: func(m *Measuring[K, R]) bool { return m.Job == nil && (m.Stopped || len(m.Failed) > 0) }, Do: (*Measuring[K, R]).resume},
	}.On(m)
}

func (m *Measuring[K, R]) resume() tea.Cmd {
	m.Stopped, m.Failed = false, nil
	return m.Run()
}

// Forget drops all results, e.g. for another model.
func (m *Measuring[K, R]) Forget() {
	m.Drop()
	m.Known, m.Failed, m.wanted, m.Stopped = nil, nil, nil, false
}
