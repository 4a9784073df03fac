package lab

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/heatmap"
	"hfcui/engine/kernels"
	"hfcui/engine/lru"
	"hfcui/engine/measure"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/engine/view"
	"hfcui/spectral"
)

// Limits on the results that are kept per model.
const (
	bandsKept       = 64 // measurements, and sets of clean predictions
	heatmapsKept    = 16
	kernelViewsKept = 4
)

// modelSource is where a model is from.
type modelSource struct {
	path   string            // its file, or embedded name
	given  model.Description // what it was opened with
	chosen bool              // by the caller, not by default
}

// study is a model under study: its programs and cached results.
type study struct {
	model   *model.Model // with the outputs of the data's classes, in their order
	opened  *model.Model // as its file has it, to train or save
	outputs []int        // of opened that model has; nil: all
	data    *source      // kept open
	modelSource
	checks    checks
	programs  *programCache
	bands     *lru.Cache[bandsKey, *measure.Resumable[bands.Result]]
	clean     *lru.Cache[cleanKey, *bands.CleanPredictions]
	corrupted *lru.Cache[bandsKey, *measure.Resumable[bands.Result]] // of versions other than the open one
	// corruptedClean are predictions for their whole images.
	corruptedClean *lru.Cache[cleanKey, *bands.CleanPredictions]
	kernels        *lru.Cache[model.Smoothing, *kernels.View]
	attacked       *attack.Known
	heatmaps       *lru.Cache[heatmapKey, *measure.Resumable[heatmap.Result]]
	unlabeled      bool   // the data have no labels
	unscored       string // why accuracy cannot be measured; "" if the labels of the data are the model's classes
	notes          []string
	own            atomic.Pointer[selection] // with images at another size than those of the open model; nil if there are none

	mu      sync.Mutex
	users   int
	retired bool // replaced: closes after its last use
}

// newStudy prepares the model in a file for the images of data, which it keeps open. Its background
// work yields.
func newStudy(m *model.Model, file modelSource, d *compute, g *gate, data *source) *study {
	data.acquire() // open: the caller uses it
	opened := m
	m, outputs, match := matchClasses(m, data)
	s := &study{
		model: m, opened: opened, outputs: outputs, data: data, modelSource: file, checks: newChecks(), programs: newProgramCache(m, d, g), attacked: attack.NewKnown(),
		bands:          lru.New[bandsKey, *measure.Resumable[bands.Result]](bandsKept),
		clean:          lru.New[cleanKey, *bands.CleanPredictions](bandsKept),
		corrupted:      lru.New[bandsKey, *measure.Resumable[bands.Result]](versionsKept),
		corruptedClean: lru.New[cleanKey, *bands.CleanPredictions](versionsKept),
		kernels:        lru.New[model.Smoothing, *kernels.View](kernelViewsKept),
		heatmaps:       lru.New[heatmapKey, *measure.Resumable[heatmap.Result]](heatmapsKept),
	}
	s.compareClasses(match)
	for _, done := range m.Smoothings() {
		s.note("%s was saved with smoothed kernels: %s", m.Name, done.Describe())
	}
	s.compareSizes()
	s.notes = append(s.notes, data.Notes...)
	return s
}

// acquire must precede every use of the study, and release follow it. It returns false once the
// study has been replaced.
func (s *study) acquire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired {
		return false
	}
	s.users++
	return true
}

func (s *study) release() {
	s.mu.Lock()
	s.users--
	last := s.retired && s.users == 0
	s.mu.Unlock()
	if last {
		s.close() // errors of freeing memory are irrelevant
	}
}

// close frees the programs and, unless others use it, closes the data.
func (s *study) close() error { return errors.Join(s.programs.close(), s.data.release()) }

// retire closes the study after its last use.
func (s *study) retire() error {
	s.mu.Lock()
	free := !s.retired && s.users == 0
	s.retired = true
	s.mu.Unlock()
	if free {
		return s.close()
	}
	return nil
}

