package model

import (
	"context"
	"fmt"

	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// Trainer changes a model's weights batch by batch. While a step runs nobody else may use
// the model's weights.
type Trainer struct {
	LearningRate float64 // of the next step

	model  *Model
	exe    plan.Executable
	batch  int
	rule   optim.Rule
	steps  int // made so far
	update optim.Update
	params []trained
	apply  func(u *optim.Update, w, g, s, t []float32)
	each   func(n int, body func(worker, i int)) // shares a loop over threads
	chunks []chunk
	norms  []running
	target []float32
	logits []float32
	loss   [1]float32
	change func(worker, i int)
}

// trained is a parameter that is learned.
type trained struct {
	name, grad       string
	weight, gradient []float32
	viewed           bool         // gradient is the device's
	state            [2][]float32 // the rule's
}

// chunk is some elements of a parameter.
type chunk struct{ param, from, to int }

// chunkSize is a multiple of all vectors' lengths, so that results do not depend on where
// chunks begin, and such that what a chunk's update reads and writes stays in the cache.
const chunkSize = 1 << 13

// running is a batch-norm layer whose statistics are kept.
type running struct {
	output         string
	mean, variance []float32 // the model's
	stats          []float32 // the batch's
	unbiased       float32   // n/(n−1)
}

// momentum with which running statistics follow the batches', PyTorch's default.
const statsMomentum = 0.1

// NewTrainer compiles the model's training program: batch statistics, loss, gradients. Weights
// follow the rule, at a learning rate that is to be set.
func (m *Model) NewTrainer(dev plan.Device, batch int, rule optim.Rule) (*Trainer, error) {
	if err := rule.Check(); err != nil {
		return nil, err
	}
	p, err := m.Net.Program(nets.Build{Batch: batch, Mean: m.Mean, Std: m.Std, BatchStatistics: true, Train: true})
	if err != nil {
		return nil, err
	}
	t := &Trainer{
		model:  m,
		batch:  batch,
		rule:   rule,
		target: make([]float32, batch*m.Net.Classes),
		logits: make([]float32, batch*m.Net.Classes),
	}
	for _, n := range m.Net.Norms {
		values := float32(batch * n.Positions)
		if values < 2 {
			return nil, fmt.Errorf("a batch of %d images has one value a channel at %s: batch norm needs more to train", batch, n.Name)
		}
		mean, variance := m.Weights[n.Name+".running_mean"].Data, m.Weights[n.Name+".running_var"].Data
		t.norms = append(t.norms, running{nets.StatsName(n.Name), mean, variance, make([]float32, 2*n.Channels), values / (values - 1)})
	}
	for _, p := range m.Net.Params {
		if p.Trained() {
			t.params = append(t.params, t.learn(p.Name))
		}
	}
	if t.exe, err = dev.Compile(p); err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	if err := t.prepareUpdate(); err != nil {
		t.exe.Close()
		return nil, err
	}
	return t, nil
}

// learn makes what the rule needs to change a parameter.
func (t *Trainer) learn(name string) trained {
	p := trained{name: name, grad: nets.GradName(name), weight: t.model.Weights[name].Data}
	for i := range t.rule.State() {
		p.state[i] = make([]float32, len(p.weight))
	}
	return p
}

// prepareUpdate gives the device its weights and finds out where gradients come from and who
// updates weights. A device whose memory is this process's takes the model's weights as they
// lie: there is no second copy.
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

// changeChunk changes some weights by their gradients.
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

// applyUpdates changes the weights.
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

// Batch is the batch size.
func (t *Trainer) Batch() int { return t.batch }

// Step trains on one batch of images x [N,C,H,W] with their classes. It gives the mean loss
// and the number of images classified right, both from before the weights change. When
// there is an error, also when ctx ends, the model is as before the step.
func (t *Trainer) Step(ctx context.Context, x []float32, labels []int) (loss float64, correct int, err error) {
	if err := t.setBatch(x, labels); err != nil {
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
	for i, label := range labels {
		if largest(t.logits[i*classes:(i+1)*classes]) == label {
			correct++
		}
	}
	return float64(t.loss[0]), correct, nil
}

func (t *Trainer) setBatch(x []float32, labels []int) error {
	classes := t.model.Net.Classes
	if len(labels) != t.batch || len(x) != t.model.images(t.batch) {
		return fmt.Errorf("%d values and %d labels for a batch of %d images", len(x), len(labels), t.batch)
	}
	clear(t.target)
	for i, label := range labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("label %d of image %d in the batch is not one of %d classes", label, i, classes)
		}
		t.target[i*classes+label] = 1
	}
	if err := t.exe.SetInput(nets.InputName, x); err != nil {
		return err
	}
	return t.exe.SetInput(nets.TargetName, t.target)
}

// readBack copies everything a step needs from the device.
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

// update lets the running statistics follow the batch's.
func (n running) update() {
	for c := range n.mean {
		n.mean[c] += statsMomentum * (n.stats[c] - n.mean[c])
		n.variance[c] += statsMomentum * (n.stats[len(n.mean)+c]*n.unbiased - n.variance[c])
	}
}

// largest is the index of the first largest element.
func largest(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// Close frees the trainer's memory.
func (t *Trainer) Close() error { return t.exe.Close() }
