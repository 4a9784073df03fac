package attack

import (
	"hfcui/ui/kit"
)

// attackLayout is the layout of the body.
type attackLayout struct {
	caption  kit.Rect
	slots    []kit.Slot // none without pictures
	profile  kit.Rect   // empty if there is no room
	table    kit.Rect   // accuracies at the cursor
	list     kit.Rect   // the same in a narrow form
	accuracy []kit.Rect // charts: none, one, or vs ε and vs ρ
	remarks  kit.Rect   // failed sanity checks
	epsilon  kit.Rect   // sliders
	radius   kit.Rect
}

const (
	chartWidth   = 44  // minimum width of a chart beside others
	chartHeight  = 8   // minimum height of a chart of accuracy, with heading and axis
	profileRows  = 5   // minimum height of the profile, with axis
	tableWidth   = 54  // minimum width of the table beside a chart
	listWidth    = 36  // width of the narrow form, beside the profile
	sidesColumns = 110 // minimum width for two charts of accuracy side by side
)

// layoutAttack gives the page to the pictures, with what is measured under them where there
// is room, or to what is measured alone.
func layoutAttack(b kit.Rect, roomy bool, aspect float64, cell kit.CellSize, figures bool, models int) attackLayout {
	gap := 0
	if roomy {
		gap = 1
	}
	l := attackLayout{caption: kit.NewRect(b.X, b.Y, b.W-1, 1), epsilon: b.Row(b.H - 2), radius: b.Row(b.H - 1)}
	block := kit.NewRect(b.X, b.Y+1+gap, b.W, b.H-3-2*gap)
	if figures {
		l.placeFigures(block, models)
		return l
	}
	under := 0
	switch {
	case block.H >= 24:
		under = max(chartHeight+2, block.H*3/10)
		if models > 1 && block.H >= 34 && block.W >= 2*chartWidth {
			under = max(under, chartHeight+models+4) // the table is the legend
		}
	case block.H >= 16: // 80×24 with two notes
		under = profileRows + gap
	}
	l.placePictures(block, under, aspect, cell, models)
	return l
}

// placePictures lays out the pictures as large as possible above a strip, which gets the remaining
// room.
func (l *attackLayout) placePictures(block kit.Rect, under int, aspect float64, cell kit.CellSize, models int) {
	room := kit.NewRect(block.X, block.Y, block.W, block.H-under)
	lines := min(max(room.H/5, 3), 5)
	best := kit.BestArrangement(room, lines, aspect, cell, kit.Slots)
	cols, rows := best.Fit(room, lines, aspect, cell)
	l.slots, _ = best.Place(kit.NewRect(room.X, room.Y, room.W, min(room.H, best.Height(rows, lines))), cols, rows, lines, lines, kit.ChartRows)
	bottom := room.Y
	for _, s := range l.slots {
		bottom = max(bottom, s.Pic.Bottom(), s.Text.Bottom())
	}
	if under > 0 {
		l.placeStrip(kit.NewRect(block.X, bottom, block.W, block.Bottom()-bottom), models)
	}
}

// placeStrip lays out the strip below the pictures: the profile, and charts of robust accuracy, or
// a table if it is low.
func (l *attackLayout) placeStrip(r kit.Rect, models int) {
	if r.H > profileRows {
		r.Y++
		r.H--
	}
	charts := min(3, r.W/chartWidth)
	switch {
	case r.H < chartHeight && r.W >= chartWidth+tableWidth:
		l.profile = kit.NewRect(r.X, r.Y, r.W-tableWidth, r.H)
		l.table = kit.NewRect(l.profile.Right(), r.Y, tableWidth-1, min(r.H, models+1))
	case r.H < chartHeight && r.W >= 2*listWidth:
		l.profile = kit.NewRect(r.X, r.Y, r.W-listWidth-2, r.H)
		l.list = kit.NewRect(l.profile.Right()+2, r.Y, listWidth-1, r.H)
	case r.H < chartHeight || charts < 2:
		l.profile = r
	default:
		w := r.W / charts
		l.profile = kit.NewRect(r.X, r.Y, w, r.H)
		if r.H >= chartHeight+models+3 {
			l.table = kit.NewRect(r.X+w, r.Y, r.W-w-1, models+1)
			l.remarks = kit.NewRect(r.X+w, r.Y+models+1, r.W-w-1, 1)
			r.Y, r.H = r.Y+models+2, r.H-models-2
		}
		for i := 1; i < charts; i++ {
			l.accuracy = append(l.accuracy, kit.NewRect(r.X+i*w, r.Y, w, r.H))
		}
	}
}

// placeFigures lays out robust accuracy without pictures.
func (l *attackLayout) placeFigures(block kit.Rect, models int) {
	l.table = kit.NewRect(block.X, block.Y, block.W-1, models+1)
	l.remarks = kit.NewRect(block.X, block.Bottom()-1, block.W-1, 1)
	if block.H >= 24 {
		l.remarks.Y, l.remarks.H = l.remarks.Y-2, 3
	}
	top := l.table.Bottom()
	if block.H >= 20 {
		top++
	}
	room := kit.NewRect(block.X, top, block.W, l.remarks.Y-top)
	if room.W < sidesColumns {
		l.accuracy = []kit.Rect{room}
		return
	}
	w := room.W / 2
	l.accuracy = []kit.Rect{kit.NewRect(room.X, room.Y, w, room.H), kit.NewRect(room.X+w, room.Y, w, room.H)}
}
