package gpu

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/plan"
)

// ascent is an executable's memory and launches for plan.Ascent: images stay on the device from
// step to step.
type ascent struct {
	buffer           hal.Buffer
	sequence         hal.Sequence
	images, original *tensor // float32, as the host has them
	size, stuck      *tensor // of a step, and whether images did not move, int32
	store, end       int     // launches before store convert the images, those from there on take a step
}

// ascentKind is what the launches depend on.
type ascentKind struct {
	input, grad string
	l2          bool
}

var _ plan.Ascending = (*executable)(nil)

// Ascend takes an ascent's steps.
func (e *executable) Ascend(ctx context.Context, a *plan.Ascent) error {
	if err := a.Check(e.program); err != nil {
		return err
	}
	p, err := e.ascent(ascentKind{a.Input, a.Grad, a.L2})
	if err != nil {
		return err
	}
	size, bytes := sizes(a), 4*len(a.Images)
	if err := errors.Join(
		e.stream.Upload(p.original.part(bytes), bytesOf(a.Original)),
		e.stream.Upload(p.images.part(bytes), bytesOf(a.Images)),
		e.stream.Upload(p.size.part(len(size)), size),
		e.stream.Upload(p.stuck.part(4*len(a.Stuck)), make([]byte, 4*len(a.Stuck))),
	); err != nil {
		return err
	}
	if err := e.steps(ctx, a, p); err != nil {
		return err
	}
	stuck := make([]byte, 4*len(a.Stuck))
	if err := e.stream.Download(stuck, p.stuck.part(len(stuck))); err != nil {
		return err
	}
	for i := range a.Stuck {
		a.Stuck[i] = binary.NativeEndian.Uint32(stuck[4*i:]) != 0
	}
	return e.stream.Download(bytesOf(a.Images), p.images.part(bytes))
}

// sizes are a step's size and the ball's radius, as kernels read them.
func sizes(a *plan.Ascent) (bytes []byte) {
	for _, v := range []float64{a.StepSize, a.Epsilon} {
		bytes = binary.NativeEndian.AppendUint32(bytes, math.Float32bits(float32(v)))
	}
	return bytes
}

// steps takes the steps.
func (e *executable) steps(ctx context.Context, a *plan.Ascent, p *ascent) error {
	for range a.Steps {
		if err := p.sequence.Enqueue(0, p.store); err != nil {
			return err
		}
		e.mark(e.inputs[a.Input])
		if err := e.Run(ctx); err != nil {
			return err
		}
		if err := p.sequence.Enqueue(p.store, p.end); err != nil {
			return err
		}
	}
	return nil
}

// ascent prepares an ascent, unless that has been done.
func (e *executable) ascent(kind ascentKind) (*ascent, error) {
	if p := e.ascents[kind]; p != nil {
		return p, nil
	}
	input, dx := e.inputs[kind.input], e.outputs[kind.grad].tensor
	n, size := input.value.Shape[0], input.value.Size()
	var launches []launch
	c := &compiler{dev: e.dev, program: &plan.Program{}, target: &launches}
	p := &ascent{
		images: c.temporary(4 * size), original: c.temporary(4 * size), size: c.temporary(8), stuck: c.temporary(4 * n),
	}
	switch t := input.tensor; {
	case t == nil: // no instruction reads it
	case t.image:
		c.fromHost(p.images, t, input.scale, input.shift)
	default:
		c.toFlat(p.images, t, size)
	}
	p.store = len(launches)
	gradient := dx
	if dx.image || kind.l2 { // a step in L2 overwrites it
		gradient = c.temporary(4 * size)
		c.toFlat(dx, gradient, size)
	}
	kernel := "sign_step"
	if kind.l2 {
		kernel = "length_step"
	}
	c.launch(source.Update(), kernel, [3]int{n, 1, 1}, maxThreads, p.images, gradient, p.original, p.size, p.stuck, size/n)
	p.end = len(launches)
	var err error
	if p.buffer, err = c.allocate(); err != nil {
		return nil, err
	}
	if err = c.upload(e.stream); err == nil {
		p.sequence, err = c.sequence(e.stream, launches)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	if e.ascents == nil {
		e.ascents = make(map[ascentKind]*ascent)
	}
	e.ascents[kind] = p
	return p, nil
}

func (p *ascent) close() (err error) {
	if p.sequence != nil {
		err = p.sequence.Close()
	}
	p.buffer.Free()
	return err
}
