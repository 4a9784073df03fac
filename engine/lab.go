package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"hfcui/engine/cpu"
	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// Options says what to open. The zero value opens the embedded demonstration.
type Options struct {
	Model   string   // a file or an embedded name; "" is "demo"
	Net     string   // the network's name, for files that do not tell
	Data    string   // a folder or a name; "" is "shapes"
	Images  []string // single image files to open instead of Data
	Split   string   // "train" or "test"; "" is "test" where there is one
	Cache   string   // where fetched data lies; "" is the user's cache folder
	Threads int      // 0: one for every core

	DType plan.DType // how the network stores and multiplies images
}

// Lab is one model and one data set opened for exploration. Its methods may be called
// from several goroutines: what a person waits for goes before what runs in the
// background.
type Lab struct {
	model   *model.Model
	data    *dataset.Data
	device  plan.Device
	threads int
	fits    bool // labels of the data are classes of the model
	notes   []string
	gate    *gate
	panel   *panel
	results *measurements
	chosen  atomic.Pointer[chosen]
}

// chosen is a split that is looked at. What begins with one ends with it, also when
// another is chosen in the meantime.
type chosen struct {
	split  string
	set    dataset.Set // at its own size
	inputs dataset.Set // at the model's input size
	recent *recentImages
}

// Open opens a model and a data set.
func Open(ctx context.Context, o Options) (*Lab, error) {
	if o.Model == "" {
		o.Model = "demo"
	}
	if o.Data == "" {
		o.Data = "shapes"
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	m, err := model.Load(o.Model, o.Net)
	if err != nil {
		return nil, err
	}
	data, err := openData(ctx, o)
	if err != nil {
		return nil, err
	}
	device, err := cpu.New(cpu.Options{Threads: o.Threads, DType: o.DType})
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	l := &Lab{model: m, data: data, device: device, threads: o.Threads, gate: newGate(),
		panel: newPanel(m, device), results: newMeasurements()}
	if o.Split == "" {
		o.Split = "test"
	}
	if err := l.SetSplit(o.Split); err != nil {
		return nil, errors.Join(err, data.Close())
	}
	l.matchSizes()
	l.matchClasses()
	if note := device.Note(); note != "" {
		l.remark("%s", note)
	}
	return l, nil
}

func openData(ctx context.Context, o Options) (*dataset.Data, error) {
	if len(o.Images) > 0 {
		set, err := dataset.OpenImages(o.Images)
		if err != nil {
			return nil, err
		}
		return &dataset.Data{Name: set.Name(), Test: set}, nil
	}
	return dataset.Open(ctx, o.Data, dataset.Options{Cache: o.Cache})
}

// Close gives back what the Lab holds. Computations still running must have been
// cancelled and have returned.
func (l *Lab) Close() error { return errors.Join(l.panel.close(), l.data.Close()) }

// Foreground holds up background work until leave is called, for what a person waits for
// besides a View: drawing it.
func (l *Lab) Foreground() (leave func()) { return l.gate.enter() }

// Model is the open model. It must not be changed.
func (l *Lab) Model() *model.Model { return l.model }

// SetSplit chooses what View, Bands and NextFlip look at: "train" or "test".
func (l *Lab) SetSplit(split string) error {
	c, err := l.choose(split)
	if err == nil {
		l.chosen.Store(c)
	}
	return err
}

// choose returns a split; the one that is chosen already keeps what it has open.
func (l *Lab) choose(split string) (*chosen, error) {
	if now := l.chosen.Load(); now != nil && (split == "" || split == now.split) {
		return now, nil
	}
	set := l.data.Set(split)
	if set == nil {
		return nil, fmt.Errorf("%s has no %q split: use %s", l.data.Name, split, strings.Join(l.data.Splits(), " or "))
	}
	c, h, w := l.model.Input()
	return &chosen{split, set, dataset.Resized(set, c, h, w), newRecentImages()}, nil
}

// matchSizes notes when the model is shown images other than the data has them.
func (l *Lab) matchSizes() {
	set := l.chosen.Load().set
	dc, dh, dw := set.Shape()
	c, h, w := l.model.Input()
	if dc != 0 && (dc != c || dh != h || dw != w) {
		l.remark("%s takes %s and the images of %s are %s: it is shown them converted", l.model.Name, size(c, h, w), l.data.Name, size(dc, dh, dw))
	}
}

// remark adds something to know about all results.
func (l *Lab) remark(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

// size describes images: "32×32 RGB".
func size(c, h, w int) string {
	return fmt.Sprintf("%d×%d %s", w, h, map[int]string{1: "grey", 3: "RGB"}[c])
}

// matchClasses finds out whether the data's labels mean what the model's outputs mean.
func (l *Lab) matchClasses() {
	names, known := l.chosen.Load().set.Classes(), l.model.Classes
	l.fits = len(names) == l.model.Net.Classes
	if l.fits && len(known) > 0 {
		for i := range names {
			l.fits = l.fits && strings.EqualFold(names[i], known[i])
		}
	}
	switch {
	case l.fits, len(names) == 0:
	case len(names) != l.model.Net.Classes:
		l.remark("%s tells %d classes apart and %s has %d: answers are shown, not judged", l.model.Name, l.model.Net.Classes, l.data.Name, len(names))
	default:
		l.remark("%s was trained on other classes than those of %s: answers are shown, not judged", l.model.Name, l.data.Name)
	}
}

// classes names the model's outputs.
func (l *Lab) classes() []string {
	if len(l.model.Classes) > 0 {
		return l.model.Classes
	}
	if l.fits {
		return l.chosen.Load().set.Classes()
	}
	names := make([]string, l.model.Net.Classes)
	for i := range names {
		names[i] = fmt.Sprint("class ", i)
	}
	return names
}

// CheckLabels returns an error that says what to do when accuracy cannot be measured,
// because the images have no labels or the labels are not the model's classes.
func (l *Lab) CheckLabels() error {
	switch {
	case len(l.chosen.Load().set.Classes()) == 0:
		return fmt.Errorf("%s has no labels, so there is no accuracy to measure: use images in one folder a class", l.data.Name)
	case !l.fits:
		return fmt.Errorf("model %s does not fit the data: its classes are not those of %s; name a model trained on it with --model", l.model.Name, l.data.Name)
	}
	return nil
}

// Info describes what is open.
func (l *Lab) Info() Info {
	c, h, w := l.model.Input()
	info := Info{
		Model: l.model.Name, Net: l.model.Net.Name, Params: l.model.Params(), BatchNorm: l.model.HasBatchNorm(),
		FirstConv: l.model.FirstConv(), Mean: l.model.Mean, Std: l.model.Std,
		Channels: c, Height: h, Width: w, MaxRadius: spectral.MaxRadius(h, w),
		Data: l.data.Name, Splits: l.data.Splits(), Device: l.device.Name(), Note: strings.Join(l.notes, "; "),
		Classes: l.classes(), Labelled: l.fits,
	}
	now := l.chosen.Load()
	set := now.set
	info.Split, info.Images = now.split, set.Len()
	info.MaxPreview = info.MaxRadius
	if _, ph, pw := set.Shape(); ph > 0 {
		info.MaxPreview = max(info.MaxPreview, spectral.MaxRadius(ph, pw))
	}
	return info
}

// Label returns the class of image i of the chosen split, -1 when it is not known or is
// not one of the model's.
func (l *Lab) Label(i int) int { return l.label(l.chosen.Load().set, i) }

func (l *Lab) label(set dataset.Set, i int) int {
	if !l.fits || i < 0 || i >= set.Len() {
		return -1
	}
	return set.Label(i)
}

// Title returns the name of image i of the chosen split, safe to print.
func (l *Lab) Title(i int) string {
	set := l.chosen.Load().set
	if i < 0 || i >= set.Len() {
		return ""
	}
	return set.Title(i)
}
