package lab

import (
	"context"
	"fmt"

	"hfcui/engine/model"
	"hfcui/engine/train"
)

// UseModel switches to another model: an embedded one or a file, e.g. the model.safetensors of a
// run, which may be replaced while it is read; "" is the one the Lab was opened with. It may have
// another architecture if its input size is that of the data or of the previous model, which stays
// on error.
//
// Running requests keep their model. Of concurrent calls the last one wins, whichever file is read
// first.
func (l *Lab) UseModel(ctx context.Context, path string) error {
	if path == "" {
		path, given := l.Opened()
		return l.use(ctx, path, given, false)
	}
	return l.use(ctx, path, model.Description{}, false)
}

// OpenModel is UseModel with what a person says about the model, which takes the place of the
// one the Lab was opened with.
func (l *Lab) OpenModel(ctx context.Context, path string, given model.Description) error {
	return l.use(ctx, path, given, true)
}

// Opened returns what the model that was opened last, by Open or OpenModel, was opened with.
func (l *Lab) Opened() (path string, given model.Description) {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.opened.Model, l.opened.Given
}

// use switches to a model; opened says that it is the one to come back to.
func (l *Lab) use(ctx context.Context, path string, given model.Description, opened bool) error {
	l.changing.Lock()
	l.requested++
	ticket := l.requested
	l.changing.Unlock()

	m, err := train.LoadModel(ctx, path, given)
	if err != nil {
		return err
	}
	if err := l.checkInput(m); err != nil {
		return err
	}
	s := newStudy(m, path, given, l.device, l.gate.yield, l.data.Name, l.data.Test)
	if _, err := s.programs.get(viewProgram, model.Smoothing{}); err != nil { // now, so that no View has to wait
		return err
	}
	if err := ctx.Err(); err != nil {
		s.retire()
		return err
	}
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.selected.Load()
	if ticket < l.served {
		return s.retire()
	}
	next, err := now.with(l.data, s, "")
	if err != nil {
		s.retire()
		return err
	}
	l.served = ticket
	if opened {
		l.opened.Model, l.opened.Given = path, given
	}
	l.selected.Store(next)
	return now.retire()
}

// checkInput returns an error unless a model's input size is that of the data or of the open
// model.
func (l *Lab) checkInput(m *model.Model) error {
	c, h, w := m.Input()
	bc, bh, bw := l.Model().Input()
	dc, dh, dw := l.data.Test.Shape()
	if c == bc && h == bh && w == bw || c == dc && h == dh && w == dw {
		return nil
	}
	wanted := size(bc, bh, bw)
	if dc == 0 {
		return fmt.Errorf("the input of %s is %s, not %s: restart with --model to open it", m.Name, size(c, h, w), wanted)
	}
	return fmt.Errorf("the input of %s is %s, images of %s are %s: restart with --model to open it", m.Name, size(c, h, w), l.data.Name, size(dc, dh, dw))
}
