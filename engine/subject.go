package engine

import (
	"fmt"
	"strings"
	"sync"

	"hfcui/engine/attack"
	"hfcui/engine/bands"
	"hfcui/engine/dataset"
	"hfcui/engine/heatmap"
	"hfcui/engine/model"
	"hfcui/engine/plan"
	"hfcui/spectral"
)

// subject is a model that is explored, with everything that depends on its weights.
type subject struct {
	model    *model.Model
	panel    *panel
	results  *remembered[*held[bands.Result]]
	wholes   *remembered[*bands.Wholes]
	kernels  kernelViews
	attacked *attack.Known
	heatmaps *remembered[*held[heatmap.Result]]
	fits     bool // labels of the data are classes of the model
	notes    []string

	mu      sync.Mutex
	users   int
	retired bool // another took its place: it closes with its last user
}

// newSubject makes a model ready to be asked about images of a set. Background work yields.
func newSubject(m *model.Model, d plan.Device, yield plan.Yield, data string, set dataset.Set) *subject {
	s := &subject{
		model: m, panel: newPanel(m, d, yield), attacked: attack.NewKnown(),
		results: newRemembered[*held[bands.Result]](measurementsKept), wholes: newRemembered[*bands.Wholes](measurementsKept),
		heatmaps: newRemembered[*held[heatmap.Result]](heatmapsKept),
	}
	for _, done := range m.Smoothings() {
		s.remark("%s was saved with smoothed kernels: %s", m.Name, done.Describe())
	}
	s.matchSizes(data, set)
	s.matchClasses(data, set)
	return s
}

// settle brings a setting into the one form that all that do the same have, so that results
// of one are found for the other. An error says why the model cannot be asked with it.
func (s *subject) settle(q *Setting) (err error) {
	q.Smoothing, err = s.model.Canonical(q.Smoothing)
	return err
}

// enter is said before the subject is used, and leave after. It is false when another has
// taken its place.
func (s *subject) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired {
		return false
	}
	s.users++
	return true
}

func (s *subject) leave() {
	s.mu.Lock()
	s.users--
	last := s.retired && s.users == 0
	s.mu.Unlock()
	if last {
		s.panel.close() // memory is given back, which cannot fail in a way that matters
	}
}

// retire closes the subject as soon as nobody uses it.
func (s *subject) retire() error {
	s.mu.Lock()
	free := !s.retired && s.users == 0
	s.retired = true
	s.mu.Unlock()
	if free {
		return s.panel.close()
	}
	return nil
}

// matchSizes notes when the model is shown images other than the data has them.
func (s *subject) matchSizes(data string, set dataset.Set) {
	dc, dh, dw := set.Shape()
	c, h, w := s.model.Input()
	if dc != 0 && (dc != c || dh != h || dw != w) {
		s.remark("%s takes %s and the images of %s are %s: it is shown them converted", s.model.Name, size(c, h, w), data, size(dc, dh, dw))
	}
}

// remark adds something to know about all results.
func (s *subject) remark(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// size describes images: "32×32 RGB".
func size(c, h, w int) string {
	return fmt.Sprintf("%d×%d %s", w, h, map[int]string{1: "grey", 3: "RGB"}[c])
}

// matchClasses finds out whether the data's labels mean what the model's outputs mean.
func (s *subject) matchClasses(data string, set dataset.Set) {
	names, known := set.Classes(), s.model.Classes
	s.fits = len(names) == s.model.Net.Classes
	if s.fits && len(known) > 0 {
		for i := range names {
			s.fits = s.fits && strings.EqualFold(names[i], known[i])
		}
	}
	switch {
	case s.fits, len(names) == 0:
	case len(names) != s.model.Net.Classes:
		s.remark("%s tells %d classes apart and %s has %d: answers are shown, not judged", s.model.Name, s.model.Net.Classes, data, len(names))
	default:
		s.remark("%s was trained on other classes than those of %s: answers are shown, not judged", s.model.Name, data)
	}
}

// chosen is a model and a split that are looked at. What begins with one ends with it, also
// when another is chosen in the meantime.
type chosen struct {
	*subject
	split  string
	set    dataset.Set // at its own size
	inputs dataset.Set // at the model's input size
	recent *recentImages
}

// classes names the model's outputs.
func (c *chosen) classes() []string {
	if len(c.model.Classes) > 0 {
		return c.model.Classes
	}
	if c.fits {
		return c.set.Classes()
	}
	names := make([]string, c.model.Net.Classes)
	for i := range names {
		names[i] = fmt.Sprint("class ", i)
	}
	return names
}

// checkLabels returns an error that says what to do when accuracy cannot be measured, because
// the images of data of a name have no labels or these are not the model's classes.
func (c *chosen) checkLabels(data string) error {
	switch {
	case len(c.set.Classes()) == 0:
		return fmt.Errorf("%s has no labels, so there is no accuracy to measure: use images in one folder a class", data)
	case !c.fits:
		return fmt.Errorf("model %s does not fit the data: its classes are not those of %s; name a model trained on it with --model", c.model.Name, data)
	}
	return nil
}

// label is the class of image i of the split, -1 when it is not known or none of the model's.
func (c *chosen) label(i int) int {
	if !c.fits || i < 0 || i >= c.set.Len() {
		return -1
	}
	return c.set.Label(i)
}

// of returns the same split of data under another name, "" being this one, or for another
// model. What stays the same keeps what it has open.
func (c *chosen) of(data *dataset.Data, s *subject, split string) (*chosen, error) {
	if c != nil && split == "" {
		split = c.split
	}
	if c != nil && s == c.subject && split == c.split {
		return c, nil
	}
	set := data.Set(split)
	if set == nil {
		return nil, fmt.Errorf("%s has no %q split: use %s", data.Name, split, strings.Join(data.Splits(), " or "))
	}
	ch, h, w := s.model.Input()
	if c != nil && split == c.split {
		if oc, oh, ow := c.inputs.Shape(); oc == ch && oh == h && ow == w {
			return &chosen{s, split, c.set, c.inputs, c.recent}, nil
		}
	}
	return &chosen{s, split, set, dataset.Resized(set, ch, h, w), newRecentImages()}, nil
}

// info describes a model and a split as far as they go.
func (c *chosen) info() Info {
	ch, h, w := c.model.Input()
	info := Info{
		Model: c.model.Name, Net: c.model.Net.Name, Params: c.model.Params(), BatchNorm: c.model.HasBatchNorm(),
		FirstConv: c.model.FirstConv(), Convs: c.model.Convolutions(), Mean: c.model.Mean, Std: c.model.Std,
		Channels: ch, Height: h, Width: w, MaxRadius: spectral.MaxRadius(h, w),
		Split: c.split, Images: c.set.Len(), Classes: c.classes(), Labelled: c.fits,
	}
	info.MaxPreview = info.MaxRadius
	if _, ph, pw := c.set.Shape(); ph > 0 {
		info.MaxPreview = max(info.MaxPreview, spectral.MaxRadius(ph, pw))
	}
	return info
}
