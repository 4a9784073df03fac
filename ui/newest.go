package ui

// newest lets one computation run at a time and remembers only the last request made in
// the meantime: a key held down never queues up work.
type newest[Q comparable] struct {
	running bool
	at      Q // what is being computed
	waiting bool
	next    Q // what is wanted after it
	done    Q // what was computed last
	any     bool
}

// ask tells whether to start computing q now. When not, q is being computed or waits.
func (n *newest[Q]) ask(q Q) bool {
	switch {
	case n.running:
		n.waiting = q != n.at
		n.next = q
		return false
	case n.any && n.done == q:
		return false
	}
	n.running, n.at = true, q
	return true
}

// finish takes note that the running computation ended and tells what to start next.
func (n *newest[Q]) finish() (q Q, again bool) {
	n.running, n.done, n.any = false, n.at, true
	if !n.waiting {
		return q, false
	}
	n.waiting = false
	q = n.next
	return q, n.ask(q)
}

// forget makes the next request be computed even if it is the last one again.
func (n *newest[Q]) forget() { n.any = false }
