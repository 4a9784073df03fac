package engine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"hfcui/checkpoints"
	"hfcui/engine/model"
)

// mostBeside is how many models besides the open one are kept.
const mostBeside = 3

// besides are the models that are looked at side by side with the open one. They are shown
// the open data.
type besides struct {
	turn chan struct{} // has room for one: who puts something in it may use list
	list []besideModel // the one asked for last at the end
}

// besideModel is one of them.
type besideModel struct {
	path string
	file fs.FileInfo // the file when it was read; nil for an embedded model
	*subject
}

func newBesides() besides { return besides{turn: make(chan struct{}, 1)} }

// OpenBeside has a model ready to be asked about by its path, a file or an embedded name,
// side by side with the open one, and says what it is. Of more than three the one that was
// asked about longest ago leaves. The error says when it does not take the images there are.
func (l *Lab) OpenBeside(ctx context.Context, path string) (Info, error) {
	now, end, err := l.beside(ctx, path)
	if err != nil {
		return Info{}, err
	}
	defer end()
	info := now.info()
	info.Data, info.Splits, info.Device = l.data.Name, l.data.Splits(), l.device.Name()
	info.Note = strings.Join(now.notes, "; ")
	return info, nil
}

// CloseBeside lets a model go. What is being computed with it is brought to its end.
func (l *Lab) CloseBeside(path string) {
	l.others.turn <- struct{}{}
	defer func() { <-l.others.turn }()
	l.others.drop(path)
}

// beside is begin for a model that is looked at side by side with the open one, which is
// "". It is loaded if it is not there yet, or if its file is another by now.
func (l *Lab) beside(ctx context.Context, path string) (now *chosen, end func(), err error) {
	if path == "" {
		now, end = l.begin()
		return now, end, nil
	}
	select {
	case l.others.turn <- struct{}{}:
		defer func() { <-l.others.turn }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	s, err := l.others.get(ctx, l, path)
	if err != nil {
		return nil, nil, err
	}
	if err := l.fitsBeside(s.model); err != nil {
		return nil, nil, err
	}
	if now, err = l.chosen.Load().of(l.data, s, ""); err != nil {
		return nil, nil, err
	}
	s.enter() // it cannot have been retired: that takes a turn
	return now, s.leave, nil
}

// fitsBeside is an error when a model does not take the images that are explored.
func (l *Lab) fitsBeside(m *model.Model) error {
	if l.takes(m) == nil {
		return nil
	}
	c, h, w := m.Input()
	bc, bh, bw := l.Model().Input()
	return fmt.Errorf("%s takes images of %s and %s takes %s: they cannot be looked at side by side", m.Name, size(c, h, w), l.Model().Name, size(bc, bh, bw))
}

// get returns the model of a path.
func (b *besides) get(ctx context.Context, l *Lab, path string) (*subject, error) {
	file, err := identity(path)
	if err != nil {
		b.drop(path)
		return nil, err
	}
	if i := b.find(path); i >= 0 {
		found := b.list[i]
		if sameFile(found.file, file) {
			b.list = append(slices.Delete(b.list, i, i+1), found)
			return found.subject, nil
		}
		b.drop(path)
	}
	m, err := loadWhole(ctx, path, "")
	if err != nil {
		return nil, err
	}
	if err := l.fitsBeside(m); err != nil {
		return nil, err
	}
	s := newSubject(m, l.device, l.gate.yield, l.data.Name, l.data.Test)
	b.list = append(b.list, besideModel{path, file, s})
	if len(b.list) > mostBeside {
		b.drop(b.list[0].path)
	}
	return s, nil
}

func (b *besides) find(path string) int {
	return slices.IndexFunc(b.list, func(m besideModel) bool { return m.path == path })
}

// drop lets a model go, if it is there; it closes with its last user.
func (b *besides) drop(path string) {
	if i := b.find(path); i >= 0 {
		b.list[i].retire() // memory is given back, which cannot fail in a way that matters
		b.list = slices.Delete(b.list, i, i+1)
	}
}

// retireAll lets all of them go.
func (b *besides) retireAll() {
	b.turn <- struct{}{}
	defer func() { <-b.turn }()
	for len(b.list) > 0 {
		b.drop(b.list[0].path)
	}
}

// identity is what tells one state of a model's file from another; nil for embedded models.
func identity(path string) (fs.FileInfo, error) {
	if slices.Contains(checkpoints.EmbeddedNames(), path) {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		_, err = model.Load(path, "") // says what there is instead
	}
	return info, err
}

// sameFile tells whether a file is as it was, or is not there as it was not.
func sameFile(was, is fs.FileInfo) bool {
	if was == nil || is == nil {
		return was == nil && is == nil
	}
	return os.SameFile(was, is) && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}
