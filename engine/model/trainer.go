package model

import (
	"context"
	"errors"
	"fmt"

	"hfcui/engine/nets"
	"hfcui/engine/optim"
	"hfcui/engine/plan"
)

// Trainer trains a model, one batch per step. The model's weights must not be used during a step,
// nor after it before Sync.
type Trainer struct {
	LearningRate float64 // of the next step

	model    *Model
	learner  plan.Learner
	training plan.Training
	batch    int
	steps    int         // completed
	frozen   []nets.Norm // use running statistics
}

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
	t := &Trainer{model: m, batch: batch, frozen: m.Net.Norms[:norms]}
	t.training = plan.Training{
		Program: p, Rule: rule, Input: nets.InputName, Target: nets.TargetName, Loss: nets.LossName, Logits: nets.LogitsName,
	}
	if _, err := p.Find(plan.Input, nets.DropoutMaskName); err == nil {
		t.training.Mask = nets.DropoutMaskName
	}
	for _, n := range m.Net.Norms[norms:] {
		values := batch * n.Positions
		if values < 2 {
			return nil, fmt.Errorf("a batch of %d images has one value per channel at %s: batch norm needs more to train", batch, n.Name)
		}
		mean, variance := m.Weights[n.Name+".running_mean"].Data, m.Weights[n.Name+".running_var"].Data
		t.training.Norms = append(t.training.Norms, plan.RunningNorm{Stats: nets.StatsName(n.Name), Values: values, Mean: mean, Variance: variance})
	}
	for i, p := range m.Net.Params {
		if build.Trains(i, p) {
			t.training.Params = append(t.training.Params, t.learn(p.Name))
		}
	}
	if t.learner, err = plan.Learn(dev, &t.training); err != nil {
		return nil, fmt.Errorf("compiling %s for %s: %w", m.Net.Name, dev.Name(), err)
	}
	if err := t.setFixed(); err != nil {
		t.learner.Close()
		return nil, err
	}
	return t, nil
}

// learn allocates the optimizer's state of a parameter.
func (t *Trainer) learn(name string) plan.Trained {
	p := plan.Trained{Name: name, Grad: nets.GradName(name), Value: t.model.Weights[name].Data}
	for i := range t.training.Rule.State() {
		p.State[i] = make([]float32, len(p.Value))
	}
	return p
}

// setFixed sets the parameters that are not trained.
func (t *Trainer) setFixed() error {
	trained := make(map[string]bool)
	for _, p := range t.training.Params {
		trained[p.Name] = true
	}
	for _, p := range t.model.Net.Params {
		if p.Running() || trained[p.Name] {
			continue
		}
		if err := t.learner.SetParam(p.Name, t.model.Weights[p.Name].Data); err != nil {
			return err
		}
	}
	return t.model.setStatistics(t.learner, t.frozen)
}

// Batch returns the batch size.
func (t *Trainer) Batch() int { return t.batch }

// Examples is a batch to train on.
type Examples struct {
	X     []float32   // images [N,C,H,W]
	Picks *plan.Picks // replaces X after KeepImages
	// Ascended replaces X by where its last AscendKept from the trainer's images has ended.
	Ascended *Differentiator
	Labels   []int // their classes
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
// images, both before the update. On an error, including ctx's, the model is unchanged. No results
// of steps begun may be unread.
func (t *Trainer) StepOn(ctx context.Context, e Examples) (loss float64, correct int, err error) {
	if err := t.Begin(ctx, e); err != nil {
		return 0, 0, err
	}
	return t.Result()
}

// Begin is StepOn without its result: it may return before the device has done the work. On an
// error, including ctx's, the model is unchanged.
func (t *Trainer) Begin(ctx context.Context, e Examples) error {
	b := &plan.Batch{
		Images: e.X, Picks: e.Picks, Labels: e.Labels, Targets: e.Targets, Mask: e.DropoutMask,
		Update: t.training.Rule.Update(t.steps+1, t.LearningRate),
	}
	if e.Ascended != nil {
		b.Ascended, _ = e.Ascended.exe.(plan.KeptAscending)
	}
	err := t.learner.Step(ctx, b)
	if err == nil {
		t.steps++
	}
	return err
}

// Result waits for the oldest step begun whose result has not been read, and returns it as StepOn
// does.
func (t *Trainer) Result() (loss float64, correct int, err error) {
	r, err := t.learner.Result()
	return r.Loss, r.Correct, err
}

// KeepsImages reports whether KeepImages is possible.
func (t *Trainer) KeepsImages() bool {
	_, ok := t.learner.(plan.ImageKeeper)
	return ok
}

// KeepImages copies training images to the device, for examples that pick from them. It is an error
// if the device cannot keep them.
func (t *Trainer) KeepImages(m *plan.Images) error {
	k, ok := t.learner.(plan.ImageKeeper)
	if !ok {
		return errors.New("the device keeps no images")
	}
	return k.KeepImages(m)
}

// Lag is the number of results to leave unread for full speed, 0 or 1.
func (t *Trainer) Lag() int { return t.learner.Lag() }

// Sync copies the weights and running statistics after all steps begun to the model.
func (t *Trainer) Sync() error { return t.learner.ReadWeights() }

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

// Close frees the trainer's memory on the device.
func (t *Trainer) Close() error { return t.learner.Close() }
