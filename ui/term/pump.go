package term

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Cuts says where a picture's Data may be interrupted, so that text need not wait for all of it:
// before any of the positions At, with End. It goes on with Data[:Head], then Skip once for every
// cut up to there, then the rest.
type Cuts struct {
	At        []int
	Head      int
	Skip, End string
}

const (
	// quick is how long pictures may take that are written at once with their text.
	quick = 60 * time.Millisecond
	// fullTime is how long they may take at most that have no preview.
	fullTime = 120 * time.Millisecond
	// rest is how long pictures must have stayed the same, without input, before previews are replaced.
	rest = 120 * time.Millisecond
)

// unfinished is a picture that is being written piece by piece.
type unfinished struct {
	pic         Picture
	data        []byte // its Data or its Preview
	coarse      bool
	at, cut     int    // bytes written, cuts passed
	interrupted bool   // text was written since
	remove      []byte // removes what it replaces
	part        scenePart
}

// Pace has pictures wait for their terminal: those that would hold up text are written piece by
// piece, small previews first, and the newest ones only, each after the terminal has answered a
// fence behind those before. probe recognizes the answers. See pace.
func (l *Layer) Pace(probe *Probe) {
	probe.mu.Lock()
	probe.arrived = l.answered
	probe.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probe = probe
}

// Slow reports whether the terminal takes long for pictures, so that they should have previews.
func (l *Layer) Slow() bool {
	const slow, fast = 2e6, 4e6 // bytes per second
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.pace.rate; r > 0 && (r < slow || r > fast) {
		l.slow = r < slow
	}
	return l.slow
}

// Acted takes note of a key or the mouse: what is on the screen is about to change, so that previews
// will do.
func (l *Layer) Acted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acted = time.Now()
	l.changed = l.acted
}

// Busy returns how long text had better wait, as the terminal has more to read than pictures that are
// paced; 0: it need not.
func (l *Layer) Busy() time.Duration {
	const again = 10 * time.Millisecond
	l.mu.Lock()
	defer l.mu.Unlock()
	p, now := &l.pace, time.Now()
	p.expire(now)
	ahead := p.ahead(now)
	if p.rate > 0 && p.unanswered() > max(unmeasured, int(p.rate*(p.rtt+2*slack).Seconds())) || ahead > 2*slack {
		return again
	}
	return 0
}

// answered takes the answer to a fence.
func (l *Layer) answered() {
	l.mu.Lock()
	l.pace.answered(time.Now())
	l.mu.Unlock()
	l.kick()
}

// direct reports whether pictures are to be written at once with their text. l.mu is held.
func (l *Layer) direct(need []Picture) bool {
	p := &l.pace
	if !p.paced() || len(need) == 0 {
		return true
	}
	if l.open != nil || p.waiting(func(s scenePart) bool { return s.version != l.seen }) {
		return false
	}
	n := 0
	for _, c := range need {
		n += len(c.Data)
	}
	if p.rate == 0 {
		return p.unanswered()+n <= unmeasured
	}
	return p.ahead(time.Now())+p.duration(n) <= quick
}

// leaveOut returns what is on the screen in the place of a picture that is written later.
func (l *Layer) leaveOut(c Picture) []shown {
	var list []shown
	for _, s := range l.shown {
		if s.replacedBy(c) {
			if s.same(c) {
				s.state = stale
			}
			list = append(list, s)
		}
	}
	return list
}

// replacedBy reports whether a picture takes the place of what is shown.
func (s shown) replacedBy(c Picture) bool {
	if s.stored() || c.stored() {
		return bytes.Equal(s.Remove, c.Remove)
	}
	return s.box() == c.box()
}

