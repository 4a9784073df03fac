package session

import (
	tea "charm.land/bubbletea/v2"

	"hfcui/engine/bands"
	"hfcui/engine/model"
)

// Scene is what a session shows, for others that show the same. It is comparable.
type Scene struct {
	Index      int
	R          float64 // cycles per image
	Smooth     bool
	Smoothing  model.Smoothing // applied if Smooth
	Normalize  bands.Normalization
	Statistics model.Statistics
}

// Scene returns what the session shows.
func (s *Session) Scene() Scene {
	return Scene{s.Index, s.R, s.Smooth, s.Smoothing(), s.Normalize, s.Statistics}
}

// Show shows a scene, of the same model and images; what they do not have is left as it is.
func (s *Session) Show(to Scene) tea.Cmd {
	var what Change
	if to.Index != s.Index && to.Index >= 0 && to.Index < s.Info.Images {
		s.Index, s.Class = to.Index, -1
		what |= changedImage | ChangedClass
	}
	if r := min(max(to.R, 0), s.MaxR); r != s.R {
		s.R = r
		what |= ChangedRadius
	}
	before := s.Scene()
	s.Smooth, s.Rho = to.Smooth, min(max(to.Smoothing.Rho, leastRho), mostRho)
	s.SmoothedLayer, s.DivideGain = to.Smoothing.Layer, to.Smoothing.DivideGain
	s.Normalize, s.Statistics = to.Normalize, to.Statistics
	if s.Scene() != before {
		what |= ChangedSetting
	}
	if what == 0 {
		return nil
	}
	return s.Announce(what)
}

// Renewed switches to what another user of the Lab has opened, or to the split that was selected.
func (s *Session) Renewed() tea.Cmd {
	s.Reading, s.loss = s.Lab.Reading(), s.Lab.Loss()
	return tea.Batch(s.ModelChanged(s.Lab.Info()), s.checkComparisons())
}
