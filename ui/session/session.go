// Package session is the state shared by all pages and their interface to the program. Session has
// the image, the radius, the setting and the comparison models, with keys and commands that the
// pages share. Screen is a page's view of the shell: theme, layout, dialogs, messages, tasks and
// jobs.
package session

import (
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/lab"
	"hfcui/engine/model"
	"hfcui/ui/kit"
)

// Range and steps of ρ.
const (
	firstRho = 0.5
	leastRho = 0.05
	mostRho  = 2
)

// Session is the state shared by all pages: image, radius, setting. Pages read it, and change it by
// its methods, which notify all pages.
type Session struct {
	Screen        Screen
	Announce      func(what Change) tea.Cmd // notifies every page of a change
	RunFiles      func() []string           // model files of displayed runs
	runs          string                    // a folder of runs
	Lab           Lab                       // nil without a model, when only watching runs
	Info          lab.Info
	Generation    int // incremented when the split changes; results of an older one are dropped
	Index         int
	R             float64
	MaxR          float64 // past the corner of the image on screen
	Smooth        bool
	Rho           float64 // applied if Smooth, as are the next two
	SmoothedLayer string  // the smoothed layer; "" is the first
	DivideGain    bool    // gain-normalized: smoothed kernels are divided by 1+8ρ
	Normalize     bands.Normalization
	Statistics    model.Statistics
	Comparisons   []ShownModel               // besides the open one
	Class         int                        // filter of the image keys; −1: all
	Reading       lab.Reading                // how the open model was read, and what a check of it found
	checking      *kit.Job                   // of the open model
	checked       bool                       // it has ended
	evaluated     int                        // images so far
	opening       []opening                  // comparison models
	Opened        func(c lab.Choice) tea.Cmd // records what was opened; nil: nothing does
	loss          string                     // of a device, that was said
	Occupied      string                     // why training cannot start now, and what to do; "" if it can
}

// Start is the initial state of a session. The zero value is valid.
type Start struct {
	Radius     float64         // 0 chooses one
	Smoothing  model.Smoothing // ρ 0 is off. Its layer is one of the model's, in canonical form
	Index      int             // image
	Normalize  bands.Normalization
	Statistics model.Statistics
}

// New returns a session with a Lab, which may be nil. The caller sets Screen, Announce and RunFiles.
func New(l Lab, o Start, runs string) *Session {
	s := &Session{Lab: l, runs: runs, Rho: firstRho, Class: -1, Normalize: o.Normalize, Statistics: o.Statistics}
	if l != nil {
		s.Info, s.Reading = l.Info(), l.Reading()
	}
	if o.Smoothing.Rho > 0 {
		s.Smooth, s.Rho = true, min(o.Smoothing.Rho, mostRho)
		s.SmoothedLayer, s.DivideGain = o.Smoothing.Layer, o.Smoothing.DivideGain
	}
	s.Index = min(max(o.Index, 0), max(s.Info.Images-1, 0))
	s.MaxR = max(s.Info.MaxRadius, s.Info.MaxPreview, 1)
	s.R = min(o.Radius, s.MaxR)
	if o.Radius <= 0 {
		s.R = s.firstRadius()
	}
	return s
}

// firstRadius returns the r to start with: of 32×32 images 10, and of larger ones in proportion to the
// square root of their size, as more of their energy is at low frequencies. It is of images as the
// model sees them, but no larger than they are, or at their own size where nobody chose the model.
func (s *Session) firstRadius() float64 {
	const small, first = 23, 0.45
	most := s.Info.MaxRadius
	if own := s.Info.OwnRadius; own > 0 && (own < most || !s.Info.Labeled && s.Info.DefaultModel) {
		most = own
	}
	return math.Round(first * min(most, math.Sqrt(most*small)))
}

// Modeled reports whether a model is open.
func (s *Session) Modeled() bool { return s.Lab != nil }

// Receive handles messages of the session's work.
func (s *Session) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case splitMsg:
		return s.splitChanged(msg)
	case reopened:
		return s.reopened(msg)
	case comparisonsChecked:
		return s.comparisonsChecked(msg)
	case kit.Report:
		return s.reported(msg)
	case modelFilesMsg:
		s.modelFilesFound(msg)
	}
	return nil
}

// reported handles a report of the session's jobs.
func (s *Session) reported(r kit.Report) tea.Cmd {
	switch msg := r.Msg.(type) {
	case evaluatedImages:
		if r.Job == s.checking {
			s.evaluated = int(msg)
		}
	case checkedModel:
		return s.modelChecked(r, msg)
	case ComparisonMsg:
		s.opening = slices.DeleteFunc(s.opening, func(o opening) bool { return o.job == r.Job })
		return s.ComparisonOpened(msg)
	}
	return nil
}

