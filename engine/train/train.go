package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// Options observe and control a run. All fields may be nil. The functions are called from one
// goroutine at a time and block training.
type Options struct {
	Event    func(Event)    // after it is written
	Progress func(Progress) // after every step and during evaluation
	Control  *Control
	// Begins is called before training with the model that a run of Config.Model starts with.
	Begins func(*model.Model)
	// Notes is called before with what is to be known about the images: how they are resized, what was
	// skipped or assumed.
	Notes func([]string)
	// Start is the model of Config.Model, if it is already in memory, as it was opened there. It is
	// not changed.
	Start *model.Model
	// Yield lets work of higher priority run first, between instructions of the run's programs and
	// between reads of images for evaluation.
	Yield plan.Yield
}

// Result is the result of a run.
type Result struct {
	Model *model.Model
	Last  *EpochEvent // of the last epoch
	// Already is set if the folder had the finished run, and nothing was done.
	Already bool
}

// StoppedError is the error of a run whose context ended. Its state is saved.
type StoppedError struct {
	Dir  string
	Step int
	Err  error // the context's
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("stopped at step %d, saved in %s", e.Step, e.Dir)
}

func (e *StoppedError) Unwrap() error { return e.Err }

// Run trains a model in a run folder. If the folder has a run of the same Config, it resumes from
// the last checkpoint, bit for bit as without interruption. A finished run is only read.
//
// When ctx ends, or training fails, everything up to the last complete step is saved. The error is
// a *StoppedError if ctx ended, and a *DivergedError if the loss or a weight is no longer finite;
// the last finite state stays.
func Run(ctx context.Context, dir string, c Config, data *dataset.Data, device plan.Device, o Options) (*Result, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c, data, err := sized(c, data, dir, o.Start)
	if err != nil {
		return nil, err
	}
	if o.Notes != nil {
		o.Notes(data.Notes)
	}
	set, err := trainingSet(c, data)
	if err != nil {
		return nil, err
	}
	m, err := newModel(c, set, dir, o.Start)
	if err != nil {
		return nil, err
	}
	if c.Model != "" {
		c.Net = m.Net.Name
	}
	loader := newLoader(newInputs(set, c), c, m.Net.Features)
	if loader.steps() == 0 {
		return nil, fmt.Errorf("%d training images are fewer than the batch size %d: use a smaller --batch", loader.order.len(), c.Batch)
	}
	folder, err := openFolder(dir, c)
	if err != nil {
		return nil, err
	}
	defer folder.close()
	if result, err := ended(dir); result != nil || err != nil {
		return result, err
	}
	if err := errors.Join(keepLabels(dir, set, c), keepStart(dir, c, m)); err != nil {
		if folder.fresh {
			folder.discard()
		}
		return nil, err
	}
	r := &run{
		config: c, options: o, loader: loader, folder: folder, saver: &saver{folder: folder, config: c},
		model: m, train: set, test: data.Test,
		perEpoch: loader.steps(), total: c.total(loader.steps()),
	}
	if c.Model != "" && o.Begins != nil {
		o.Begins(m)
	}
	r.device = plan.Yielding(device, r.yield)
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	return &Result{Model: m, Last: r.last}, nil
}

// ended returns the result or the error of an ended run in a folder; both nil if it has not ended.
func ended(dir string) (*Result, error) {
	s, err := ReadStatus(dir)
	if err != nil || s.End == nil {
		return nil, err
	}
	switch s.End.Reason {
	case Diverged:
		return nil, fmt.Errorf("the run in %s has ended: %s: name another folder with --run", dir, s.End.Error)
	case Finished:
		m, err := loadModel(dir)
		return &Result{Model: m, Last: s.Last, Already: true}, err
	}
	return nil, nil
}

// run is a run in progress.
type run struct {
	config  Config
	options Options
	device  plan.Device
	loader  *loader
	folder  *folder
	saver   *saver
	model   *model.Model
	trainer *model.Trainer
	meter   *meter

	adversary *adversary // nil: none
	rate      schedule
	train     dataset.Set // whole images with the labels trained on
	test      dataset.Set // may be nil

	perEpoch, total int // steps
	at              position
	begins          []time.Duration // how long beginning a step took, of those begun after at
	kept            *position       // of the last checkpoint written by this process
	usage           usage
	begun           time.Time // start time, shifted by interruptions
	here            time.Time // when this process started or resumed it
	from            int       // and its step at that time
	last            *EpochEvent
}

// run trains from the folder's state to the end.
func (r *run) run(ctx context.Context) error {
	if err := r.prepare(); err != nil {
		if r.folder.fresh {
			r.folder.discard()
		}
		return err
	}
	defer r.close()
	err := r.steps(ctx)
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		return r.leave(ctx, err)
	}
	return nil
}

