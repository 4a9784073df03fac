package gpu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"hfcui/engine/gpu/hal"
	"hfcui/engine/gpu/source"
	"hfcui/engine/op"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// learner is a compiled training step. Weights, gradients, and each array of the optimizer's state
// lie in memory of their own, in one order, so that a single launch updates all of them; so do
// running statistics and the batch's.
type learner struct {
	exe      *executable
	training *plan.Training
	kind     optim.Kind
	weights  *region
	state    []*region
	running  *region
	target   *leaf
	control  *region // the constants of an update, and labels: one upload
	uploaded []byte  // to control
	latest   *tensor // the last step's result
	slots    [plan.MaxUnread]slot
	copies   hal.Stream  // for what is copied while a step is computed
	stale    []*derived  // what is derived of trained parameters
	steps    int         // begun
	unread   int         // the last of them, whose results have not been read
	err      error       // of the device, after which nothing is known about its memory
	kept     *keptImages // nil: none
}

// slot is what is copied between the host and the device for a step, while another one is computed.
type slot struct {
	control, images *tensor
	result          *tensor
	done            hal.Mark // after the step
}

// region is memory for arrays that are processed at once.
type region struct {
	memory *tensor
	parts  []*tensor
}

// region reserves memory.
func (c *compiler) region() *region {
	r := &region{memory: &tensor{}}
	c.fixed = append(c.fixed, r.memory)
	return r
}

// add gives t the region's next memory. Arrays of the same sizes lie at the same places in other
// regions.
func (c *compiler) add(r *region, t *tensor) {
	t.within, t.at = r.memory, r.memory.bytes
	r.memory.bytes += roundUp(t.bytes, hal.Align)
	r.memory.size = r.memory.bytes / 4
	r.parts, c.placed = append(r.parts, t), append(c.placed, t)
}

// Learn compiles a training step with its update.
func (d *Device) Learn(t *plan.Training, yield plan.Yield) (plan.Learner, error) {
	l, err := d.learn(t, yield)
	if err != nil {
		return nil, fmt.Errorf("compiling for %s: %w", d.ID(), err)
	}
	return l, nil
}

