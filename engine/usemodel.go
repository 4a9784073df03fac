package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"hfcui/engine/model"
	"hfcui/engine/train"
)

// UseModel goes over to another model: an embedded one, or a file, for instance the
// model.safetensors of a run, which may be replaced while it is read; "" is the one that the
// Lab was opened with. It may be of another
// net as long as that takes images of the size the model before it or the data has. With an
// error the model before it stays.
//
// What is asked from then on, the new model answers; answers under way are the old one's.
// Of calls at the same time the last one stays, whichever file is read first.
func (l *Lab) UseModel(ctx context.Context, path string) error {
	l.changing.Lock()
	l.asked++
	ticket := l.asked
	l.changing.Unlock()

	net := ""
	if path == "" {
		path, net = l.opened.Model, l.opened.Net
	}
	m, err := loadWhole(ctx, path, net)
	if err != nil {
		return err
	}
	if err := l.takes(m); err != nil {
		return err
	}
	s := newSubject(m, l.device, l.gate.yield, l.data.Name, l.data.Test)
	if _, err := s.panel.classifier(viewed, model.Smoothing{}); err != nil { // now, so that no View waits for it
		return err
	}
	if err := ctx.Err(); err != nil {
		s.retire()
		return err
	}
	l.changing.Lock()
	defer l.changing.Unlock()
	now := l.chosen.Load()
	if ticket < l.served {
		return s.retire()
	}
	next, err := now.of(l.data, s, "")
	if err != nil {
		s.retire()
		return err
	}
	l.served = ticket
	l.chosen.Store(next)
	return now.retire()
}

// takes is an error when a model takes other images than there are.
func (l *Lab) takes(m *model.Model) error {
	c, h, w := m.Input()
	bc, bh, bw := l.Model().Input()
	dc, dh, dw := l.data.Test.Shape()
	if c == bc && h == bh && w == bw || c == dc && h == dh && w == dw {
		return nil
	}
	wanted := size(bc, bh, bw)
	if dc == 0 {
		return fmt.Errorf("%s takes images of %s, not %s: open it anew with --model", m.Name, size(c, h, w), wanted)
	}
	return fmt.Errorf("%s takes images of %s, those of %s are %s: open it anew with --model", m.Name, size(c, h, w), l.data.Name, size(dc, dh, dw))
}

// loadWhole loads a model, of a named net if the file does not tell. A file that changed while it was read, by a writer that does not
// replace it at once, is read again.
func loadWhole(ctx context.Context, path, net string) (*model.Model, error) {
	for tries := 3; ; tries-- {
		before, _ := os.Stat(path)
		m, err := model.Load(path, net)
		if err == nil {
			m.Name = modelName(m.Name, path)
			return m, nil
		}
		after, _ := os.Stat(path)
		if sameFile(before, after) || tries == 1 {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// modelName is what a model is called that was loaded as name: that of a run, as all of
// them lie in files of one name, by its folder.
func modelName(name, path string) string {
	if filepath.Base(path) != train.ModelFile {
		return name
	}
	at, err := filepath.Abs(path)
	if err != nil {
		return name
	}
	folder := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, filepath.Base(filepath.Dir(at)))
	if folder == "" || folder == string(filepath.Separator) {
		return name
	}
	return folder
}