// interrupt returns what has to be written before anything else while a picture is being written,
// which goes on later, or, if others are to be stored, is written to its end. l.mu is held.
func (l *Layer) interrupt(p *plan) (out []byte) {
	o := l.open
	if o == nil || o.interrupted || o.at == 0 {
		return nil
	}
	if o.pic.stored() {
		if len(p.transmit)+len(p.remove) > 0 {
			out = append(out, o.data[o.at:]...)
			l.complete(p.shown)
		}
		return out
	}
	if o.interrupted = true; p.restart {
		l.open = nil
	}
	return append(append(out, o.pic.Cuts.End...), "\x1b8"...)
}

// complete takes note in a list that the open picture was written to its end.
func (l *Layer) complete(list []shown) {
	o := l.open
	l.open = nil
	for i := range list {
		if s := &list[i]; s.same(o.pic) && s.replacedBy(o.pic) {
			s.state = exact
			if o.coarse {
				s.state = coarse
			}
		}
	}
}

// kick has pictures written that wait, unless they are being written.
func (l *Layer) kick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ended || !l.pace.paced() || len(l.want) == 0 && l.open == nil:
	case l.pumping:
		l.again = true
	default:
		l.pumping = true
		go l.pump()
	}
}

// pump writes pictures as far as the link has room for them.
func (l *Layer) pump() {
	for {
		wait, more := l.step()
		l.mu.Lock()
		if more || l.again {
			l.again = false
			l.mu.Unlock()
			continue
		}
		l.pumping = false
		if l.timer != nil {
			l.timer.Stop()
		}
		if wait > 0 && !l.ended {
			l.timer = time.AfterFunc(wait, l.kick)
		}
		l.mu.Unlock()
		return
	}
}

// step writes the next piece of a picture. It returns whether there may be another now, or else
// when; 0: not before something else happens.
func (l *Layer) step() (wait time.Duration, more bool) {
	l.writing.Lock()
	defer l.writing.Unlock()
	var failed error
	defer l.recoverPanic(&failed)
	l.mu.Lock()
	out, wait := l.advance(time.Now())
	l.mu.Unlock()
	if len(out) == 0 {
		return wait, false
	}
	if n, err := l.put(out); err != nil || n < len(out) {
		l.mu.Lock()
		l.lost, l.open, l.want = true, nil, nil // the next frame draws everything
		l.mu.Unlock()
		return 0, false
	}
	return 0, true
}

// advance returns the next piece of a picture, and how long there is to wait if there is none.
// l.mu and l.writing are held.
func (l *Layer) advance(now time.Time) (out []byte, wait time.Duration) {
	if l.ended || !l.pace.paced() || !l.modes.alternate() || l.frame.open || len(l.frame.stream.held) > 0 {
		return nil, 0 // the next write goes on
	}
	lost := l.pace.expire(now)
	if o := l.open; o != nil && !o.pic.stored() && l.superseded(o.pic, now) {
		if !o.interrupted && o.at > 0 { // superseded
			out = append(append(append(out, o.pic.Cuts.End...), "\x1b8"...), o.remove...)
			l.pace.wrote(len(out), now)
			out = append(out, l.pace.fence(o.part, now)...)
		}
		l.open = nil
		return out, time.Nanosecond
	}
	if ahead := l.pace.ahead(now); ahead > slack {
		return nil, ahead - slack
	}
	if l.open == nil {
		if wait := l.next(now); l.open == nil {
			if wait == 0 && len(l.pace.fences) > 0 {
				wait = lost
			}
			return nil, wait
		}
	}
	return l.piece(now), 0
}

// superseded reports whether the rest of a picture need not be written: a newer one is wanted at once, as
// the user has just acted, or none is in its place. What a measurement renews is written to its end, or
// on slow links no picture ever would be.
func (l *Layer) superseded(c Picture, now time.Time) bool {
	const acting = 500 * time.Millisecond
	same, place := false, false
	for _, w := range l.want {
		same, place = same || w.same(c), place || w.box() == c.box()
	}
	return !same && (!place || now.Sub(l.acted) < acting)
}

