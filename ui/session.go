package ui

import (
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine"
	"hfcui/engine/bands"
	"hfcui/engine/model"
)

// Bounds and steps of the strength of smoothing.
const (
	firstRho = 0.5
	leastRho = 0.05
	mostRho  = 2
)

// session is what all pages look at: one image, one radius, one setting.
type session struct {
	lab           Lab
	info          engine.Info
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
	beside        []shownModel // looked at side by side with the open one
	class         int          // only images of this class are stepped to; -1: all
}

func newSession(lab Lab, o Options) session {
	s := session{lab: lab, info: lab.Info(), r: o.Radius, rho: firstRho, class: -1, normalize: o.Normalize, statistics: o.Statistics}
	if o.Smoothing.Rho > 0 {
		s.smooth, s.rho = true, min(o.Smoothing.Rho, mostRho)
		s.smoothedLayer, s.divideGain = o.Smoothing.Layer, o.Smoothing.DivideGain
	}
	s.index = min(max(o.Index, 0), max(s.info.Images-1, 0))
	s.maxR = max(s.info.MaxRadius, s.info.MaxPreview, 1)
	if o.Radius <= 0 {
		s.r = math.Round(s.info.MaxRadius * 0.45)
	}
	s.r = min(s.r, s.maxR)
	return s
}

// setting is what besides image and radius determines answers.
func (s *session) setting() engine.Setting {
	set := engine.Setting{Normalize: s.normalize, Statistics: s.statistics}
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
	changedModels         // others are looked at side by side with the open one
)

// setRadius moves r, on a grid of tenths and inside its bounds.
func (a *App) setRadius(r float64) tea.Cmd {
	r = math.Round(min(max(r, 0), a.maxR)*10) / 10
	if r == a.r {
		return nil
	}
	a.r = r
	return a.changed(changedRadius)
}

// stepRadius moves r by whole steps; from between whole numbers to the next one.
func (a *App) stepRadius(by float64) tea.Cmd {
	switch by {
	case 1:
		return a.setRadius(math.Floor(a.r+1e-6) + 1)
	case -1:
		return a.setRadius(math.Ceil(a.r-1e-6) - 1)
	}
	return a.setRadius(a.r + by)
}

// bigStep is a twentieth of the way, at least 5.
func (s *session) bigStep() float64 { return max(5, math.Round(s.maxR/20)) }

// setIndex goes to an image.
func (a *App) setIndex(i int) tea.Cmd {
	if i < 0 || i >= a.info.Images || i == a.index {
		return nil
	}
	a.index = i
	return a.changed(changedImage)
}

// stepIndex goes to the next image in a direction, of the chosen class if there is one;
// past the end it goes on from the other.
func (a *App) stepIndex(by int) tea.Cmd {
	n := a.info.Images
	for k := 1; k <= n; k++ {
		i := ((a.index+by*k)%n + n) % n
		if a.class < 0 || a.lab.Label(i) == a.class {
			return a.setIndex(i)
		}
	}
	return nil
}

// chooseClass opens the filter.
func (a *App) chooseClass() tea.Cmd {
	choices := []choice{{"all classes", "", func() tea.Cmd { return a.setClass(-1) }}}
	for i := range a.info.Classes {
		choices = append(choices, choice{a.className(i), "", func() tea.Cmd { return a.setClass(i) }})
	}
	return a.open(newPicker(a, "Only images of class", "class", choices))
}

// setClass chooses which images are stepped to, and steps to one if needed.
func (a *App) setClass(class int) tea.Cmd {
	a.explore.stop() // a search is for flips of the class before
	a.class = class
	if class < 0 || a.lab.Label(a.index) == class {
		return nil
	}
	before := a.index
	cmd := a.stepIndex(1)
	if a.index == before {
		a.class = -1
		a.say("no image of class " + a.className(class) + " in this split")
	}
	return cmd
}

// leap goes to an image by its number. The person said which: a filter it does not pass is
// dropped.
func (a *App) leap(i int) tea.Cmd {
	if a.class >= 0 && a.lab.Label(i) != a.class {
		a.say("all classes again: this image is not of class " + a.className(a.class))
		a.explore.stop()
		a.class = -1
	}
	return a.setIndex(i)
}

// keepClass keeps the filter in another split and goes to the next image that passes it;
// where there is none the filter is dropped.
func (a *App) keepClass() {
	n, class := a.info.Images, a.class
	for k := 0; class >= 0 && k < n; k++ {
		if i := (a.index + k) % n; a.lab.Label(i) == class {
			a.index = i
			return
		}
	}
	if class >= 0 {
		a.class = -1
		a.say("all classes again: no image of class " + a.className(class) + " in this split")
	}
}

// toggleSmooth switches kernel smoothing.
func (a *App) toggleSmooth() tea.Cmd {
	a.smooth = !a.smooth
	return a.changed(changedSetting)
}

// smoothLayer smooths a layer in place of any other; "" is the first.
func (a *App) smoothLayer(layer string) tea.Cmd {
	a.smooth, a.smoothedLayer = true, layer
	return a.changed(changedSetting)
}

// toggleGain divides smoothed kernels by 1+8ρ, or not.
func (a *App) toggleGain() tea.Cmd {
	a.divideGain = !a.divideGain
	return a.changed(changedSetting)
}

// stepRho moves the strength of smoothing, in finer steps where it is small.
func (a *App) stepRho(direction float64) tea.Cmd {
	step := 0.05
	switch at := a.rho + direction*1e-6; {
	case at > 1:
		step = 0.25
	case at > 0.5:
		step = 0.1
	}
	rho := math.Round((a.rho+direction*step)*100) / 100
	rho = min(max(rho, leastRho), mostRho)
	if rho == a.rho {
		return nil
	}
	a.rho = rho
	return a.changed(changedSetting)
}

// nextNormalization goes through none, max, std.
func (a *App) nextNormalization() tea.Cmd {
	a.normalize = (a.normalize + 1) % (bands.NormalizeStd + 1)
	return a.changed(changedSetting)
}

// toggleStatistics switches between batch-norm's running and batch statistics.
func (a *App) toggleStatistics() tea.Cmd {
	a.statistics = model.BatchStatistics - a.statistics
	return a.changed(changedSetting)
}

// splitMsg tells that the split was changed, or why not.
type splitMsg struct {
	info engine.Info
	err  error
}

// nextSplit goes to the other split; opening it may take a moment.
func (a *App) nextSplit() tea.Cmd {
	names, at := a.info.Splits, 0
	for i, name := range names {
		if name == a.info.Split {
			at = i
		}
	}
	next, lab := names[(at+1)%len(names)], a.lab
	return task(func() tea.Msg {
		err := lab.SetSplit(next)
		return splitMsg{lab.Info(), err}
	})
}

// splitChanged takes over another split.
func (a *App) splitChanged(msg splitMsg) tea.Cmd {
	if msg.err != nil {
		a.say(oneLine(msg.err))
		return nil
	}
	a.info = msg.info
	a.generation++
	a.index = min(a.index, max(a.info.Images-1, 0))
	a.keepClass()
	a.maxR = max(a.info.MaxRadius, a.info.MaxPreview, 1)
	a.r = min(a.r, a.maxR)
	return a.changed(changedSplit)
}
