package engine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"hfcui/engine/dataset"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/train"
	"hfcui/spectral"
)

// Evolution shows how a net changes while somebody trains it: the kernels of its first
// convolution, and what it makes of one image, checkpoint by checkpoint. Checkpoints that
// are replaced are remembered as far as memory for them goes, so that another image has a
// past, too. Its methods may be called from several goroutines; they take turns.
type Evolution struct {
	device plan.Device
	images func() dataset.Set
	yield  plan.Yield

	mu      sync.Mutex
	runs    []*evolving // the one looked at last at the end
	program *model.Evaluator
	of      *model.Model  // what program was made for
	once    time.Duration // what was spent on making it
}

// Checkpoint is a file of weights that a training has written.
type Checkpoint struct {
	Path string
	At   train.Stamp // when in the training
}

// EvolutionRequest asks about a run's checkpoints.
type EvolutionRequest struct {
	Run         string       // tells runs apart
	Checkpoints []Checkpoint // those there are now; one that was looked at before is not read again
	Index       int          // of the image
}

// EvolutionView is what there is to see. It may be read but not written to.
type EvolutionView struct {
	Points []EvolutionPoint // in the order of their steps
	// The first convolution's kernels (OIHW) in the newest checkpoint; no Kernels where none
	// could be read.
	Layer   string
	Shape   [4]int
	Kernels []float32
	Image   *EvolutionImage // nil without data
	Images  int             // how many images there are to ask about
	Fault   error           // why a checkpoint could not be read; nil where all could
	Took    time.Duration   // without what is done once for all checkpoints
}

// EvolutionPoint is one checkpoint.
type EvolutionPoint struct {
	At            train.Stamp
	Roughness     float64   // of the kernels
	Probabilities []float64 // of the image's classes; nil where they are not known
}

// EvolutionImage is the image that was asked about.
type EvolutionImage struct {
	Title   string // safe to print
	Label   int    // −1 when it is not known, or is none of the model's classes
	Classes []string
}

// evolving is what is known of one run.
type evolving struct {
	name   string
	points []evolvingPoint // in the order of their steps
	failed map[string]failure
}

// failure is why a file could not be read, as long as it is the same.
type failure struct {
	file fs.FileInfo
	err  error
}

type evolvingPoint struct {
	EvolutionPoint
	path   string
	file   fs.FileInfo
	layer  string
	kernel *weights
	model  *model.Model // nil: forgotten, for others to have room
	of     imageKey     // what Probabilities are of
}

type weights struct {
	shape [4]int
	data  []float32
}

type imageKey struct {
	split string
	index int
}

// Bounds on what is remembered.
const (
	evolutionBytes  = 64 << 20 // of weights
	evolutionPoints = 2000     // of a run
	evolutionRuns   = 32
)

// NewEvolution looks at checkpoints with a device, and asks about images of data, which may
// be nil.
func NewEvolution(device plan.Device, data *dataset.Data) *Evolution {
	images := func() dataset.Set {
		if data == nil {
			return nil
		}
		return data.Test
	}
	return &Evolution{device: device, images: images}
}

// NewEvolution looks at checkpoints beside what else the Lab does, which goes before, and
// asks about images of the chosen split.
func (l *Lab) NewEvolution() *Evolution {
	return &Evolution{device: plan.Yielding(l.device, l.gate.yield), yield: l.gate.yield, images: func() dataset.Set { return l.chosen.Load().set }}
}

// Close frees its memory.
func (e *Evolution) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs = nil
	return e.drop()
}

func (e *Evolution) drop() (err error) {
	if e.program != nil {
		err = e.program.Close()
		e.program, e.of = nil, nil
	}
	return err
}

// Look reads the checkpoints that are new and asks all that are remembered about the image.
func (e *Evolution) Look(ctx context.Context, q EvolutionRequest) (*EvolutionView, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	started, once, v := time.Now(), e.once, &EvolutionView{}
	r := e.run(q.Run)
	for _, c := range q.Checkpoints {
		if err := e.yield.Wait(ctx); err != nil {
			return nil, err
		}
		if err := r.take(ctx, c); err != nil {
			v.Fault = err
		}
	}
	e.forget()
	if err := e.ask(ctx, r, q.Index, v); err != nil {
		return nil, err
	}
	for _, p := range r.points {
		v.Points = append(v.Points, p.EvolutionPoint)
		v.Layer, v.Shape, v.Kernels = p.layer, p.kernel.shape, p.kernel.data
	}
	v.Took = time.Since(started) - (e.once - once)
	return v, nil
}

