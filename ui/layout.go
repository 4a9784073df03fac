package ui

// The program needs at least this much room.
const (
	minWidth  = 60
	minHeight = 18
)

// layout is where everything on the frame lies; pages divide body among themselves.
type layout struct {
	w, h     int
	tooSmall bool
	header   rect
	body     rect
	note     rect // one line for a caveat; empty without one
	status   rect
	hints    rect
}

// roomy tells that there are lines to spare for separating things.
func (l layout) roomy() bool { return l.h >= 28 }

func newLayout(w, h int, note bool) layout {
	l := layout{w: w, h: h, tooSmall: w < minWidth || h < minHeight}
	if l.tooSmall {
		return l
	}
	l.header = rect{1, 0, w - 2, 1}
	l.hints = rect{1, h - 1, w - 2, 1}
	l.status = rect{1, h - 2, w - 2, 1}
	top, bottom := 1, h-2
	if l.roomy() {
		top++
		bottom--
	}
	if note {
		bottom--
		l.note = rect{1, bottom, w - 2, 1}
	}
	l.body = rect{1, top, w - 1, bottom - top}
	return l
}

// cellSize is a cell of the terminal in pixels, and the largest picture it draws, in
// cells; 0 where there is no limit.
type cellSize struct{ w, h, mostW, mostH int }

// limit makes a picture no larger than can be drawn.
func (c cellSize) limit(cols, rows int) (int, int) {
	if c.mostW > 0 {
		cols = min(cols, c.mostW)
	}
	if c.mostH > 0 {
		rows = min(rows, c.mostH)
	}
	return cols, rows
}

// The four pictures of the Explore page.
const (
	slotWhole = iota
	slotLow
	slotHigh
	slotSpectrum
	slots
)

// slot is where one picture, its title and what is said of it lie.
type slot struct {
	kind             int
	title, pic, text rect
}

// exploreLayout divides the body of the Explore page.
type exploreLayout struct {
	caption rect
	slots   []slot
	chart   rect // empty when there is no room for the curve
	slider  rect
}

// axisWidth is the room left of the chart's plot and of the slider's track for labels;
// valueWidth the room right of them. Both have the same, so that r is at the same column.
const (
	axisWidth  = 5
	valueWidth = 8
)

// plotOf returns the columns of r, where track and plot lie.
func plotOf(r rect) rect { return rect{r.x + axisWidth, r.y, r.w - axisWidth - valueWidth, r.h} }

// arrangement is a way to lay out pictures: how many, how many side by side, and whether
// what is said of each stands beside or under it.
type arrangement struct {
	pictures, across int
	beside           bool
}

const (
	besideWidth  = 22  // room for text beside a picture, at least
	chartRows    = 10  // the least height of a chart worth showing
	pictureCells = 150 // pictures of fewer cells than this are too small: show fewer of them
	mostLines    = 10  // predictions listed at most
	titleWidth   = 16  // room for a picture's title, at least: a narrow picture gets a wider box
)

// layoutExplore arranges pictures of an aspect ratio (width over height) as large as they
// can be: all four of them unless they would become too small, then without the spectrum,
// then without the original. most limits their number.
func layoutExplore(body rect, roomy bool, aspect float64, cell cellSize, classes, most int) exploreLayout {
	var l exploreLayout
	l.caption = body.row(0)
	l.slider = body.row(body.h - 1)
	block := rect{body.x, body.y + 1, body.w, body.h - 2}
	if roomy {
		block = rect{body.x, body.y + 2, body.w, body.h - 4}
	}
	lines := min(max(block.h/5, 3), 5, max(classes, 3))
	best := bestArrangement(block, lines, aspect, cell, most)
	cols, rows := best.fit(block, lines, aspect, cell)
	l.place(best, block, cols, rows, lines, classes)
	return l
}

// bestArrangement is the one of most pictures at most that makes them largest: of all of them
// unless they would become too small, else of fewer.
func bestArrangement(block rect, lines int, aspect float64, cell cellSize, most int) arrangement {
	best, area := arrangement{2, 2, false}, 0.0
	for n := min(most, slots); n >= 2; n-- {
		for _, a := range arrangements(n) {
			cols, rows := a.fit(block, lines, aspect, cell)
			score := float64(cols * rows)
			if a.across == n {
				score *= 1.3 // side by side is how they are compared
			}
			if score > area && (cols*rows >= pictureCells || n == 2) {
				best, area = a, score
			}
		}
		if area > 0 {
			break
		}
	}
	return best
}

func arrangements(n int) []arrangement {
	var list []arrangement
	for across := n; across >= 1; across-- {
		if n%across == 0 {
			list = append(list, arrangement{n, across, false}, arrangement{n, across, true})
		}
	}
	return list
}

// fit returns the size of each picture in cells, 0 when there is no room.
func (a arrangement) fit(block rect, lines int, aspect float64, cell cellSize) (cols, rows int) {
	down := a.pictures / a.across
	w := (block.w - (a.across - 1)) / a.across
	h := block.h/down - 1
	if a.beside {
		w -= besideWidth + 2
	} else {
		h -= lines
	}
	if w < 4 || h < 2 {
		return 0, 0
	}
	w, h = cell.limit(w, h)
	perRow := float64(cell.h) * aspect / float64(cell.w) // columns as wide as a row is high
	cols = min(w, int(float64(h)*perRow+0.5))
	rows = min(h, int(float64(cols)/perRow))
	if rows < 1 {
		rows = 1
	}
	return max(1, min(w, max(titleWidth, int(float64(rows)*perRow+0.5)))), rows
}

// place puts the pictures of an arrangement into the block and gives what room is left to
// more predictions and the chart.
func (l *exploreLayout) place(a arrangement, block rect, cols, rows, lines, classes int) {
	down := a.pictures / a.across
	column := (block.w + 1) / a.across
	extra := block.h - down*(1+rows+lines)
	if a.beside {
		extra = block.h - down*(1+rows)
		lines = rows
	} else {
		more := min(mostLines, max(classes, lines)) - lines
		if extra >= chartRows+1 {
			more = min(more, extra-chartRows-1)
		}
		more = max(0, min(more, extra/down))
		lines += more
		extra -= more * down
	}
	gap := 0
	if down > 1 && extra >= down-1 {
		gap = 1
		extra -= down - 1
	}
	for i, kind := range order(a.pictures) {
		x := block.x + i%a.across*column
		y := block.y + i/a.across*(1+rows+gap)
		if !a.beside {
			y += i / a.across * lines
		}
		s := slot{kind: kind, title: rect{x, y, cols, 1}, pic: rect{x, y + 1, cols, rows}}
		if a.beside {
			s.text = rect{x + cols + 1, y + 1, column - cols - 3, rows}
		} else {
			s.text = rect{x, y + 1 + rows, column - 2, lines}
		}
		l.slots = append(l.slots, s)
	}
	if extra >= chartRows+1 {
		l.chart = rect{block.x, block.bottom() - extra + 1, block.w, extra - 1}
	}
}

// order lists the pictures that are shown when there is room for n.
func order(n int) []int {
	switch n {
	case 2:
		return []int{slotLow, slotHigh}
	case 3:
		return []int{slotWhole, slotLow, slotHigh}
	}
	return []int{slotWhole, slotLow, slotHigh, slotSpectrum}
}
