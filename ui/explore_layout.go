package ui

// exploreLayout divides the body of the Explore page.
type exploreLayout struct {
	caption rect
	slots   []slot
	chart   rect // empty when there is no room for the curve
	slider  rect
}

// layoutExplore arranges pictures of an aspect ratio (width over height) as large as they
// can be: all four of them unless they would become too small, then without the spectrum,
// then without the original. most limits their number.
func layoutExplore(body rect, roomy bool, aspect float64, cell cellSize, classes, most int) exploreLayout {
	var l exploreLayout
	l.caption = body.row(0)
	l.slider = body.row(body.h - 1)
	block := newRect(body.x, body.y+1, body.w, body.h-2)
	if roomy {
		block = newRect(body.x, body.y+2, body.w, body.h-4)
	}
	lines := min(max(block.h/5, 3), 5, max(classes, 3))
	best := bestArrangement(block, lines, aspect, cell, most)
	cols, rows := best.fit(block, lines, aspect, cell)
	l.slots, l.chart = best.place(block, cols, rows, lines, classes)
	return l
}