// run finds what is known of a run.
func (e *Evolution) run(name string) *evolving {
	return latest(&e.runs, evolutionRuns,
		func(r *evolving) bool { return r.name == name }, func() *evolving { return &evolving{name: name, failed: map[string]failure{}} })
}

// take reads a checkpoint unless it has been. It takes the place of one of the same step.
func (r *evolving) take(ctx context.Context, c Checkpoint) error {
	file, err := os.Stat(c.Path)
	if err != nil {
		return err
	}
	at, there := slices.BinarySearchFunc(r.points, c.At.Step, func(p evolvingPoint, step int) int { return p.At.Step - step })
	if there && r.points[at].path == c.Path && sameFile(r.points[at].file, file) {
		return nil
	}
	if f, ok := r.failed[c.Path]; ok && sameFile(f.file, file) {
		return f.err
	}
	m, err := loadWhole(ctx, c.Path, "")
	if err != nil {
		if ctx.Err() == nil {
			r.failed[c.Path] = failure{file, err}
		}
		return err
	}
	delete(r.failed, c.Path)
	w := m.Weights[m.FirstConv()]
	p := evolvingPoint{path: c.Path, file: file, layer: m.FirstConv(), kernel: &weights{[4]int(w.Shape), w.Data}, model: m}
	p.At, p.Roughness = c.At, spectral.Roughness(w.Data, w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3])
	if there {
		r.points[at] = p
		return nil
	}
	r.points = slices.Insert(r.points, at, p)
	if len(r.points) > evolutionPoints {
		r.points = everySecond(r.points)
	}
	return nil
}

// everySecond keeps every second of some things and the last one.
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

// forget lets weights go until what is remembered has room: of runs looked at longest ago
// first, then every second of a run, but the last ones.
func (e *Evolution) forget() {
	for _, r := range e.runs {
		for {
			total, held := 0, []*evolvingPoint{}
			for _, other := range e.runs {
				for i := range other.points {
					if p := &other.points[i]; p.model != nil {
						total += 4 * p.model.Params()
						if other == r {
							held = append(held, p)
						}
					}
				}
			}
			if total <= evolutionBytes || len(held) < 2 {
				break
			}
			for i := 0; i+1 < len(held); i += 2 {
				held[i].model = nil
			}
		}
	}
}

// ask asks all that is remembered of a run about an image, as far as it was not yet.
func (e *Evolution) ask(ctx context.Context, r *evolving, index int, v *EvolutionView) error {
	set := e.images()
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
		if p.Probabilities, err = e.answer(ctx, p.model, x); err != nil {
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
		s := subject{model: last.model}
		s.matchClasses("", set)
		c := chosen{subject: &s, set: set}
		v.Image = &EvolutionImage{Title: set.Title(index), Label: c.label(index), Classes: c.classes()}
	}
	return nil
}

// answer is what a model makes of an image: the probabilities of its classes.
func (e *Evolution) answer(ctx context.Context, m *model.Model, x []float32) ([]float64, error) {
	if o := e.of; o == nil || o.Net.Name != m.Net.Name || o.Net.Input != m.Net.Input || o.Net.Classes != m.Net.Classes ||
		!slices.Equal(o.Mean, m.Mean) || !slices.Equal(o.Std, m.Std) {
		if err := e.drop(); err != nil {
			return nil, err
		}
		begun := time.Now()
		program, err := m.NewEvaluator(e.device, 1, model.RunningStatistics)
		if err != nil {
			return nil, err
		}
		e.program, e.of = program, m
		e.once += time.Since(begun)
	} else if err := e.program.LoadWeights(m); err != nil {
		return nil, err
	}
	logits := make([]float32, m.Net.Classes)
	if err := e.program.Logits(ctx, logits, x, 1); err != nil {
		return nil, err
	}
	if err := measure.CheckLogits(logits); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return predictionOf(logits).Probabilities, nil
}
