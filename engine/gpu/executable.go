package gpu

import (
	"context"
	"errors"
	"fmt"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/plan"
)

// executable is a compiled program. Its sequence has the conversions of leaves and outputs, then
// the launches of derived arrays, then those of a run, so that a run after all parameters have
// changed is one range, and at the end those of a learner's update.
type executable struct {
	dev      *Device
	program  *plan.Program
	yield    plan.Yield
	ascents  map[ascentKind]*ascent // prepared when first used
	split    *splitting             // the same; nil: none
	kept     *keptAscent            // the same
	burst    int                    // launches between two yields
	ahead    int                    // bursts that may not have been done when another is enqueued
	bursts   []hal.Mark             // those
	buffer   hal.Buffer
	stream   hal.Stream
	sequence hal.Sequence
	inputs   map[string]*leaf
	params   map[string]*leaf
	outputs  map[string]*output
	staging  *tensor
	derived  []*derived
	run, end int // the launches of a run
	unset    int // number of leaves not set
}

// finish allocates memory, loads kernels and prepares all launches.
func (c *compiler) finish(yield plan.Yield) (*executable, error) {
	e := &executable{
		dev: c.dev, program: c.program, yield: yield, burst: burst, ahead: 1,
		inputs: c.inputs, params: c.params, outputs: c.outputs,
	}
	if c.dev.hal.Info().CPU {
		e.burst, e.ahead = 1, 0 // its work keeps the cores from what it yields to
	}
	c.mergePacking()
	e.derived = c.derived
	e.unset = len(c.inputs) + len(c.params)
	var all []launch
	add := func(launches []launch) (from, to int) {
		from = len(all)
		all = append(all, launches...)
		return from, len(all)
	}
	e.staging = c.conversions(add)
	constants := c.convertConstants()
	for _, d := range c.derived {
		d.from, d.to = add(d.launches)
	}
	e.run, e.end = add(c.launches)
	add(c.updates)
	var err error
	if e.buffer, err = c.allocate(); err != nil {
		return nil, err
	}
	c.placePacking(e.buffer)
	if err = c.prepare(e, all, constants); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// prepare opens the stream, uploads constants and prepares the launches.
func (c *compiler) prepare(e *executable, all, once []launch) (err error) {
	// Work that yields to other work is in the background.
	if e.stream, err = c.dev.hal.Stream(e.yield == nil); err != nil {
		return err
	}
	if err := c.upload(e.stream); err != nil {
		return err
	}
	if len(once) > 0 {
		s, err := c.sequence(e.stream, once)
		if err != nil {
			return err
		}
		if err := errors.Join(s.Enqueue(0, s.Len()), e.stream.Wait(), s.Close()); err != nil {
			return err
		}
	}
	e.sequence, err = c.sequence(e.stream, all)
	return err
}

// upload uploads constants.
func (c *compiler) upload(s hal.Stream) error {
	for _, t := range c.fixed {
		if t.data != nil {
			if err := s.Upload(t.part(len(t.data)), t.data); err != nil {
				return err
			}
		}
	}
	return nil
}

// convertConstants returns the launches that fill constants which are images; others are uploaded
// as they are.
func (c *compiler) convertConstants() (launches []launch) {
	c.target = &launches
	for _, v := range c.program.Values {
		t := c.t(v)
		if t == nil || v.Kind != plan.Constant {
			continue
		}
		if t.image {
			c.fromHost(c.table(v.Data), t, nil, nil)
		} else {
			t.data = bytesOf(v.Data)
		}
	}
	c.target = &c.launches
	return launches
}

// sequence binds launches to the memory of their tensors.
func (c *compiler) sequence(s hal.Stream, launches []launch) (hal.Sequence, error) {
	bound := make([]hal.Launch, len(launches))
	for i, l := range launches {
		kernel := l.library
		if kernel == nil {
			program, err := c.dev.hal.Load(l.module)
			if err != nil {
				return nil, err
			}
			if kernel, err = program.Kernel(l.kernel); err != nil {
				return nil, err
			}
		}
		args := make([]any, len(l.args))
		for j, a := range l.args {
			switch v := a.(type) {
			case *tensor:
				args[j] = v.span
			case int:
				args[j] = int32(v)
			default:
				args[j] = v
			}
		}
		bound[i] = hal.Launch{Kernel: kernel, Groups: l.groups, Threads: l.threads, Args: args}
	}
	return s.Prepare(bound)
}

// SetParam stores a parameter. What is derived from it is recomputed in the next run.
func (e *executable) SetParam(name string, data []float32) error {
	return e.set(e.params[name], plan.Param, name, data)
}

// SetInput stores an input in the layout the program reads.
func (e *executable) SetInput(name string, data []float32) error {
	return e.set(e.inputs[name], plan.Input, name, data)
}

func (e *executable) set(l *leaf, kind plan.Kind, name string, data []float32) error {
	if l == nil {
		_, err := e.program.Find(kind, name)
		return err
	}
	if len(data) != l.value.Size() {
		return fmt.Errorf("%d values for %s", len(data), l.value)
	}
	return e.store(l, func(dst hal.Span) error { return e.stream.Upload(dst, bytesOf(data)) })
}

// store has copy write a leaf as the host has it, and converts it.
func (e *executable) store(l *leaf, copy func(dst hal.Span) error) error {
	if t, size := l.tensor, l.value.Size(); t != nil && size > 0 {
		dst := t
		if t.image {
			dst = e.staging
		}
		if err := copy(dst.part(4 * size)); err != nil {
			return err
		}
		if err := e.enqueue(l.from, l.to); err != nil {
			return err
		}
	}
	e.mark(l)
	for _, d := range l.derived {
		d.stale = true
	}
	return nil
}

// mark records that a leaf has been set.
func (e *executable) mark(l *leaf) {
	if !l.set {
		l.set = true
		e.unset--
	}
}

// enqueue enqueues a range of the sequence, if there is one.
func (e *executable) enqueue(from, to int) error {
	if from == to {
		return nil
	}
	return e.sequence.Enqueue(from, to)
}

// Run enqueues the launches of all outputs; it does not wait for them.
func (e *executable) Run(ctx context.Context) error {
	if e.unset > 0 {
		return e.notSet()
	}
	from := e.run
	for i := len(e.derived) - 1; i >= 0 && e.derived[i].stale && e.derived[i].to == from; i-- {
		from = e.derived[i].from
	}
	for _, d := range e.derived {
		if d.stale && d.from < from {
			if err := e.pass(ctx, e.sequence, d.from, d.to); err != nil {
				return err
			}
			d.stale = false
		}
	}
	if err := e.pass(ctx, e.sequence, from, e.end); err != nil {
		return err
	}
	for _, d := range e.derived {
		d.stale = false
	}
	return e.stream.Flush()
}

// burst is the number of launches of background work on a GPU between two yields: enough for a
// graph of them to cost little, and little to wait for where streams have no priorities.
const burst = 32

// pass enqueues a range of a sequence: at once, or, in the background, in bursts, yielding before each
// and staying little ahead of the device.
func (e *executable) pass(ctx context.Context, s hal.Sequence, from, to int) error {
	if e.yield == nil {
		if err := ctx.Err(); err != nil || from == to {
			return err
		}
		return s.Enqueue(from, to)
	}
	for ; from < to; from += e.burst {
		if err := e.yield(ctx); err != nil {
			return err
		}
		if err := s.Enqueue(from, min(from+e.burst, to)); err != nil {
			return err
		}
		mark, err := e.stream.Mark()
		if err != nil {
			return err
		}
		e.bursts = append(e.bursts, mark)
		if err := e.follow(e.ahead); err != nil {
			return err
		}
	}
	return nil
}

// follow waits until at most a number of bursts have not been done.
func (e *executable) follow(ahead int) error {
	for len(e.bursts) > ahead {
		mark := e.bursts[0]
		e.bursts = append(e.bursts[:0], e.bursts[1:]...)
		if err := mark.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// notSet returns an error that names a leaf that is not set.
func (e *executable) notSet() error {
	return e.program.NotSet(func(v *plan.Value) bool {
		leaves := e.inputs
		if v.Kind == plan.Param {
			leaves = e.params
		}
		return leaves[v.Name].set
	})
}

// Output waits for the last run and copies an output.
func (e *executable) Output(name string, dst []float32) error {
	o := e.outputs[name]
	if o == nil {
		_, err := e.program.Output(name)
		return err
	}
	if want := o.tensor.value.Size(); len(dst) != want {
		return fmt.Errorf("%d elements for output %q of %d", len(dst), name, want)
	}
	if len(dst) == 0 {
		return nil
	}
	src := o.tensor
	if src.image {
		src = e.staging
		if err := e.enqueue(o.from, o.to); err != nil {
			return err
		}
	}
	return e.stream.Download(bytesOf(dst), src.part(4*len(dst)))
}

// Close frees the program's memory.
func (e *executable) Close() error {
	errs := []error{e.closeKept()}
	for _, a := range e.ascents {
		errs = append(errs, a.close())
	}
	e.ascents = nil
	errs = append(errs, e.closeSplit())
	if e.sequence != nil {
		errs = append(errs, e.sequence.Close())
		e.sequence = nil
	}
	if e.stream != nil {
		errs = append(errs, e.stream.Close())
		e.stream = nil
	}
	if e.buffer != nil {
		e.buffer.Free()
		e.buffer = nil
	}
	return errors.Join(errs...)
}
