package gpu

import (
	"context"
	"errors"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/plan"
)

// keptAscent is what an executable needs for ascents from images that a learner keeps.
type keptAscent struct {
	from    *keptImages
	images  *tensor // the ascent's
	buffer  hal.Buffer
	picks   *tensor
	start   *tensor
	encoded []byte       // to picks
	picking hal.Sequence // to the ascent's originals
	begin   hal.Sequence // moves images away from their originals
}

var _ plan.KeptAscending = (*executable)(nil)

// AscendKept takes the steps of an ascent from picked images.
func (e *executable) AscendKept(ctx context.Context, a *plan.Ascent, from plan.Learner, picks *plan.Picks, start []float32) (bool, error) {
	l, ok := from.(*learner)
	if !ok || l.exe.dev.hal != e.dev.hal || l.kept == nil {
		return false, nil
	}
	if err := a.CheckKept(e.program, picks, start, l.kept.count); err != nil {
		return false, err
	}
	p, err := e.ascent(ascentKind{a.Input, a.Grad, false})
	if err == nil {
		err = e.prepareKept(l.kept, p)
	}
	if full := new(hal.OutOfMemory); errors.As(err, &full) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// The learner has taken the last ascent's images.
	if err := l.exe.stream.Wait(); err != nil {
		return false, err
	}
	k, size := e.kept, sizes(a)
	encodePicks(k.encoded, picks)
	if err := errors.Join(
		e.stream.Upload(p.size.part(len(size)), size),
		e.stream.Upload(k.picks.part(len(k.encoded)), k.encoded),
		k.picking.Enqueue(0, k.picking.Len()),
	); err != nil {
		return false, err
	}
	if start == nil {
		bytes := 4 * e.inputs[a.Input].value.Size()
		err = e.stream.Copy(p.images.part(bytes), p.original.part(bytes))
	} else {
		err = errors.Join(e.stream.Upload(k.start.part(4*len(start)), bytesOf(start)), k.begin.Enqueue(0, k.begin.Len()))
	}
	if err != nil {
		return false, err
	}
	return true, e.steps(ctx, a, p)
}

// prepareKept prepares ascents from kept images, unless that has been done.
func (e *executable) prepareKept(from *keptImages, p *ascent) error {
	if e.kept != nil && e.kept.from == from && e.kept.images == p.images {
		return nil
	}
	if err := e.closeKept(); err != nil {
		return err
	}
	size, images := p.images.bytes/4, p.stuck.bytes/4
	var launches []launch
	c := &compiler{dev: e.dev, program: &plan.Program{}, target: &launches}
	words := pickShares + pickWords*images
	k := &keptAscent{from: from, images: p.images, picks: c.temporary(4 * words), start: c.temporary(4 * size), encoded: make([]byte, 4*words)}
	c.launch(source.Update(), "started", over(size), maxThreads, p.original, k.start, p.size, p.images, size)
	var err error
	if k.buffer, err = c.allocate(); err != nil {
		return err
	}
	e.kept = k
	if k.begin, err = c.sequence(e.stream, launches); err == nil {
		k.picking, err = from.prepare(e, size, k.picks, p.original)
	}
	if err != nil {
		return errors.Join(err, e.closeKept())
	}
	return nil
}

// closeKept frees the memory.
func (e *executable) closeKept() error {
	k := e.kept
	if k == nil {
		return nil
	}
	e.kept = nil
	errs := []error{e.stream.Wait()}
	for _, s := range []hal.Sequence{k.picking, k.begin} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	k.buffer.Free()
	return errors.Join(errs...)
}
