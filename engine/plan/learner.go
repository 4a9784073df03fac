package plan

import (
	"context"
	"errors"
	"fmt"

	"hfcui/engine/op"
	"hfcui/engine/optim"
)

// Training describes how a program trains a network: its inputs and outputs by name, and the
// arrays that change from step to step.
//
// The arrays belong to the caller. A learner starts from their values; when it has them in its own
// memory, it copies them back only when Learner.Read is called. Between a step and Read their
// values are undefined.
type Training struct {
	Program *Program   // forward, loss and gradients
	Rule    optim.Rule // the optimizer; it determines the formula and the arrays of state
	Input   string     // input: images [N,C,H,W]
	Target  string     // input: class probabilities [N,K]
	Mask    string     // input: dropout mask; "" without dropout
	Loss    string     // output: the batch's mean loss, a scalar
	Logits  string     // output: [N,K]
	Params  []Trained  // the parameters to train; others are set with Learner.SetParam
	Norms   []RunningNorm
}

// Trained is a parameter to train.
type Trained struct {
	Name  string       // of the parameter
	Grad  string       // output: the loss's gradient with respect to it
	Value []float32    // weights
	State [2][]float32 // of the optimizer, as many as Rule.State names, of the weights' size
}

// RunningNorm is a batch norm whose running statistics are updated with every batch.
type RunningNorm struct {
	Stats          string    // output [2,C]: the batch's means and biased variances
	Values         int       // per channel in a batch, N·H·W, at least 2
	Mean, Variance []float32 // [C], running
}

// StatsMomentum is the momentum of running statistics, as in PyTorch: s ← s + StatsMomentum·(b − s)
// with a batch's statistics b; its variances are unbiased, those of the program times
// Values/(Values−1).
const StatsMomentum = 0.1

// Unbiased is the factor from a batch's biased variance to the unbiased one.
func (n RunningNorm) Unbiased() float32 {
	values := float32(n.Values)
	return values / (values - 1)
}

// Batch is what one step trains on. A step does not keep its arrays.
type Batch struct {
	Images []float32 // [N,C,H,W]
	// Picks replaces Images for an ImageKeeper that keeps the images picked from.
	Picks *Picks
	// Ascended replaces Images for an ImageKeeper by those where the last AscendKept from its images
	// has ended.
	Ascended KeptAscending
	Labels   []int // [N], each at least 0 and below K
	// Targets are class probabilities [N,K] to train on; nil: one-hot labels.
	Targets []float32
	// Mask is 1 where an input of the dropout is kept, else 0; nil without dropout.
	Mask   []float32
	Update optim.Update // Rule's, for this step
}

// StepResult is the outcome of a step.
type StepResult struct {
	Loss float64 // the batch's mean loss, before the update
	// Correct is the number of images whose first largest logit is their label's, before the
	// update.
	Correct int
}

// MaxUnread is the largest number of steps whose results may be outstanding.
const MaxUnread = 2

// Learner is a compiled Training with its own memory on a device: weights, optimizer state,
// running statistics, and steps' results. It is not safe for concurrent use; other executables
// of the device may run concurrently.
type Learner interface {
	// SetParam copies data to a parameter that is not trained. It is an error if one has not been
	// set before the first step.
	SetParam(name string, data []float32) error
	// Step trains on a batch: forward and backward, then the update of weights, optimizer state
	// and running statistics. It may return before the work is done. Results are read with
	// Result; a step with MaxUnread results unread is an error.
	//
	// If ctx or the device's yield ends the step, or an array has the wrong length or a label is
	// unknown, nothing has changed: weights, state and statistics are as before, and so are the
	// results of earlier steps. Once the update has begun, a step cannot be ended.
	Step(ctx context.Context, b *Batch) error
	// Result waits for the oldest step whose result has not been read, and returns it. It is an
	// error if there is none. An error of the device leaves the learner unusable.
	Result() (StepResult, error)
	// Lag is the number of results to leave unread for full speed: 0 if Step does all the work,
	// 1 if the device works while the host prepares the next step.
	Lag() int
	// ReadWeights waits for all steps, and copies weights and running statistics to the
	// Training's arrays. Results stay unread.
	ReadWeights() error
	// ReadState does the same with the optimizer's state.
	ReadState() error
	// Write replaces weights, running statistics and the optimizer's state by the Training's
	// arrays: training resumes bit for bit as where they were read. It waits for all steps.
	Write() error
	// Close waits for all steps and frees the memory. No method may be called afterwards.
	Close() error
}

// LearningDevice is a Device with learners of its own. Its Learn gets a Training that has been
// checked, which it does not change except for the arrays' elements, and calls yield, which may be
// nil, as Compile's runs do.
type LearningDevice interface {
	Device
	Learn(t *Training, yield Yield) (Learner, error)
}

