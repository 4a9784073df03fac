package session

import (
	"cmp"
	"math"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
)

// Slide handles the mouse on a track of r from 0 to most: press and drag set r, to integers unless
// shift is held, and the wheel steps.
func (s *Session) Slide(line kit.Rect, most float64, m kit.Mouse) tea.Cmd {
	return kit.SlideOn(s.Screen, line, m, func(direction float64, fine bool) tea.Cmd {
		if fine {
			direction *= 0.1
		}
		return s.StepRadius(direction)
	}, func(share float64, fine bool) tea.Cmd {
		r := share * most
		if !fine {
			r = math.Round(r)
		}
		return s.setRadius(min(r, most))
	})
}

// RadiusKeys change r, on pages whose slider it is.
var RadiusKeys = kit.Keymap[*Session]{
	{Act: kit.Left, Too: kit.Acts{kit.RadiusDown}, Name: "decrease r by 1", Help: "decrease, increase r by 1", Hint: "r", Do: func(s *Session) tea.Cmd { return s.StepRadius(-1) }},
	{Act: kit.Right, Too: kit.Acts{kit.RadiusUp}, Name: "increase r by 1", Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(1) }},
	{Act: kit.FarLeft, Name: "decrease r by a large step", Help: "r by a large step", Do: func(s *Session) tea.Cmd { return s.StepRadius(-s.bigStep()) }},
	{Act: kit.FarRight, Name: "increase r by a large step", Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(s.bigStep()) }},
	{Act: kit.RadiusFineDown, Help: "decrease, increase r by 0.1", Hint: "0.1", Do: func(s *Session) tea.Cmd { return s.StepRadius(-0.1) }},
	{Act: kit.RadiusFineUp, Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(0.1) }},
	{Act: kit.ToStart, Name: "r = 0: all frequencies are high", Help: "r = 0, or beyond the corner", Do: func(s *Session) tea.Cmd { return s.setRadius(0) }},
	{Act: kit.ToEnd, Name: "r beyond the corner: all frequencies are low", Also: true, Do: func(s *Session) tea.Cmd { return s.setRadius(s.MaxR) }},
}

// CutoffKeys change r, on pages that show something at r and have another slider.
var CutoffKeys = kit.Keymap[*Session]{
	{Act: kit.RadiusDown, Help: "decrease, increase r by 1", Do: func(s *Session) tea.Cmd { return s.StepRadius(-1) }},
	{Act: kit.RadiusUp, Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(1) }},
	{Act: kit.RadiusFineDown, Help: "decrease, increase r by 0.1", Do: func(s *Session) tea.Cmd { return s.StepRadius(-0.1) }},
	{Act: kit.RadiusFineUp, Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(0.1) }},
}

// ImageKeys select the image, on pages that show one.
var ImageKeys = kit.Keymap[*Session]{
	{Act: kit.Up, Too: kit.Acts{kit.PreviousImage}, Name: "previous image", Help: "previous, next image", Hint: "image", Do: func(s *Session) tea.Cmd { return s.StepIndex(-1) }},
	{Act: kit.Down, Too: kit.Acts{kit.NextImage}, Name: "next image", Also: true, Do: func(s *Session) tea.Cmd { return s.StepIndex(1) }},
	{Act: kit.GoTo, Name: "Go to image…", Hint: "go to", Do: func(s *Session) tea.Cmd { return s.Screen.Open(&jump{session: s}) }},
	{Act: kit.FilterClass, When: (*Session).labeled, Why: (*Session).Unlabeled, Do: (*Session).chooseClass},
}

// SettingKeys change what the model is asked, on every page.
var SettingKeys = kit.Keymap[*Session]{
	{Act: kit.Smooth, When: (*Session).Modeled, Do: (*Session).toggleSmooth},
	{Act: kit.LessRho, Help: "decrease, increase smoothing ρ", When: (*Session).Modeled, Do: func(s *Session) tea.Cmd { return s.stepRho(-1) }},
	{Act: kit.MoreRho, Also: true, When: (*Session).Modeled, Do: func(s *Session) tea.Cmd { return s.stepRho(1) }},
	{Act: kit.Normalize, When: (*Session).Modeled, Do: (*Session).nextNormalization},
	{Act: kit.Statistics, When: func(s *Session) bool { return s.Info.BatchNorm }, Why: func(*Session) string { return "the model has no batch norm" }, Do: (*Session).toggleStatistics},
	{Act: kit.Split, When: func(s *Session) bool { return len(s.Info.Splits) > 1 }, Why: func(*Session) string { return "the data has one split" }, Do: (*Session).nextSplit},
}

func (s *Session) labeled() bool { return s.Info.Labeled }

// Unlabeled returns why what needs labels is unavailable.
func (s *Session) Unlabeled() string {
	return cmp.Or(kit.Clean(s.Info.Unscored), "no labels that match the model's classes")
}

// Unscored says, on a page that needs labels, that something is unavailable, why, and what to do.
func (s *Session) Unscored(what string) string {
	return what + " unavailable: " + s.Unlabeled() + ". Press " + kit.Open.Label + " to open " + s.missing() + "."
}

// missing is what has to be opened for accuracy to be measured.
func (s *Session) missing() string {
	switch {
	case s.Info.Unlabeled:
		return "a dataset with labels"
	case s.Info.DefaultData:
		return "the model's dataset"
	case s.Info.DefaultModel:
		return "a model of these images"
	}
	return "a model and a dataset that belong together"
}
