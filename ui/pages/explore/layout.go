package explore

import (
	"hfcui/ui/kit"
)

// exploreLayout is the layout of the body.
type exploreLayout struct {
	caption kit.Rect
	legend  kit.Rect // names of the models; empty if there is only one
	slots   []kit.Slot
	chart   kit.Rect // empty if there is no room
	slider  kit.Rect
}

// layoutExplore arranges pictures of an aspect ratio (width over height) as large as they
// can be: all four of them unless they would become too small, then without the spectrum,
// then without the original. most limits their number. Below each is room for at least a line per
// model.
func layoutExplore(body kit.Rect, roomy bool, aspect float64, cell kit.CellSize, classes, models, most int) exploreLayout {
	var l exploreLayout
	l.caption = body.Row(0)
	l.slider = body.Row(body.H - 1)
	block := kit.NewRect(body.X, body.Y+1, body.W, body.H-2)
	if roomy {
		block = kit.NewRect(body.X, body.Y+2, body.W, body.H-4)
	}
	lines := min(max(block.H/5, 3), 5, max(classes, 3))
	if models > 1 {
		l.legend = body.Row(1)
		if !roomy {
			block.Y, block.H = block.Y+1, block.H-1
		}
		if lines < models || lines/models > 1 && lines%models > 0 {
			lines = models
		}
	}
	best := kit.BestArrangement(block, lines, aspect, cell, most)
	cols, rows := best.Fit(block, lines, aspect, cell)
	l.slots, l.chart = best.Place(block, cols, rows, lines, classes)
	return l
}
