package kernels

import (
	"hfcui/ui/kit"
)

// kernelsLayout is the layout of the body.
type kernelsLayout struct {
	caption kit.Rect
	state   kit.Rect // the smoothing, if titles do not show it
	columns []kernelsColumn
	lines   []kit.Rect // of the models, without pictures
	legend  kit.Rect
	chart   kit.Rect // with its axis on the last row
}

// kernelsColumn is the position of a model's two pictures; empty ones are not drawn.
type kernelsColumn struct {
	head   kit.Rect // the model's name; empty if there is only one
	titles [2]kit.Rect
	pics   [2]kit.Rect
	notes  [2]kit.Rect
}

// layoutKernels lays out the kernels of so many models: of one side by side, of several
// below each other in columns; or the curves alone.
func layoutKernels(b kit.Rect, roomy bool, cell kit.CellSize, models int, curves bool) kernelsLayout {
	gap := 0
	if roomy {
		gap = 1
	}
	l := kernelsLayout{caption: kit.NewRect(b.X, b.Y, b.W-1, 1), columns: make([]kernelsColumn, models)}
	switch {
	case curves:
		l.placeCurves(kit.NewRect(b.X, b.Y+1, b.W, b.H-1), gap, models)
	case models == 1:
		l.placeOne(kit.NewRect(b.X, b.Y+1+gap, b.W, b.H-1-gap), gap, cell)
	default:
		l.placeSeveral(kit.NewRect(b.X, b.Y+1, b.W, b.H-1), gap, cell)
	}
	return l
}

// placeCurves lays out a line per model and the chart.
func (l *kernelsLayout) placeCurves(b kit.Rect, gap, models int) {
	l.state = kit.NewRect(b.X, b.Y, b.W-1, 1)
	y := b.Y + 1 + gap
	for range models {
		l.lines = append(l.lines, kit.NewRect(b.X, y, b.W-1, 1))
		y++
	}
	y += gap
	l.legend = kit.NewRect(b.X, y, b.W-1, 1)
	l.chart = kit.NewRect(b.X, y+1, b.W-1, b.Bottom()-y-1)
}

// placeOne lays out two pictures side by side and the chart at their right or below, whichever
// leaves larger pictures. Low terminals have no chart.
func (l *kernelsLayout) placeOne(b kit.Rect, gap int, cell kit.CellSize) {
	const beside = 46 // minimum width of the chart at the right
	under := max(9, b.H*3/10)
	room := b.H - 2 // minus titles and notes
	perRow := float64(cell.H) / float64(cell.W)
	fit := func(w, h int) int {
		w, h = cell.Limit(w, h)
		return max(1, min(h, int(float64(w)/perRow)))
	}
	right, below := fit((b.W-beside-4)/2, room), fit((b.W-3)/2, room-under-gap)
	switch {
	case max(right, below) < 5:
		l.placePair(b.X, b.Y, b.W, fit((b.W-3)/2, room-1), perRow)
		l.legend = kit.NewRect(b.X, b.Bottom()-1, b.W-1, 1)
	case below >= right:
		l.placePair(b.X, b.Y, b.W, below, perRow)
		y := b.Y + below + 2 + gap
		l.legend = kit.NewRect(b.X, y, b.W-1, 1)
		l.chart = kit.NewRect(b.X, y+1, b.W-1, b.Bottom()-y-1)
	default:
		x := l.placePair(b.X, b.Y, 0, right, perRow) + 2
		l.legend = kit.NewRect(x, b.Y, b.Right()-x-1, 1)
		l.chart = kit.NewRect(x, b.Y+1, b.Right()-x-1, right+1)
	}
}

// placePair lays out two pictures of a height side by side, spread over a larger width, and returns
// the column after them.
func (l *kernelsLayout) placePair(x, top, w, rows int, perRow float64) int {
	cols := int(float64(rows)*perRow + 0.5)
	right := x + w - 1
	spare := max(0, min(8, (w-1-2*cols-2)/3))
	c := &l.columns[0]
	for i := range 2 {
		x += spare
		text := cols + max(spare-1, 0) // titles and notes may be wider than the picture
		if i == 1 {
			text = max(cols, right-x)
		}
		c.titles[i] = kit.NewRect(x, top, text, 1)
		c.pics[i] = kit.NewRect(x, top+1, cols, rows)
		c.notes[i] = kit.NewRect(x, top+1+rows, text, 1)
		x += cols + 2
	}
	return x - 1
}

// placeSeveral lays out the models side by side, each with before above or beside after, whichever
// leaves larger pictures, and the chart below if there is room.
func (l *kernelsLayout) placeSeveral(b kit.Rect, gap int, cell kit.CellSize) {
	const leastRows, leastChart, leastText = 5, 9, 8
	l.state = kit.NewRect(b.X, b.Y, b.W-1, 1)
	top, n := b.Y+1, len(l.columns)
	perRow := float64(cell.H) / float64(cell.W)
	width := (b.W - 1 - 2*(n-1)) / n
	fit := func(h, across int) (cols, rows int) { // without head and notes
		w, h := cell.Limit((width-2*(across-1))/across, (h-1)*across/2-1)
		rows = max(1, min(h, int(float64(w)/perRow)))
		return min(w, int(float64(rows)*perRow+0.5)), rows
	}
	room := b.Bottom() - top
	chart := max(leastChart, room*3/10)
	across, cols, rows := 0, 0, 0
	for _, reserved := range []int{chart + 1 + gap, 1} {
		for a := 1; a <= 2 && (a == 1 || (width-2)/2 >= leastText); a++ {
			if c, r := fit(room-reserved, a); r > rows {
				across, cols, rows = a, c, r
			}
		}
		if rows >= leastRows {
			break
		}
		chart = 0
	}
	for i := range l.columns {
		c, x := &l.columns[i], b.X+i*(width+2)
		c.head = kit.NewRect(x, top, width, 1)
		for k := range 2 {
			at, y, text := x, top+1+k*(rows+1), width
			if across == 2 {
				text = (width - 2) / 2
				at, y = x+k*(text+2), top+1
			}
			c.pics[k] = kit.NewRect(at, y, cols, rows)
			c.notes[k] = kit.NewRect(at, y+rows, text, 1)
		}
	}
	if chart == 0 {
		l.legend = kit.NewRect(b.X, b.Bottom()-1, b.W-1, 1)
		return
	}
	y := l.columns[0].notes[1].Y + 1 + gap
	l.legend = kit.NewRect(b.X, y, b.W-1, 1)
	l.chart = kit.NewRect(b.X, y+1, b.W-1, b.Bottom()-y-1)
}
