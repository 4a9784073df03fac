// Package evolution shows how a network changes during a training: the kernels of its first
// convolution and its prediction for one image, checkpoint by checkpoint.
package evolution

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"hfcui/checkpoints"
	"hfcui/engine/dataset"
	"hfcui/engine/lru"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/train"
	"hfcui/spectral"
)

// History follows the checkpoints of runs. The weights of checkpoints that were replaced since
// are kept as far as memory allows, so that the predictions for another image have a past too.
// Its methods may be called concurrently; they are serialized.
type History struct {
	device plan.Device
	images func() dataset.Set
	yield  plan.Yield

	mu       sync.Mutex
	runs     *lru.Cache[string, *run]
	program  *model.Evaluator
	compiled *model.Model  // the model program was compiled for
	once     time.Duration // spent on compiling
}

// Checkpoint is a file of weights written by a training.
type Checkpoint struct {
	Path string
	At   train.Stamp // when in the training
}

// Request asks for the history of a run.
type Request struct {
	Run         string       // identifies the run
	Checkpoints []Checkpoint // the present ones; those seen before are not read again
	Index       int          // of the image
}

// View is the history of a run. It is read-only.
type View struct {
	Points []Point       // by step
	Image  *Image        // nil without data
	Images int           // number of images to choose from
	Fault  error         // why a checkpoint could not be read; nil where all could
	Took   time.Duration // without what is done once for all checkpoints
}

// Point is one checkpoint.
type Point struct {
	At            train.Stamp
	Roughness     float64   // of the kernels
	Probabilities []float64 // of the image's classes; nil where unknown
	// Kernels (OIHW) of the first convolution, which is Layer.
	Layer   string
	Shape   [4]int
	Kernels []float32
}

// Image describes the image of the predictions.
type Image struct {
	Title   string // safe to print
	Label   int    // −1 where unknown or not one of the model's classes
	Classes []string
}

// run is the history of one run.
type run struct {
	points []point // by step
	failed map[string]failure
}

// failure is why a file could not be read, valid as long as the file is unchanged.
type failure struct {
	file fs.FileInfo
	err  error
}

type point struct {
	Point
	path  string
	file  fs.FileInfo
	model *model.Model // nil: dropped to free memory
	of    imageKey     // the image of Probabilities
}

type imageKey struct {
	split string
	index int
}

// Limits on what is kept.
const (
	maxBytes  = 64 << 20 // of weights
	maxPoints = 2000     // of a run
	maxRuns   = 32
)

// New returns an empty history. Inference runs on device and yields. images returns the images
// to choose from, nil for none, which may change from call to call.
func New(device plan.Device, images func() dataset.Set, yield plan.Yield) *History {
	return &History{device: device, images: images, yield: yield, runs: lru.New[string, *run](maxRuns)}
}

// Close frees its memory.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs.Clear()
	return h.closeProgram()
}

func (h *History) closeProgram() (err error) {
	if h.program != nil {
		err = h.program.Close()
		h.program, h.compiled = nil, nil
	}
	return err
}

// View reads the checkpoints that are new and predicts the image with all whose weights are
// kept.
func (h *History) View(ctx context.Context, q Request) (*View, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	started, once, v := time.Now(), h.once, &View{}
	r, _ := h.runs.GetOrMake(q.Run, func() (*run, error) { return &run{failed: map[string]failure{}}, nil })
	for _, c := range q.Checkpoints {
		if err := h.yield.Wait(ctx); err != nil {
			return nil, err
		}
		if err := r.read(ctx, c); err != nil {
			v.Fault = err
		}
	}
	h.freeMemory()
	if err := h.predict(ctx, r, q.Index, v); err != nil {
		return nil, err
	}
	for _, p := range r.points {
		v.Points = append(v.Points, p.Point)
	}
	v.Took = time.Since(started) - (h.once - once)
	return v, nil
}

