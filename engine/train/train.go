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
	"hfcui/engine/nets"
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
	ch, h, w := set.Shape()
	m, err := model.New(c.Net, [3]int{ch, h, w}, set.Classes(), nets.He, c.Seed)
	if err != nil {
		return nil, err
	}
	loader := newLoader(set, c)
	if loader.steps() == 0 {
		return nil, fmt.Errorf("%d training images do not fill a batch of %d: use a smaller --batch", set.Len(), c.Batch)
	}
	folder, err := newFolder(dir, c)
	if err != nil {
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

// trainingSet is the split that is trained on: labels permuted once, if asked for.
func trainingSet(c Config, data *dataset.Data) (dataset.Set, error) {
	set := data.Train
	switch {
	case set == nil:
		return nil, fmt.Errorf("%s has no training images: put them in a folder named train", data.Name)
	case len(set.Classes()) < 2:
		return nil, fmt.Errorf("%s has fewer than two classes to tell apart", data.Name)
	}
	if ch, _, _ := set.Shape(); ch == 0 {
		return nil, fmt.Errorf("the images of %s differ in size: resize them to one size first", data.Name)
	}
	if c.Limit > 0 && c.Limit < set.Len() {
		set = dataset.Subset(set, c.Limit)
	}
	if c.ShuffleLabels {
		set = dataset.Shuffled(set, c.Seed)
	}
	return set, nil
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
}

func (r *run) train(ctx context.Context) error {
	rule, err := r.config.rule()
	if err != nil {
		return err
	}
	trainer, err := r.model.NewTrainer(r.device, r.config.Batch, rule)
	if err != nil {
		return err
	}
	defer trainer.Close()
	rate, err := newSchedule(r.config.Schedule, r.config.LearningRate, r.config.Epochs*r.loader.steps())
	if err != nil {
		return err
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	go r.loader.run(loading, 0)
	for epoch := range r.config.Epochs {
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
	steps, started := r.loader.steps(), time.Now()
	for step := range steps {
		b, ok := <-r.loader.ready
		if !ok {
			return event, ctx.Err()
		}
		if b.err != nil {
			return event, b.err
		}
		event.Step = epoch*steps + step + 1
		event.LearningRate = rate(event.Step - 1)
		trainer.LearningRate = event.LearningRate
		loss, correct, err := trainer.Step(ctx, b.x, b.labels)
		r.loader.use <- b
		if err != nil {
			return event, err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return event, fmt.Errorf("training diverged at step %d: the loss is %v; try a smaller --lr", event.Step, loss)
		}
		event.Loss += loss / float64(steps)
		event.Train = event.Train.Add(bands.Score{Correct: correct, N: r.config.Batch})
	}
	event.ImagesPerSecond = float64(steps*r.config.Batch) / time.Since(started).Seconds()
	if r.test == nil {
		return event, nil
	}
	test, err := r.accuracy(ctx)
	event.Test = &test
	return event, err
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
