package ui

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"
)

// measuring has results measured in the background, one at a time: those that are wanted, in
// their order, in place of what is wanted no more. The latest results stay, so that charts come
// back at once when a setting does; whoever measures remembers more.
type measuring[K comparable, R any] struct {
	// begin runs work as a job of the page.
	begin func(work func(ctx context.Context, tell func(tea.Msg)) tea.Msg) (*job, tea.Cmd)
	// work measures a result on up to limit images, from a goroutine of its own.
	work func(k K, limit int) func(ctx context.Context, update func(R)) (R, error)
	// limits are on how many images: all results on the first before any on the next.
	limits func() []int
	// enough tells that a result needs no more for a limit; empty that it says nothing yet.
	enough func(r R, limit int) bool
	empty  func(r R) bool

	on      bool // measuring goes on, page shown or not
	stopped bool // by the person, until something else is wanted
	job     *job
	working K // what the job measures
	limit   int
	wanted  []K
	known   map[K]R
	failed  map[K]string
}

// measured is what is known so far of a result.
type measured[K comparable, R any] struct {
	key    K
	result R
	err    error
}

// want says what is to be measured from now on, what matters most first. Something else than
// before is measured even if measuring was stopped, or failed.
func (m *measuring[K, R]) want(keys ...K) {
	if slices.Equal(keys, m.wanted) {
		return
	}
	m.wanted, m.stopped, m.failed = keys, false, nil
}

// next is what to measure next, and on how many images.
func (m *measuring[K, R]) next() (k K, limit int, ok bool) {
	for _, limit := range m.limits() {
		for _, k := range m.wanted {
			if m.failed[k] == "" && !m.enough(m.known[k], limit) {
				return k, limit, true
			}
		}
	}
	return k, 0, false
}

// run measures what comes next, unless that is being done.
func (m *measuring[K, R]) run() tea.Cmd {
	k, limit, ok := m.next()
	if ok && m.job != nil && k == m.working && limit == m.limit {
		return nil
	}
	m.drop()
	if !ok || !m.on || m.stopped {
		return nil
	}
	m.working, m.limit = k, limit
	work := m.work(k, limit)
	var cmd tea.Cmd
	m.job, cmd = m.begin(func(ctx context.Context, tell func(tea.Msg)) tea.Msg {
		r, err := work(ctx, func(now R) { tell(measured[K, R]{k, now, nil}) })
		return measured[K, R]{k, r, err}
	})
	return cmd
}

// take takes over what a job tells, if it is this one's.
func (m *measuring[K, R]) take(r report) (cmd tea.Cmd, ok bool) {
	msg, is := r.msg.(measured[K, R])
	if m.job == nil || r.job != m.job || !is {
		return nil, false
	}
	if msg.err == nil && !m.empty(msg.result) {
		m.learn(msg.key, msg.result)
	}
	if !r.done {
		return nil, true
	}
	m.job = nil
	if msg.err != nil && !errors.Is(msg.err, context.Canceled) {
		if m.failed == nil {
			m.failed = map[K]string{}
		}
		m.failed[msg.key] = oneLine(msg.err)
	}
	return m.run(), true
}

// resultsKept bounds how many results stay.
const resultsKept = 32

// learn keeps a result, in place of those that are not wanted where there are too many.
func (m *measuring[K, R]) learn(k K, r R) {
	if m.known == nil {
		m.known = map[K]R{}
	}
	if _, ok := m.known[k]; !ok && len(m.known) >= resultsKept {
		for old := range m.known {
			if !slices.Contains(m.wanted, old) {
				delete(m.known, old)
			}
		}
	}
	m.known[k] = r
}

// drop ends the job; what came of it is kept.
func (m *measuring[K, R]) drop() {
	if m.job != nil {
		m.job.cancel()
		m.job = nil
	}
}

// halt stops measuring until something else is wanted.
func (m *measuring[K, R]) halt() tea.Cmd {
	if m.job != nil {
		m.drop()
		m.stopped = true
	}
	return nil
}

// resumable tells that there is something to resume.
func (m *measuring[K, R]) resumable() bool { return m.stopped || len(m.failed) > 0 }

// resume goes on where measuring was stopped, or failed.
func (m *measuring[K, R]) resume() tea.Cmd {
	m.stopped, m.failed = false, nil
	return m.run()
}

// forget drops everything: it is of another model.
func (m *measuring[K, R]) forget() {
	m.drop()
	m.known, m.failed, m.wanted, m.stopped = nil, nil, nil, false
}
