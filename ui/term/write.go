package term

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// Write passes the renderer's output on to the terminal, with the pictures added. The returned
// n counts bytes of p, including those held back until their escape sequence or synchronized
// update is complete. After an error the screen's content is unknown, and the next frame draws
// everything again. A panic is returned as a *Panic.
func (l *Layer) Write(p []byte) (n int, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	defer l.recoverPanic(&err)
	if !l.frame.add(p) {
		return len(p), nil
	}
	defer func() { l.frame.body = l.frame.body[:0] }()
	plan, ok := l.prepare()
	if !ok {
		return len(p), nil
	}
	n, err = l.put(l.out)
	if err == nil && n < len(l.out) {
		err = io.ErrShortWrite
	}
	l.finish(&plan, err)
	l.kick()
	if err != nil {
		return min(max(l.frame.source(plan.body(n)), 0), len(p)), err
	}
	return len(p), nil
}

// put writes bytes to the terminal.
func (l *Layer) put(b []byte) (n int, err error) {
	defer l.recoverPanic(&err)
	return l.w.Write(b)
}

// recoverPanic is deferred: it turns a panic into an error and reports it to OnPanic. Restore
// must then not rely on what is known of the screen.
func (l *Layer) recoverPanic(err *error) {
	r := recover()
	if r == nil {
		return
	}
	p := recovered(r)
	*err = p
	l.mu.Lock()
	l.lost = true
	tell := l.panicked
	l.mu.Unlock()
	if tell != nil {
		tell(p)
	}
}

// prepare composes l.out from the frame; false means that output has ended.
func (l *Layer) prepare() (plan, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return plan{}, false
	}
	before := l.modes.clone()
	for _, s := range l.frame.modes {
		l.modes.note([]byte(s))
	}
	p := l.plan()
	p.modes = before
	l.compose(&p)
	return p, true
}

// plan is what one write does to the pictures.
type plan struct {
	transmit []Picture // to be stored by the terminal, before the text
	blank    []Picture // gone from the screen, before the text
	draw     []Picture // after the text
	remove   []Picture // stored and no longer needed, after the text
	shown    []shown   // what is on the screen afterwards
	restart  bool      // the picture that is being written was damaged

	modes                modes // before it
	first, before, after insertion
}

// insertion is a number of bytes inserted into the frame's body at a position.
type insertion struct{ at, size int }

// body returns how many bytes of the frame's body are among the first n bytes written.
func (p *plan) body(n int) int {
	n = max(n-p.first.size, 0)
	if n > p.before.at {
		n = max(n-p.before.size, p.before.at)
	}
	if n > p.after.at {
		n = max(n-p.after.size, p.after.at)
	}
	return n
}

// plan compares the pictures on the screen with those of the frame. l.mu is held.
func (l *Layer) plan() plan {
	f := &l.frame
	if f.leave >= 0 {
		return l.leavePlan()
	}
	if !l.modes.alternate() {
		return plan{shown: l.shown} // not started, suspended or ended
	}
	if !f.marked || f.version < l.seen {
		f.version = l.seen // a marker written by itself may overtake a frame
	}
	pics, redraw := l.lookup(f.version)
	if !f.marked && len(f.damaged) == 0 && !redraw {
		return plan{shown: l.shown}
	}
	l.seen = f.version
	cols, rows := l.size()

	var p plan
	var want, need []Picture
	for i, c := range pics {
		if c.Cols < 1 || c.Rows < 1 || (!c.stored() && cols > 0 && (c.X < 0 || c.Y < 0 || c.X+c.Cols > cols || c.Y+c.Rows >= rows)) {
			continue
		}
		want = append(want, c)
		k := slices.IndexFunc(l.shown, func(s shown) bool { return s.same(c) && s.state != stale })
		if k >= 0 && !redraw && (c.stored() || !slices.Contains(f.damaged, i)) {
			p.shown = append(p.shown, l.shown[k])
		} else {
			need = append(need, c)
			p.restart = p.restart || l.open != nil && l.open.pic.same(c) && (redraw || slices.Contains(f.damaged, i))
		}
	}
	if redraw || !slices.EqualFunc(want, l.want, Picture.same) {
		l.changed = time.Now()
	}
	l.want = want
	direct := l.direct(need)
	for _, c := range need {
		switch {
		case !direct:
			p.shown = append(p.shown, l.leaveOut(c)...)
		case c.stored():
			p.transmit = append(p.transmit, c)
			p.shown = append(p.shown, shown{Picture: c})
		default:
			p.add(l, c)
		}
	}
	p.refresh(l, direct)
	for _, s := range l.shown {
		switch {
		case slices.ContainsFunc(p.shown, func(n shown) bool { return n.ID == s.ID && n.box() == s.box() }):
		case s.removal() != nil:
			if !slices.ContainsFunc(want, func(c Picture) bool { return bytes.Equal(c.removal(), s.removal()) }) {
				p.remove = append(p.remove, s.Picture)
			}
		case !slices.ContainsFunc(want, func(c Picture) bool { return c.box() == s.box() }):
			p.blank = append(p.blank, s.Picture)
		}
	}
	return p
}

