package ui

import (
	"slices"
	"sync"

	tea "charm.land/bubbletea/v2"

	"hfcui/ui/kit"
	"hfcui/ui/term"
)

// stage shows finished pictures without waiting for the next frame. Bubble Tea writes frames at
// fixed times, for which a picture would wait half a period on average. Instead the goroutine that
// rendered it passes it to the layer immediately, provided that its place in the last frame is
// blank. The next frame has the text. Terminals without synchronized updates draw a picture while
// they read it, in xterm for tens of milliseconds, during which the new picture would stand above the
// old text: there pictures wait for their frame, whose text is written before them.
//
// The lock orders frame and stage, so that the last picture placed is the newest.
type stage struct {
	mu         sync.Mutex
	open       bool         // the last frame has the page's pictures, uncovered
	sync       bool         // the terminal has synchronized updates
	pictures   []kit.Placed // of the last frame
	charts     []kit.Placed // pictures of its charts, besides
	generation int          // of the images they are of
	ahead      []kit.Placed // shown ahead of their frame
	next       tea.Msg      // whose frame it is; nil if none are ahead
}

// delivered marks a message as delivered: the page now has the pictures shown ahead of it.
func (s *stage) delivered(msg tea.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil && s.next == msg {
		s.next, s.ahead = nil, nil
	}
}

// shut keeps pictures from being shown ahead of a frame that is not on screen yet.
func (s *stage) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
}

// newest returns a frame's pictures, with those shown ahead replacing older ones.
func (s *stage) newest(pictures []kit.Placed) []kit.Placed {
	if s.next != nil && samePlaces(s.ahead, pictures) {
		return s.ahead
	}
	return pictures
}

// samePlaces reports whether pictures have the same positions as others.
func samePlaces(a, b []kit.Placed) bool {
	return slices.EqualFunc(a, b, func(p, q kit.Placed) bool { return p.At == q.At })
}

// present shows pictures immediately if possible. It is called from the goroutine that rendered them.
func (a *App) present(pictures []kit.Placed, generation int, msg tea.Msg) {
	if marker := a.placeAhead(pictures, generation, msg); marker != "" {
		a.layer.Write([]byte(marker)) // a closed terminal ends the program by a hang-up
	}
}

// placeAhead places pictures and returns the layer's marker; "" if they must wait for their frame.
func (a *App) placeAhead(pictures []kit.Placed, generation int, msg tea.Msg) string {
	s := &a.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || !s.sync || a.ctx.Err() != nil || generation != s.generation || !samePlaces(pictures, s.pictures) {
		return ""
	}
	for _, p := range pictures {
		if p.Drawn.Data == nil || p.Drawn.Lines != nil {
			return ""
		}
	}
	s.ahead, s.next = pictures, msg
	return a.layer.Place(layerPictures(slices.Concat(pictures, s.charts)), false)
}

// layerPictures converts pictures for the layer.
func layerPictures(pictures []kit.Placed) []term.Picture {
	var list []term.Picture
	for _, p := range pictures {
		if p.Drawn.Data != nil {
			list = append(list, term.Picture{
				ID: p.Drawn.ID, X: p.At.X, Y: p.At.Y, Cols: p.At.W, Rows: p.At.H,
				Data: p.Drawn.Data, Remove: p.Drawn.Remove, Erase: p.Drawn.Erase,
				Preview: p.Drawn.Preview, Cuts: term.Cuts(p.Drawn.Cuts),
			})
		}
	}
	return list
}
