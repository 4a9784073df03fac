package term

import "time"

// pending keeps account of the replies that are outstanding. Every batch of queries ends with
// DA1, which every terminal replies to, in order: while fewer have been replied to than were
// sent, replies may arrive.
type pending struct {
	fences int       // DA1 sent and not replied to
	never  int       // of a batch's, how many are not replied to at all
	asked  time.Time // when the last was sent
	heard  time.Time // when the terminal last replied to anything
}

const (
	// replyTime is how long after the last query or reply the escape key is held, see parser.
	replyTime = longestPause
	// exitTime is how long after the last query the program waits at its end for the replies,
	// which would be typed into the shell.
	exitTime = 1500 * time.Millisecond
)

// sent records a batch of queries with n fences, more than one if a multiplexer passes some on.
func (p *pending) sent(n int, now time.Time) {
	if p.fences > 0 && now.Sub(p.asked) > replyTime {
		p.never, p.fences = p.fences, 0
	}
	p.fences += max(n-p.never, 0)
	p.asked = now
}

// replied records a reply, fence if it is one to DA1.
func (p *pending) replied(fence bool, now time.Time) {
	p.heard = now
	switch {
	case fence && p.fences > 0:
		p.fences--
	case fence:
		p.never = max(p.never-1, 0)
	}
}

// until returns until when replies may be outstanding; the zero time if none are.
func (p *pending) until(limit time.Duration) time.Time {
	if p.fences == 0 {
		return time.Time{}
	}
	last := p.asked
	if p.heard.After(last) && limit == replyTime {
		last = p.heard
	}
	return last.Add(limit)
}

// outstandingUntil returns until when bytes of replies may arrive.
func (p *Probe) outstandingUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending.until(replyTime)
}

// exitUntil returns until when the program's end should wait for replies.
func (p *Probe) exitUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending.until(exitTime)
}
