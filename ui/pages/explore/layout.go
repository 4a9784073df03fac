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

// leastLines is the minimum number of lines of predictions below a picture.
const leastLines = 2

// unscoredRows is the height of the text in place of the chart.
const unscoredRows = 4

// layoutExplore arranges pictures of an aspect ratio (width over height) as large as they
// can be: all four of them unless they would become too small, then without the spectrum,
// then without the original. most limits their number. Below each is room for at least a line per
// model.
func layoutExplore(body kit.Rect, roomy bool, aspect float64, cell kit.CellSize, classes, models, most int, scored bool) exploreLayout {
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
	for fewer := lines - 1; fewer >= max(leastLines, models) && cols < cell.ImageW && most != kit.AllSlots; fewer-- {
		other := kit.BestArrangement(block, fewer, aspect, cell, most)
		if w, h := other.Fit(block, fewer, aspect, cell); w >= cell.ImageW && 2*h >= cell.ImageH { // room for every pixel
			best, cols, rows, lines = other, w, h, fewer
		}
	}
	least := kit.ChartRows
	if !scored { // there is only a text, why
		least = unscoredRows
	}
	l.slots, l.chart = best.Place(block, cols, rows, lines, classes, least)
	return l
}