// prepare compiles the training programs and restores the folder's state.
func (r *run) prepare() (err error) {
	c := r.config
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	r.meter = newMeter(r.model, r.device, r.yield)
	frozen, err := c.frozen(r.model.Net)
	if err != nil {
		return err
	}
	rule, err := c.rule()
	if err != nil {
		return err
	}
	if r.trainer, err = r.model.NewTrainerWith(r.device, model.TrainerOptions{Batch: c.Batch, Rule: rule, Dropout: c.Dropout, FixedNorms: c.FixedNorms, Frozen: frozen}); err != nil {
		return err
	}
	if r.adversary, err = newAdversary(r.model, r.device, c, r.perEpoch); err != nil {
		return err
	}
	if r.rate, err = newSchedule(c, r.perEpoch, r.total); err != nil {
		return err
	}
	return r.resume()
}

// close frees the resources of prepare.
func (r *run) close() {
	r.meter.close()
	r.adversary.close()
	if r.trainer != nil {
		r.trainer.Close()
	}
}

// resume restores the folder's checkpoint.
func (r *run) resume() error {
	state, err := r.trainer.State()
	if err != nil {
		return err
	}
	at, found, err := restore(r.folder.dir, r.config, r.model, state)
	if err != nil {
		return err
	}
	if found && at.Images != r.train.Len() {
		return fmt.Errorf("%s was started with %d training images, but there are %d now: restore the data, or use another folder with --run",
			r.folder.dir, at.Images, r.train.Len())
	}
	if err := r.folder.cut(at.Events); err != nil {
		return err
	}
	r.at = at
	r.at.Images = r.train.Len()
	r.here = r.clock()
	r.usage.since(time.Now())
	r.begun = r.here.Add(-time.Duration(at.Seconds * float64(time.Second)))
	r.from = at.Step
	r.saver.begins(time.Now())
	if !found {
		return nil
	}
	if s, err := ReadStatus(r.folder.dir); err == nil {
		r.last = s.Last
	}
	if err := r.trainer.Resume(at.Step); err != nil {
		return err
	}
	return r.emit(&CheckpointEvent{Stamp: r.stamp("checkpoint"), Resumed: true})
}

// steps trains and evaluates to the end.
func (r *run) steps(ctx context.Context) error {
	if err := r.keepImages(ctx); err != nil {
		return err
	}
	loading, stop := context.WithCancel(ctx)
	go r.loader.run(loading, r.at.Step)
	defer func() {
		stop()
		for range r.loader.ready { // closed at the end
		}
	}()
	for {
		if r.at.Pending {
			if err := r.endEpoch(ctx); err != nil {
				return err
			}
			if err := r.keep(true); err != nil {
				return err
			}
		}
		if r.at.Step == r.total {
			return nil
		}
		if err := r.step(ctx); err != nil {
			return err
		}
		if err := r.keep(false); err != nil {
			return err
		}
	}
}

// step begins the next step of the epoch and reports the oldest one, unless the device works best
// with that one's result unread.
func (r *run) step(ctx context.Context) error {
	if next := r.at.Step + len(r.begins); len(r.begins) == 0 || next < r.total && next%r.perEpoch != 0 {
		since := r.clock()
		if err := r.begin(ctx, next); err != nil {
			return err
		}
		if r.begins = append(r.begins, r.clock().Sub(since)); len(r.begins) <= r.trainer.Lag() {
			return nil
		}
	}
	return r.account()
}

// account waits for the oldest step begun and reports it. A step takes as long as beginning it and
// waiting for its result: devices may compute it in either.
func (r *run) account() error {
	since := r.clock()
	loss, correct, err := r.trainer.Result()
	if err != nil {
		return err
	}
	took, rate := r.begins[0]+r.clock().Sub(since), r.rate(r.at.Step)
	r.begins = append(r.begins[:0], r.begins[1:]...)
	if loss-loss != 0 {
		return &DivergedError{Step: r.at.Step + 1, What: fmt.Sprintf("the loss is %v", loss)}
	}
	r.at.Step++
	r.at.Pending = r.at.Step%r.perEpoch == 0 || r.at.Step == r.total
	t := tally{Steps: 1, Loss: loss, Seconds: took.Seconds()}
	if r.config.Mixup == 0 {
		t.Correct, t.N = correct, r.config.Batch
	}
	r.at.Epoch.add(t)
	r.at.Recent.add(t)
	if r.at.Step%stepEvents(r.perEpoch, r.total) == 0 {
		recent := r.at.Recent
		r.at.Recent = tally{}
		cores, memory := r.usage.since(time.Now())
		err = r.emit(&StepEvent{Stamp: r.stamp("step"), Steps: r.total, Loss: recent.loss(), Train: recent.score(),
			LearningRate: rate, ImagesPerSecond: recent.speed(r.config.Batch), Cores: cores, Memory: memory})
	}
	r.progress("train", (r.at.Step-1)%r.perEpoch+1, r.perEpoch)
	return err
}

