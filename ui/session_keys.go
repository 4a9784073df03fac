package ui

import (
	"math"

	tea "charm.land/bubbletea/v2"
)

// slide handles the mouse on a track of r from 0 to most: press and drag move r there, to
// whole numbers unless shift is held, and the wheel steps.
func (s *session) slide(line rect, most float64, m mouse) tea.Cmd {
	return slideOn(s.screen, line, m, func(direction float64, fine bool) tea.Cmd {
		if fine {
			direction *= 0.1
		}
		return s.stepRadius(direction)
	}, func(share float64, fine bool) tea.Cmd {
		r := share * most
		if !fine {
			r = math.Round(r)
		}
		return s.setRadius(min(r, most))
	})
}

// radiusKeys move r; pages that show something at r have them.
var radiusKeys = keymap[*session]{
	{keys: []string{"left", "h"}, shown: "←", name: "r smaller by 1", help: "r smaller, larger by 1", hint: "r", do: func(s *session) tea.Cmd { return s.stepRadius(-1) }},
	{keys: []string{"right", "l"}, shown: "→", name: "r larger by 1", also: true, do: func(s *session) tea.Cmd { return s.stepRadius(1) }},
	{keys: []string{"shift+left", "H"}, shown: "⇧←", name: "r much smaller", help: "r by a large step", do: func(s *session) tea.Cmd { return s.stepRadius(-s.bigStep()) }},
	{keys: []string{"shift+right", "L"}, shown: "⇧→", name: "r much larger", also: true, do: func(s *session) tea.Cmd { return s.stepRadius(s.bigStep()) }},
	{keys: []string{","}, name: "r smaller by 0.1", help: "r by 0.1", hint: "0.1", do: func(s *session) tea.Cmd { return s.stepRadius(-0.1) }},
	{keys: []string{"."}, name: "r larger by 0.1", also: true, do: func(s *session) tea.Cmd { return s.stepRadius(0.1) }},
	{keys: []string{"home"}, name: "r = 0: all is high", help: "r to 0, to past the corner", do: func(s *session) tea.Cmd { return s.setRadius(0) }},
	{keys: []string{"end"}, name: "r past the corner: all is low", also: true, do: func(s *session) tea.Cmd { return s.setRadius(s.maxR) }},
}

// imageKeys choose the image; pages that show one have them.
var imageKeys = keymap[*session]{
	{keys: []string{"up", "p", "k"}, shown: "↑", name: "previous image", help: "previous, next image (also p, n)", hint: "image", do: func(s *session) tea.Cmd { return s.stepIndex(-1) }},
	{keys: []string{"down", "n", "j"}, shown: "↓", name: "next image", also: true, do: func(s *session) tea.Cmd { return s.stepIndex(1) }},
	{keys: []string{"g"}, name: "go to an image by number", hint: "go to", do: func(s *session) tea.Cmd { return s.screen.open(&jump{session: s}) }},
	{keys: []string{"c"}, name: "only images of one class", hint: "class", when: func(s *session) bool { return s.info.Labelled }, do: (*session).chooseClass},
}
