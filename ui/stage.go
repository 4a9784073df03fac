package ui

import (
	"sync"

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
	open       bool        // the frame made last shows pictures of the Explore page, uncovered
	at         [slots]rect // where
	generation int         // of the images they are of
	next       *viewMsg    // shown ahead of its frame
}

// present shows the pictures of an answer now if that is possible. It is called from the
// goroutine that made them.
func (a *App) present(msg *viewMsg) {
	if marker := a.placeAhead(msg); marker != "" {
		a.layer.Write([]byte(marker)) // a terminal that is gone hangs up, which ends the program
	}
}

// placeAhead prepares showing msg and returns the layer's marker for it, "" when its
// pictures must wait for their frame.
func (a *App) placeAhead(msg *viewMsg) string {
	s := &a.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || a.ctx.Err() != nil || msg.asked.generation != s.generation {
		return ""
	}
	var pictures []placed
	for kind, at := range s.at {
		if at.empty() != !msg.asked.kinds[kind] {
			return ""
		}
		if at.empty() {
			continue
		}
		if !msg.asked.fits(at) || msg.drawn[kind].Data == nil || msg.drawn[kind].Lines != nil {
			return ""
		}
		pictures = append(pictures, placed{at, msg.drawn[kind]})
	}
	s.next = msg
	return a.layer.Place(layerPictures(pictures), false)
}

// layerPictures lists what the layer draws.
func layerPictures(pictures []placed) []term.Picture {
	var list []term.Picture
	for _, p := range pictures {
		if p.drawn.Data != nil {
			list = append(list, term.Picture{
				ID: p.drawn.ID, X: p.at.x, Y: p.at.y, Cols: p.at.w, Rows: p.at.h,
				Data: p.drawn.Data, Remove: p.drawn.Remove,
			})
		}
	}
	return list
}