// leavePlan removes all pictures before the program leaves the alternate screen: some
// terminals would show them again to the next program that uses it.
func (l *Layer) leavePlan() plan {
	var p plan
	for _, s := range l.shown {
		if s.removal() != nil {
			p.remove = append(p.remove, s.Picture)
		} else {
			p.blank = append(p.blank, s.Picture)
		}
	}
	return p
}

// lookup returns the pictures of a version and whether all have to be redrawn. It forgets
// older versions.
func (l *Layer) lookup(version uint64) ([]Picture, bool) {
	for len(l.scenes) > 1 && l.scenes[1].version <= version {
		l.scenes = slices.Delete(l.scenes, 0, 1)
	}
	redraw := l.lost || l.redraw > l.seen && l.redraw <= version
	if len(l.scenes) == 0 {
		return nil, redraw
	}
	return l.scenes[0].pics, redraw
}

// add plans to draw a picture at the cursor.
func (p *plan) add(l *Layer, c Picture) {
	l.drawn++
	p.draw = append(p.draw, c)
	p.shown = append(p.shown, shown{c, l.drawn, exact})
}

// keptByXterm is how many pictures xterm stores; it drops older ones.
const keptByXterm = 16

// refresh redraws pictures before the terminal drops them, i.e. once several others have been
// drawn since, with some room for the next frame; now, or as soon as there is time.
func (p *plan) refresh(l *Layer, now bool) {
	limit := min(max(keptByXterm-4, len(p.shown)), keptByXterm)
	for range p.shown {
		old := slices.IndexFunc(p.shown, func(s shown) bool { return !s.stored() && l.drawn-s.at >= limit })
		if old < 0 {
			return
		}
		if !now {
			p.shown[old].state = stale
			p.shown[old].at = l.drawn
			continue
		}
		c := p.shown[old].Picture
		p.shown = slices.Delete(p.shown, old, old+1)
		p.add(l, c)
	}
}