// read reads a checkpoint, unless that was done before. It replaces one of the same step.
func (r *run) read(ctx context.Context, c Checkpoint) error {
	file, err := os.Stat(c.Path)
	if err != nil {
		return err
	}
	at, there := slices.BinarySearchFunc(r.points, c.At.Step, func(p point, step int) int { return p.At.Step - step })
	if there && r.points[at].path == c.Path && checkpoints.Unchanged(r.points[at].file, file) {
		return nil
	}
	if f, ok := r.failed[c.Path]; ok && checkpoints.Unchanged(f.file, file) {
		return f.err
	}
	m, err := train.LoadModel(ctx, c.Path, model.Description{})
	if err != nil {
		if ctx.Err() == nil {
			r.failed[c.Path] = failure{file, err}
		}
		return err
	}
	delete(r.failed, c.Path)
	w := m.Weights[m.FirstConv()]
	p := point{path: c.Path, file: file, model: m}
	p.Layer, p.Shape, p.Kernels = m.FirstConv(), [4]int(w.Shape), w.Data
	p.At, p.Roughness = c.At, spectral.Roughness(w.Data, w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3])
	if there {
		r.points[at] = p
		return nil
	}
	r.points = slices.Insert(r.points, at, p)
	if len(r.points) > maxPoints {
		r.points = everySecond(r.points)
	}
	return nil
}

// everySecond keeps every second element and the last one.
func everySecond[T any](list []T) []T {
	kept := list[:0]
	for i, v := range list {
		if i%2 == 0 || i == len(list)-1 {
			kept = append(kept, v)
		}
	}
	clear(list[len(kept):])
	return kept
}

// freeMemory drops weights until the rest fits: of the runs viewed least recently first, then
// every second checkpoint of a run, but never the newest.
func (h *History) freeMemory() {
	for _, r := range h.runs.All() {
		for {
			total := 0
			for _, other := range h.runs.All() {
				for _, p := range other.kept() {
					total += 4 * p.model.Params()
				}
			}
			kept := r.kept()
			if total <= maxBytes || len(kept) < 2 {
				break
			}
			for i := 0; i+1 < len(kept); i += 2 {
				kept[i].model = nil
			}
		}
	}
}

// kept returns the points whose weights are in memory.
func (r *run) kept() (list []*point) {
	for i := range r.points {
		if p := &r.points[i]; p.model != nil {
			list = append(list, p)
		}
	}
	return list
}

// predict runs inference on an image with all checkpoints of a run whose weights are kept and
// that have not predicted it yet.
func (h *History) predict(ctx context.Context, r *run, index int, v *View) error {
	set := h.images()
	if set != nil {
		v.Images = set.Len()
	}
	if set == nil || len(r.points) == 0 || index < 0 || index >= set.Len() {
		return nil
	}
	key := imageKey{set.Split(), index}
	var x []float32
	var of [3]int
	for i := range r.points {
		p := &r.points[i]
		if p.of == key && p.Probabilities != nil {
			continue
		}
		if p.Probabilities, p.of = nil, key; p.model == nil {
			continue
		}
		if p.model.Net.Input != of {
			of = p.model.Net.Input
			x = make([]float32, of[0]*of[1]*of[2])
			if err := dataset.Resized(set, of[0], of[1], of[2]).ReadBatch(x, nil, []int{index}); err != nil {
				return err
			}
		}
		var err error
		if p.Probabilities, err = h.probabilities(ctx, p.model, x); err != nil {
			if ctx.Err() != nil {
				return err
			}
			v.Fault = err
		}
	}
	last := r.points[len(r.points)-1]
	for i := len(r.points) - 1; i >= 0 && last.model == nil; i-- {
		last = r.points[i]
	}
	if last.model != nil {
		v.Image = &Image{Title: set.Title(index), Label: -1, Classes: last.model.ClassNames()}
		if names := set.Classes(); last.model.Predicts(names) {
			v.Image.Label = set.Label(index)
			if len(last.model.Classes) == 0 {
				v.Image.Classes = names
			}
		}
	}
	return nil
}

// probabilities returns the class probabilities that a model predicts for an image x [C,H,W].
func (h *History) probabilities(ctx context.Context, m *model.Model, x []float32) ([]float64, error) {
	if o := h.compiled; o == nil || o.Net.Name != m.Net.Name || o.Net.Input != m.Net.Input || o.Net.Classes != m.Net.Classes ||
		!slices.Equal(o.Mean, m.Mean) || !slices.Equal(o.Std, m.Std) {
		if err := h.closeProgram(); err != nil {
			return nil, err
		}
		begun := time.Now()
		program, err := m.NewEvaluator(plan.Yielding(h.device, h.yield), 1, model.RunningStatistics)
		if err != nil {
			return nil, err
		}
		h.program, h.compiled = program, m
		h.once += time.Since(begun)
	} else if err := h.program.LoadWeights(m); err != nil {
		return nil, err
	}
	p, err := measure.Predict(ctx, h.program, x)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", m.Name, err)
	}
	return p.Probabilities, err
}