// Following is an Executable that takes parameters from a learner of its device, which need not
// cross to the host.
type Following interface {
	Executable
	// Follow copies weights and running statistics, after all steps begun, to the parameters of their
	// names: Trained.Name and RunningNorm.Stats. It returns false, and does nothing, if the learner is
	// of another device.
	Follow(l Learner) (bool, error)
}

// Check returns an error unless the names are those of the program and the arrays have the sizes
// of what they are for.
func (t *Training) Check() error {
	p := t.Program
	if err := p.Check(); err != nil {
		return err
	}
	if err := t.Rule.Check(); err != nil {
		return err
	}
	logits, err := p.Output(t.Logits)
	if err != nil {
		return err
	}
	loss, err := p.Output(t.Loss)
	if err != nil {
		return err
	}
	target, err := p.Find(Input, t.Target)
	if err != nil {
		return err
	}
	if _, err := p.Find(Input, t.Input); err != nil {
		return err
	}
	if t.Mask != "" {
		if _, err := p.Find(Input, t.Mask); err != nil {
			return err
		}
	}
	if len(logits.Shape) != 2 || target.Size() != logits.Size() || loss.Size() != 1 {
		return fmt.Errorf("cannot train with %s, %s and %s: logits and targets are [N,K], the loss is a scalar", logits, target, loss)
	}
	for i := range t.Params {
		if err := t.checkParam(&t.Params[i]); err != nil {
			return err
		}
	}
	for _, n := range t.Norms {
		if err := n.check(p); err != nil {
			return err
		}
	}
	return nil
}

func (t *Training) checkParam(q *Trained) error {
	v, err := t.Program.Find(Param, q.Name)
	if err != nil {
		return err
	}
	grad, err := t.Program.Output(q.Grad)
	if err != nil {
		return err
	}
	want := v.Size()
	if grad.Size() != want || len(q.Value) != want {
		return fmt.Errorf("%d weights and the gradient %s for %s", len(q.Value), grad, v)
	}
	for i := range t.Rule.State() {
		if len(q.State[i]) != want {
			return fmt.Errorf("%d values of optimizer state for %s", len(q.State[i]), v)
		}
	}
	return nil
}

func (n RunningNorm) check(p *Program) error {
	stats, err := p.Output(n.Stats)
	if err != nil {
		return err
	}
	if n.Values < 2 {
		return fmt.Errorf("%s: %d values per channel in a batch, batch norm needs at least 2 to train", stats, n.Values)
	}
	if size := op.Size(stats.Shape); size != 2*len(n.Mean) || size != 2*len(n.Variance) {
		return fmt.Errorf("%d means and %d variances for %s", len(n.Mean), len(n.Variance), stats)
	}
	return nil
}

// CheckBatch returns an error unless a batch's arrays have the sizes of the program's and its
// labels are classes.
func (t *Training) CheckBatch(b *Batch) error {
	if b.Ascended != nil {
		return errors.New("a batch of an ascent's images, but the learner keeps none")
	}
	return t.checkBatch(b, true)
}

// CheckAscended is CheckBatch for a batch of an ascent's images.
func (t *Training) CheckAscended(b *Batch) error {
	if b.Images != nil {
		return errors.New("a batch of both an ascent's and given images")
	}
	return t.checkBatch(b, false)
}

// checkBatch is CheckBatch; images tells whether they are in the batch.
func (t *Training) checkBatch(b *Batch, images bool) error {
	if b.Picks != nil {
		return errors.New("a batch of kept images, but none are kept")
	}
	shape := t.Program.Outputs[t.Logits].Shape
	count, classes := shape[0], shape[1]
	if len(b.Labels) != count {
		return fmt.Errorf("%d labels for a batch of %d images", len(b.Labels), count)
	}
	for i, label := range b.Labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("label %d of image %d in the batch is not one of %d classes", label, i, classes)
		}
	}
	if n := len(b.Targets); b.Targets != nil && n != count*classes {
		return fmt.Errorf("%d target values for a batch of %d images and %d classes", n, count, classes)
	}
	if b.Mask != nil && t.Mask == "" {
		return errors.New("a dropout mask for a program without dropout")
	}
	for _, given := range []struct {
		name string
		data []float32
	}{{t.Input, b.Images}, {t.Mask, b.Mask}} {
		if given.name == "" || given.name == t.Input && !images {
			continue
		}
		v, err := t.Program.Find(Input, given.name)
		if err != nil {
			return err
		}
		if len(given.data) != v.Size() {
			return fmt.Errorf("%d values for %s", len(given.data), v)
		}
	}
	return nil
}
