package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hfcui/engine/measure"
	"hfcui/engine/optim"
)

// Learn compiles a Training for a device: with the device's own learner if it has one, else with
// its executable, whose gradients are applied on the host.
func Learn(dev Device, t *Training) (Learner, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	return learn(dev, t, nil)
}

func learn(dev Device, t *Training, yield Yield) (Learner, error) {
	if d, ok := dev.(LearningDevice); ok {
		return d.Learn(t, yield)
	}
	exe, err := dev.Compile(t.Program, yield)
	if err != nil {
		return nil, err
	}
	l, err := newHostLearner(exe, t)
	if err != nil {
		exe.Close()
		return nil, err
	}
	return l, nil
}

// hostLearner is a learner whose weights, state and statistics are the Training's arrays. An
// executable in host memory uses the weights where they are, and updates them on its threads.
type hostLearner struct {
	exe      Executable
	training *Training
	grads    [][]float32 // by index of Training.Params
	copied   []bool      // gradients to copy from the executable after each run
	stats    [][]float32 // by index of Training.Norms
	apply    func(u *optim.Update, w, g, s, t []float32)
	each     func(n int, body func(worker, i int)) // parallel loop
	chunks   []chunk
	change   func(worker, i int)
	update   optim.Update // of this step
	target   []float32
	logits   []float32
	loss     [1]float32
	results  []StepResult // not read yet
}

// chunk is a range of a parameter's elements.
type chunk struct{ param, from, to int }

// chunkSize is a multiple of all vector lengths, so that results do not depend on chunking, and
// small enough for a chunk's update to stay in cache.
const chunkSize = 1 << 13

// newHostLearner loads the weights and chooses where gradients are read and updates run.
func newHostLearner(exe Executable, t *Training) (*hostLearner, error) {
	size := t.Program.Outputs[t.Logits].Size()
	l := &hostLearner{
		exe: exe, training: t, target: make([]float32, size), logits: make([]float32, size),
		results: make([]StepResult, 0, MaxUnread),
	}
	l.apply = (*optim.Update).Apply
	l.each = func(n int, body func(worker, i int)) {
		for i := range n {
			body(0, i)
		}
	}
	local, isLocal := exe.(Local)
	if isLocal {
		l.each, l.apply = local.Each, local.Update
	}
	for i, p := range t.Params {
		var grad []float32
		if isLocal {
			grad = local.View(p.Grad)
		}
		if !isLocal || !local.Share(p.Name, p.Value) {
			if err := exe.SetParam(p.Name, p.Value); err != nil {
				return nil, err
			}
		}
		l.copied = append(l.copied, grad == nil)
		if grad == nil {
			grad = make([]float32, len(p.Value))
		}
		l.grads = append(l.grads, grad)
		for from := 0; from < len(p.Value); from += chunkSize {
			l.chunks = append(l.chunks, chunk{i, from, min(from+chunkSize, len(p.Value))})
		}
	}
	for _, n := range t.Norms {
		l.stats = append(l.stats, make([]float32, 2*len(n.Mean)))
	}
	l.change = l.changeChunk
	return l, nil
}

func (l *hostLearner) SetParam(name string, data []float32) error {
	if slices.ContainsFunc(l.training.Params, func(p Trained) bool { return p.Name == name }) {
		return fmt.Errorf("parameter %q is trained: it is set with Write", name)
	}
	return l.exe.SetParam(name, data)
}

func (l *hostLearner) Step(ctx context.Context, b *Batch) error {
	if len(l.results) == MaxUnread {
		return errUnread
	}
	if err := l.setBatch(b); err != nil {
		return err
	}
	if err := l.exe.Run(ctx); err != nil {
		return err
	}
	if err := l.readBack(); err != nil {
		return err
	}
	for i, n := range l.training.Norms {
		n.update(l.stats[i])
	}
	l.update = b.Update
	l.each(len(l.chunks), l.change)
	if err := l.setWeights(); err != nil {
		return err
	}
	l.results = append(l.results, StepResult{Loss: float64(l.loss[0]), Correct: l.correct(b.Labels)})
	return nil
}

var (
	errUnread = fmt.Errorf("%d steps have results that have not been read", MaxUnread)
	errNoStep = errors.New("no step has a result that has not been read")
)

func (l *hostLearner) setBatch(b *Batch) error {
	t := l.training
	if err := t.CheckBatch(b); err != nil {
		return err
	}
	if t.Mask != "" {
		if err := l.exe.SetInput(t.Mask, b.Mask); err != nil {
			return err
		}
	}
	if err := l.exe.SetInput(t.Input, b.Images); err != nil {
		return err
	}
	target := b.Targets
	if target == nil {
		target = l.target
		oneHot(target, b.Labels)
	}
	return l.exe.SetInput(t.Target, target)
}

// oneHot sets target [N,K] to the one-hot encoding of labels [N].
func oneHot(target []float32, labels []int) {
	classes := len(target) / len(labels)
	clear(target)
	for i, label := range labels {
		target[i*classes+label] = 1
	}
}

// readBack copies a run's results from the executable.
func (l *hostLearner) readBack() error {
	t := l.training
	if err := l.exe.Output(t.Loss, l.loss[:]); err != nil {
		return err
	}
	if err := l.exe.Output(t.Logits, l.logits); err != nil {
		return err
	}
	for i, p := range t.Params {
		if !l.copied[i] {
			continue
		}
		if err := l.exe.Output(p.Grad, l.grads[i]); err != nil {
			return err
		}
	}
	for i, n := range t.Norms {
		if err := l.exe.Output(n.Stats, l.stats[i]); err != nil {
			return err
		}
	}
	return nil
}

// update updates the running statistics by a batch's.
func (n RunningNorm) update(stats []float32) {
	unbiased := n.Unbiased()
	for c := range n.Mean {
		n.Mean[c] += StatsMomentum * (stats[c] - n.Mean[c])
		n.Variance[c] += StatsMomentum * (stats[len(n.Mean)+c]*unbiased - n.Variance[c])
	}
}

// changeChunk updates one chunk of weights.
func (l *hostLearner) changeChunk(_, i int) {
	c := l.chunks[i]
	p := &l.training.Params[c.param]
	var state [2][]float32
	for i, s := range p.State {
		if s != nil {
			state[i] = s[c.from:c.to]
		}
	}
	l.apply(&l.update, p.Value[c.from:c.to], l.grads[c.param][c.from:c.to], state[0], state[1])
}

// setWeights passes the trained parameters to the executable.
func (l *hostLearner) setWeights() error {
	for _, p := range l.training.Params {
		if err := l.exe.SetParam(p.Name, p.Value); err != nil {
			return err
		}
	}
	return nil
}

func (l *hostLearner) correct(labels []int) (n int) {
	classes := len(l.logits) / len(labels)
	for i, label := range labels {
		if measure.Argmax(l.logits[i*classes:(i+1)*classes]) == label {
			n++
		}
	}
	return n
}

func (l *hostLearner) Result() (StepResult, error) {
	if len(l.results) == 0 {
		return StepResult{}, errNoStep
	}
	r := l.results[0]
	l.results = append(l.results[:0], l.results[1:]...)
	return r, nil
}

// Lag is 0: Step does all the work.
func (l *hostLearner) Lag() int { return 0 }

// ReadWeights does nothing: the Training's arrays are the learner's.
func (l *hostLearner) ReadWeights() error { return nil }

// ReadState does nothing, as ReadWeights.
func (l *hostLearner) ReadState() error { return nil }

func (l *hostLearner) Write() error { return l.setWeights() }

func (l *hostLearner) Close() error { return l.exe.Close() }
