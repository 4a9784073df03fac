package ui

// trainLayout divides the body of the Train page: a table of the runs, charts below it.
type trainLayout struct {
	table  rect // its first row is the heading
	titles [panels]rect
	plots  [panels]rect // empty where a chart is not shown; the axis is in the row below
	// kernels is the picture, at the left of its panel.
	kernels rect
	first   panelKind
	shown   int // how many charts
}

// chartSlot is a place for a chart, in shares of columns and rows of the page.
type chartSlot struct{ x, y, w, h int }

// trainGrids are the ways to put charts side by side and under each other, the largest
// first: the least size of the terminal, the columns and rows, and the places in the order
// in which charts take them.
var trainGrids = []struct {
	w, h, across, down int
	slots              []chartSlot
}{
	{180, 50, 3, 3, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 2}, {0, 1, 1, 1}, {2, 0, 1, 1}, {2, 1, 1, 1}, {2, 2, 1, 1}, {0, 2, 1, 1}, {1, 2, 1, 1}}},
	{130, 38, 2, 2, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 1, 1}}},
	{100, 28, 2, 1, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 1}}},
	{60, 36, 1, 2, []chartSlot{{0, 0, 1, 1}, {0, 1, 1, 1}}},
	{0, 0, 1, 1, []chartSlot{{0, 0, 1, 1}}},
}

// layoutTrain lays out a table of so many runs and as many charts as there is room for,
// beginning with first. Where all charts are shown they stay in their places.
func layoutTrain(l layout, runs int, first panelKind, alone bool, cell cellSize) trainLayout {
	b := l.body
	most := 3
	if l.roomy() {
		most = max(4, b.h/6)
	}
	t := trainLayout{first: first}
	t.table = newRect(b.x, b.y, b.w-1, 1+min(max(runs, 1), most))
	top := t.table.bottom()
	if l.roomy() {
		top++
	}
	grid := trainGrids[len(trainGrids)-1]
	for _, g := range trainGrids {
		if l.w >= g.w && l.h >= g.h && !alone {
			grid = g
			break
		}
	}
	if len(grid.slots) >= int(panels) {
		t.first = panelAccuracy
	}
	t.shown = len(grid.slots)
	w, h := (b.w-1)/grid.across, (b.bottom()-top)/grid.down
	for i, s := range grid.slots {
		k := (t.first + panelKind(i)) % panels
		r := newRect(b.x+s.x*w, top+s.y*h, s.w*w, s.h*h)
		if s.y+s.h == grid.down {
			r.h = b.bottom() - r.y
		}
		t.titles[k] = newRect(r.x, r.y, r.w-2, 1)
		t.plots[k] = plotOf(newRect(r.x, r.y+1, r.w, r.h-2))
		if k == panelKernels {
			t.plots[k] = newRect(r.x+1, r.y+1, r.w-3, r.h-2)
			t.kernels = kernelBox(t.plots[k], cell)
		}
	}
	return t
}

// kernelBox is a square picture at the left of a panel.
func kernelBox(r rect, cell cellSize) rect {
	w, h := cell.limit(r.w, r.h)
	if cell.w > 0 && cell.h > 0 {
		w = min(w, max(1, (h*cell.h+cell.w/2)/cell.w))
		h = min(h, max(1, (w*cell.w+cell.h/2)/cell.h))
	}
	return newRect(r.x, r.y, w, h)
}

// shows tells whether one of some charts is shown.
func (t trainLayout) shows(kinds ...panelKind) bool {
	for _, k := range kinds {
		if !t.plots[k].empty() {
			return true
		}
	}
	return false
}

// order lists the charts that are shown.
func (t trainLayout) order() []panelKind {
	var list []panelKind
	for i := range panels {
		if k := (t.first + i) % panels; !t.plots[k].empty() {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		list = append(list, t.first)
	}
	return list
}

// top is the first run of the table when not all fit: the chosen one is in it.
func (t trainLayout) top(run, runs int) int {
	return min(max(0, run-(t.table.h-2)), max(0, runs-(t.table.h-1)))
}
