package model

import (
	"context"
	"fmt"

	"hfcui/engine/measure"
	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// Trainer trains a model, one batch per step. The model's weights must not be used during a step.
type Trainer struct {
	LearningRate float64 // of the next step

	model  *Model
	exe    plan.Executable
	batch  int
	rule   optim.Rule
	steps  int // completed
	update optim.Update
	params []trained
	apply  func(u *optim.Update, w, g, s, t []float32)
	each   func(n int, body func(worker, i int)) // parallel loop
	chunks []chunk
	norms  []running
	frozen []nets.Norm // use running statistics
	target []float32
	logits []float32
	loss   [1]float32
	change func(worker, i int)
}

// trained is a trainable parameter.
type trained struct {
	name, grad       string
	weight, gradient []float32
	viewed           bool         // gradient aliases the device's memory
	state            [2][]float32 // of the optimizer
}

// chunk is a range of a parameter's elements.
type chunk struct{ param, from, to int }

// chunkSize is a multiple of all vector lengths, so that results do not depend on chunking, and
// small enough for a chunk's update to stay in cache.
const chunkSize = 1 << 13

// running is a batch-norm layer's running statistics.
type running struct {
	output         string
	mean, variance []float32 // the model's
	stats          []float32 // the batch's
	unbiased       float32   // n/(n−1)
}

// statsMomentum is the momentum of running statistics, as in PyTorch.
const statsMomentum = 0.1

// TrainerOptions configures a Trainer.
type TrainerOptions struct {
	Batch int        // images per step
	Rule  optim.Rule // the optimizer
	// Dropout is the dropout rate before the last linear layer; masks come with Examples.
	Dropout float64
	// FixedNorms freezes batch norm's scales and shifts.
	FixedNorms bool
	// Frozen is the number of frozen layers with weights, from the first on: their parameters, and
	// those of batch norm after them, are not updated, have no optimizer state and no weight decay.
	// Frozen batch norm normalizes by its running statistics, which are not updated.
	Frozen int
}

// NewTrainer is NewTrainerWith with default options.
func (m *Model) NewTrainer(dev plan.Device, batch int, rule optim.Rule) (*Trainer, error) {
	return m.NewTrainerWith(dev, TrainerOptions{Batch: batch, Rule: rule})
}

// NewTrainerWith compiles the model's training program: batch statistics, loss, gradients. Set
// LearningRate before the first step.
func (m *Model) NewTrainerWith(dev plan.Device, o TrainerOptions) (*Trainer, error) {
	batch, rule := o.Batch, o.Rule
	if err := rule.Check(); err != nil {
		return nil, err
	}
	params, norms := m.Net.Before(o.Frozen)
	build := nets.Build{
		Batch: batch, BatchStatistics: true, Train: true, Dropout: o.Dropout, FixedNorms: o.FixedNorms, Frozen: params,
	}
	p, err := m.Program(build)
	if err != nil {
		return nil, err
	}
	t := &Trainer{
		model:  m,
		batch:  batch,
		rule:   rule,
		target: make([]float32, batch*m.Net.Classes),
		logits: make([]float32, batch*m.Net.Classes),
		frozen: m.Net.Norms[:norms],
	}
	for _, n := range m.Net.Norms[norms:] {
		values := float32(batch * n.Positions)
		if values < 2 {
			return nil, fmt.Errorf("a batch of %d images has one value per channel at %s: batch norm needs more to train", batch, n.Name)
		}
		mean, variance := m.Weights[n.Name+".running_mean"].Data, m.Weights[n.Name+".running_var"].Data
		t.norms = append(t.norms, running{nets.StatsName(n.Name), mean, variance, make([]float32, 2*n.Channels), values / (values - 1)})
	}
	for i, p := range m.Net.Params {
		if build.Trains(i, p) {
			t.params = append(t.params, t.learn(p.Name))
		}
	}
	if t.exe, err = dev.Compile(p, nil); err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	err = t.prepareUpdate()
	if err == nil {
		err = m.setStatistics(t.exe, t.frozen)
	}
	for i, p := range m.Net.Params {
		if err == nil && !p.Running() && !build.Trains(i, p) {
			err = t.exe.SetParam(p.Name, m.Weights[p.Name].Data)
		}
	}
	if err != nil {
		t.exe.Close()
		return nil, err
	}
	return t, nil
}

// learn allocates the optimizer's state of a parameter.
func (t *Trainer) learn(name string) trained {
	p := trained{name: name, grad: nets.GradName(name), weight: t.model.Weights[name].Data}
	for i := range t.rule.State() {
		p.state[i] = make([]float32, len(p.weight))
	}
	return p
}

// prepareUpdate loads the weights and chooses where gradients are read and updates run. A device
// in host memory shares the model's weights instead of copying them.
func (t *Trainer) prepareUpdate() error {
	local, isLocal := t.exe.(plan.Local)
	t.apply = (*optim.Update).Apply
	t.each = func(n int, body func(worker, i int)) {
		for i := range n {
			body(0, i)
		}
	}
	if isLocal {
		t.each, t.apply = local.Each, local.Update
	}
	for i := range t.params {
		p := &t.params[i]
		if isLocal {
			p.gradient = local.View(p.grad)
		}
		if !isLocal || !local.Share(p.name, p.weight) {
			if err := t.exe.SetParam(p.name, p.weight); err != nil {
				return err
			}
		}
		p.viewed = p.gradient != nil
		if !p.viewed {
			p.gradient = make([]float32, len(p.weight))
		}
		for from := 0; from < len(p.weight); from += chunkSize {
			t.chunks = append(t.chunks, chunk{i, from, min(from+chunkSize, len(p.weight))})
		}
	}
	t.change = t.changeChunk
	return nil
}

// changeChunk updates one chunk of weights.
func (t *Trainer) changeChunk(_, i int) {
	c := t.chunks[i]
	p := &t.params[c.param]
	var state [2][]float32
	for i, s := range p.state {
		if s != nil {
			state[i] = s[c.from:c.to]
		}
	}
	t.apply(&t.update, p.weight[c.from:c.to], p.gradient[c.from:c.to], state[0], state[1])
}

// applyUpdates updates the weights.
func (t *Trainer) applyUpdates() error {
	t.steps++
	t.update = t.rule.Update(t.steps, t.LearningRate)
	t.each(len(t.chunks), t.change)
	for _, p := range t.params {
		if err := t.exe.SetParam(p.name, p.weight); err != nil {
			return err
		}
	}
	return nil
}

// Batch returns the batch size.
func (t *Trainer) Batch() int { return t.batch }

// Examples is a batch to train on.
type Examples struct {
	X      []float32 // images [N,C,H,W]
	Labels []int     // their classes
	// Targets are class probabilities [N,K] that replace one-hot labels; nil: one-hot labels.
	Targets []float32
	// DropoutMask [N,Net.Features] is 1 for kept inputs of the last linear layer, else 0; nil without
	// dropout.
	DropoutMask []float32
}

// Step is StepOn for images x [N,C,H,W] and labels [N].
func (t *Trainer) Step(ctx context.Context, x []float32, labels []int) (loss float64, correct int, err error) {
	return t.StepOn(ctx, Examples{X: x, Labels: labels})
}

// StepOn trains on one batch. It returns the mean loss and the number of correctly classified
// images, both before the update. On an error, including ctx's, the model is unchanged.
func (t *Trainer) StepOn(ctx context.Context, e Examples) (loss float64, correct int, err error) {
	if err := t.setBatch(e); err != nil {
		return 0, 0, err
	}
	if err := t.exe.Run(ctx); err != nil {
		return 0, 0, err
	}
	if err := t.readBack(); err != nil {
		return 0, 0, err
	}
	for _, n := range t.norms {
		n.update()
	}
	if err := t.applyUpdates(); err != nil {
		return 0, 0, err
	}
	classes := t.model.Net.Classes
	for i, label := range e.Labels {
		if measure.Argmax(t.logits[i*classes:(i+1)*classes]) == label {
			correct++
		}
	}
	return float64(t.loss[0]), correct, nil
}

func (t *Trainer) setBatch(e Examples) error {
	if len(e.Labels) != t.batch || len(e.X) != t.model.images(t.batch) {
		return fmt.Errorf("%d values and %d labels for a batch of %d images", len(e.X), len(e.Labels), t.batch)
	}
	target := e.Targets
	if target == nil {
		target = t.target
		if err := t.model.oneHot(target, e.Labels); err != nil {
			return err
		}
	}
	if e.DropoutMask != nil {
		if err := t.exe.SetInput(nets.DropoutMaskName, e.DropoutMask); err != nil {
			return err
		}
	}
	if err := t.exe.SetInput(nets.InputName, e.X); err != nil {
		return err
	}
	return t.exe.SetInput(nets.TargetName, target)
}

// oneHot sets target [N,K] to the one-hot encoding of labels.
func (m *Model) oneHot(target []float32, labels []int) error {
	classes := m.Net.Classes
	clear(target)
	for i, label := range labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("label %d of image %d in the batch is not one of %d classes", label, i, classes)
		}
		target[i*classes+label] = 1
	}
	return nil
}

// readBack copies a step's results from the device.
func (t *Trainer) readBack() error {
	if err := t.exe.Output(nets.LossName, t.loss[:]); err != nil {
		return err
	}
	if err := t.exe.Output(nets.LogitsName, t.logits); err != nil {
		return err
	}
	for _, p := range t.params {
		if p.viewed {
			continue
		}
		if err := t.exe.Output(p.grad, p.gradient); err != nil {
			return err
		}
	}
	for _, n := range t.norms {
		if err := t.exe.Output(n.output, n.stats); err != nil {
			return err
		}
	}
	return nil
}

// update updates the running statistics by exponential averaging.
func (n running) update() {
	for c := range n.mean {
		n.mean[c] += statsMomentum * (n.stats[c] - n.mean[c])
		n.variance[c] += statsMomentum * (n.stats[len(n.mean)+c]*n.unbiased - n.variance[c])
	}
}

// Close frees the trainer's memory on the device.
func (t *Trainer) Close() error { return t.exe.Close() }