// compareSizes notes if images have to be converted for the model.
func (s *study) compareSizes() {
	dc, dh, dw := s.data.Test.Shape()
	c, h, w := s.model.Input()
	if dc != 0 && (dc != c || dh != h || dw != w) {
		s.note("the input of %s is %s, images of %s are %s: they are converted", s.model.Name, size(c, h, w), s.data.Name, size(dc, dh, dw))
	}
	if how := dataset.Resizing(s.data.Test, h, w); how != "" {
		s.note("%s", how)
	}
}

// note adds a caveat about all results.
func (s *study) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// size describes images: "32×32 RGB".
func size(c, h, w int) string {
	return fmt.Sprintf("%d×%d %s", w, h, map[int]string{1: "gray", 3: "RGB"}[c])
}

// background returns a classifier for background work on n images.
func (s *study) background(q bands.Setting, n int) (measure.Classifier, error) {
	batch := measure.Batch
	if q.Statistics == model.BatchStatistics {
		batch = min(measure.StatisticsBatch, n)
	}
	return s.programs.get(programKey{batch: batch, statistics: q.Statistics, background: true}, q.Smoothing)
}

// selection is a model and a split. A request uses the same one to its end, even if another is
// selected meanwhile.
type selection struct {
	*study
	split string
	*view.Images
}

// classes names the model's outputs.
func (c *selection) classes() []string {
	if len(c.model.Classes) == 0 && c.unscored == "" {
		return c.Set.Classes()
	}
	return c.model.ClassNames()
}

// checkLabels returns an error if accuracy cannot be measured, because the images have no labels or
// their labels are not the model's classes.
func (c *selection) checkLabels() error {
	if c.unscored != "" {
		return fmt.Errorf("accuracy unavailable: %s", c.unscored)
	}
	return nil
}

// label returns the class of image i; −1 if unknown or not one of the model's.
func (c *selection) label(i int) int {
	if c.unscored != "" || i < 0 || i >= c.Set.Len() {
		return -1
	}
	return c.Set.Label(i)
}

// with returns the selection of another split, "" being the same, or another model, on its data.
// Unchanged sets keep their cached images. c may be nil.
func (c *selection) with(s *study, split string) (*selection, error) {
	if c != nil && split == "" {
		split = c.split
	}
	if c != nil && s == c.study && split == c.split {
		return c, nil
	}
	set := s.data.Set(split)
	if set == nil {
		return nil, fmt.Errorf("%s has no %q split: use %s", s.data.Name, split, strings.Join(s.data.Splits(), " or "))
	}
	ch, h, w := s.model.Input()
	if c != nil && s.data == c.data && split == c.split {
		if oc, oh, ow := c.Inputs.Shape(); oc == ch && oh == h && ow == w {
			return &selection{s, split, c.Images}, nil
		}
	}
	if own := s.own.Load(); own != nil && own.split == split {
		return own, nil // with the images viewed recently
	}
	own := &selection{s, split, view.NewImages(set, ch, h, w)}
	s.own.Store(own)
	return own, nil
}

// info describes the model and the split.
func (c *selection) info(device plan.Device) Info {
	ch, h, w := c.model.Input()
	info := Info{
		Model: c.model.Name, Net: c.model.Net.Name, Reading: c.model.Reading(), Params: c.model.Params(), BatchNorm: c.model.HasBatchNorm(),
		FirstConv: c.model.FirstConv(), Convs: c.model.Convolutions(), Mean: c.model.Mean, Std: c.model.Std,
		Channels: ch, Height: h, Width: w, MaxRadius: spectral.MaxRadius(h, w),
		Data: c.data.Name, Split: c.split, Splits: c.data.Splits(), Corruptions: c.data.Corruptions(), Corruption: c.data.Corruption, Severity: c.data.Severity, Images: c.Set.Len(), Classes: c.classes(), Labeled: c.unscored == "", Unscored: c.unscored, Unlabeled: c.unlabeled,
		DefaultModel: !c.chosen, DefaultData: !c.data.chosen,
		Device: device.Name(), Note: strings.Join(c.notes, "; "),
	}
	info.OwnRadius = c.data.preview[c.split]
	info.MaxPreview = max(info.MaxRadius, info.OwnRadius)
	return info
}