// compose makes l.out from the frame's body and what the plan inserts.
func (l *Layer) compose(p *plan) {
	f := &l.frame
	begin, end := max(f.begin, f.enter), f.end // pictures belong to the screen they are sent to
	if f.leave >= 0 {
		begin, end = f.leave, f.leave
	}
	if end < begin {
		end = len(f.body)
	}
	sync := l.sync && f.begin == 0 && f.leave < 0
	if len(p.transmit)+len(p.blank)+len(p.draw)+len(p.remove) == 0 {
		sync = false
	}

	out := append(l.out[:0], l.interrupt(p)...)
	p.first = insertion{0, len(out)}
	out = append(out, f.body[:begin]...)
	start := len(out)
	if sync {
		out = append(out, syncBegin...)
	}
	for _, c := range p.transmit {
		out = appendPicture(out, c.Data, l.tmux)
	}
	if l.lasting {
		for _, c := range p.blank {
			out = appendPicture(out, deleteAt(c.X, c.Y), l.tmux)
		}
	}
	out = appendBlanks(out, p.blank)
	p.before = insertion{start - p.first.size, len(out) - start}

	out = append(out, f.body[begin:end]...)
	start = len(out)
	for _, c := range p.draw {
		out = append(out, "\x1b7"...)
		out = appendMove(out, c.X, c.Y)
		if l.tmux {
			out = append(out, tmuxHere...)
		}
		out = appendPicture(out, c.Data, l.tmux)
		out = append(out, "\x1b8"...)
	}
	for _, c := range p.remove {
		out = appendPicture(out, c.removal(), l.tmux)
	}
	if sync {
		out = append(out, syncEnd...)
	}
	p.after = insertion{end, len(out) - start}
	l.out = append(out, f.body[end:]...)
	l.pass(len(p.transmit)+len(p.draw) > 0)
}

// pass adds a fence to what is written if it has pictures, or so much that it is worth measuring.
func (l *Layer) pass(pictures bool) {
	now := time.Now()
	if pictures {
		l.pace.picture(now)
	}
	l.pace.wrote(len(l.out), now)
	l.pace.expire(now)
	if l.frame.leave >= 0 || !l.modes.alternate() || l.open != nil && !l.open.interrupted {
		return
	}
	switch {
	case pictures:
		l.out = append(l.out, l.pace.fence(scenePart{version: l.seen}, now)...)
	case l.pace.size() >= measurable || l.pace.rtt == 0 && len(l.pace.fences) == 0:
		l.out = append(l.out, l.pace.fence(scenePart{}, now)...)
	}
}

// finish records what was written, or may have been.
func (l *Layer) finish(p *plan, err error) {
	l.mu.Lock()
	if err != nil {
		// Any of the old and new pictures may be on the screen.
		p.shown = append(slices.Clone(p.shown), l.shown...)
		l.modes.keep(&p.modes) // resets may not have taken effect
	}
	l.shown, l.lost = p.shown, err != nil
	l.mu.Unlock()
}

// deleteAt deletes what covers a cell, in terminals that keep sixels as they keep Kitty's graphics
// (Konsole).
func deleteAt(x, y int) []byte {
	return fmt.Appendf(nil, "\x1b_Ga=d,d=P,q=2,x=%d,y=%d\x1b\\", x+1, y+1)
}

// appendMove moves the cursor to a cell.
func appendMove(out []byte, x, y int) []byte {
	out = append(out, "\x1b["...)
	out = strconv.AppendInt(out, int64(y+1), 10)
	out = append(out, ';')
	out = strconv.AppendInt(out, int64(x+1), 10)
	return append(out, 'H')
}

// appendBlanks overwrites boxes with plain spaces, which erases pictures in every terminal.
// The cursor and its colors are restored.
func appendBlanks(out []byte, boxes []Picture) []byte {
	if len(boxes) == 0 {
		return out
	}
	out = append(out, "\x1b7\x1b[m"...)
	for _, b := range boxes {
		for y := range b.Rows {
			out = appendMove(out, b.X, b.Y+y)
			out = append(out, bytes.Repeat([]byte{' '}, b.Cols)...)
		}
	}
	return append(out, "\x1b8"...)
}

// tmuxHere makes tmux write what it holds back and move the outer terminal's cursor to its own, by
// erasing a character: what it passes through appears wherever the cursor happens to be.
const tmuxHere = "\x1b[X"

// appendPicture appends a picture's bytes, wrapped for tmux if need be.
func appendPicture(out, data []byte, tmux bool) []byte {
	if !tmux {
		return append(out, data...)
	}
	out = append(out, tmuxStart...)
	for {
		i := bytes.IndexByte(data, esc)
		if i < 0 {
			break
		}
		out = append(append(out, data[:i+1]...), esc)
		data = data[i+1:]
	}
	out = append(out, data...)
	return append(out, stringEnd...)
}