// oldest returns the picture in whose place nothing was drawn for longest, so that none waits for
// others that are renewed all the time.
func (l *Layer) oldest(list []Picture) Picture {
	drawn := func(c Picture) (at int) {
		for _, s := range l.shown {
			if s.replacedBy(c) {
				at = max(at, s.at)
			}
		}
		return at
	}
	return slices.MinFunc(list, func(a, b Picture) int { return drawn(a) - drawn(b) })
}

// Behind reports whether pictures of the frame on screen are not on it yet.
func (l *Layer) Behind() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.pace.paced() || l.ended {
		return false
	}
	return l.open != nil || slices.ContainsFunc(l.want, func(c Picture) bool {
		return !slices.ContainsFunc(l.shown, func(s shown) bool { return s.same(c) && s.state != stale })
	})
}

// next chooses the picture to be written next. It returns how long there is to wait if there is none.
func (l *Layer) next(now time.Time) (wait time.Duration) {
	if l.pace.waiting(func(s scenePart) bool { return s.version != l.seen }) {
		return 0
	}
	rested := rest - now.Sub(l.changed)
	var missing, blurred []Picture
	bytes := 0
	for _, c := range l.want {
		i := slices.IndexFunc(l.shown, func(s shown) bool { return s.same(c) && s.state != stale })
		switch {
		case i < 0:
			missing = append(missing, c)
			bytes += len(c.Data)
		case l.shown[i].state == coarse:
			blurred = append(blurred, c)
		}
	}
	switch {
	case len(missing) > 0:
		c := l.oldest(missing)
		l.begin(c, c.Preview != nil && rested > 0 && (l.pace.rate == 0 || l.pace.duration(bytes) > fullTime))
	case len(blurred) == 0 || l.pace.waiting(func(s scenePart) bool { return !s.again }):
		return 0
	case rested > 0:
		return rested
	default:
		l.begin(blurred[0], false)
		l.open.part.again = true
	}
	return 0
}

// begin begins to write a picture.
func (l *Layer) begin(c Picture, preview bool) {
	l.open = &unfinished{pic: c, data: c.Data, coarse: preview, part: scenePart{version: l.seen}}
	if preview {
		l.open.data = c.Preview
	}
	at := 0
	if !c.stored() {
		l.drawn++
		at = l.drawn
	}
	var kept []shown
	for _, s := range l.shown {
		switch {
		case !s.replacedBy(c):
			kept = append(kept, s)
		case s.removal() != nil && !bytes.Equal(s.removal(), c.removal()):
			l.open.remove = append(l.open.remove, s.removal()...)
		}
	}
	l.shown = append(kept, shown{c, at, stale})
}

// piece returns what the link has room for of the open picture, with a fence behind its end.
func (l *Layer) piece(now time.Time) (out []byte) {
	o, cuts := l.open, &l.open.pic.Cuts
	drawn := !o.pic.stored()
	if drawn && (o.at == 0 || o.interrupted) {
		out = appendMove(append(out, "\x1b7"...), o.pic.X, o.pic.Y)
	}
	if o.interrupted && o.at > 0 {
		out = append(out, o.data[:cuts.Head]...)
		out = append(out, strings.Repeat(cuts.Skip, o.cut)...)
	}
	o.interrupted = false
	l.pace.picture(now)
	end := len(o.data)
	if !o.coarse {
		for ; o.cut < len(cuts.At); o.cut++ {
			if n := cuts.At[o.cut]; n > o.at && l.pace.duration(len(out)+n-o.at) > slack/2 {
				end = n
				o.cut++
				break
			}
		}
	}
	out = append(out, o.data[o.at:end]...)
	o.at = end
	done := end == len(o.data)
	if done && drawn {
		out = append(append(out, "\x1b8"...), o.remove...)
	}
	l.pace.wrote(len(out), now)
	if done {
		l.complete(l.shown)
		out = append(out, l.pace.fence(o.part, now)...)
	}
	return out
}
