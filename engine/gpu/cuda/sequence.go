package cuda

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"hfcui/engine/gpu/hal"
)

// sequence is a [hal.Sequence]. A range of it that is enqueued again is captured as a graph, which
// costs one call however many launches it has.
type sequence struct {
	s      *stream
	calls  []func() error // that enqueue a launch each
	names  []string
	cudnn  []bool // the launches of cuDNN's
	graphs map[[2]int]*ranged
}

// ranged is a range that has been enqueued; its graph is 0 before it is captured. It never is if cuDNN
// does in it what a stream cannot capture.
type ranged struct {
	graph Graph
	never bool
}

const (
	// fewCalls is up to how many launches are enqueued one by one.
	fewCalls = 2
	// maxGraphs is how many ranges of a sequence are captured, at most.
	maxGraphs = 32
)

// Prepare implements [hal.Stream].
func (s *stream) Prepare(launches []hal.Launch) (hal.Sequence, error) {
	q := &sequence{s: s, graphs: map[[2]int]*ranged{}}
	for _, l := range launches {
		var call func() error
		k, cudnn := l.Kernel.(*convolution)
		if cudnn {
			var err error
			if call, err = s.convolve(k, l.Args); err != nil {
				return nil, err
			}
		} else {
			c, err := s.d.bind(l)
			if err != nil {
				return nil, err
			}
			call = func() error { return s.d.context.Launch(s.id, c) }
		}
		q.calls, q.names, q.cudnn = append(q.calls, call), append(q.names, l.Kernel.Name()), append(q.cudnn, cudnn)
	}
	return q, nil
}

// bind checks a launch and lays its arguments out.
func (d *device) bind(l hal.Launch) (*Call, error) {
	k, ok := l.Kernel.(*kernel)
	if !ok || k.d != d {
		return nil, fmt.Errorf("%s: a kernel of another device", d.info.ID)
	}
	const most = 65535 // groups along the second and third dimension
	if min(l.Groups[0], l.Groups[1], l.Groups[2], l.Threads) < 1 || l.Threads > d.info.Threads ||
		l.Groups[0] > math.MaxInt32 || l.Groups[1] > most || l.Groups[2] > most {
		return nil, fmt.Errorf("%s: kernel %s in %v groups of %d threads, of at most %d", d.info.ID, k.name, l.Groups, l.Threads, d.info.Threads)
	}
	c := &Call{Function: k.function, Groups: l.Groups, Threads: l.Threads}
	for i, a := range l.Args {
		switch v := a.(type) {
		case int32:
			c.Params = binary.LittleEndian.AppendUint32(c.Params, uint32(v))
		case float32:
			c.Params = binary.LittleEndian.AppendUint32(c.Params, math.Float32bits(v))
		case hal.Span:
			at, err := d.address(v, v.Bytes)
			if err == nil && v.Offset%hal.Align != 0 {
				err = fmt.Errorf("%s: an offset of %d, no multiple of %d", d.info.ID, v.Offset, hal.Align)
			}
			if err != nil {
				return nil, fmt.Errorf("argument %d of kernel %s: %w", i, k.name, err)
			}
			if len(c.Params)%8 != 0 {
				c.Params = append(c.Params, 0, 0, 0, 0)
			}
			c.Params = binary.LittleEndian.AppendUint64(c.Params, uint64(at))
			c.Memory = append(c.Memory, Extent{at, v.Bytes})
		default:
			return nil, fmt.Errorf("argument %d of kernel %s: a %T", i, k.name, a)
		}
	}
	return c, nil
}

// Enqueue implements [hal.Sequence].
func (q *sequence) Enqueue(from, to int) error {
	if from < 0 || to > len(q.calls) || from > to {
		return fmt.Errorf("%s: launches %d to %d of %d", q.s.d.info.ID, from, to, len(q.calls))
	}
	return q.s.d.check("launching", q.enqueue(from, to))
}

func (q *sequence) enqueue(from, to int) error {
	if to-from <= fewCalls {
		return q.launch(from, to)
	}
	key := [2]int{from, to}
	r := q.graphs[key]
	switch {
	case r == nil && len(q.graphs) < maxGraphs:
		q.graphs[key] = &ranged{} // the next time is worth a graph
		return q.launch(from, to)
	case r == nil || r.never:
		return q.launch(from, to)
	case r.graph == 0:
		if err := q.capture(r, from, to); err != nil {
			// Nothing has been enqueued.
			if r.never = slices.Contains(q.cudnn[from:to], true) && !q.s.d.Lost(); r.never {
				return q.launch(from, to)
			}
			return err
		}
	}
	if err := q.s.d.context.LaunchGraph(q.s.id, r.graph); err != nil {
		return fmt.Errorf("%s and %d others: %w", q.names[from], to-from-1, err)
	}
	return nil
}

// capture records a range as a graph.
func (q *sequence) capture(r *ranged, from, to int) error {
	d := q.s.d
	d.capture.Lock()
	defer d.capture.Unlock()
	var err error
	r.graph, err = d.context.Capture(q.s.id, func() error { return q.launch(from, to) })
	return err
}

// launch enqueues launches one by one.
func (q *sequence) launch(from, to int) error {
	for i := from; i < to; i++ {
		if err := q.calls[i](); err != nil {
			return fmt.Errorf("%s: %w", q.names[i], err)
		}
	}
	return nil
}

// Len implements [hal.Sequence].
func (q *sequence) Len() int { return len(q.calls) }

// Close implements [hal.Sequence].
func (q *sequence) Close() error {
	var first error
	for _, r := range q.graphs {
		if r.graph != 0 {
			if err := q.s.d.context.FreeGraph(r.graph); err != nil && first == nil {
				first = err
			}
		}
	}
	q.calls, q.names, q.cudnn, q.graphs = nil, nil, nil, nil
	return q.s.d.check("closing a sequence", first)
}
