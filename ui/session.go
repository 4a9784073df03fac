package ui

import (
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/model"
)

// Bounds and steps of the strength of smoothing.
const (
	firstRho = 0.5
	leastRho = 0.05
	mostRho  = 2
)

// session is what all pages look at: one image, one radius, one setting. Pages read it, and
// change it by its methods, which tell all pages.
type session struct {
	screen        Screen
	announce      func(what change) tea.Cmd // tells every page what is different
	runFiles      func() []string           // model files of the runs that are shown
	runs          string                    // a folder of runs
	lab           Lab                       // nil where runs are watched without a model
	info          lab.Info
	generation    int // counts changes of split: answers about an older one are dropped
	index         int
	r             float64
	maxR          float64 // past the corner of what is on screen
	smooth        bool
	rho           float64 // in force when smooth, as are the two after it
	smoothedLayer string  // whose kernels are smoothed; "" is the first
	divideGain    bool    // the smoothed kernels are divided by 1+8ρ
	normalize     bands.Normalization
	statistics    model.Statistics
	comparisons   []shownModel // shown side by side with the open one
	class         int          // only images of this class are stepped to; -1: all
	occupied      string       // why nothing can be trained now, and what to do; "" where it can
}

// Start is what a session begins with. The zero value is fine.
type Start struct {
	Radius     float64         // 0 chooses one
	Smoothing  model.Smoothing // ρ 0 is off. Its layer is one the model has, in canonical form
	Index      int             // image
	Normalize  bands.Normalization
	Statistics model.Statistics
}

// newSession begins a session with a Lab, nil where there is none. Whoever makes it sets
// screen, announce and runFiles.
func newSession(l Lab, o Start, runs string) *session {
	s := &session{lab: l, runs: runs, rho: firstRho, class: -1, normalize: o.Normalize, statistics: o.Statistics}
	if l != nil {
		s.info = l.Info()
	}
	if o.Smoothing.Rho > 0 {
		s.smooth, s.rho = true, min(o.Smoothing.Rho, mostRho)
		s.smoothedLayer, s.divideGain = o.Smoothing.Layer, o.Smoothing.DivideGain
	}
	s.index = min(max(o.Index, 0), max(s.info.Images-1, 0))
	s.maxR = max(s.info.MaxRadius, s.info.MaxPreview, 1)
	s.r = min(o.Radius, s.maxR)
	if o.Radius <= 0 {
		s.r = min(math.Round(s.info.MaxRadius*0.45), s.maxR)
	}
	return s
}

// modelled tells whether a model is open, which most pages are about.
func (s *session) modelled() bool { return s.lab != nil }

// receive takes what work of the session's tells.
func (s *session) receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case splitMsg:
		return s.splitChanged(msg)
	case comparisonMsg:
		return s.comparisonOpened(msg)
	case modelFilesMsg:
		s.modelFilesFound(msg)
	}
	return nil
}

// setting is what besides image and radius determines answers.
func (s *session) setting() bands.Setting {
	set := bands.Setting{Normalize: s.normalize, Statistics: s.statistics}
	if s.smooth {
		set.Smoothing = s.smoothing()
	}
	return set
}

// smoothing is what smoothing does when it is on.
func (s *session) smoothing() model.Smoothing {
	return model.Smoothing{Rho: s.rho, Layer: s.smoothedLayer, DivideGain: s.divideGain}
}

// className names a class protect.
func (s *session) className(i int) string {
	if i < 0 || i >= len(s.info.Classes) {
		return "?"
	}
	return clean(s.info.Classes[i])
}

// change says what of the session is different now.
type change int

const (
	changedRadius  change = 1 << iota
	changedImage          // another index
	changedSetting        // smoothing, normalisation, statistics
	changedSplit          // other images altogether
	changedScreen         // size, cells, colours, kind of pictures
	changedModels         // others are shown side by side with the open one
	changedModel          // another one is open, on the same images
	changedClass          // which images are stepped to
)

// setRadius moves r, on a grid of tenths and inside its bounds.
func (s *session) setRadius(r float64) tea.Cmd {
	r = math.Round(min(max(r, 0), s.maxR)*10) / 10
	if r == s.r {
		return nil
	}
	s.r = r
	return s.announce(changedRadius)
}

// stepRadius moves r by whole steps; from between whole numbers to the next one.
func (s *session) stepRadius(by float64) tea.Cmd {
	switch by {
	case 1:
		return s.setRadius(math.Floor(s.r+1e-6) + 1)
	case -1:
		return s.setRadius(math.Ceil(s.r-1e-6) - 1)
	}
	return s.setRadius(s.r + by)
}

// bigStep is a twentieth of the way, at least 5.
func (s *session) bigStep() float64 { return max(5, math.Round(s.maxR/20)) }

// setIndex goes to an image.
func (s *session) setIndex(i int) tea.Cmd {
	if i < 0 || i >= s.info.Images || i == s.index {
		return nil
	}
	s.index = i
	return s.announce(changedImage)
}

// stepIndex goes to the next image in a direction, of the chosen class if there is one;
// past the end it goes on from the other.
func (s *session) stepIndex(by int) tea.Cmd {
	n := s.info.Images
	for k := 1; k <= n; k++ {
		i := ((s.index+by*k)%n + n) % n
		if s.class < 0 || s.lab.Label(i) == s.class {
			return s.setIndex(i)
		}
	}
	return nil
}

