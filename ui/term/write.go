package term

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"time"
)

// Write passes on what the renderer writes, with pictures. It takes the bytes of p into
// account even where it holds them back because a sequence or a synchronized update is not
// complete. After an error what is on the screen is not known, and the next frame draws
// everything again. A panic is a *Panic as error.
func (l *Layer) Write(p []byte) (n int, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	defer l.catch(&err)
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
	if err != nil {
		return min(max(l.frame.source(plan.body(n)), 0), len(p)), err
	}
	return len(p), nil
}

// put hands bytes to the terminal.
func (l *Layer) put(b []byte) (n int, err error) {
	defer l.catch(&err)
	return l.w.Write(b)
}

// catch is deferred: it makes an error of a panic and tells of it. What is on the screen
// then, Restore must not believe to be in order.
func (l *Layer) catch(err *error) {
	r := recover()
	if r == nil {
		return
	}
	p := caught(r)
	*err = p
	l.mu.Lock()
	l.lost = true
	tell := l.panicked
	l.mu.Unlock()
	if tell != nil {
		tell(p)
	}
}

// prepare makes l.out of the frame; false means that nothing is written any more.
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

// plan is what one write does to pictures.
type plan struct {
	transmit []Picture // to store, before the text
	blank    []Picture // gone from the screen, before the text
	draw     []Picture // behind the text
	remove   []Picture // stored and no longer needed, behind the text
	shown    []shown   // what is on the screen then

	modes         modes // before it
	before, after insertion
	size          int // bytes of pictures
}

// insertion is a number of bytes put into the frame's body at a place.
type insertion struct{ at, size int }

// body returns how much of the frame's body is among the first n bytes written.
func (p *plan) body(n int) int {
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
		return plan{shown: l.shown} // not begun, suspended or ended
	}
	if !f.marked || f.version < l.seen {
		f.version = l.seen // a frame may be overtaken by a marker written alone
	}
	pics, redraw := l.lookup(f.version)
	if !f.marked && len(f.hurt) == 0 && !redraw {
		return plan{shown: l.shown}
	}
	l.seen = f.version
	cols, rows := l.size()

	var p plan
	for i, c := range pics {
		if c.Cols < 1 || c.Rows < 1 || (!c.stored() && cols > 0 && (c.X < 0 || c.Y < 0 || c.X+c.Cols > cols || c.Y+c.Rows >= rows)) {
			continue
		}
		k := slices.IndexFunc(l.shown, func(s shown) bool { return s.same(c) })
		switch {
		case c.stored() && k < 0:
			p.transmit = append(p.transmit, c)
			p.shown = append(p.shown, shown{c, 0})
		case c.stored() || k >= 0 && !redraw && !slices.Contains(f.hurt, i):
			p.shown = append(p.shown, l.shown[k])
		default:
			p.add(l, c)
		}
	}
	p.refresh(l)
	for _, s := range l.shown {
		switch {
		case s.stored() && !slices.ContainsFunc(p.shown, func(n shown) bool { return n.ID == s.ID }):
			p.remove = append(p.remove, s.Picture)
		case !s.stored() && !slices.ContainsFunc(p.shown, func(n shown) bool { return n.box() == s.box() }):
			p.blank = append(p.blank, s.Picture)
		}
	}
	return p
}

// leavePlan takes everything off the alternate screen before the program leaves it: some
// terminals would show it again to the next program there.
func (l *Layer) leavePlan() plan {
	var p plan
	for _, s := range l.shown {
		if s.stored() {
			p.remove = append(p.remove, s.Picture)
		} else {
			p.blank = append(p.blank, s.Picture)
		}
	}
	return p
}

// lookup returns the pictures of a version and whether all are to be drawn again, and
// forgets older versions.
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

// add draws a picture at the cursor.
func (p *plan) add(l *Layer, c Picture) {
	l.drawn++
	p.draw = append(p.draw, c)
	p.shown = append(p.shown, shown{c, l.drawn})
}

// xterm keeps its last 16 pictures and forgets the others.
const keptByXterm = 16

// refresh draws pictures again before the terminal forgets them: when some others were
// drawn since. It leaves room for a few more in the next frame.
func (p *plan) refresh(l *Layer) {
	limit := min(max(keptByXterm-4, len(p.shown)), keptByXterm)
	for range p.shown {
		old := slices.IndexFunc(p.shown, func(s shown) bool { return !s.stored() && l.drawn-s.at >= limit })
		if old < 0 {
			return
		}
		c := p.shown[old].Picture
		p.shown = slices.Delete(p.shown, old, old+1)
		p.add(l, c)
	}
}

// compose makes l.out: the frame's body with what the plan inserts.
func (l *Layer) compose(p *plan) {
	f := &l.frame
	begin, end := f.begin, f.end
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

	out := append(l.out[:0], f.body[:begin]...)
	start := len(out)
	if sync {
		out = append(out, syncBegin...)
	}
	for _, c := range p.transmit {
		out = appendPicture(out, c.Data, l.tmux)
		p.size += len(c.Data)
	}
	out = appendBlanks(out, p.blank)
	p.before = insertion{start, len(out) - start}

	out = append(out, f.body[begin:end]...)
	start = len(out)
	for _, c := range p.draw {
		out = append(out, "\x1b7"...)
		out = appendMove(out, c.X, c.Y)
		out = appendPicture(out, c.Data, l.tmux)
		out = append(out, "\x1b8"...)
		p.size += len(c.Data)
	}
	for _, c := range p.remove {
		out = appendPicture(out, c.Remove, l.tmux)
	}
	if sync {
		out = append(out, syncEnd...)
	}
	p.after = insertion{end, len(out) - start}
	l.out = append(out, f.body[end:]...)
}

// finish takes note of what was written, or tried to.
func (l *Layer) finish(p *plan, err error) {
	n := len(p.draw) + len(p.transmit)
	l.mu.Lock()
	if err != nil {
		// Any of the old and the new pictures may be there.
		p.shown = append(slices.Clone(p.shown), l.shown...)
		l.modes.keep(&p.modes) // what was to be taken back perhaps is not
	}
	l.shown, l.lost = p.shown, err != nil
	l.stats.Writes++
	l.stats.Bytes += len(l.out)
	l.stats.Pictures += n
	l.stats.PictureBytes += p.size
	l.stats.Erased += len(p.blank) + len(p.remove)
	hook := l.hook
	l.mu.Unlock()
	if hook != nil && l.frame.marked {
		hook(Frame{Version: l.frame.version, Written: time.Now(), Bytes: len(l.out), Pictures: n})
	}
}

// appendMove moves the cursor to a cell.
func appendMove(out []byte, x, y int) []byte {
	out = append(out, "\x1b["...)
	out = strconv.AppendInt(out, int64(y+1), 10)
	out = append(out, ';')
	out = strconv.AppendInt(out, int64(x+1), 10)
	return append(out, 'H')
}

// appendBlanks overwrites boxes with plain spaces, which takes pictures off the screen
// everywhere. The cursor and its colors are as before.
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

// appendPicture appends a picture's bytes, past tmux if need be. tmux moves the outer
// cursor to where its own is before it passes a string on.
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
