package engine

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"hfcui/engine/dataset"
	"hfcui/engine/device"
	"hfcui/engine/model"
	"hfcui/engine/plan"
)

// Options says what to open. The zero value opens the embedded demonstration.
type Options struct {
	Model   string   // a file or an embedded name; "" is "demo"
	Net     string   // the network's name, for files that do not tell
	Data    string   // a folder or a name; "" is "shapes"
	Images  []string // single image files to open instead of Data
	Split   string   // "train" or "test"; "" is "test" where there is one
	Cache   string   // where fetched data lies; "" is the user's cache folder
	Device  string   // as device.Open takes it; "" is the fastest there is
	Threads int      // 0: one for every core

	DType plan.DType // how the network stores and multiplies images
}

// Lab is one model and one data set opened for exploration. Its methods may be called
// from several goroutines: what a person waits for goes before what runs in the
// background.
type Lab struct {
	data    *dataset.Data
	source  string // what data was opened as; "" for single images
	opened  Options
	device  plan.Device
	threads int
	gate    *gate
	chosen  atomic.Pointer[chosen]
	others  besides

	changing sync.Mutex // held while another model or split is put in place
	asked    uint64     // how often UseModel was called
	served   uint64     // the call whose model is in place

	slot    slot
	trained atomic.Pointer[Training] // the last one that was started
}

// Open opens a model and a data set.
func Open(ctx context.Context, o Options) (*Lab, error) {
	if o.Model == "" {
		o.Model = "demo"
	}
	if o.Data == "" {
		o.Data = "shapes"
	}
	if o.Split == "" {
		o.Split = "test"
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
	d, err := device.Open(o.Device, plan.DeviceOptions{Threads: o.Threads, DType: o.DType})
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	l := &Lab{data: data, opened: o, device: d, threads: o.Threads, gate: newGate(), others: newBesides()}
	if len(o.Images) == 0 {
		l.source = o.Data
	}
	s := newSubject(m, d, l.gate.yield, data.Name, data.Test)
	now, err := (*chosen)(nil).of(data, s, o.Split)
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	l.chosen.Store(now)
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

// Close stops a training or an experiment, which is kept as by Stop, waits for its end and
// gives back what the Lab holds. Other computations still running must have been cancelled
// and have returned.
func (l *Lab) Close() error {
	l.slot.end()
	l.others.retireAll()
	return errors.Join(l.chosen.Load().retire(), l.data.Close())
}

// Foreground holds up background work until leave is called, for what a person waits for
// besides a View: drawing it.
func (l *Lab) Foreground() (leave func()) { return l.gate.enter() }

// Model is the open model. It must not be changed.
func (l *Lab) Model() *model.Model { return l.chosen.Load().model }

// SetSplit chooses what View, Bands and NextFlip look at: "train" or "test".
func (l *Lab) SetSplit(split string) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.chosen.Load()
	next, err := now.of(l.data, now.subject, split)
	if err == nil {
		l.chosen.Store(next)
	}
	return err
}

// begin gives what is chosen, whose model is there until end is called.
func (l *Lab) begin() (now *chosen, end func()) {
	for {
		if now = l.chosen.Load(); now.enter() {
			return now, now.leave
		}
	}
}

// Info describes what is open.
func (l *Lab) Info() Info {
	now := l.chosen.Load()
	info := now.info()
	info.Data, info.Splits, info.Device = l.data.Name, l.data.Splits(), l.device.Name()
	notes := now.notes
	if note := l.device.Note(); note != "" {
		notes = append(notes[:len(notes):len(notes)], note)
	}
	info.Note = strings.Join(notes, "; ")
	return info
}

// Label returns the class of image i of the chosen split, -1 when it is not known or is
// not one of the model's.
func (l *Lab) Label(i int) int { return l.chosen.Load().label(i) }

// Title returns the name of image i of the chosen split, safe to print.
func (l *Lab) Title(i int) string {
	set := l.chosen.Load().set
	if i < 0 || i >= set.Len() {
		return ""
	}
	return set.Title(i)
}
