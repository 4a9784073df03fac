package train

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// evaluationBatch is how many images are classified at a time when accuracy is measured.
const evaluationBatch = 128

// Run trains a new model in a run folder and reports every event after it is in the
// folder. The model is written after every epoch, so that a run that is cancelled or
// fails leaves its last whole epoch behind; one that has none leaves nothing.
func Run(ctx context.Context, dir string, c Config, data *dataset.Data, device plan.Device, report func(Event)) (*model.Model, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	set, err := trainingSet(c, data)
	if err != nil {
		return nil, err
	}
	m, err := newModel(c, set)
	if err != nil {
		return nil, err
	}
	loader := newLoader(newInputs(set, c), c, m.Net.Features)
	if loader.steps() == 0 {
		return nil, fmt.Errorf("%d training images do not fill a batch of %d: use a smaller --batch", loader.order.len(), c.Batch)
	}
	folder, err := newFolder(dir, c)
	if err != nil {
		return nil, err
	}
	if err := keepLabels(dir, set, c); err != nil {
		folder.discard()
		return nil, err
	}
	r := &run{config: c, model: m, device: device, test: data.Test, loader: loader, folder: folder, report: report, started: time.Now()}
	err = r.train(ctx)
	folder.close()
	if err != nil && !r.saved {
		folder.discard()
	}
	return m, err
}

// run is a training under way.
type run struct {
	config  Config
	model   *model.Model
	device  plan.Device
	test    dataset.Set
	loader  *loader
	folder  *folder
	report  func(Event)
	started time.Time
	saved   bool // there is a model in the folder

	adversary *adversary // nil: none
}

func (r *run) train(ctx context.Context) error {
	c := r.config
	rule, err := c.rule()
	if err != nil {
		return err
	}
	trainer, err := r.model.NewTrainerWith(r.device, model.TrainerOptions{Batch: c.Batch, Rule: rule, Dropout: c.Dropout, FixedNorms: c.FixedNorms})
	if err != nil {
		return err
	}
	defer trainer.Close()
	if r.adversary, err = newAdversary(r.model, r.device, c); err != nil {
		return err
	}
	defer r.adversary.close()
	rate, err := newSchedule(c, r.loader.steps(), c.total(r.loader.steps()))
	if err != nil {
		return err
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	go r.loader.run(loading, 0)
	for epoch := 0; epoch*r.loader.steps() < c.total(r.loader.steps()); epoch++ {
		event, err := r.epoch(ctx, trainer, rate, epoch)
		if err != nil {
			return err
		}
		if err := r.model.Save(filepath.Join(r.folder.dir, ModelFile)); err != nil {
			return err
		}
		r.saved = true
		if err := r.emit(event); err != nil {
			return err
		}
	}
	return nil
}

// epoch trains on every batch once and measures what came of it.
func (r *run) epoch(ctx context.Context, trainer *model.Trainer, rate schedule, epoch int) (Event, error) {
	event := Event{Type: "epoch", Epoch: epoch + 1}
	perEpoch, started := r.loader.steps(), time.Now()
	steps := min(perEpoch, r.config.total(perEpoch)-epoch*perEpoch)
	var right bands.Score
	for step := range steps {
		event.Step = epoch*perEpoch + step + 1
		event.LearningRate = rate(event.Step - 1)
		trainer.LearningRate = event.LearningRate
		loss, correct, err := r.step(ctx, trainer)
		if err != nil {
			return event, err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return event, fmt.Errorf("training diverged at step %d: the loss is %v; try a smaller --lr", event.Step, loss)
		}
		event.Loss += loss / float64(steps)
		right = right.Add(bands.Score{Correct: correct, N: r.config.Batch})
	}
	if r.config.Mixup == 0 {
		event.Train = &right
	}
	event.ImagesPerSecond = float64(steps*r.config.Batch) / time.Since(started).Seconds()
	if r.test == nil {
		return event, nil
	}
	test, err := r.accuracy(ctx)
	event.Test = &test
	return event, err
}

// step trains on the next batch.
func (r *run) step(ctx context.Context, trainer *model.Trainer) (loss float64, correct int, err error) {
	b, ok := <-r.loader.ready
	if !ok {
		return 0, 0, ctx.Err()
	}
	defer func() { r.loader.use <- b }()
	if b.err != nil {
		return 0, 0, b.err
	}
	x, err := r.adversary.change(ctx, b)
	if err != nil {
		return 0, 0, err
	}
	return trainer.StepOn(ctx, model.Examples{X: x, Labels: b.labels, Targets: b.target, Keep: b.keep})
}

// accuracy measures the model on the test split.
func (r *run) accuracy(ctx context.Context) (bands.Score, error) {
	e, err := r.model.NewEvaluator(r.device, evaluationBatch, model.RunningStatistics)
	if err != nil {
		return bands.Score{}, err
	}
	defer e.Close()
	m, err := bands.NewMeasurement(r.test, bands.Request{Threads: max(1, r.config.Threads)})
	if err != nil {
		return bands.Score{}, err
	}
	result, err := m.Run(ctx, evaluator{e, len(r.model.Classes)}, nil)
	return result.Whole, err
}

// evaluator is a model.Evaluator as package bands wants it.
type evaluator struct {
	*model.Evaluator
	classes int
}

func (e evaluator) Classes() int { return e.classes }

func (r *run) emit(e Event) error {
	e.Time = time.Now()
	e.Seconds = e.Time.Sub(r.started).Seconds()
	if err := r.folder.append(e); err != nil {
		return err
	}
	if r.report != nil {
		r.report(e)
	}
	return nil
}
