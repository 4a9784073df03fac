package term

import (
	"slices"
	"time"
)

// pace measures the link to the terminal and bounds what is on its way: pictures are followed by a
// fence, a query that every terminal answers (DA1), and those of another version wait for its
// answer. The link is modeled as a queue of one rate behind a constant delay. The zero value
// measures and bounds nothing, which is right for terminals that have not answered DA1, and in
// tmux, which answers for itself and has a queue of its own.
//
// An answer that is overdue is given up, after a time that doubles with each: a terminal that stops to
// answer gets the newest pictures once in every few seconds. One that has never answered a fence is no
// longer paced after so many.
type pace struct {
	probe *Probe // nil: not paced

	rtt      time.Duration // the least time that an answer took; 0 until there is one
	rate     float64       // in bytes per second; 0 until it is known
	free     time.Time     // when the link will have carried what was written, by rate
	sent     int64         // bytes written
	first    time.Time     // when the first of those after the last fence were
	bursting bool          // pictures were written and not answered
	began    time.Time     // when the first pictures were of those that are not answered
	before   int64         // bytes written before these
	marked   int64         // bytes written before the last fence

	fences  []fence // not answered, the oldest first
	arrived int64   // bytes before the last fence that was answered, or given up
	lost    int     // fences given up; their answers may still come
	missed  int     // in succession
}

// fence is a query whose answer says that everything before it has arrived.
type fence struct {
	began, at time.Time // when the first byte of a burst that it ends was written, and itself
	sent      int64     // bytes written before
	burst     int       // of these, in the burst
	due       time.Time // when the answer is given up
	part      scenePart // the pictures before it, if any
}

// scenePart is pictures that are written together: those of a version of the scene, or, again, those
// that replace previews.
type scenePart struct {
	version uint64 // 0: none
	again   bool
}

const (
	// slack is how far the link may be ahead with pictures: text that comes then waits as long.
	slack = 25 * time.Millisecond
	// unmeasured is how many bytes are on their way at most while the rate is unknown.
	unmeasured = 16 << 10
	// measurable is the least number of bytes of text that a fence is written after,
	// enough is how many make a burst that says what it is.
	measurable = 1 << 10
	enough     = 4 << 10
	// slowest is the rate in bytes per second that answers are waited for with, unmeasured.
	slowest = 16e3
	// patience is how much later than expected an answer may come, and mostPatience after it was
	// given up mostMissed times. Before anything is known of the link, it is the latter.
	patience     = 400 * time.Millisecond
	mostPatience = patience << mostMissed
	mostMissed   = 3
)

// paced reports whether fences are sent.
func (p *pace) paced() bool { return p.probe != nil }

// wrote takes note of n bytes for the terminal.
func (p *pace) wrote(n int, now time.Time) {
	if p.first.IsZero() {
		p.first = now
	}
	p.sent += int64(n)
	if p.rate > 0 {
		p.free = later(p.free, now).Add(p.duration(n))
	}
}

// duration returns how long the link takes to carry n bytes; 0 if that is unknown.
func (p *pace) duration(n int) time.Duration {
	if p.rate == 0 {
		return 0
	}
	return time.Duration(float64(n) / p.rate * 1e9)
}

// picture takes note that pictures are about to be written.
func (p *pace) picture(now time.Time) {
	if !p.bursting {
		p.bursting, p.began, p.before = true, now, p.sent
	}
}

// size returns the bytes since the last fence.
func (p *pace) size() int { return int(p.sent - p.marked) }

// fence returns a fence to be written after what was.
func (p *pace) fence(part scenePart, now time.Time) string {
	if !p.paced() {
		return ""
	}
	f := fence{began: p.first, at: now, sent: p.sent, burst: p.size(), due: now.Add(mostPatience), part: part}
	if part.version != 0 {
		f.began, f.burst = p.began, int(p.sent-p.before)
	}
	switch {
	case p.rate > 0:
		f.due = later(p.free, now).Add(p.rtt + patience<<p.missed)
	case p.rtt > 0:
		f.due = now.Add(time.Duration(float64(p.unanswered())/slowest*1e9) + p.rtt + patience<<p.missed)
	}
	if !p.probe.expectFence() {
		p.bursting = false
		return ""
	}
	p.fences = append(p.fences, f)
	p.first, p.marked = time.Time{}, p.sent
	return queryDA1
}

// answered takes the answer to the oldest fence.
func (p *pace) answered(now time.Time) {
	p.expire(now)
	if len(p.fences) == 0 {
		p.lost, p.missed = max(p.lost-1, 0), 0
		return
	}
	f := p.fences[0]
	took := now.Sub(f.at)
	if p.lost > 0 && took < p.rtt {
		p.lost-- // too early: it is to a fence that was given up
		return
	}
	p.fences, p.missed, p.arrived = p.fences[1:], 0, f.sent
	if p.rtt == 0 || took < p.rtt {
		p.rtt = max(took, 1)
	}
	p.measure(f, now)
	p.bursting = p.bursting && (f.part.version == 0 || p.waiting(func(scenePart) bool { return true }))
	if p.rate > 0 { // what came after the fence is still to be carried, from when that arrived
		p.free = now.Add(p.duration(int(p.sent-f.sent)) - p.rtt)
	}
}

// measure takes the rate from the answer to a fence that ends a burst, which the link carried
// meanwhile. Where the link was not full, that is the least that it carries.
func (p *pace) measure(f fence, now time.Time) {
	if f.burst < enough {
		return
	}
	n, took := float64(f.burst), now.Sub(f.began)
	rate := n / max(took-p.rtt, 10*time.Microsecond).Seconds()
	const idle = 5 * time.Millisecond
	switch full := now.Sub(f.at)-p.rtt >= idle; {
	case p.rate == 0 && !full:
		p.rate = n / max(took, 10*time.Microsecond).Seconds()
	case p.rate == 0:
		p.rate = rate
	case full || rate > p.rate:
		p.rate = min(rate, 2*p.rate)
	case !f.at.Equal(f.began): // it waited for us
		p.rate *= 1.25
	}
}

// waiting reports whether a fence is not answered after pictures that other reports true for.
func (p *pace) waiting(other func(scenePart) bool) bool {
	return slices.ContainsFunc(p.fences, func(f fence) bool { return f.part.version != 0 && other(f.part) })
}

// unanswered returns the bytes that may be on their way.
func (p *pace) unanswered() int { return int(p.sent - p.arrived) }

// ahead returns how long the link is busy with what was written; unmeasured, it is as long as too
// much is on its way.
func (p *pace) ahead(now time.Time) time.Duration {
	if !p.paced() {
		return 0
	}
	if p.rate == 0 {
		if p.unanswered() >= unmeasured {
			return mostPatience
		}
		return 0
	}
	return max(p.free.Sub(now), 0)
}

// expire gives up fences whose answers are overdue. It returns when the next is; 0 if there are none.
func (p *pace) expire(now time.Time) (next time.Duration) {
	for len(p.fences) > 0 {
		if wait := p.fences[0].due.Sub(now); wait > 0 {
			return wait
		}
		p.arrived, p.bursting = p.fences[0].sent, false
		p.fences = p.fences[1:]
		p.probe.dropFence()
		p.lost++
		p.missed = min(p.missed+1, mostMissed)
		if p.rtt == 0 && p.missed == mostMissed {
			p.probe, p.fences = nil, nil
		}
	}
	return 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
