package kit

import tea "charm.land/bubbletea/v2"

// Newest runs one computation at a time and keeps only the latest request in the meantime, so that
// a held key does not queue up work.
type Newest[Q comparable] struct {
	Running bool
	At      Q // being computed
	Waiting bool
	next    Q // requested after it
	done    Q // computed last
	Any     bool
}

// Start computes q unless it is there, being computed, or has to wait.
func (n *Newest[Q]) Start(q Q, compute func(Q) tea.Cmd) tea.Cmd {
	if n.ask(q) {
		return compute(q)
	}
	return nil
}

// Ended takes note that the running computation ended, and starts what waits.
func (n *Newest[Q]) Ended(compute func(Q) tea.Cmd) tea.Cmd {
	if q, again := n.finish(); again {
		return compute(q)
	}
	return nil
}

// ask tells whether to start computing q now. When not, q is being computed or waits.
func (n *Newest[Q]) ask(q Q) bool {
	switch {
	case n.Running:
		n.Waiting = q != n.At
		n.next = q
		return false
	case n.Any && n.done == q:
		return false
	}
	n.Running, n.At = true, q
	return true
}

// finish takes note that the running computation ended and tells what to start next.
func (n *Newest[Q]) finish() (q Q, again bool) {
	n.Running, n.done, n.Any = false, n.At, true
	if !n.Waiting {
		return q, false
	}
	n.Waiting = false
	q = n.next
	return q, n.ask(q)
}

// Forget makes the next request start even if it equals the last one.
func (n *Newest[Q]) Forget() { n.Any = false }
