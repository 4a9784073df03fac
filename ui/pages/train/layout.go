package train

import (
	"hfcui/ui/kit"
	"hfcui/ui/pages/train/runlog"
)

// trainLayout is the layout of the body: a table of the runs, charts below it.
type trainLayout struct {
	table  kit.Rect // its first row is the heading
	titles [runlog.Panels]kit.Rect
	plots  [runlog.Panels]kit.Rect // empty for hidden charts; the axis is in the row below
	// Kernels is the picture, at the left of its panel.
	kernels kit.Rect
	first   runlog.PanelKind
	shown   int // number of charts
}

// chartSlot is the position of a chart, in grid columns and rows.
type chartSlot struct{ x, y, w, h int }

// trainGrids are the grids of charts, largest first: minimum size of the terminal, columns and
// rows, and the slots in the order in which charts fill them.
var trainGrids = []struct {
	w, h, across, down int
	slots              []chartSlot
}{
	{180, 56, 3, 4, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 2}, {0, 1, 1, 1}, {2, 0, 1, 1}, {2, 1, 1, 1}, {2, 2, 1, 1}, {0, 2, 1, 1}, {1, 2, 1, 1}, {0, 3, 1, 1}, {1, 3, 1, 1}, {2, 3, 1, 1}}},
	{180, 44, 3, 3, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 2}, {0, 1, 1, 1}, {2, 0, 1, 1}, {2, 1, 1, 1}, {2, 2, 1, 1}, {0, 2, 1, 1}, {1, 2, 1, 1}}},
	{130, 38, 2, 2, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 1, 1}}},
	{100, 28, 2, 1, []chartSlot{{0, 0, 1, 1}, {1, 0, 1, 1}}},
	{60, 36, 1, 2, []chartSlot{{0, 0, 1, 1}, {0, 1, 1, 1}}},
	{0, 0, 1, 1, []chartSlot{{0, 0, 1, 1}}},
}

// layoutTrain lays out a table of so many runs and as many charts as there is room for,
// beginning with first. Where all charts are shown they stay in their places.
func layoutTrain(l kit.Layout, runs int, first runlog.PanelKind, alone bool, cell kit.CellSize) trainLayout {
	b := l.Body
	most := 3
	if l.Roomy() {
		most = max(4, b.H/6)
	}
	t := trainLayout{first: first}
	t.table = kit.NewRect(b.X, b.Y, b.W-1, 1+min(max(runs, 1), most))
	top := t.table.Bottom()
	if l.Roomy() {
		top++
	}
	grid := trainGrids[len(trainGrids)-1]
	for _, g := range trainGrids {
		if l.W >= g.w && l.H >= g.h && !alone {
			grid = g
			break
		}
	}
	if len(grid.slots) >= int(runlog.Panels) {
		t.first = runlog.PanelAccuracy
	}
	t.shown = len(grid.slots)
	w, h := (b.W-1)/grid.across, (b.Bottom()-top)/grid.down
	for i, s := range grid.slots {
		k := (t.first + runlog.PanelKind(i)) % runlog.Panels
		r := kit.NewRect(b.X+s.x*w, top+s.y*h, s.w*w, s.h*h)
		if s.y+s.h == grid.down {
			r.H = b.Bottom() - r.Y
		}
		t.titles[k] = kit.NewRect(r.X, r.Y, r.W-2, 1)
		t.plots[k] = kit.PlotOf(kit.NewRect(r.X, r.Y+1, r.W, r.H-2))
		if !k.Chart() {
			t.plots[k] = kit.NewRect(r.X+1, r.Y+1, r.W-3, r.H-1)
		}
		if k == runlog.PanelKernels {
			t.plots[k].H--
			t.kernels = kernelBox(t.plots[k], cell)
		}
	}
	return t
}

// kernelBox returns the box of a square picture at the left of a panel.
func kernelBox(r kit.Rect, cell kit.CellSize) kit.Rect {
	w, h := cell.Limit(r.W, r.H)
	if cell.W > 0 && cell.H > 0 {
		w = min(w, max(1, (h*cell.H+cell.W/2)/cell.W))
		h = min(h, max(1, (w*cell.W+cell.H/2)/cell.H))
	}
	return kit.NewRect(r.X, r.Y, w, h)
}

// shows reports whether one of the charts is shown.
func (t trainLayout) shows(kinds ...runlog.PanelKind) bool {
	for _, k := range kinds {
		if !t.plots[k].Empty() {
			return true
		}
	}
	return false
}

// order lists the charts that are shown.
func (t trainLayout) order() []runlog.PanelKind {
	var list []runlog.PanelKind
	for i := range runlog.Panels {
		if k := (t.first + i) % runlog.Panels; !t.plots[k].Empty() {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		list = append(list, t.first)
	}
	return list
}

// top returns the first visible run of the table, such that the selected one is visible.
func (t trainLayout) top(run, runs int) int {
	return min(max(0, run-(t.table.H-2)), max(0, runs-(t.table.H-1)))
}