// Setting returns the setting of predictions.
func (s *Session) Setting() bands.Setting {
	set := bands.Setting{Normalize: s.Normalize, Statistics: s.Statistics}
	if s.Smooth {
		set.Smoothing = s.Smoothing()
	}
	return set
}

// Smoothing returns the smoothing that applies if Smooth is on.
func (s *Session) Smoothing() model.Smoothing {
	return model.Smoothing{Rho: s.Rho, Layer: s.SmoothedLayer, DivideGain: s.DivideGain}
}

// ClassName returns the name of a class, safe to print.
func (s *Session) ClassName(i int) string { return className(s.Info.Classes, i) }

func className(classes []string, i int) string {
	if i < 0 || i >= len(classes) {
		return "?"
	}
	return kit.Clean(classes[i])
}

// Change is a kind of change of the session.
type Change int

const (
	ChangedRadius  Change = 1 << iota
	changedImage          // another index
	ChangedSetting        // smoothing, normalization, statistics
	ChangedSplit          // another set of images
	ChangedScreen         // size, cells, colors, protocol
	ChangedModels         // comparison models
	ChangedModel          // the open model, or the data
	ChangedNotice         // the line of caveats
	ChangedClass          // filter by class
)

// setRadius sets r, rounded to tenths and clamped to its range.
func (s *Session) setRadius(r float64) tea.Cmd {
	r = math.Round(min(max(r, 0), s.MaxR)*10) / 10
	if r == s.R {
		return nil
	}
	s.R = r
	return s.Announce(ChangedRadius)
}

// StepRadius steps r; from between integers to the next one.
func (s *Session) StepRadius(by float64) tea.Cmd {
	switch by {
	case 1:
		return s.setRadius(math.Floor(s.R+1e-6) + 1)
	case -1:
		return s.setRadius(math.Ceil(s.R-1e-6) - 1)
	}
	return s.setRadius(s.R + by)
}

// bigStep is a twentieth of the range, at least 5.
func (s *Session) bigStep() float64 { return max(5, math.Round(s.MaxR/20)) }

// SetIndex selects an image.
func (s *Session) SetIndex(i int) tea.Cmd {
	if i < 0 || i >= s.Info.Images || i == s.Index {
		return nil
	}
	s.Index = i
	return s.Announce(changedImage)
}

// StepIndex selects the next image in a direction, of the filter's class, and wraps around.
func (s *Session) StepIndex(by int) tea.Cmd {
	n := s.Info.Images
	for k := 1; k <= n; k++ {
		i := ((s.Index+by*k)%n + n) % n
		if s.Class < 0 || s.Lab.Label(i) == s.Class {
			return s.SetIndex(i)
		}
	}
	return nil
}

// chooseClass opens the filter.
func (s *Session) chooseClass() tea.Cmd {
	choices := []kit.Choice{{Text: "all classes", Note: "", Do: func() tea.Cmd { return s.setClass(-1) }}}
	for i := range s.Info.Classes {
		choices = append(choices, kit.Choice{Text: s.ClassName(i), Note: "", Do: func() tea.Cmd { return s.setClass(i) }})
	}
	return s.Screen.Open(kit.NewPicker(s.Screen, "Filter by class", "class", choices))
}

// setClass sets the filter and selects an image of the class if needed.
func (s *Session) setClass(class int) tea.Cmd {
	s.Class = class
	cmd := s.Announce(ChangedClass)
	if class < 0 || s.Lab.Label(s.Index) == class {
		return cmd
	}
	before := s.Index
	cmd = tea.Batch(cmd, s.StepIndex(1))
	if s.Index == before {
		s.Class = -1
		s.Screen.Say("no image of class " + s.ClassName(class) + " in this split")
	}
	return cmd
}

// leap selects an image by index, and clears a filter it does not match.
func (s *Session) leap(i int) tea.Cmd {
	if s.Class < 0 || s.Lab.Label(i) == s.Class {
		return s.SetIndex(i)
	}
	s.Screen.Say("filter cleared: this image is not of class " + s.ClassName(s.Class))
	s.Class = -1
	return tea.Batch(s.Announce(ChangedClass), s.SetIndex(i))
}

