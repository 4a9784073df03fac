package lab

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"hfcui/checkpoints"
	"hfcui/engine/bands"
	"hfcui/engine/lru"
	"hfcui/engine/model"
	"hfcui/engine/train"
)

// comparisonsKept is the number of comparison models kept open.
const comparisonsKept = 3

// comparisons are the models compared with the open one, by path, on the same images.
type comparisons struct {
	loading chan struct{} // semaphore of one
	models  *lru.Cache[string, comparison]
}

type comparison struct {
	file fs.FileInfo // when it was read; nil for an embedded model
	*study
}

func newComparisons() comparisons {
	c := comparisons{make(chan struct{}, 1), lru.New[string, comparison](comparisonsKept)}
	c.models.OnEvict = func(_ string, m comparison) { m.retire() } // errors of freeing memory are irrelevant
	return c
}

// OpenComparison loads the model at path, a file or an embedded name, for comparison with the open
// one, and describes it. If there are more than three, the least recently used is closed. A model
// with another input than the images of the data is an error.
func (l *Lab) OpenComparison(ctx context.Context, path string) (Info, error) {
	now, end, err := l.model(ctx, path)
	if err != nil {
		return Info{}, err
	}
	defer end()
	return now.info(l.compute.Load()), nil
}

// CloseComparison closes a comparison model once its computations have ended.
func (l *Lab) CloseComparison(path string) { l.compared.models.Remove(path) }

// model returns the selection with the model at path, "" being the open one, which stays open
// until end is called. A comparison model is loaded if it is not open yet or if its file has
// changed.
func (l *Lab) model(ctx context.Context, path string) (now *selection, end func(), err error) {
	if path == "" {
		for {
			if now = l.selected.Load(); now.acquire() {
				return now, now.release, nil
			}
		}
	}
	open := l.selected.Load()
	if s, ok, err := l.compared.current(path, open); ok && err == nil && open.checkComparison(s.model) == nil && s.acquire() {
		if now, err = open.with(s, ""); err != nil {
			s.release()
			return nil, nil, err
		}
		return now, s.release, nil // without waiting for another that is loading
	}
	select {
	case l.compared.loading <- struct{}{}:
		defer func() { <-l.compared.loading }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	for {
		s, err := l.compare(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		open = l.selected.Load()
		if open.data != s.data { // other data were opened meanwhile
			l.compared.models.Remove(path)
			continue
		}
		if now, err = open.with(s, ""); err != nil {
			return nil, nil, err
		}
		if s.acquire() { // else it was closed meanwhile
			return now, s.release, nil
		}
	}
}

// resolve prepares an evaluation: it returns the model at path with the split, "" being the
// selected one, and canonicalizes q. Call end when the model is no longer needed.
func (l *Lab) resolve(ctx context.Context, path, split string, q *bands.Setting) (now *selection, end func(), err error) {
	if now, end, err = l.model(ctx, path); err != nil {
		return nil, nil, err
	}
	q.Smoothing, err = now.model.Canonical(q.Smoothing)
	if err == nil {
		now, err = now.with(now.study, split)
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return now, end, nil
}

// resolveLabeled is resolve for evaluations that need labels.
func (l *Lab) resolveLabeled(ctx context.Context, path, split string, q *bands.Setting) (now *selection, end func(), err error) {
	now, end, err = l.resolve(ctx, path, split, q)
	if err != nil {
		return nil, nil, err
	}
	if err := now.checkLabels(); err != nil {
		end()
		return nil, nil, err
	}
	return now, end, nil
}

// compare returns the comparison model at path.
func (l *Lab) compare(ctx context.Context, path string) (*study, error) {
	models := l.compared.models
	open, end, err := l.model(ctx, "")
	if err != nil {
		return nil, err
	}
	defer end()
	s, ok, err := l.compared.current(path, open)
	if ok {
		return s, open.checkComparison(s.model)
	}
	models.Remove(path)
	if err != nil {
		return nil, err
	}
	file, err := identity(path) // before it is read: if it changes meanwhile it is read again
	if err != nil {
		return nil, err
	}
	m, err := train.LoadModel(ctx, path, model.Description{})
	if err == nil {
		err = open.checkComparison(m)
	}
	if err != nil {
		return nil, err
	}
	s = newStudy(m, modelSource{path: path, chosen: true}, l.compute.Load(), l.gate, open.data)
	models.Put(path, comparison{file, s})
	return s, nil
}

// current returns the comparison model at path if it is open, on the data that now are, and its file
// has not changed.
func (c comparisons) current(path string, now *selection) (s *study, ok bool, err error) {
	file, err := identity(path)
	if err != nil {
		return nil, false, err
	}
	m, ok := c.models.Get(path)
	if !ok || m.data != now.data || !checkpoints.Unchanged(m.file, file) {
		return nil, false, nil
	}
	return m.study, true, nil
}

// checkComparison returns an error unless a model's input size is that of the open model or of the
// data.
func (c *selection) checkComparison(m *model.Model) error {
	ch, h, w := m.Input()
	oc, oh, ow := c.model.Input()
	dc, dh, dw := c.data.Test.Shape()
	if ch == oc && h == oh && w == ow || ch == dc && h == dh && w == dw {
		return nil
	}
	return fmt.Errorf("the input of %s is %s, that of %s is %s: they cannot be compared", m.Name, size(ch, h, w), c.model.Name, size(oc, oh, ow))
}

// identity returns the state of a model's file; nil for embedded models.
func identity(path string) (fs.FileInfo, error) {
	if slices.Contains(checkpoints.EmbeddedNames(), path) {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		_, err = model.Load(path, "") // for its error
	}
	return info, err
}
