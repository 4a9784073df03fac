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
)

// meter evaluates a model during training. Its compiled programs are reused between measurements.
type meter struct {
	model  *model.Model
	device plan.Device
	yield  plan.Yield // between reads of images
	kept   map[evaluatorKey]*model.Evaluator
}

type evaluatorKey struct {
	batch      int
	statistics model.Statistics
}

func newMeter(m *model.Model, device plan.Device, yield plan.Yield) *meter {
	return &meter{m, device, yield, make(map[evaluatorKey]*model.Evaluator)}
}

func (m *meter) close() {
	for _, e := range m.kept {
		e.Close()
	}
}

// accuracy evaluates the model with its current weights on all images of a set.
func (m *meter) accuracy(ctx context.Context, set measure.Source, update func(bands.Result)) (measure.Score, error) {
	result, err := m.measure(ctx, set, bands.Request{}, update)
	return result.Whole, err
}

// Measure measures a model as a run does: accuracy on whole images and, at b's radii, on low- and
// high-pass images. b.Every is ignored. yield, which may be nil, is called between reads of images;
// programs yield by device.
func Measure(ctx context.Context, m *model.Model, device plan.Device, data *dataset.Data, b Bands, yield plan.Yield) (*BandsEvent, error) {
	if set := data.Test; set.Len() > 0 {
		ch, h, w := set.Shape()
		if c, y, x := m.Input(); c != ch || y != h || x != w {
			return nil, fmt.Errorf("the network's input is %d×%d×%d, the dataset's images are %d×%d×%d: use the dataset it was trained on", c, y, x, ch, h, w)
		}
		if n := len(set.Classes()); n != m.Net.Classes {
			return nil, fmt.Errorf("the network has %d classes, the dataset %d: use the dataset it was trained on", m.Net.Classes, n)
		}
	}
	meter := newMeter(m, device, yield)
	defer meter.close()
	e, err := meter.bands(ctx, data.Train, data.Test, b, nil)
	if errors.Is(err, measure.ErrNotFinite) {
		err = errors.New("non-finite logits")
	}
	return e, err
}

// bands measures accuracy on low- and high-pass images of a split.
func (m *meter) bands(ctx context.Context, train, test dataset.Set, b Bands, update func(bands.Result)) (*BandsEvent, error) {
	set := test
	if b.Split == "train" {
		set = train
	}
	if set == nil {
		return nil, fmt.Errorf("no %s images to measure bands on: use --bands-split train", b.Split)
	}
	q := bands.Request{Radii: b.Radii, Limit: b.Limit}
	var err error
	if q.Normalize, err = bands.ParseNormalization(b.Normalize); err != nil {
		return nil, err
	}
	if q.Statistics, err = model.ParseStatistics(b.BN); err != nil {
		return nil, err
	}
	result, err := m.measure(ctx, set, q, update)
	if err != nil {
		return nil, err
	}
	report := bands.NewReport("", "", b.Split, q.Normalize, q.Statistics, model.Smoothing{}, result)
	return &BandsEvent{Split: b.Split, N: report.N, Normalize: report.Normalize, BN: report.BN, Whole: report.Whole, Bands: report.Bands}, nil
}

func (m *meter) measure(ctx context.Context, set measure.Source, q bands.Request, update func(bands.Result)) (bands.Result, error) {
	q.Threads, q.Steady, q.Yield = m.device.Threads(), true, m.yield
	measurement, err := bands.NewMeasurement(set, q)
	if err != nil {
		return bands.Result{}, err
	}
	key := evaluatorKey{measure.Batch, model.RunningStatistics}
	if q.Statistics == model.BatchStatistics {
		key = evaluatorKey{min(measure.StatisticsBatch, measurement.Result().Images), model.BatchStatistics}
	}
	e, err := m.evaluator(key)
	if err != nil {
		return bands.Result{}, err
	}
	return measurement.Run(ctx, e, update)
}

// span is n images of a set, from an index.
type span struct {
	dataset.Set
	from, n int
}

func (s span) Len() int        { return s.n }
func (s span) Label(i int) int { return s.Set.Label(s.from + i) }

func (s span) ReadBatch(dst []float32, labels []int, indices []int) error {
	moved := make([]int, len(indices))
	for k, i := range indices {
		moved[k] = s.from + i
	}
	return s.Set.ReadBatch(dst, labels, moved)
}

// evaluator returns an evaluator with the current weights.
func (m *meter) evaluator(key evaluatorKey) (*model.Evaluator, error) {
	if e := m.kept[key]; e != nil {
		return e, e.Refresh()
	}
	e, err := m.model.NewEvaluator(m.device, key.batch, key.statistics)
	if err == nil {
		m.kept[key] = e
	}
	return e, err
}

// Progress is the progress of a run between events.
type Progress struct {
	Epoch, Epochs   int           // Epoch is the current one, counted from 1
	Doing           string        // train, test or bands
	Done, Of        int           // steps of this epoch, or images
	Loss            float64       // mean over the epoch's steps so far
	ImagesPerSecond float64       // training throughput in this epoch
	Left            time.Duration // ETA; 0: unknown
}

// progress reports progress.
func (r *run) progress(doing string, done, of int) {
	if r.options.Progress == nil {
		return
	}
	p := Progress{Epoch: r.stamp("").Epoch, Epochs: (r.total + r.perEpoch - 1) / r.perEpoch, Doing: doing, Done: done, Of: of}
	if sum := r.at.Epoch; sum.Steps > 0 {
		p.Loss, p.ImagesPerSecond = sum.loss(), sum.speed(r.config.Batch)
	}
	if made := r.at.Step - r.from; made > 0 {
		p.Left = time.Duration(float64(r.clock().Sub(r.here)) / float64(made) * float64(r.total-r.at.Step))
	}
	r.options.Progress(p)
}

// measuring returns a function that reports the progress of a measurement.
func (r *run) measuring(doing string) func(bands.Result) {
	return func(result bands.Result) { r.progress(doing, result.Whole.N, result.Images) }
}