// begin begins a step, counted from 0, on the next batch.
func (r *run) begin(ctx context.Context, step int) error {
	b, ok := <-r.loader.ready
	if !ok {
		return ctx.Err()
	}
	defer func() { r.loader.use <- b }()
	if b.err != nil {
		return b.err
	}
	if err := r.adversary.follow(r.trainer); err != nil {
		return err
	}
	r.trainer.LearningRate = r.rate(step)
	e := model.Examples{X: b.x, Labels: b.labels, Targets: b.target, DropoutMask: b.keep}
	if r.loader.kept {
		e.X, e.Picks = nil, &b.picks
	}
	if err := r.adversary.change(ctx, r.trainer, &e, b, step); err != nil {
		return err
	}
	return r.trainer.Begin(ctx, e)
}

const (
	stepEventsAnEpoch = 50
	stepEventsARun    = 10_000
)

// stepEvents returns the number of steps per StepEvent: few enough for several events per epoch,
// but enough to keep the files of long runs fast to read and draw.
func stepEvents(perEpoch, total int) int {
	return max(1, (perEpoch+stepEventsAnEpoch-1)/stepEventsAnEpoch, (total+stepEventsARun-1)/stepEventsARun)
}

// endEpoch evaluates the model after an epoch.
func (r *run) endEpoch(ctx context.Context) error {
	if err := r.trainer.Sync(); err != nil {
		return err
	}
	sum := r.at.Epoch
	e := &EpochEvent{Loss: sum.loss(), Train: sum.score(), LearningRate: r.rate(r.at.Step - 1), ImagesPerSecond: sum.speed(r.config.Batch)}
	if r.test != nil {
		if err := r.testAll(ctx); err != nil {
			return r.measured(err)
		}
		test := r.at.Tested
		e.Test = &test
	}
	var b *BandsEvent
	if epoch := r.stamp("").Epoch; r.config.Bands.due(epoch, r.at.Step == r.total) {
		var err error
		if b, err = r.meter.bands(ctx, r.train, r.test, *r.config.Bands, r.measuring("bands")); err != nil {
			return r.measured(err)
		}
	}
	if epoch := r.stamp("").Epoch; r.config.keeps(epoch, (r.total+r.perEpoch-1)/r.perEpoch) {
		var err error
		if e.Checkpoint, err = r.keepEpoch(epoch); err != nil {
			return err
		}
	}
	e.Stamp, e.Roughness = r.stamp("epoch"), roughness(r.model)
	if err := r.emit(e); err != nil {
		return err
	}
	r.last = e
	if b != nil {
		b.Stamp = r.stamp("bands")
		if err := r.emit(b); err != nil {
			return err
		}
	}
	r.at.Pending, r.at.Epoch, r.at.Tested = false, tally{}, measure.Score{}
	return nil
}

// roughness is the kernel roughness of a model's first convolution; 0 if not finite.
func roughness(m *model.Model) float64 {
	w := m.Weights[m.FirstConv()]
	v := spectral.Roughness(w.Data, w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3])
	if v-v != 0 {
		return 0
	}
	return v
}

// testPart is the number of test images between checkpoints during evaluation, from which a killed
// run resumes.
const testPart = 8 * measure.Batch

// testAll evaluates the model on the remaining test images.
func (r *run) testAll(ctx context.Context) error {
	for r.at.Tested.N < r.test.Len() {
		from := r.at.Tested.N
		part := span{r.test, from, min(testPart, r.test.Len()-from)}
		score, err := r.meter.accuracy(ctx, part, func(result bands.Result) { r.progress("test", from+result.Whole.N, r.test.Len()) })
		if err != nil {
			return err
		}
		r.at.Tested = r.at.Tested.Add(score)
		if err := r.keep(false); err != nil {
			return err
		}
	}
	return nil
}

// measured turns the error of logits that are not finite into a *DivergedError.
func (r *run) measured(err error) error {
	if errors.Is(err, measure.ErrNotFinite) {
		return &DivergedError{Step: r.at.Step, What: "non-finite logits"}
	}
	return err
}

// stamp returns the Stamp of an event now.
func (r *run) stamp(kind string) Stamp {
	return Stamp{Type: kind, Time: time.Now().UTC(), Seconds: r.clock().Sub(r.begun).Seconds(), Step: r.at.Step, Epoch: (r.at.Step + r.perEpoch - 1) / r.perEpoch}
}

// clock returns the time without pauses.
func (r *run) clock() time.Time {
	return time.Now().Add(-r.options.Control.pausedFor())
}

// yield blocks while the run is paused or work of higher priority runs.
func (r *run) yield(ctx context.Context) error {
	if c := r.options.Control; c != nil {
		if err := c.wait(ctx, r.stands); err != nil {
			return err
		}
	}
	return r.options.Yield.Wait(ctx)
}

// stands reports that the run pauses or resumes. A failed write is ignored, as resuming does not
// need these events.
func (r *run) stands(still bool) {
	var e Event = &ResumeEvent{r.stamp("resume")}
	if still {
		e = &PauseEvent{r.stamp("pause")}
	}
	if r.folder.write(e) == nil && r.options.Event != nil {
		r.options.Event(e)
	}
}

func (r *run) emit(e Event) error {
	if err := r.folder.append(e); err != nil {
		return err
	}
	if r.options.Event != nil {
		r.options.Event(e)
	}
	return nil
}