func (d *Device) learn(t *plan.Training, yield plan.Yield) (*learner, error) {
	c := newCompiler(d, plan.Fuse(t.Program))
	c.trained = make(map[*plan.Value]bool)
	for _, p := range t.Params {
		v, err := c.program.Find(plan.Param, p.Name)
		if err != nil {
			return nil, err
		}
		c.trained[v] = true
	}
	if err := c.layouts(); err != nil {
		return nil, err
	}
	if err := c.lower(); err != nil {
		return nil, err
	}
	l := &learner{training: t, kind: t.Rule.Update(1, 0).Kind}
	c.target = &c.updates
	l.prepareBatch(c)
	l.prepareWeights(c)
	l.prepareNorms(c)
	l.prepareResult(c)
	c.target = &c.launches
	if c.err != nil {
		return nil, c.err
	}
	var err error
	if l.exe, err = c.finish(yield); err != nil {
		return nil, err
	}
	if l.copies, err = d.hal.Stream(yield == nil); err != nil {
		return nil, errors.Join(err, l.exe.Close())
	}
	for _, p := range t.Params {
		l.stale = append(l.stale, l.exe.params[p.Name].derived...)
	}
	if err := l.Write(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// prepareBatch adds the launch that encodes labels as one-hot targets: the first of the updates,
// which runs on its own.
func (l *learner) prepareBatch(c *compiler) {
	l.target = c.inputs[l.training.Target]
	shape := c.program.Outputs[l.training.Logits].Shape
	l.control = c.region()
	c.add(l.control, flat(len(optim.Update{}.K)))
	c.add(l.control, flat(shape[0]))
	c.add(l.control, flat(pickShares+pickWords*shape[0]))
	l.uploaded = make([]byte, l.control.memory.bytes)
	c.launch(source.Update(), "one_hot", over(op.Size(shape)), maxThreads, l.labels(), c.t(l.target.value), shape[0], shape[1])
}

// factors are the constants of a step's update, and labels the classes [N] of its images, int32.
func (l *learner) factors() *tensor { return l.control.parts[0] }
func (l *learner) labels() *tensor  { return l.control.parts[1] }

// picks are what a batch of kept images is made of.
func (l *learner) picks() *tensor { return l.control.parts[2] }

// given is where images are stored in the host's layout.
func (l *learner) given(input *leaf) *tensor {
	if input.tensor.image {
		return l.exe.staging
	}
	return input.tensor
}

// oneHots is the number of launches of prepareBatch.
const oneHots = 1

// updateKernels are the kernels of the optimizers' formulas.
var updateKernels = [optim.Kinds]string{
	optim.Descent: "descent", optim.Momentum: "momentum", optim.Moments: "moments", optim.SumOfSquares: "sum_of_squares",
	optim.Deltas: "deltas", optim.MeanSquare: "mean_square", optim.MeanSquareMomentum: "mean_square_momentum",
}

// prepareWeights adds the update of weights and state.
func (l *learner) prepareWeights(c *compiler) {
	l.weights = c.region()
	gradients := c.region()
	for range l.training.Rule.State() {
		l.state = append(l.state, c.region())
	}
	for _, p := range l.training.Params {
		v := c.params[p.Name].value
		if c.t(v) == nil {
			c.tensors[v.ID] = c.tensorOf(v, false)
		}
		c.add(l.weights, c.t(v))
		c.output(gradients, p.Grad)
		for _, r := range l.state {
			c.add(r, flat(v.Size()))
		}
	}
	n := l.weights.memory.size
	if n > math.MaxInt32-math.MaxUint16 {
		c.fail(fmt.Errorf("%d weights: kernels count to 2³¹", n))
	}
	if n == 0 {
		return
	}
	args := []any{l.weights.memory, gradients.memory}
	for _, r := range l.state {
		args = append(args, r.memory)
	}
	c.launch(source.Update(), updateKernels[l.kind], over(n), maxThreads, append(args, l.factors(), n)...)
}

// output adds an output to a region, or a copy of it if it cannot be there: in another layout, not
// computed, or there already under another name.
func (c *compiler) output(r *region, name string) {
	v := c.program.Outputs[name]
	t := c.t(v)
	if !t.image && t.within == nil && v.Kind == plan.Temp {
		c.add(r, t)
		return
	}
	there := flat(v.Size())
	c.add(r, there)
	c.toFlat(t, there, t.value.Size())
}

// toFlat copies an array of size elements, in any layout, to a row-major one.
func (c *compiler) toFlat(src, dst *tensor, size int) {
	if src.image {
		c.toHost(src, dst)
	} else {
		c.launch(source.Update(), "copied", over(size), maxThreads, src, dst, size)
	}
}

// prepareNorms adds the update of running statistics: means, then variances, of every batch norm.
func (l *learner) prepareNorms(c *compiler) {
	l.running = c.region()
	batch := c.region()
	var factors []float32 // one for means, that of the unbiased estimate for variances
	for _, n := range l.training.Norms {
		channels := len(n.Mean)
		c.add(l.running, flat(2*channels))
		c.output(batch, n.Stats)
		factors = slices.Concat(factors, slices.Repeat([]float32{1}, channels), slices.Repeat([]float32{n.Unbiased()}, channels))
		factors = append(factors, make([]float32, l.running.memory.size-len(factors))...)
	}
	if n := l.running.memory.size; n > 0 {
		c.launch(source.Update(), "running", over(n), maxThreads,
			l.running.memory, batch.memory, c.table(factors), n, float32(plan.StatsMomentum))
	}
}

// prepareResult adds what computes a step's loss and its number of images classified correctly.
func (l *learner) prepareResult(c *compiler) {
	outputs := c.program.Outputs
	logits := outputs[l.training.Logits]
	n, classes := logits.Shape[0], logits.Shape[1]
	hits := c.temporary(4 * n)
	l.latest = c.temporary(resultBytes)
	input := c.inputs[l.training.Input].value
	if c.t(input) == nil {
		c.fail(fmt.Errorf("no instruction reads %s", input))
		return
	}
	for i := range l.slots {
		l.slots[i] = slot{control: c.temporary(l.control.memory.bytes), images: c.temporary(4 * input.Size()), result: c.temporary(resultBytes)}
	}
	c.rows("hits", n, rowThreads, c.t(logits), l.labels(), hits, classes)
	c.launch(source.Update(), "outcome", [3]int{1, 1, 1}, maxThreads, c.t(outputs[l.training.Loss]), hits, l.latest, n)
}

// resultBytes is the size of a result: the loss, and the number of hits.
const resultBytes = 8

// SetParam stores a parameter that is not trained.
func (l *learner) SetParam(name string, data []float32) error {
	if slices.ContainsFunc(l.training.Params, func(p plan.Trained) bool { return p.Name == name }) {
		return fmt.Errorf("parameter %q is trained: it is set with Write", name)
	}
	return l.exe.SetParam(name, data)
}

// Step enqueues a step. Only the update changes anything: it is enqueued as a whole.
func (l *learner) Step(ctx context.Context, b *plan.Batch) error {
	if l.err != nil {
		return l.err
	}
	if l.unread == plan.MaxUnread {
		return fmt.Errorf("%d steps have results that have not been read", l.unread)
	}
	if b.Update.Kind != l.kind {
		return fmt.Errorf("an update by %s: the optimizer's is %s", b.Update.Kind, l.kind)
	}
	if err := l.check(b); err != nil {
		return err
	}
	if err := l.setBatch(b); err != nil {
		return err
	}
	e := l.exe
	if err := e.Run(ctx); err != nil {
		return err
	}
	s := &l.slots[l.steps%plan.MaxUnread]
	l.err = errors.Join(e.enqueue(e.end+oneHots, e.sequence.Len()), e.stream.Copy(s.result.span, l.latest.span))
	if l.err == nil {
		s.done, l.err = e.stream.Mark()
	}
	if l.err != nil {
		return l.err
	}
	l.stain()
	l.steps++
	l.unread++
	return nil
}

// stain has what is derived of weights computed again.
func (l *learner) stain() {
	for _, d := range l.stale {
		d.stale = true
	}
}

// setBatch stores a batch and the constants of its update.
func (l *learner) setBatch(b *plan.Batch) error {
	e, t := l.exe, l.training
	if t.Mask != "" {
		if err := e.SetInput(t.Mask, b.Mask); err != nil {
			return err
		}
	}
	copy(l.uploaded, bytesOf(b.Update.K[:]))
	for i, v := range b.Labels {
		binary.NativeEndian.PutUint32(l.uploaded[l.labels().at+4*i:], uint32(v))
	}
	// The slot's last step has been done: its result has been read.
	s := &l.slots[l.steps%plan.MaxUnread]
	give := func(dst hal.Span) error { return e.stream.Copy(dst, s.images.part(dst.Bytes)) }
	var err error
	switch {
	case b.Ascended != nil: // checked
		a := b.Ascended.(*executable)
		if err := a.stream.Wait(); err != nil { // streams are not in order among each other
			return err
		}
		give = func(dst hal.Span) error { return e.stream.Copy(dst, a.kept.images.part(dst.Bytes)) }
	case b.Picks != nil:
		encodePicks(l.uploaded[l.picks().at:], b.Picks)
		give = func(hal.Span) error { return l.kept.picking.Enqueue(0, l.kept.picking.Len()) }
	default:
		err = l.copies.Upload(s.images.part(4*len(b.Images)), bytesOf(b.Images))
	}
	if err := errors.Join(
		err,
		l.copies.Upload(s.control.part(len(l.uploaded)), l.uploaded),
		l.copies.Wait(),
		e.stream.Copy(l.control.memory.span, s.control.part(len(l.uploaded))),
		e.store(e.inputs[t.Input], give),
	); err != nil {
		return err
	}
	if b.Targets != nil {
		return e.SetInput(t.Target, b.Targets)
	}
	e.mark(l.target)
	return e.enqueue(e.end, e.end+oneHots)
}

// Result waits for the oldest step whose result has not been read.
func (l *learner) Result() (plan.StepResult, error) {
	if l.unread == 0 {
		return plan.StepResult{}, errors.New("no step has a result that has not been read")
	}
	if l.err != nil {
		return plan.StepResult{}, l.err
	}
	var v [resultBytes / 4]float32
	if l.err = l.wait(); l.err != nil {
		return plan.StepResult{}, l.err
	}
	s := &l.slots[(l.steps-l.unread-1)%plan.MaxUnread]
	if l.err = l.copies.Download(bytesOf(v[:]), s.result.span); l.err != nil {
		return plan.StepResult{}, l.err
	}
	return plan.StepResult{Loss: float64(v[0]), Correct: int(v[1])}, nil
}

// wait waits for the oldest step whose result has not been read.
func (l *learner) wait() error {
	s := &l.slots[(l.steps-l.unread)%plan.MaxUnread]
	l.unread--
	return s.done.Wait()
}

// Lag is 1: the device works while the host prepares a step. It is 0 if a step is done when it has
// been enqueued.
func (l *learner) Lag() int {
	if e := l.exe; e.yield != nil && e.ahead == 0 {
		return 0
	}
	return 1
}

// ReadWeights copies weights and running statistics.
func (l *learner) ReadWeights() error {
	for i, p := range l.training.Params {
		if err := l.download(p.Value, l.weights.parts[i]); err != nil {
			return err
		}
	}
	for i, n := range l.training.Norms {
		both := make([]float32, 2*len(n.Mean))
		if err := l.download(both, l.running.parts[i]); err != nil {
			return err
		}
		copy(n.Variance, both[copy(n.Mean, both):])
	}
	return nil
}

// ReadState copies the optimizer's state.
func (l *learner) ReadState() error {
	for i, p := range l.training.Params {
		for j, r := range l.state {
			if err := l.download(p.State[j], r.parts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *learner) download(dst []float32, src *tensor) error {
	if l.err == nil && len(dst) > 0 {
		l.err = l.exe.stream.Download(bytesOf(dst), src.part(4*len(dst)))
	}
	return l.err
}

// Write stores weights, running statistics and the optimizer's state.
func (l *learner) Write() error {
	for i, p := range l.training.Params {
		if err := l.upload(l.weights.parts[i], p.Value); err != nil {
			return err
		}
		l.exe.mark(l.exe.params[p.Name])
		for j, r := range l.state {
			if err := l.upload(r.parts[i], p.State[j]); err != nil {
				return err
			}
		}
	}
	for i, n := range l.training.Norms {
		if err := l.upload(l.running.parts[i], slices.Concat(n.Mean, n.Variance)); err != nil {
			return err
		}
	}
	l.stain()
	return nil
}

func (l *learner) upload(dst *tensor, src []float32) error {
	if l.err == nil && len(src) > 0 {
		l.err = l.exe.stream.Upload(dst.part(4*len(src)), bytesOf(src))
	}
	return l.err
}

// Close waits for all steps and frees the memory.
func (l *learner) Close() error {
	var errs []error
	for l.unread > 0 {
		errs = append(errs, l.wait())
	}
	return errors.Join(append(errs, l.dropImages(), l.copies.Close(), l.exe.Close())...)
}
