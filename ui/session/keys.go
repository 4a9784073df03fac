package session

import (
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

// RadiusKeys change r, on pages that show something at r.
var RadiusKeys = kit.Keymap[*Session]{
	{Keys: []string{"left", "h"}, Shown: "←", Name: "r smaller by 1", Help: "r smaller, larger by 1", Hint: "r", Do: func(s *Session) tea.Cmd { return s.StepRadius(-1) }},
	{Keys: []string{"right", "l"}, Shown: "→", Name: "r larger by 1", Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(1) }},
	{Keys: []string{"shift+left", "H"}, Shown: "⇧←", Name: "r much smaller", Help: "r by a large step", Do: func(s *Session) tea.Cmd { return s.StepRadius(-s.bigStep()) }},
	{Keys: []string{"shift+right", "L"}, Shown: "⇧→", Name: "r much larger", Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(s.bigStep()) }},
	{Keys: []string{","}, Name: "r smaller by 0.1", Help: "r by 0.1", Hint: "0.1", Do: func(s *Session) tea.Cmd { return s.StepRadius(-0.1) }},
	{Keys: []string{"."}, Name: "r larger by 0.1", Also: true, Do: func(s *Session) tea.Cmd { return s.StepRadius(0.1) }},
	{Keys: []string{"home"}, Name: "r = 0: all frequencies are high", Help: "r to 0, to past the corner", Do: func(s *Session) tea.Cmd { return s.setRadius(0) }},
	{Keys: []string{"end"}, Name: "r past the corner: all frequencies are low", Also: true, Do: func(s *Session) tea.Cmd { return s.setRadius(s.MaxR) }},
}

// ImageKeys select the image, on pages that show one.
var ImageKeys = kit.Keymap[*Session]{
	{Keys: []string{"up", "p", "k"}, Shown: "↑", Name: "previous image", Help: "previous, next image (also p, n)", Hint: "image", Do: func(s *Session) tea.Cmd { return s.StepIndex(-1) }},
	{Keys: []string{"down", "n", "j"}, Shown: "↓", Name: "next image", Also: true, Do: func(s *Session) tea.Cmd { return s.StepIndex(1) }},
	{Keys: []string{"g"}, Name: "Go to image…", Hint: "go to", Do: func(s *Session) tea.Cmd { return s.Screen.Open(&jump{session: s}) }},
	{Keys: []string{"c"}, Name: "filter by class", Hint: "class", When: func(s *Session) bool { return s.Info.Labeled }, Do: (*Session).chooseClass},
}

// SettingKeys change what the model is asked, on every page.
var SettingKeys = kit.Keymap[*Session]{
	{Keys: []string{"s"}, Name: "smoothing on, off", Hint: "smooth", When: (*Session).Modeled, Do: (*Session).toggleSmooth},
	{Keys: []string{"["}, Name: "smooth less (ρ)", Help: "smoothing strength ρ", Hint: "ρ", When: (*Session).Modeled, Do: func(s *Session) tea.Cmd { return s.stepRho(-1) }},
	{Keys: []string{"]"}, Name: "smooth more (ρ)", Also: true, When: (*Session).Modeled, Do: func(s *Session) tea.Cmd { return s.stepRho(1) }},
	{Keys: []string{"m"}, Name: "normalize band images: none, max, std", Hint: "norm", When: (*Session).Modeled, Do: (*Session).nextNormalization},
	{Keys: []string{"b"}, Name: "batch-norm: running or batch statistics", Hint: "bn", When: func(s *Session) bool { return s.Info.BatchNorm }, Do: (*Session).toggleStatistics},
	{Keys: []string{"t"}, Name: "split: test or train", Hint: "split", When: func(s *Session) bool { return len(s.Info.Splits) > 1 }, Do: (*Session).nextSplit},
}