// chooseClass opens the filter.
func (s *session) chooseClass() tea.Cmd {
	choices := []choice{{text: "all classes", note: "", do: func() tea.Cmd { return s.setClass(-1) }}}
	for i := range s.info.Classes {
		choices = append(choices, choice{text: s.className(i), note: "", do: func() tea.Cmd { return s.setClass(i) }})
	}
	return s.screen.open(newPicker(s.screen, "Only images of class", "class", choices))
}

// setClass chooses which images are stepped to, and steps to one if needed.
func (s *session) setClass(class int) tea.Cmd {
	s.class = class
	cmd := s.announce(changedClass)
	if class < 0 || s.lab.Label(s.index) == class {
		return cmd
	}
	before := s.index
	cmd = tea.Batch(cmd, s.stepIndex(1))
	if s.index == before {
		s.class = -1
		s.screen.say("no image of class " + s.className(class) + " in this split")
	}
	return cmd
}

// leap goes to an image by its number. The person said which: a filter it does not pass is
// dropped.
func (s *session) leap(i int) tea.Cmd {
	if s.class < 0 || s.lab.Label(i) == s.class {
		return s.setIndex(i)
	}
	s.screen.say("all classes again: this image is not of class " + s.className(s.class))
	s.class = -1
	return tea.Batch(s.announce(changedClass), s.setIndex(i))
}

// keepClass keeps the filter in another split and goes to the next image that passes it;
// where there is none the filter is dropped.
func (s *session) keepClass() {
	n, class := s.info.Images, s.class
	for k := 0; class >= 0 && k < n; k++ {
		if i := (s.index + k) % n; s.lab.Label(i) == class {
			s.index = i
			return
		}
	}
	if class >= 0 {
		s.class = -1
		s.screen.say("all classes again: no image of class " + s.className(class) + " in this split")
	}
}

// toggleSmooth switches kernel smoothing.
func (s *session) toggleSmooth() tea.Cmd {
	s.smooth = !s.smooth
	return s.announce(changedSetting)
}

// smoothLayer smooths a layer in place of any other; "" is the first.
func (s *session) smoothLayer(layer string) tea.Cmd {
	s.smooth, s.smoothedLayer = true, layer
	return s.announce(changedSetting)
}

// toggleGain divides smoothed kernels by 1+8ρ, or not.
func (s *session) toggleGain() tea.Cmd {
	s.divideGain = !s.divideGain
	return s.announce(changedSetting)
}

// stepRho moves the strength of smoothing, in finer steps where it is small.
func (s *session) stepRho(direction float64) tea.Cmd {
	step := 0.05
	switch at := s.rho + direction*1e-6; {
	case at > 1:
		step = 0.25
	case at > 0.5:
		step = 0.1
	}
	rho := math.Round((s.rho+direction*step)*100) / 100
	rho = min(max(rho, leastRho), mostRho)
	if rho == s.rho {
		return nil
	}
	s.rho = rho
	return s.announce(changedSetting)
}

// nextNormalization goes through none, max, std.
func (s *session) nextNormalization() tea.Cmd {
	s.normalize = (s.normalize + 1) % (bands.NormalizeStd + 1)
	return s.announce(changedSetting)
}

// toggleStatistics switches between batch-norm's running and batch statistics.
func (s *session) toggleStatistics() tea.Cmd {
	s.statistics = model.BatchStatistics - s.statistics
	return s.announce(changedSetting)
}

// splitMsg tells that the split was changed, or why not.
type splitMsg struct {
	info lab.Info
	err  error
}

// nextSplit goes to the other split; opening it may take a moment.
func (s *session) nextSplit() tea.Cmd {
	names, at := s.info.Splits, 0
	for i, name := range names {
		if name == s.info.Split {
			at = i
		}
	}
	next, l := names[(at+1)%len(names)], s.lab
	return s.screen.task(func() tea.Msg {
		err := l.SetSplit(next)
		return splitMsg{l.Info(), err}
	})
}

// splitChanged takes over another split.
func (s *session) splitChanged(msg splitMsg) tea.Cmd {
	if msg.err != nil {
		s.screen.say(oneLine(msg.err))
		return nil
	}
	return s.opened(msg.info, changedSplit)
}

// modelChanged takes over another model, on the same images.
func (s *session) modelChanged(info lab.Info) tea.Cmd {
	if s.smoothedLayer != "" && !slices.Contains(info.Convs, s.smoothedLayer) {
		s.screen.say(clean(info.Model) + " has no layer " + model.LayerName(s.smoothedLayer) + ": the first is smoothed")
		s.smoothedLayer = ""
	}
	return s.opened(info, changedSplit|changedModel)
}

// opened takes over what is open now.
func (s *session) opened(info lab.Info, what change) tea.Cmd {
	s.info = info
	s.generation++
	s.index = min(s.index, max(s.info.Images-1, 0))
	s.keepClass()
	s.maxR = max(s.info.MaxRadius, s.info.MaxPreview, 1)
	s.r = min(s.r, s.maxR)
	return s.announce(what)
}

// setMaxRadius takes over how far r goes for the image on screen.
func (s *session) setMaxRadius(r float64) { s.maxR = max(r, s.info.MaxRadius) }
