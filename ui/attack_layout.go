package ui

// attackLayout divides the body of the Attack page.
type attackLayout struct {
	caption  rect
	slots    []slot // none where what is measured has the page
	profile  rect   // empty where there is no room
	table    rect   // figures at the cursor
	accuracy []rect // charts: none, one, or against ε and against ρ
	remarks  rect   // why figures are marked
	epsilon  rect   // sliders
	radius   rect
}

const (
	chartWidth   = 44  // the least width of a chart beside others
	chartHeight  = 8   // the least height of a chart of accuracy, with its heading and axis
	profileRows  = 5   // the least height of the profile, with its axis
	tableWidth   = 54  // the least width of the table of figures beside a chart
	sidesColumns = 110 // from this width on two charts of accuracy stand side by side
)

// layoutAttack gives the page to the pictures, with what is measured under them where there
// is room, or to what is measured alone.
func layoutAttack(b rect, roomy bool, aspect float64, cell cellSize, figures bool, models int) attackLayout {
	gap := 0
	if roomy {
		gap = 1
	}
	l := attackLayout{caption: newRect(b.x, b.y, b.w-1, 1), epsilon: b.row(b.h - 2), radius: b.row(b.h - 1)}
	block := newRect(b.x, b.y+1+gap, b.w, b.h-3-2*gap)
	if figures {
		l.placeFigures(block, models)
		return l
	}
	under := 0
	switch {
	case block.h >= 24:
		under = max(chartHeight+2, block.h*3/10)
		if models > 1 && block.h >= 34 && block.w >= 2*chartWidth {
			under = max(under, chartHeight+models+4) // which is which stands in the table
		}
	case block.h >= 18:
		under = profileRows + gap
	}
	l.placePictures(block, under, aspect, cell, models)
	return l
}

// placePictures puts the pictures as large as can be with a strip under them, which gets
// what they leave.
func (l *attackLayout) placePictures(block rect, under int, aspect float64, cell cellSize, models int) {
	room := newRect(block.x, block.y, block.w, block.h-under)
	lines := min(max(room.h/5, 3), 5)
	best := bestArrangement(room, lines, aspect, cell, slots)
	cols, rows := best.fit(room, lines, aspect, cell)
	l.slots, _ = best.place(newRect(room.x, room.y, room.w, min(room.h, best.height(rows, lines))), cols, rows, lines, lines)
	bottom := room.y
	for _, s := range l.slots {
		bottom = max(bottom, s.pic.bottom(), s.text.bottom())
	}
	if under > 0 {
		l.placeStrip(newRect(block.x, bottom, block.w, block.bottom()-bottom), models)
	}
}

// placeStrip divides the strip under the pictures: the profile, and what is measured as
// charts, or as figures where it is low.
func (l *attackLayout) placeStrip(r rect, models int) {
	if r.h > profileRows {
		r.y++
		r.h--
	}
	charts := min(3, r.w/chartWidth)
	switch {
	case r.h < chartHeight && r.w >= chartWidth+tableWidth:
		l.profile = newRect(r.x, r.y, r.w-tableWidth, r.h)
		l.table = newRect(l.profile.right(), r.y, tableWidth-1, min(r.h, models+1))
	case r.h < chartHeight || charts < 2:
		l.profile = r
	default:
		w := r.w / charts
		l.profile = newRect(r.x, r.y, w, r.h)
		if r.h >= chartHeight+models+3 {
			l.table = newRect(r.x+w, r.y, r.w-w-1, models+1)
			l.remarks = newRect(r.x+w, r.y+models+1, r.w-w-1, 1)
			r.y, r.h = r.y+models+2, r.h-models-2
		}
		for i := 1; i < charts; i++ {
			l.accuracy = append(l.accuracy, newRect(r.x+i*w, r.y, w, r.h))
		}
	}
}

// placeFigures gives all of the room to what is measured.
func (l *attackLayout) placeFigures(block rect, models int) {
	l.table = newRect(block.x, block.y, block.w-1, models+1)
	l.remarks = newRect(block.x, block.bottom()-1, block.w-1, 1)
	if block.h >= 24 {
		l.remarks.y, l.remarks.h = l.remarks.y-2, 3
	}
	top := l.table.bottom()
	if block.h >= 20 {
		top++
	}
	room := newRect(block.x, top, block.w, l.remarks.y-top)
	if room.w < sidesColumns {
		l.accuracy = []rect{room}
		return
	}
	w := room.w / 2
	l.accuracy = []rect{newRect(room.x, room.y, w, room.h), newRect(room.x+w, room.y, w, room.h)}
}