// keepClass keeps the filter in another split and selects the next matching image; if there is none
// the filter is cleared.
func (s *Session) keepClass() {
	n, class := s.Info.Images, s.Class
	for k := 0; class >= 0 && k < n; k++ {
		if i := (s.Index + k) % n; s.Lab.Label(i) == class {
			s.Index = i
			return
		}
	}
	if class >= 0 {
		s.Class = -1
		s.Screen.Say("filter cleared: no image of class " + s.ClassName(class) + " in this split")
	}
}

// toggleSmooth switches kernel smoothing.
func (s *Session) toggleSmooth() tea.Cmd {
	s.Smooth = !s.Smooth
	return s.Announce(ChangedSetting)
}

// SmoothLayer selects the layer to smooth; "" is the first.
func (s *Session) SmoothLayer(layer string) tea.Cmd {
	s.Smooth, s.SmoothedLayer = true, layer
	return s.Announce(ChangedSetting)
}

// ToggleGain toggles gain normalization.
func (s *Session) ToggleGain() tea.Cmd {
	s.DivideGain = !s.DivideGain
	return s.Announce(ChangedSetting)
}

// stepRho moves the strength of smoothing, in finer steps where it is small.
func (s *Session) stepRho(direction float64) tea.Cmd {
	step := 0.05
	switch at := s.Rho + direction*1e-6; {
	case at > 1:
		step = 0.25
	case at > 0.5:
		step = 0.1
	}
	rho := math.Round((s.Rho+direction*step)*100) / 100
	rho = min(max(rho, leastRho), mostRho)
	if rho == s.Rho {
		return nil
	}
	s.Rho = rho
	return s.Announce(ChangedSetting)
}

// nextNormalization goes through none, max, std.
func (s *Session) nextNormalization() tea.Cmd {
	s.Normalize = (s.Normalize + 1) % (bands.NormalizeStd + 1)
	return s.Announce(ChangedSetting)
}

// toggleStatistics switches between batch-norm's running and batch statistics.
func (s *Session) toggleStatistics() tea.Cmd {
	s.Statistics = model.BatchStatistics - s.Statistics
	return s.Announce(ChangedSetting)
}

// splitMsg is the outcome of changing the split.
type splitMsg struct {
	info lab.Info
	err  error
}

// nextSplit goes to the other split.
func (s *Session) nextSplit() tea.Cmd {
	names := s.Info.Splits
	return s.SetSplit(names[(slices.Index(names, s.Info.Split)+1)%len(names)])
}

// SetSplit goes to a split; opening it may take a moment.
func (s *Session) SetSplit(next string) tea.Cmd {
	l := s.Lab
	return s.Screen.Task(func() tea.Msg {
		err := l.SetSplit(next)
		return splitMsg{l.Info(), err}
	})
}

// splitChanged switches to another split.
func (s *Session) splitChanged(msg splitMsg) tea.Cmd {
	if msg.err != nil {
		s.Screen.Say(kit.OneLine(msg.err))
		return nil
	}
	return s.opened(msg.info, ChangedSplit)
}

// ModelChanged switches to another model, on the same images.
func (s *Session) ModelChanged(info lab.Info) tea.Cmd {
	if s.SmoothedLayer != "" && !slices.Contains(info.Convs, s.SmoothedLayer) {
		s.Screen.Say(kit.Clean(info.Model) + " has no layer " + model.LayerName(s.SmoothedLayer) + ": smoothing the first convolution")
		s.SmoothedLayer = ""
	}
	if s.Class >= 0 && (s.Class >= len(info.Classes) || info.Classes[s.Class] != s.Info.Classes[s.Class]) {
		s.Class = -1
	}
	return s.opened(info, ChangedSplit|ChangedModel)
}

// opened updates the session to an open model and split.
func (s *Session) opened(info lab.Info, what Change) tea.Cmd {
	before := s.firstRadius()
	s.Info = info
	s.Generation++
	s.Index = min(s.Index, max(s.Info.Images-1, 0))
	s.keepClass()
	if first := s.firstRadius(); first != before { // images of another size
		s.R = first
	}
	s.MaxR = max(s.Info.MaxRadius, s.Info.MaxPreview, 1)
	s.R = min(s.R, s.MaxR)
	s.checked = false
	return tea.Batch(s.Check(), s.Announce(what|ChangedNotice))
}

// InputUnit returns the unit of radii at the model's input, which says so where the image on screen has
// more frequencies.
func (s *Session) InputUnit() string {
	if s.MaxR > s.Info.MaxRadius {
		return "cycles per image of the model input"
	}
	return "cycles per image"
}

// SetMaxRadius sets the range of r for the image on screen.
func (s *Session) SetMaxRadius(r float64) { s.MaxR = max(r, s.Info.MaxRadius) }
