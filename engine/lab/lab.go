package lab

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"hfcui/engine/dataset"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// What is open by default.
const (
	defaultModel = "demo"
	defaultData  = "shapes"
)

// Options configures Open. The zero value opens the embedded demo.
//
// A model without class names is scored only on data that was chosen: on the default data its
// accuracy would mean nothing.
type Options struct {
	Model      string   // file or embedded name; "" is "demo", by default
	Data       string   // folder or name; "" is "shapes", by default
	Images     []string // single image files to open instead of Data
	Split      string   // "train" or "test"; "" is "test" if it exists
	Corruption string   // of data with corruptions, at Severity; "" and 0 are its first
	Severity   int
	Fit        dataset.Fit // of images of several sizes to the model's input; "": dataset.Crop
	Versions   bool        // several corruptions will be measured: that there are more is no caveat
	Labels     string      // kind of labels, e.g. "coarse" of CIFAR-100; "" is the default one
	Cache      string      // folder of downloaded data; "" is the user's cache folder
	Device     string      // name, as of device.Open; "" is the fastest
	Threads    int         // 0: one per core

	Given model.Description // about the model
	DType plan.DType        // of activations
}

// Lab is one model and one dataset, opened for exploration; Reopen opens others in their place. Its
// methods may be called concurrently; foreground requests have priority over background work.
type Lab struct {
	options  Options     // of Open
	opened   modelSource // by Open or Reopen, as opposed to UseModel
	compute  atomic.Pointer[compute]
	threads  int
	gate     *gate
	selected atomic.Pointer[selection]
	compared comparisons

	changing  sync.Mutex // locked while another model or split is selected
	requested uint64     // number of calls of UseModel and Reopen
	// the calls whose model, data and device are open
	servedModel, servedData, servedDevice uint64

	slot slot
}

// Open opens a model and a dataset.
func Open(ctx context.Context, o Options) (*Lab, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	file := modelSource{cmp.Or(o.Model, defaultModel), o.Given, o.Model != ""}
	m, err := model.LoadAs(file.path, o.Given)
	if err != nil {
		return nil, err
	}
	data, err := openSource(ctx, o)
	if err != nil {
		return nil, err
	}
	defer data.release() // the study keeps it open
	d, err := openCompute(o.Device, plan.DeviceOptions{Threads: o.Threads, DType: o.DType})
	if err != nil {
		return nil, err
	}
	l := &Lab{options: o, opened: file, threads: o.Threads, gate: newGate(), compared: newComparisons()}
	l.compute.Store(d)
	s := newStudy(m, file, d, l.gate, data)
	now, err := (*selection)(nil).with(s, cmp.Or(o.Split, "test"))
	if err != nil {
		return nil, errors.Join(err, s.retire())
	}
	l.selected.Store(now)
	return l, nil
}

// Close stops a training run or experiment as its Stop does, waits for its end and frees all
// resources. Other computations must have been canceled and have returned.
func (l *Lab) Close() error {
	l.slot.end()
	l.compared.models.Clear()
	return l.selected.Load().retire()
}

// Foreground blocks background work until leave is called, for foreground work outside the Lab,
// e.g. drawing.
func (l *Lab) Foreground() (leave func()) { return l.gate.enter() }

// Model returns the open model, which is read-only.
func (l *Lab) Model() *model.Model { return l.selected.Load().model }

// SetSplit selects the images of all later requests: "train" or "test".
func (l *Lab) SetSplit(split string) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.selected.Load()
	next, err := now.with(now.study, split)
	if err == nil {
		l.selected.Store(next)
	}
	return err
}

// Info describes the model and the split.
func (l *Lab) Info() Info {
	d := l.compute.Load()
	info := l.selected.Load().info(d)
	if note := d.Note(); note != "" {
		info.Note = strings.TrimPrefix(info.Note+"; "+note, "; ")
	}
	return info
}

// Label returns the class of image i of the selected split; −1 if unknown or not one of the model's.
func (l *Lab) Label(i int) int { return l.selected.Load().label(i) }

// Title returns the name of image i of the selected split, safe to print.
func (l *Lab) Title(i int) string {
	set := l.selected.Load().Set
	if i < 0 || i >= set.Len() {
		return ""
	}
	return set.Title(i)
}
