package lab

import (
	"context"

	"hfcui/engine/model"
	"hfcui/engine/train"
)

// Choice is what Reopen opens.
type Choice struct {
	Model      string            // file or embedded name; "" keeps the open model
	Given      model.Description // about Model
	Data       string            // folder or name; "" keeps the open data, unless there are Images
	Images     []string          // single image files
	Split      string            // of other data; "" is "test"
	Corruption string            // of Data, at Severity; "" and 0 are its first
	Severity   int
	Device     string // name, as of device.Open; "" keeps the device
}

// UseModel switches to another model, of any architecture and input size: an embedded one or a file,
// e.g. the model.safetensors of a run, which may be replaced while it is read; "" is the one opened
// last by Open or Reopen. On an error the previous model stays.
//
// Running requests keep their model. Of concurrent calls the last one wins, whichever file is read
// first.
func (l *Lab) UseModel(ctx context.Context, path string) error {
	file := modelSource{path: path, chosen: true}
	if path == "" {
		l.changing.Lock()
		file = l.opened
		l.changing.Unlock()
	}
	return l.open(ctx, &file, Choice{}, false)
}

// Reopen opens another model, other data, both, or the open ones on another device. What was open
// stays usable until then, and on an error. Running requests, and a training run or experiment, keep
// what they were started on, which is closed after them. Concurrent calls are as of UseModel.
func (l *Lab) Reopen(ctx context.Context, c Choice) error {
	if c.Model == "" {
		return l.open(ctx, nil, c, true)
	}
	return l.open(ctx, &modelSource{c.Model, c.Given, true}, c, true)
}

// Opened returns what the model that was opened last, by Open or Reopen, was opened with.
func (l *Lab) Opened() (path string, given model.Description) {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.opened.path, l.opened.given
}

// open switches to the model in a file, nil being the open one, and to the data of c; opened says
// that the model is the one to come back to.
func (l *Lab) open(ctx context.Context, file *modelSource, c Choice, opened bool) error {
	l.changing.Lock()
	l.requested++
	ticket := l.requested
	l.changing.Unlock()

	var m *model.Model
	if file != nil {
		var err error
		if m, err = train.LoadModel(ctx, file.path, file.given); err != nil {
			return err
		}
	}
	var data *source
	if c.Data != "" || len(c.Images) > 0 {
		var err error
		if data, err = openSource(ctx, Options{Data: c.Data, Images: c.Images, Cache: l.options.Cache, Corruption: c.Corruption, Severity: c.Severity, Fit: l.options.Fit}); err != nil {
			return err
		}
		defer data.release() // the study keeps it open
	}
	var on *compute
	if c.Device != "" {
		var err error
		if on, err = openCompute(c.Device, l.compute.Load().options); err != nil {
			return err
		}
	}
	for {
		done, err := l.replace(ctx, ticket, on, file, m, data, c.Split, opened)
		if done || err != nil {
			return err
		}
	}
}

// replace selects a device, a model and data, nil being those that are open. It returns false if what is kept
// was replaced meanwhile.
func (l *Lab) replace(ctx context.Context, ticket uint64, on *compute, file *modelSource, m *model.Model, data *source, split string, opened bool) (done bool, err error) {
	now, end, err := l.model(ctx, "")
	if err != nil {
		return false, err
	}
	defer end()
	keptModel, keptData := m == nil, data == nil
	if keptModel {
		m, file = now.opened, &now.modelSource
	}
	if keptData {
		data = now.data
	} else if split == "" {
		split = "test"
	}
	kept, chosen := l.compute.Load(), on != nil
	if !chosen {
		on = kept
	}
	s := newStudy(m, *file, on, l.gate, data)
	if err = s.compile(ctx); err != nil {
		s.retire()
		return false, err
	}
	l.changing.Lock()
	defer l.changing.Unlock()
	before := l.selected.Load()
	if !keptModel && ticket < l.servedModel || !keptData && ticket < l.servedData || chosen && ticket < l.servedDevice {
		return true, s.retire()
	}
	if keptModel && before.opened != now.opened || keptData && before.data != now.data || !chosen && on != l.compute.Load() {
		return false, s.retire()
	}
	next, err := before.with(s, split)
	if err != nil {
		s.retire()
		return false, err
	}
	if !keptData {
		l.servedData = ticket
	}
	if !keptModel {
		l.servedModel = ticket
	}
	if chosen {
		l.servedDevice = ticket
	}
	if opened && !keptModel {
		l.opened = *file
	}
	l.selected.Store(next)
	l.compute.Store(on)
	if !keptData || on != kept {
		l.compared.models.Clear() // of other images, or on another device
	}
	return true, before.retire()
}

// compile compiles the program of views, so that none has to wait for it.
func (s *study) compile(ctx context.Context) error {
	if _, err := s.programs.get(viewProgram, model.Smoothing{}); err != nil {
		return err
	}
	return ctx.Err()
}
