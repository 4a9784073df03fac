package ui

import (
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/term"
)

// stage is where finished pictures get on screen without waiting for the next frame.
// Bubble Tea writes frames at fixed times; a picture that is ready in between would wait
// for half of that time at the mean. So the goroutine that made it hands it to the layer
// at once, provided that the frame shown last has nothing but blanks in its place. The
// frame that follows brings its text and finds the pictures drawn.
//
// The lock makes frame and stage take turns: what is placed last is always the newest.
type stage struct {
	mu         sync.Mutex
	open       bool         // the frame made last has the page's pictures, uncovered
	pictures   []kit.Placed // which
	generation int          // of the images they are of
	ahead      []kit.Placed // shown ahead of their frame
	next       tea.Msg      // that brings it; nil when nothing is ahead
}

// delivered takes note that a message came: if pictures were shown ahead of it, the page has
// them now.
func (s *stage) delivered(msg tea.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil && s.next == msg {
		s.next, s.ahead = nil, nil
	}
}

// newest gives a frame's pictures, those shown ahead in place of the ones before.
func (s *stage) newest(pictures []kit.Placed) []kit.Placed {
	if s.next != nil && samePlaces(s.ahead, pictures) {
		return s.ahead
	}
	return pictures
}

// samePlaces tells whether pictures take the places of others.
func samePlaces(a, b []kit.Placed) bool {
	return slices.EqualFunc(a, b, func(p, q kit.Placed) bool { return p.At == q.At })
}

// present shows pictures now if that is possible. It is called from the goroutine that made
// them.
func (a *App) present(pictures []kit.Placed, generation int, msg tea.Msg) {
	if marker := a.placeAhead(pictures, generation, msg); marker != "" {
		a.layer.Write([]byte(marker)) // a terminal that is gone hangs up, which ends the program
	}
}

// placeAhead prepares showing pictures and returns the layer's marker for them, "" when they
// must wait for their frame.
func (a *App) placeAhead(pictures []kit.Placed, generation int, msg tea.Msg) string {
	s := &a.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || a.ctx.Err() != nil || generation != s.generation || !samePlaces(pictures, s.pictures) {
		return ""
	}
	for _, p := range pictures {
		if p.Drawn.Data == nil || p.Drawn.Lines != nil {
			return ""
		}
	}
	s.ahead, s.next = pictures, msg
	return a.layer.Place(layerPictures(pictures), false)
}

// layerPictures lists what the layer draws.
func layerPictures(pictures []kit.Placed) []term.Picture {
	var list []term.Picture
	for _, p := range pictures {
		if p.Drawn.Data != nil {
			list = append(list, term.Picture{
				ID: p.Drawn.ID, X: p.At.X, Y: p.At.Y, Cols: p.At.W, Rows: p.At.H,
				Data: p.Drawn.Data, Remove: p.Drawn.Remove,
			})
		}
	}
	return list
}
